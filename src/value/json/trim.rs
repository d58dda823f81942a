//! Trimming: text and JSON values cut down to a bound, never within a character (EVT-16, EVT-18).
//!
//! Decides what remains of something that is too long, too deep or too wide.
//! Entry points: [`trim_str`], [`string_within`], [`bag`], [`shrink`]. May use: [`super::scan`], [`super::write`].

use std::borrow::Cow;

use super::scan::{self, Kind};
use super::write;
use crate::base::memory::{self, Buffer};

/// What the end of trimmed text is replaced by.
pub(in crate::value) const ELLIPSIS: &str = "...";

/// Most elements of a list within a databag. Peers stop at 10, which loses data that people look for; the byte bounds
/// hold in any case.
pub(crate) const BAG_BREADTH: usize = 256;

/// Where `text` ends if it may have no more than `max_chars` characters, and what takes the place of the rest; none if it
/// is within that.
fn cut(text: &str, max_chars: usize) -> Option<(&str, &'static str)> {
    // As many bytes as characters: the usual case needs no counting.
    if text.len() <= max_chars {
        return None;
    }
    let dots = ELLIPSIS.get(..max_chars).unwrap_or(ELLIPSIS);
    let kept = max_chars.saturating_sub(dots.len());
    let mut rest = text.chars();
    if let Some(last) = kept.checked_sub(1) {
        rest.nth(last);
    }
    let rest = rest.as_str();
    // More than would fit in the place of the dots.
    rest.chars().nth(dots.len())?;
    let end = text.len().saturating_sub(rest.len());
    Some((text.get(..end).unwrap_or_default(), dots))
}

/// `text` with at most `max_chars` characters; what was cut ends in `...`, within the limit.
pub(crate) fn trim_str(text: &str, max_chars: usize) -> Cow<'_, str> {
    match cut(text, max_chars) {
        None => Cow::Borrowed(text),
        Some((kept, dots)) => Cow::Owned(memory::concat(&[kept, dots])),
    }
}

/// Appends the JSON string `json` with at most `max_chars` characters; true if it was cut.
pub(crate) fn string_within(out: &mut Buffer, json: &str, max_chars: usize) -> bool {
    // Quotes aside, a JSON string has at least a byte for each character.
    if json.len() <= max_chars.saturating_add(2) {
        out.extend_from_slice(json.as_bytes());
        return false;
    }
    let text = scan::decode(json);
    match cut(&text, max_chars) {
        None => {
            out.extend_from_slice(json.as_bytes());
            false
        }
        Some((kept, dots)) => {
            string_with(out, kept, dots);
            true
        }
    }
}

/// Appends a JSON string of both texts; the second needs no escapes.
fn string_with(out: &mut Buffer, text: &str, end: &str) {
    write::string(out, text);
    out.pop();
    out.extend_from_slice(end.as_bytes());
    out.push(b'"');
}

/// Appends a databag value within the bounds on depth, breadth and `max_bytes`; true if something was cut.
///
/// The value itself, if a container, is the first level; containers below `max_depth` become the text `...`, lists keep their first [`BAG_BREADTH`] elements, and what is
/// then still too long is shrunk as in [`shrink`].
pub(crate) fn bag(out: &mut Buffer, json: &str, max_depth: usize, max_bytes: usize) -> bool {
    if is_within(json, max_depth, max_bytes) {
        out.extend_from_slice(json.as_bytes());
        return false;
    }
    let start = out.len();
    let mut cut = copy_bounded(out, json, max_depth);
    if out.len().saturating_sub(start) > max_bytes {
        let copy = write::into_text(out.split_off(start));
        cut = true;
        if !shrink(out, &copy, max_bytes) {
            out.extend_from_slice(b"null");
        }
    }
    cut
}

/// True if [`bag`] leaves the value as it is without a look at its parts; false for some others that it leaves, too.
pub(in crate::value) fn is_within(json: &str, max_depth: usize, max_bytes: usize) -> bool {
    // An element and its comma are two bytes at least.
    let cannot_be_wide = json.len() <= BAG_BREADTH.saturating_mul(2);
    let is_text = scan::kind(json) == Kind::Text;
    json.len() <= max_bytes
        && (is_text || (cannot_be_wide && scan::survey(json).depth <= max_depth))
}

/// Copies with the bounds on depth and breadth; `levels` of containers are left.
fn copy_bounded(out: &mut Buffer, json: &str, levels: usize) -> bool {
    let deeper = levels.saturating_sub(1);
    let mut cut = false;
    match scan::kind(json) {
        Kind::Object | Kind::Array if levels == 0 => {
            write::string(out, ELLIPSIS);
            return true;
        }
        Kind::Object => {
            out.push(b'{');
            for (key, value) in scan::entries(json) {
                write::separator(out);
                out.extend_from_slice(key.as_bytes());
                out.push(b':');
                cut |= copy_bounded(out, value, deeper);
            }
            out.push(b'}');
        }
        Kind::Array => {
            out.push(b'[');
            let mut elements = scan::elements(json);
            for element in elements.by_ref().take(BAG_BREADTH) {
                write::separator(out);
                cut |= copy_bounded(out, element, deeper);
            }
            cut |= elements.next().is_some();
            out.push(b']');
        }
        Kind::Text | Kind::Number | Kind::Boolean | Kind::Null => {
            out.extend_from_slice(json.as_bytes());
        }
    }
    cut
}

/// Appends as much of `json` as fits into `room` bytes; false, and nothing appended, if nothing sensible does.
///
/// Text loses its end; objects and lists keep, in order, the members that fit, and shrink the first that does not.
pub(crate) fn shrink(out: &mut Buffer, json: &str, room: usize) -> bool {
    /// Below this, what would be left of a value tells nobody anything.
    const LEAST: usize = 16;
    if json.len() <= room {
        out.extend_from_slice(json.as_bytes());
        return true;
    }
    if room < LEAST {
        return false;
    }
    match scan::kind(json) {
        Kind::Text => shrink_text(out, json, room),
        Kind::Object => {
            let end = out.len().saturating_add(room);
            out.push(b'{');
            for (key, value) in scan::entries(json) {
                shrink_part(out, Some(key), value, end);
            }
            out.push(b'}');
        }
        Kind::Array => {
            let end = out.len().saturating_add(room);
            out.push(b'[');
            for value in scan::elements(json) {
                shrink_part(out, None, value, end);
            }
            out.push(b']');
        }
        Kind::Number | Kind::Boolean | Kind::Null => return false,
    }
    true
}

/// Appends one member or element if it, or a useful part of it, fits before `end` together with the closing bracket.
fn shrink_part(out: &mut Buffer, key: Option<&str>, value: &str, end: usize) {
    let before = out.len();
    write::separator(out);
    if let Some(key) = key {
        out.extend_from_slice(key.as_bytes());
        out.push(b':');
    }
    let room = end.saturating_sub(1).saturating_sub(out.len());
    if out.len() >= end || !shrink(out, value, room) {
        out.truncate(before);
    }
}

fn shrink_text(out: &mut Buffer, json: &str, room: usize) {
    let text = scan::decode(json);
    // Two quotes and the dots.
    let kept = prefix_within(&text, room.saturating_sub(5));
    if kept.len() == text.len() {
        write::string(out, &text);
    } else {
        string_with(out, kept, ELLIPSIS);
    }
}

/// The longest beginning of `text` that takes no more than so many bytes inside a JSON string.
fn prefix_within(text: &str, max_bytes: usize) -> &str {
    let (mut end, mut left) = (0_usize, max_bytes);
    while let Some(rest) = text.get(end..).filter(|rest| !rest.is_empty()) {
        let plain = write::plain_prefix(rest.as_bytes());
        if plain > left {
            let is_boundary = |at: &usize| rest.is_char_boundary(*at);
            let at = (0..=left).rev().find(is_boundary).unwrap_or(0);
            end = end.saturating_add(at);
            break;
        }
        end = end.saturating_add(plain);
        left = left.saturating_sub(plain);
        let special = rest.as_bytes().get(plain).copied();
        let Some(length) = special.map(write::encoded_length).filter(|it| *it <= left) else {
            break;
        };
        end = end.saturating_add(1);
        left = left.saturating_sub(length);
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn bounded(value: &Value, max_bytes: usize) -> (Value, bool, usize) {
        let mut out = Buffer::new();
        out.extend_from_slice(b"prefix");
        let cut = bag(&mut out, &value.to_string(), 5, max_bytes);
        let written = out.strip_prefix(b"prefix").unwrap();
        (serde_json::from_slice(written).unwrap(), cut, written.len())
    }

    // EVT-16
    #[test]
    fn text_is_cut_on_characters_with_dots_within_the_limit() {
        assert_eq!(trim_str("12345", 5), "12345");
        assert_eq!(trim_str("123456", 5), "12...");
        assert_eq!(trim_str("äöüßé", 5), "äöüßé");
        assert_eq!(trim_str("äöüßéà", 5), "äö...");
        assert_eq!(trim_str("😀😀😀😀😀", 4), "😀...");
        assert_eq!(trim_str("abcdef", 2), "..");
        assert_eq!(trim_str("abc", 0), "");
    }

    #[test]
    fn json_text_is_cut_by_its_characters_not_by_its_escapes() {
        let cut = |json: &str, max| {
            let mut out = Buffer::new();
            let cut = string_within(&mut out, json, max);
            (write::into_text(out), cut)
        };
        let escaped = r#""\u00e4\n\u00e4\n\u00e4""#;
        assert_eq!(cut(escaped, 5), (escaped.to_owned(), false));
        assert_eq!(cut(escaped, 4), (r#""ä...""#.to_owned(), true));
    }

    // EVT-18
    #[test]
    fn containers_below_the_fifth_level_become_dots() {
        let value = json!({"1": {"2": [{"4": {"5": {"6": 1}, "x": 1, "y": []}}]}});
        let expected = json!({"1": {"2": [{"4": {"5": "...", "x": 1, "y": "..."}}]}});
        let (found, cut, _) = bounded(&value, 1000);
        assert_eq!((found, cut), (expected.clone(), true));
        assert_eq!(bounded(&expected, 1000).0, expected);
        assert!(!bounded(&expected, 1000).1);
    }

    // EVT-18
    #[test]
    fn long_lists_keep_their_beginning() {
        let value = json!({"list": (0..1000).collect::<Vec<_>>()});
        let (found, cut, _) = bounded(&value, 100_000);
        assert!(cut);
        assert_eq!(found["list"].as_array().unwrap().len(), BAG_BREADTH);
        assert_eq!(found["list"][255], 255);
        let just = json!((0..256).map(|_| 0).collect::<Vec<_>>());
        assert!(!bounded(&just, 100_000).1);
    }

    #[test]
    fn what_is_too_long_keeps_what_fits_in_order() {
        let value =
            json!({"a": 1, "b": "\n".repeat(500), "c": {"d": "e", "f": vec![7; 200]}, "z": true});
        let (found, cut, length) = bounded(&value, 300);
        assert!(cut && length <= 300, "{length}");
        assert_eq!(found["a"], 1);
        let text = found["b"].as_str().unwrap();
        assert!(text.starts_with('\n') && text.ends_with("..."), "{text:?}");
    }

    #[test]
    fn shrinking_never_exceeds_its_room_and_stays_json() {
        let value = json!({
            "text": "é\"\u{1}😀".repeat(30), "list": [1, "two", {"three": [3, 3, 3]}], "nested": {"k\"": "v".repeat(40)},
            "number": 123_456_789_u64, "null": null,
        })
        .to_string();
        for room in 0..value.len() + 2 {
            let mut out = Buffer::new();
            if shrink(&mut out, &value, room) {
                assert!(out.len() <= room, "{} > {room}", out.len());
                serde_json::from_slice::<Value>(&out).unwrap();
            } else {
                assert!(out.is_empty() && room < 16);
            }
        }
    }

    #[test]
    fn a_value_that_cannot_shrink_becomes_null() {
        assert_eq!(bounded(&json!(123_456_789_012_u64), 5).0, Value::Null);
    }
}
