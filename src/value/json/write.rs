//! Writing: strings and numbers as JSON, appended to a byte buffer.
//!
//! Decides how text is escaped and how separators are set. Entry points: [`string`], [`key`], [`number_u64`],
//! [`separator`]. May use: `base`.

use std::io::Write;

use crate::base::memory::{self, Buffer};

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// High bit set in (at least the first of) the bytes of `word` that a JSON string must escape.
#[inline]
const fn needs_escape(word: u64) -> u64 {
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
    let quote = word ^ QUOTES;
    let backslash = word ^ BACKSLASHES;
    // A borrow only spoils bytes above one that is marked rightly, and the lowest mark is the one that counts.
    ((word.wrapping_sub(SPACES) & !word)
        | (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash))
        & HIGH_BITS
}

/// True if no byte of the block needs an escape; a loop without branches, for the compiler to make wide.
#[inline]
fn is_plain_block(block: &[u8; 32]) -> bool {
    let special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    !block
        .iter()
        .fold(false, |found, byte| found | special(*byte))
}

/// How many of the leading bytes may stand in a JSON string as they are: no quote, backslash or control character.
#[inline]
pub(crate) fn plain_prefix(bytes: &[u8]) -> usize {
    // Most strings are short; only behind the first few words do blocks pay.
    let (start, rest) = bytes.split_at_checked(24).unwrap_or((bytes, &[]));
    let length = plain_words(start);
    if length < start.len() || rest.is_empty() {
        return length;
    }
    let (blocks, _) = rest.as_chunks::<32>();
    let plain_blocks = blocks.iter().take_while(|block| is_plain_block(block));
    let in_blocks = plain_blocks.count().wrapping_mul(32);
    let tail = rest.get(in_blocks..).unwrap_or_default();
    length
        .wrapping_add(in_blocks)
        .wrapping_add(plain_words(tail))
}

#[inline]
fn plain_words(bytes: &[u8]) -> usize {
    let mut length = 0_usize;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let marks = needs_escape(u64::from_le_bytes(*word));
        if marks != 0 {
            return length.wrapping_add((marks.trailing_zeros() / 8) as usize);
        }
        length = length.wrapping_add(8);
    }
    let plain = |byte: &&u8| **byte >= b' ' && **byte != b'"' && **byte != b'\\';
    length.wrapping_add(rest.iter().take_while(plain).count())
}

/// What text is appended to.
pub(crate) trait Target: Write {
    /// Makes room for so many bytes.
    fn reserve(&mut self, bytes: usize);
    /// Appends a byte.
    fn push(&mut self, byte: u8);
    /// Appends bytes.
    fn extend_from_slice(&mut self, bytes: &[u8]);
    /// Bytes so far.
    fn len(&self) -> usize;
    /// The last byte.
    fn last(&self) -> Option<&u8>;
}

impl Target for Vec<u8> {
    fn reserve(&mut self, bytes: usize) {
        self.reserve(bytes);
    }

    fn push(&mut self, byte: u8) {
        self.push(byte);
    }

    fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn last(&self) -> Option<&u8> {
        self.as_slice().last()
    }
}

impl Target for Buffer {
    fn reserve(&mut self, bytes: usize) {
        self.has_room(bytes);
    }

    fn push(&mut self, byte: u8) {
        self.push(byte);
    }

    fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn len(&self) -> usize {
        <[u8]>::len(self)
    }

    fn last(&self) -> Option<&u8> {
        <[u8]>::last(self)
    }
}

/// Appends `text` as a JSON string with its quotes.
pub(crate) fn string(out: &mut impl Target, text: &str) {
    out.reserve(text.len().saturating_add(2));
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, tail) = rest
            .split_at_checked(plain_prefix(rest))
            .unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let Some((special, tail)) = tail.split_first() else {
            break;
        };
        escape(out, *special);
        rest = tail;
    }
    out.push(b'"');
}

fn escape(out: &mut impl Target, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let _ = write!(out, "\\u{byte:04x}");
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// How many bytes `character` takes inside a JSON string as [`string`] writes it.
pub(crate) const fn encoded_length(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '\0'..' ' => 6,
        _ => character.len_utf8(),
    }
}

/// `text` as a JSON string of its own; an empty one without memory.
pub(crate) fn string_to_json(text: &str) -> String {
    let mut out = Buffer::with_room(text.len().saturating_add(2));
    string(&mut out, text);
    if out.fault().is_some() {
        return "\"\"".to_owned();
    }
    into_text(out)
}

/// The buffer as text; everything written by this room is UTF-8.
pub(crate) fn into_text(bytes: impl Into<Vec<u8>>) -> String {
    // Not reached: bytes that are no text.
    memory::into_text(bytes.into()).unwrap_or_default()
}

/// Appends a comma unless the buffer ends where a container was just opened, or is empty.
#[inline]
pub(crate) fn separator(out: &mut impl Target) {
    if !matches!(out.last(), None | Some(b'{' | b'[')) {
        out.push(b',');
    }
}

/// Appends the separator if one is due, then `name` as a key with its colon.
pub(crate) fn key(out: &mut impl Target, name: &str) {
    separator(out);
    string(out, name);
    out.push(b':');
}

/// Appends a number.
pub(crate) fn number_u64(out: &mut impl Target, value: u64) {
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_back_by_a_json_reader() {
        let every_low: String = (0..0x80_u8).map(char::from).collect();
        let long = "x".repeat(37) + "\"" + &"ü€😀\u{7f}\u{2028}".repeat(9) + "\\";
        for text in ["", "a", "1234567", "12345678", "\n", &every_low, &long] {
            let json = string_to_json(text);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            let counted: usize = text.chars().map(encoded_length).sum();
            assert_eq!(json.len(), counted + 2);
        }
    }

    #[test]
    fn the_plain_prefix_ends_at_the_first_special_byte_wherever_it_stands() {
        for special in ["\"", "\\", "\n", "\0", "\u{1f}"] {
            for place in 0..60 {
                let text = "é".repeat(place) + special + "\"\\\n tail";
                assert_eq!(plain_prefix(text.as_bytes()), 2 * place, "{text:?}");
            }
        }
        assert_eq!(plain_prefix(" !~\u{7f}ÿ".repeat(5).as_bytes()), 30);
    }

    #[test]
    fn separators_stand_between_members_only() {
        let mut out = b"{".to_vec();
        key(&mut out, "a");
        number_u64(&mut out, u64::MAX);
        key(&mut out, "b\"");
        out.extend_from_slice(b"[");
        separator(&mut out);
        assert_eq!(into_text(out), r#"{"a":18446744073709551615,"b\"":["#);
    }
}
