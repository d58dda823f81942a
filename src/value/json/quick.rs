//! The quick way through JSON text: one look at each byte, for text about which there is nothing to say.
//!
//! Decides that text has the grammar of JSON, is not nested too deep, and has nothing that needs a repair. Of any other
//! text it knows nothing, and the slow way finds out what is the matter with it. Entry points: [`members`], [`Reader`] (reads
//! value by value, and takes what needs a repair). May use: [`super::scan`], [`super::write`], `base`.

use std::borrow::Cow;

use super::scan::{self, escape_length, unicode_escape};
use super::write::plain_prefix;
use crate::base::memory::{self, OutOfMemory};

/// Longest number that is surely finite if it has no exponent.
const FINITE_DIGITS: usize = 300;

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// The key, unescaped.
    pub(crate) key: Cow<'a, str>,
    /// The value as JSON.
    pub(crate) json: Cow<'a, str>,
    /// Where the value begins in the text that was read, in bytes.
    pub(crate) offset: usize,
}

impl Member<'_> {
    /// A copy of what it borrows.
    pub(super) fn into_owned(self) -> Result<Member<'static>, OutOfMemory> {
        Ok(Member {
            key: Cow::Owned(memory::copy_text(&self.key)?),
            json: Cow::Owned(memory::copy_text(&self.json)?),
            offset: self.offset,
        })
    }
}

/// The members of the object that `text` is, with keys that may be equal.
pub(super) fn members(text: &str) -> Option<Vec<Member<'_>>> {
    let mut reader = Reader::new(text);
    if reader.peek()? != b'{' {
        return None;
    }
    let mut members = Vec::new();
    if !reader.enter(b'}')? {
        // An event has about ten members: one allocation instead of three.
        members.try_reserve(16).ok()?;
        loop {
            let key = reader.key()?;
            reader.peek()?;
            let offset = reader.at;
            reader.value()?;
            members.try_reserve(1).ok()?;
            members.push(Member {
                key,
                json: Cow::Borrowed(text.get(offset..reader.at)?),
                offset,
            });
            if reader.goes_on(b'}')? {
                break;
            }
        }
    }
    (reader.peek().is_none() && !reader.needs_repair).then_some(members)
}

/// A place in text. What is next is read, or the text is no JSON.
pub(in crate::value) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Something was read that a reader of JSON may refuse: half a surrogate pair, or a number that may not be finite.
    needs_repair: bool,
}

impl<'a> Reader<'a> {
    /// Before the first value.
    pub(in crate::value) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            needs_repair: false,
        }
    }

    fn step(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space; it stays the next.
    #[inline]
    pub(in crate::value) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = self.byte()?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.step();
        }
    }

    fn take(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.step())
    }

    /// Into a container, which is next; behind it, and true, if it is empty.
    pub(in crate::value) fn enter(&mut self, end: u8) -> Option<bool> {
        self.step();
        let is_empty = self.peek()? == end;
        if is_empty {
            self.step();
        }
        Some(is_empty)
    }

    /// Behind a comma, or behind the end of the container; true at the end.
    pub(in crate::value) fn goes_on(&mut self, end: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.step();
        let is_end = byte == end;
        (is_end || byte == b',').then_some(is_end)
    }

    /// A key and its colon.
    pub(in crate::value) fn key(&mut self) -> Option<Cow<'a, str>> {
        self.peek()?;
        let key = self.string_text()?;
        self.take(b':')?;
        Some(key)
    }

    /// The text of a string. Half a surrogate pair becomes U+FFFD.
    pub(in crate::value) fn string_text(&mut self) -> Option<Cow<'a, str>> {
        let text = self.text;
        let start = self.at;
        if self.string()? {
            return scan::try_decode(text.get(start..self.at)?).ok();
        }
        let inner = start.wrapping_add(1)..self.at.wrapping_sub(1);
        text.get(inner).map(Cow::Borrowed)
    }

    /// A number or a word, as it stands there.
    pub(in crate::value) fn bare(&mut self, first: u8) -> Option<&'a str> {
        let (text, start) = (self.text, self.at);
        self.scalar(first)?;
        text.get(start..self.at)
    }

    /// A string; true if there are escapes in it.
    fn string(&mut self) -> Option<bool> {
        if self.byte()? != b'"' {
            return None;
        }
        self.step();
        let mut has_escape = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let plain = plain_prefix(rest);
            self.at = self.at.wrapping_add(plain);
            let length = match rest.get(plain..)? {
                [b'"', ..] => {
                    self.step();
                    return Some(has_escape);
                }
                [
                    b'\\',
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
                    ..,
                ] => 2,
                escape => {
                    unicode_escape(escape)?;
                    let (length, is_half) = escape_length(escape);
                    self.needs_repair |= is_half;
                    length
                }
            };
            has_escape = true;
            self.at = self.at.wrapping_add(length);
        }
    }

    /// A value. `peek` was called before.
    fn value(&mut self) -> Option<()> {
        // A bit for each container around, the innermost lowest; those of objects are set. Above them is one more, so that
        // there is room for as many containers as may be in a member.
        let mut around = 1_u64;
        loop {
            let opened = match self.peek()? {
                b'{' => Some((1, b'}')),
                b'[' => Some((0, b']')),
                byte => {
                    self.scalar(byte)?;
                    if self.needs_repair {
                        return None;
                    }
                    None
                }
            };
            if let Some((is_object, end)) = opened {
                if around.leading_zeros() == 0 {
                    return None;
                }
                around = around << 1 | is_object;
                if !self.enter(end)? {
                    if is_object == 1 {
                        self.member()?;
                    }
                    continue;
                }
                around >>= 1;
            }
            // Behind a value.
            loop {
                if around == 1 {
                    return Some(());
                }
                let is_object = around & 1 == 1;
                if !self.goes_on(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        self.member()?;
                    }
                    break;
                }
                around >>= 1;
            }
        }
    }

    /// The key of a member that is not looked at.
    fn member(&mut self) -> Option<()> {
        self.peek()?;
        self.string()?;
        self.take(b':')
    }

    fn scalar(&mut self, first: u8) -> Option<()> {
        match first {
            b'"' => self.string().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at = self.at.wrapping_add(word.len());
        rest.starts_with(word.as_bytes()).then_some(())
    }

    /// A number.
    fn number(&mut self) -> Option<()> {
        let start = self.at;
        if self.byte()? == b'-' {
            self.step();
        }
        match self.byte()? {
            b'0' => self.step(),
            b'1'..=b'9' => self.digits()?,
            _ => return None,
        }
        if self.byte() == Some(b'.') {
            self.step();
            self.digits()?;
        }
        let is_short = self.at.wrapping_sub(start) <= FINITE_DIGITS;
        let has_exponent = matches!(self.byte(), Some(b'e' | b'E'));
        self.needs_repair |= has_exponent || !is_short;
        if has_exponent {
            self.step();
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.step();
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.step();
        }
        (self.at != start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json::object::{parse_object, read_slowly};
    use crate::value::json::testing::{PIECES, SEEDS, mutations};

    /// What is taken the quick way is what the slow way takes, in the same parts.
    fn compare(text: &str) -> bool {
        let Some(quick) = members(text) else {
            return false;
        };
        assert_eq!(read_slowly(text).unwrap(), quick, "{text}");
        true
    }

    #[test]
    fn only_what_is_right_is_read_and_in_the_same_parts() {
        let texts = mutations(&SEEDS, &PIECES, 4, 40_000);
        let read = texts.filter(|text| compare(text)).count();
        assert!(read > 300, "{read}");
    }

    #[test]
    fn what_is_ordinary_goes_the_quick_way() {
        for text in &SEEDS[..3] {
            let text = text.replace("1e5", "15").replace(",2E+7,3e-1", "");
            assert_eq!(members(&text).is_some(), text.trim().starts_with('{'));
        }
        for odd in [
            "",
            " ",
            "{",
            "{}x",
            "{} {}",
            "[1,]",
            "{\"a\":1e5}",
            "{\"a\":\"\\ud800\"}",
            "01",
            "-",
            "1.",
            "+1",
        ] {
            assert!(members(odd).is_none(), "{odd}");
            let within = format!("{{\"a\":{odd}}}");
            assert!(odd == "{}" || members(&within).is_none(), "{within}");
        }
        let long = format!("{{\"a\":{}}}", "1".repeat(400));
        assert!(members(&long).is_none());
    }

    #[test]
    fn what_is_too_deep_is_left_to_the_slow_way() {
        for levels in 60..70 {
            let text = format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
            assert_eq!(members(&text).is_some(), levels < 64, "{levels}");
            assert_eq!(parse_object(&text).is_ok(), levels < 64, "{levels}");
            compare(&text);
        }
    }
}
