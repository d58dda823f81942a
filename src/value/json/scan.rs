//! Scanner: finds the parts of JSON text that `serde_json` has already accepted, without copying.
//!
//! Decides where values begin and end. On text that is not JSON it finds nonsense or nothing, but never panics and
//! never loops. Entry points: [`entries`], [`elements`], [`Cursor`], [`kind`], [`decode`], [`survey`].
//! May use: [`super::write`], `base`.

use std::borrow::Cow;

use super::write::plain_prefix;
use crate::base::memory::{self, OutOfMemory};

/// What a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    Text,
    /// Anything that begins with a digit or a minus sign.
    Number,
    /// `true` or `false`
    Boolean,
    /// `null`
    Null,
}

/// The kind of a value, by its first byte.
pub(crate) fn kind(json: &str) -> Kind {
    json.as_bytes()
        .first()
        .map_or(Kind::Null, |byte| kind_of(*byte))
}

const fn kind_of(first: u8) -> Kind {
    match first {
        b'{' => Kind::Object,
        b'[' => Kind::Array,
        b'"' => Kind::Text,
        b't' | b'f' => Kind::Boolean,
        b'-' | b'0'..=b'9' => Kind::Number,
        _ => Kind::Null,
    }
}

/// True if there is a backslash in it; a loop without branches, for the compiler to make wide.
pub(in crate::value) fn has_backslash(json: &str) -> bool {
    json.bytes()
        .fold(false, |found, byte| found | (byte == b'\\'))
}

/// The text of a JSON string; empty if there is no memory for it, which is remembered.
pub(crate) fn decode(json: &str) -> Cow<'_, str> {
    try_decode(json).unwrap_or_else(|OutOfMemory| {
        memory::note_lack();
        Cow::Borrowed("")
    })
}

/// The text of a JSON string. Half a surrogate pair becomes U+FFFD.
pub(crate) fn try_decode(json: &str) -> Result<Cow<'_, str>, OutOfMemory> {
    let inner = json.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let inner = inner.unwrap_or_default();
    if !has_backslash(inner) {
        return Ok(Cow::Borrowed(inner));
    }
    let mut text = String::new();
    // No escape is shorter than what it stands for.
    text.try_reserve_exact(inner.len())?;
    let mut rest = inner;
    while let Some((plain, tail)) = rest.split_once('\\') {
        text.push_str(plain);
        let at = plain.len();
        let (character, length) = unescape(rest.get(at..).unwrap_or_default().as_bytes());
        text.push(character);
        // Within an escape there is nothing but ASCII; on text that is not JSON the rest is dropped.
        rest = tail.get(length.saturating_sub(1)..).unwrap_or_default();
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// What the escape sequence at the start stands for, and its length.
fn unescape(bytes: &[u8]) -> (char, usize) {
    let character = match bytes.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let (length, _) = escape_length(bytes);
            let low = bytes.get(6..length).and_then(unicode_escape);
            let units = unicode_escape(bytes).into_iter().chain(low);
            let mut characters = char::decode_utf16(units);
            let character = characters.next().and_then(Result::ok);
            return (character.unwrap_or('\u{fffd}'), length);
        }
        Some(byte) if byte.is_ascii() => char::from(*byte),
        _ => '\u{fffd}',
    };
    (character, 2)
}

/// Without the white space at the start.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// True if it may be nested so deep that `serde_json` would need memory to keep track.
pub(in crate::value) fn may_be_deep(text: &str) -> bool {
    /// It keeps a byte for each level.
    const LEVELS: usize = 2048;
    // A loop without branches, for the compiler to make wide.
    let brackets = |count: usize, byte: u8| count.wrapping_add(usize::from(byte | 0x20 == b'{'));
    text.len() > LEVELS && text.bytes().fold(0, brackets) > LEVELS
}

/// The text of a JSON string; none for any other value.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    (kind(json) == Kind::Text).then(|| decode(json))
}

/// What a walk over a value notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Survey {
    /// Deepest nesting; a container of scalars has 1.
    pub(crate) depth: usize,
    /// Where a container at a depth of more than [`MAX_DEPTH`] opens, in bytes from the start of the value.
    pub(crate) too_deep_at: Option<usize>,
    /// Holds something that readers of JSON refuse although its grammar is right, see [`super::repair`].
    pub(crate) needs_repair: bool,
}

/// Deepest nesting that is accepted. Readers of JSON commonly stop at 128; no meaningful event comes near 64.
pub(crate) const MAX_DEPTH: usize = 64;

/// Walks over a whole value.
pub(crate) fn survey(json: &str) -> Survey {
    let mut survey = Survey::default();
    value_end::<true>(json.as_bytes(), 0, &mut survey);
    survey
}

/// A place in JSON text. Reading a part moves behind it, so that a walk into nested containers looks at each byte
/// once.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Before the first value.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Skips what may stand between two values; gives the next byte.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':') {
                return Some(byte);
            }
            self.at = self.at.saturating_add(1);
        }
    }

    /// The kind of the next value.
    pub(crate) fn kind(&mut self) -> Kind {
        self.peek().map_or(Kind::Null, kind_of)
    }

    /// Steps into the object or array that is next; false, and nothing happens, if the next is neither.
    pub(crate) fn enter(&mut self) -> bool {
        let is_container = matches!(self.peek(), Some(b'{' | b'['));
        if is_container {
            self.at = self.at.saturating_add(1);
        }
        is_container
    }

    /// In an object: the next key, a JSON string. At the end of the object, `None` and a step out of it.
    pub(crate) fn next_key(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.value(),
            _ => {
                self.at = self.at.saturating_add(1);
                None
            }
        }
    }

    /// In an array: true if a value is next. At the end of the array, false and a step out of it.
    pub(crate) fn has_element(&mut self) -> bool {
        match self.peek() {
            None => false,
            Some(b']' | b'}') => {
                self.at = self.at.saturating_add(1);
                false
            }
            Some(_) => true,
        }
    }

    /// The next value, as JSON; none at the end of a container or of the text.
    pub(crate) fn value(&mut self) -> Option<&'a str> {
        self.peek()?;
        let mut ignored = Survey::default();
        let end = value_end::<false>(self.text.as_bytes(), self.at, &mut ignored);
        let value = self.text.get(self.at..end).filter(|it| !it.is_empty())?;
        self.at = end;
        Some(value)
    }
}

/// The members of an object: keys as JSON strings (see [`decode`]), values as JSON.
pub(crate) fn entries(object: &str) -> Entries<'_> {
    Entries(within(object, '{'))
}

/// The value of the first member with that key.
pub(crate) fn entry<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    entries(object)
        .find(|(key, _)| is_key(key, name))
        .map(|(_, value)| value)
}

/// True if the JSON string `key` says `name`.
pub(crate) fn is_key(key: &str, name: &str) -> bool {
    let inner = key.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    // An escape can only make the text longer.
    inner == Some(name) || (key.len() > name.len().saturating_add(2) && decode(key) == name)
}

/// The elements of an array.
pub(crate) fn elements(array: &str) -> Elements<'_> {
    Elements(within(array, '['))
}

/// The elements of text that is `a,b,c`: an array without its brackets.
pub(crate) fn joined_elements(text: &str) -> Elements<'_> {
    Elements(Cursor::new(text))
}

/// Behind the opening bracket; at the end of nothing if it is not there.
fn within(container: &str, bracket: char) -> Cursor<'_> {
    Cursor::new(container.strip_prefix(bracket).unwrap_or_default())
}

/// Iterator of [`entries`].
#[derive(Debug, Clone)]
pub(crate) struct Entries<'a>(Cursor<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.next_key()?;
        Some((key, self.0.value()?))
    }
}

/// Iterator of [`elements`].
#[derive(Debug, Clone)]
pub(crate) struct Elements<'a>(Cursor<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.value()
    }
}

impl<'a> From<Cursor<'a>> for Elements<'a> {
    /// The elements from there to the end of the container.
    fn from(cursor: Cursor<'a>) -> Self {
        Self(cursor)
    }
}

impl<'a> Elements<'a> {
    /// Before the next element.
    pub(in crate::value) fn cursor(&mut self) -> &mut Cursor<'a> {
        &mut self.0
    }
}

/// Where the value ends that begins at `at`; `at` itself if none does. Notes down what it sees if `LOOK`.
fn value_end<const LOOK: bool>(bytes: &[u8], at: usize, survey: &mut Survey) -> usize {
    match bytes.get(at) {
        Some(b'"') => string_end::<LOOK>(bytes, at, survey),
        Some(b'{' | b'[') => container_end::<LOOK>(bytes, at, survey),
        _ => scalar_end::<LOOK>(bytes, at, survey),
    }
}

/// Where the string ends whose opening quote is at `at`.
fn string_end<const LOOK: bool>(bytes: &[u8], at: usize, survey: &mut Survey) -> usize {
    let mut at = at.saturating_add(1);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        at = at.saturating_add(plain_prefix(rest));
        match bytes.get(at) {
            None => return bytes.len(),
            Some(b'"') => return at.saturating_add(1),
            Some(b'\\') if LOOK => {
                let (length, lone) = escape_length(bytes.get(at..).unwrap_or_default());
                survey.needs_repair |= lone;
                at = at.saturating_add(length);
            }
            Some(b'\\') => at = at.saturating_add(2),
            Some(_) => at = at.saturating_add(1),
        }
    }
}

/// Length of the escape sequence at the start, a surrogate pair taken as one; true if it is half a pair.
pub(crate) fn escape_length(bytes: &[u8]) -> (usize, bool) {
    match unicode_escape(bytes) {
        None => (2, false),
        Some(0xd800..=0xdbff) => {
            let low = bytes.get(6..).and_then(unicode_escape);
            if matches!(low, Some(0xdc00..=0xdfff)) {
                (12, false)
            } else {
                (6, true)
            }
        }
        Some(0xdc00..=0xdfff) => (6, true),
        Some(_) => (6, false),
    }
}

/// The number in the `\u` escape at the start.
pub(super) fn unicode_escape(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    // A sign is none of them.
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Where the number or word ends that begins at `at`; `at` itself if neither does.
fn scalar_end<const LOOK: bool>(bytes: &[u8], at: usize, survey: &mut Survey) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.'))
        .unwrap_or(rest.len());
    if LOOK {
        survey.needs_repair |= rest.get(..length).is_some_and(is_infinite);
    }
    at.saturating_add(length)
}

/// True for a number too large for a double; readers of JSON refuse it.
pub(crate) fn is_infinite(number: &[u8]) -> bool {
    /// Shortest number without exponent that can be infinite: 1.8e308 has 309 digits.
    const LONG: usize = 309;
    let may_be = number.len() >= LONG || number.iter().any(|byte| matches!(byte, b'e' | b'E'));
    may_be
        && std::str::from_utf8(number)
            .ok()
            .and_then(|text| text.parse::<f64>().ok())
            .is_some_and(f64::is_infinite)
}

/// Where the object or array ends that begins at `at`.
fn container_end<const LOOK: bool>(bytes: &[u8], at: usize, survey: &mut Survey) -> usize {
    let start = at;
    let mut at = at;
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end::<LOOK>(bytes, at, survey);
                continue;
            }
            b'{' | b'[' => {
                depth = depth.saturating_add(1);
                if LOOK {
                    survey.depth = survey.depth.max(depth);
                    if depth > MAX_DEPTH && survey.too_deep_at.is_none() {
                        survey.too_deep_at = Some(at.saturating_sub(start));
                    }
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at.saturating_add(1);
                }
            }
            b'-' | b'0'..=b'9' if LOOK => {
                at = scalar_end::<LOOK>(bytes, at, survey);
                continue;
            }
            _ => {}
        }
        at = at.saturating_add(1);
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_as_serde_json_does() {
        for json in [
            r#""plain""#,
            r#""\\\"\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é\\""#,
            r#""\\u0041""#,
            r#""a\u0000b""#,
            r#""""#,
        ] {
            let expected: String = serde_json::from_str(json).unwrap();
            assert_eq!(decode(json), expected, "{json}");
        }
        // EVT-16
        assert_eq!(
            decode(r#""\ud83dx\ude00\ud83d\u0041""#),
            "\u{fffd}x\u{fffd}\u{fffd}A"
        );
        // No JSON: anything, but an end.
        for odd in [r#""\""#, r#""\u12""#, r#""\é""#, r#"\"#, r#""\ud83d\u""#] {
            decode(odd);
        }
    }

    #[test]
    fn text_with_many_brackets_may_be_deep() {
        let nested = |levels: usize| format!(" {}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(!may_be_deep(&nested(64)));
        assert!(may_be_deep(&"{[".repeat(1025)));
    }

    #[test]
    fn members_and_elements_are_found_whatever_stands_between() {
        let json = " { \"a\" : 1 ,\n\"b}\\\"\":{\"c\":[1,\"]\"]},\t\"d\":null , \"e\":\"\" }";
        let found: Vec<_> = entries(json.trim_start())
            .map(|(key, value)| (decode(key).into_owned(), value))
            .collect();
        let expected = [
            ("a", "1"),
            ("b}\"", "{\"c\":[1,\"]\"]}"),
            ("d", "null"),
            ("e", "\"\""),
        ];
        assert_eq!(
            found,
            expected
                .map(|(key, value)| (key.to_owned(), value))
                .to_vec()
        );
        let found: Vec<_> = elements("[ -1.5e3, true,[],{} ,\"x\\\\\" ]").collect();
        assert_eq!(found, ["-1.5e3", "true", "[]", "{}", "\"x\\\\\""]);
        assert_eq!(elements("[ ]").count() + entries("{ }").count(), 0);
        assert_eq!(joined_elements("{\"a\":1},2").count(), 2);
    }

    #[test]
    fn a_cursor_walks_through_nested_containers() {
        let mut cursor = Cursor::new(" {\"a\" : [ {\"x\":\"}\"} , [ ] , 1 ] , \"b\":\"c\" } 7");
        assert!(cursor.enter());
        assert_eq!(cursor.next_key(), Some("\"a\""));
        assert_eq!(cursor.kind(), Kind::Array);
        assert!(cursor.enter() && cursor.has_element() && cursor.enter());
        assert_eq!((cursor.next_key(), cursor.enter()), (Some("\"x\""), false));
        assert_eq!((cursor.value(), cursor.next_key()), (Some("\"}\""), None));
        assert!(cursor.has_element() && cursor.enter() && !cursor.has_element());
        assert!(cursor.has_element());
        assert_eq!((cursor.value(), cursor.has_element()), (Some("1"), false));
        assert_eq!(
            (cursor.next_key(), cursor.value()),
            (Some("\"b\""), Some("\"c\""))
        );
        assert_eq!(cursor.next_key(), None);
        assert_eq!((cursor.value(), cursor.value()), (Some("7"), None));
    }

    #[test]
    fn keys_are_compared_by_what_they_say() {
        assert!(is_key("\"type\"", "type") && is_key("\"\\u0074ype\"", "type"));
        assert!(!is_key("\"typ\"", "type") && !is_key("\"types\"", "type"));
    }

    #[test]
    fn kinds_are_told_by_the_first_byte() {
        let kinds = ["{}", "[]", "\"\"", "-1", "false", "null"].map(kind);
        assert_eq!(
            kinds,
            [
                Kind::Object,
                Kind::Array,
                Kind::Text,
                Kind::Number,
                Kind::Boolean,
                Kind::Null
            ]
        );
        assert_eq!(text("1"), None);
        assert_eq!(text(r#""a\n""#).as_deref(), Some("a\n"));
    }

    #[test]
    fn depth_is_measured_and_brackets_in_text_do_not_count() {
        assert_eq!(survey("1").depth, 0);
        assert_eq!(survey(r#"{"a":"[[[","b":[{}],"c":[]}"#).depth, 3);
        let deep = "[".repeat(65) + &"]".repeat(65);
        assert_eq!(survey(&deep).too_deep_at, Some(64));
        assert_eq!(survey(&deep[1..deep.len() - 1]).too_deep_at, None);
    }

    #[test]
    fn what_readers_refuse_is_noticed() {
        for good in [
            r#""\ud83d\ude00""#,
            r#""\\ud800""#,
            r#"["\u0041", 1e308, -1e-999]"#,
        ] {
            assert!(!survey(good).needs_repair, "{good}");
            assert!(serde_json::from_str::<serde_json::Value>(good).is_ok());
        }
        let many_digits = "9".repeat(309);
        for bad in [
            r#""\ud83d""#,
            r#"["\ude00"]"#,
            r#""\ud83d\n""#,
            "[1e309]",
            "-1E+400",
            &many_digits,
        ] {
            assert!(survey(bad).needs_repair, "{bad}");
            assert!(serde_json::from_str::<serde_json::Value>(bad).is_err());
        }
    }

    #[test]
    fn nonsense_neither_panics_nor_loops() {
        for text in [
            "",
            "{",
            "[",
            "\"",
            "{\"",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "[1",
            "[\"\\",
            "\\u12",
            "}",
            "]]",
            "{]",
            "[,,,]",
            "\"\\u\"",
            "\"\\ud800\\",
            "[ü]",
            "{\"a\":ü}",
        ] {
            survey(text);
            assert!(entries(text).count() < 3);
            assert!(elements(text).count() < 3);
            decode(text);
        }
    }
}
