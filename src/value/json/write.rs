//! Writing: strings and numbers as JSON, appended to a byte buffer.
//!
//! Decides how text is escaped and how separators are set. Entry points: [`string`], [`bytes`], [`key`], [`integer`],
//! [`separator`]. May use: [`super::lanes`], `base`.

use super::lanes;
use crate::base::memory::{self, Buffer};

/// How many of the leading bytes may stand in a JSON string as they are: no quote, backslash or control character.
#[inline]
pub(crate) fn plain_prefix(bytes: &[u8]) -> usize {
    plain::<false>(bytes)
}

/// True if all of them may stand there as they are, and are ASCII.
pub(in crate::value) fn is_plain_ascii(bytes: &[u8]) -> bool {
    plain::<true>(bytes) == bytes.len()
}

/// [`plain_prefix`]; with `ASCII` other bytes are not plain either.
#[inline]
fn plain<const ASCII: bool>(bytes: &[u8]) -> usize {
    if bytes.len() < lanes::SIZE {
        return plain_in_few::<ASCII>(bytes);
    }
    let plain = plain_blocks::<ASCII>(bytes);
    let rest = bytes.get(plain..).unwrap_or_default();
    plain.wrapping_add(plain_in_rest::<ASCII>(rest))
}

/// How many of the leading bytes four blocks at a time find to be plain.
#[inline]
fn plain_blocks<const ASCII: bool>(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks();
    let (fours, _) = blocks.as_chunks();
    let plain = fours
        .iter()
        .take_while(|four| !lanes::has_marks::<ASCII>(four));
    plain.count().wrapping_mul(4).wrapping_mul(lanes::SIZE)
}

/// [`plain`] of what is left of long text, or of text that is not long.
#[inline]
fn plain_in_rest<const ASCII: bool>(bytes: &[u8]) -> usize {
    let Some(last) = bytes.last_chunk() else {
        return plain_in_few::<ASCII>(bytes);
    };
    let (blocks, rest) = bytes.as_chunks();
    for (place, block) in blocks.iter().enumerate() {
        let marks = lanes::marks::<ASCII>(block);
        if marks != 0 {
            let before = place.wrapping_mul(lanes::SIZE);
            return before.wrapping_add(lanes::first(marks));
        }
    }
    if rest.is_empty() {
        return bytes.len();
    }
    // The rest together with bytes before it that are known to be plain.
    match lanes::marks::<ASCII>(last) {
        0 => bytes.len(),
        marks => before_end(bytes, lanes::SIZE, lanes::first(marks)),
    }
}

/// [`plain`] of less than a block: as two words that may overlap, as two halves of a word, or byte by byte.
#[inline]
fn plain_in_few<const ASCII: bool>(bytes: &[u8]) -> usize {
    let word =
        |low, high| u64::from(u32::from_le_bytes(high)) << 32 | u64::from(u32::from_le_bytes(low));
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let plain = lanes::plain_in_word::<ASCII>(u64::from_le_bytes(*first));
        if plain < 8 {
            return plain;
        }
        return before_end(
            bytes,
            8,
            lanes::plain_in_word::<ASCII>(u64::from_le_bytes(*last)),
        );
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let plain = lanes::plain_in_word::<ASCII>(word(*first, *last));
        if plain < 4 {
            return plain;
        }
        return before_end(bytes, 8, plain);
    }
    let is_plain = |byte: &&u8| match **byte {
        0..b' ' | b'"' | b'\\' => false,
        0x80.. => !ASCII,
        _ => true,
    };
    bytes.iter().take_while(is_plain).count()
}

/// The place that lies `plain` bytes behind the beginning of the last `size` bytes.
#[inline]
const fn before_end(bytes: &[u8], size: usize, plain: usize) -> usize {
    bytes.len().wrapping_sub(size).wrapping_add(plain)
}

/// What text is appended to.
pub(crate) trait Target {
    /// Makes room for so many bytes.
    fn reserve(&mut self, bytes: usize);
    /// Appends a byte.
    fn push(&mut self, byte: u8);
    /// Appends bytes.
    fn extend_from_slice(&mut self, bytes: &[u8]);
    /// Appends bytes between quotes.
    fn extend_quoted(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len().saturating_add(2));
        self.push(b'"');
        self.extend_from_slice(bytes);
        self.push(b'"');
    }
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

    fn extend_quoted(&mut self, bytes: &[u8]) {
        self.extend_quoted(bytes);
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
    bytes(out, text.as_bytes());
}

/// [`string`] for text that is meant to be UTF-8; what is not goes through as it is.
pub(crate) fn bytes(out: &mut impl Target, text: &[u8]) {
    let plain = plain_prefix(text);
    if plain == text.len() {
        out.extend_quoted(text);
    } else {
        escaped(out, text, plain);
    }
}

/// [`bytes`] for text of which no more than the first `plain` bytes may stand as they are.
#[inline(never)]
fn escaped(out: &mut impl Target, text: &[u8], mut plain: usize) {
    // Two quotes and one backslash at least.
    out.reserve(text.len().saturating_add(3));
    out.push(b'"');
    let mut rest = text;
    while let Some((run, behind)) = rest.split_at_checked(plain) {
        out.extend_from_slice(run);
        let Some((special, behind)) = behind.split_first() else {
            break;
        };
        escape(out, *special);
        rest = behind;
        plain = plain_prefix(rest);
    }
    out.push(b'"');
}

fn escape(out: &mut impl Target, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let digit = |number: u8| match number {
                0..=9 => b'0'.wrapping_add(number),
                _ => b'a'.wrapping_sub(10).wrapping_add(number),
            };
            let digits = [digit(byte >> 4), digit(byte & 15)];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// How many bytes a byte takes inside a JSON string as [`bytes`] writes it.
pub(crate) const fn encoded_length(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | 0x08 | 0x0c | b'\n' | b'\r' | b'\t' => 2,
        0..b' ' => 6,
        _ => 1,
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
pub(crate) fn integer(out: &mut impl Target, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
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
            let counted: usize = text.bytes().map(encoded_length).sum();
            assert_eq!(json.len(), counted + 2);
        }
    }

    #[test]
    fn texts_are_escaped_in_the_shortest_way() {
        let text = "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}é";
        let json = "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}é\"";
        assert_eq!(string_to_json(text), json);
        let mut out = Buffer::new();
        bytes(&mut out, b"\xff\n");
        assert_eq!(&*out, b"\"\xff\\n\"");
    }

    #[test]
    fn what_fits_into_a_bound_is_taken_and_what_does_not_is_not() {
        for (text, length) in [("plain", 7), ("a\nb", 6), ("\u{1}", 8)] {
            for bound in 0..10 {
                let mut out = Buffer::with_bound(bound);
                string(&mut out, text);
                assert_eq!(out.fault().is_none(), bound >= length, "{text:?} {bound}");
            }
        }
    }

    #[test]
    fn every_byte_that_needs_an_escape_is_found_wherever_it_stands() {
        for length in 0..70 {
            for place in 0..length {
                for byte in 0..=255 {
                    let mut text = vec![0xc3; length];
                    text[place] = byte;
                    let is_plain = byte >= b' ' && byte != b'"' && byte != b'\\';
                    let expected = if is_plain { length } else { place };
                    assert_eq!(
                        plain_prefix(&text),
                        expected,
                        "{byte} at {place} of {length}"
                    );
                    // The first of two counts.
                    if !is_plain && place + 1 < length {
                        text[place + 1] = b'"';
                        assert_eq!(plain_prefix(&text), place);
                    }
                    let mut text = vec![b'x'; length];
                    text[place] = byte;
                    assert_eq!(is_plain_ascii(&text), is_plain && byte.is_ascii());
                }
            }
        }
        assert_eq!(plain_prefix(" !~\u{7f}ÿ".repeat(5).as_bytes()), 30);
    }

    #[test]
    fn separators_stand_between_members_only() {
        let mut out = b"{".to_vec();
        key(&mut out, "a");
        integer(&mut out, u64::MAX);
        key(&mut out, "b\"");
        out.extend_from_slice(b"[");
        separator(&mut out);
        assert_eq!(into_text(out), r#"{"a":18446744073709551615,"b\"":["#);
    }
}
