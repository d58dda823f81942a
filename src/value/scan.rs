//! Scanner: finds the parts of JSON text that `serde_json` has already accepted, without copying.
//!
//! Decides where values begin and end. On text that is not JSON it finds nonsense or nothing, but never panics and
//! never loops. Entry points: [`entries`], [`elements`], [`kind`], [`decode`], [`survey`].
//! May use: [`super::write`].

use std::borrow::Cow;

use super::write::plain_prefix;

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
    match json.as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::Text,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Null,
    }
}

/// The text of a JSON string.
pub(crate) fn decode(json: &str) -> Cow<'_, str> {
    if json.as_bytes().contains(&b'\\') {
        return Cow::Owned(serde_json::from_str(json).unwrap_or_default());
    }
    let inner = json.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    Cow::Borrowed(inner.unwrap_or_default())
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
    value_length(json.as_bytes(), &mut survey);
    survey
}

/// The members of an object: keys as JSON strings (see [`decode`]), values as JSON.
pub(crate) fn entries(object: &str) -> Entries<'_> {
    Entries {
        rest: object.strip_prefix('{').unwrap_or_default(),
    }
}

/// The value of the first member with that key.
pub(crate) fn entry<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    entries(object)
        .find(|(key, _)| decode(key) == name)
        .map(|(_, value)| value)
}

/// The elements of an array.
pub(crate) fn elements(array: &str) -> Elements<'_> {
    Elements {
        rest: array.strip_prefix('[').unwrap_or_default(),
    }
}

/// The elements of text that is `a,b,c`: an array without its brackets.
pub(crate) fn joined_elements(rest: &str) -> Elements<'_> {
    Elements { rest }
}

/// Iterator of [`entries`].
#[derive(Debug, Clone)]
pub(crate) struct Entries<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = skip_filler(self.rest);
        if !rest.starts_with('"') {
            return None;
        }
        let (key, rest) = take_value(rest, &mut Survey::default())?;
        let (value, rest) = take_value(skip_filler(rest), &mut Survey::default())?;
        self.rest = rest;
        Some((key, value))
    }
}

/// Iterator of [`elements`].
#[derive(Debug, Clone)]
pub(crate) struct Elements<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        let (value, rest) = take_value(skip_filler(self.rest), &mut Survey::default())?;
        self.rest = rest;
        Some(value)
    }
}

/// Splits the value at the start from what follows it; none at the end of a container or of the text.
pub(crate) fn take_value<'a>(text: &'a str, survey: &mut Survey) -> Option<(&'a str, &'a str)> {
    let length = value_length(text.as_bytes(), survey);
    if length == 0 {
        return None;
    }
    text.split_at_checked(length)
}

/// Skips what may stand between two values.
pub(crate) fn skip_filler(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r', ',', ':'])
}

/// Length of the value at the start.
fn value_length(bytes: &[u8], survey: &mut Survey) -> usize {
    match bytes.first() {
        Some(b'"') => string_length(bytes, survey),
        Some(b'{' | b'[') => container_length(bytes, survey),
        _ => scalar_length(bytes, survey),
    }
}

/// Length of the string at the start, with both quotes.
fn string_length(bytes: &[u8], survey: &mut Survey) -> usize {
    let mut at = 1_usize;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let plain = plain_prefix(rest);
        at = at.saturating_add(plain);
        match rest.get(plain) {
            None => return bytes.len(),
            Some(b'"') => return at.saturating_add(1),
            Some(b'\\') => {
                let (length, lone) = escape_length(rest.get(plain..).unwrap_or_default());
                survey.needs_repair |= lone;
                at = at.saturating_add(length);
            }
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

fn unicode_escape(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Length of the number or word at the start; 0 if neither is there.
fn scalar_length(bytes: &[u8], survey: &mut Survey) -> usize {
    let length = bytes
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.'))
        .unwrap_or(bytes.len());
    survey.needs_repair |= bytes.get(..length).is_some_and(is_infinite);
    length
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

/// Length of the object or array at the start.
fn container_length(bytes: &[u8], survey: &mut Survey) -> usize {
    let mut depth = 0_usize;
    let mut at = 0_usize;
    while let Some(byte) = bytes.get(at) {
        let step = match byte {
            b'{' | b'[' => {
                depth = depth.saturating_add(1);
                survey.depth = survey.depth.max(depth);
                if depth > MAX_DEPTH && survey.too_deep_at.is_none() {
                    survey.too_deep_at = Some(at);
                }
                1
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at.saturating_add(1);
                }
                1
            }
            b'"' => string_length(bytes.get(at..).unwrap_or_default(), survey),
            b'-' | b'0'..=b'9' => scalar_length(bytes.get(at..).unwrap_or_default(), survey).max(1),
            _ => 1,
        };
        at = at.saturating_add(step);
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

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
