//! Requests: the `request` of an event (EVT-16, EVT-18, EVT-19).
//!
//! Decides how much of an address, of its query, of cookies, headers and body is kept, and in which form. Servers read
//! queries, cookies and headers as lists of pairs of texts and count for each pair some bytes more than its texts.
//! Entry point: [`write()`]. May use: `value`, the rest of this room.

use std::borrow::Cow;

use super::bound;
use super::field::Field;
use super::limits;
use super::writer::Writer;
use crate::base::memory::{self, Buffer};
use crate::value::input::{Input, bounded};
use crate::value::json::scan::{self, Kind};
use crate::value::json::trim::{shrink, trim_str};
use crate::value::json::write as json;

/// Writes `request`.
pub(super) fn write(writer: &mut Writer<'_>, value: Input<'_>) {
    writer.key("request");
    writer.out.push(b'{');
    for (key, part) in value.members() {
        let name = key.decode();
        // A method that is cut would be another.
        if name == "method" && !part.is_null() && !is_method(part) {
            writer.leave_out("method", "is none that servers know");
            continue;
        }
        let max_bytes = match &*name {
            "query_string" => limits::QUERY_BYTES,
            "cookies" => limits::COOKIES_BYTES,
            "headers" => limits::HEADERS_BYTES,
            _ => 0,
        };
        let out = &mut *writer.out;
        writer.trimmed |= match (&*name, part.kind()) {
            ("url", Kind::Text) => {
                key.copy_key(out);
                url(out, part)
            }
            ("query_string" | "cookies", _) => {
                key.copy_key(out);
                pairs(out, &part.to_json(), max_bytes, scalar_text)
            }
            ("headers", _) => {
                key.copy_key(out);
                pairs(out, &part.to_json(), max_bytes, header_text)
            }
            ("data", _) => {
                key.copy_key(out);
                body(out, part)
            }
            _ => bound::write_member(out, bound::request, key, part),
        };
    }
    writer.out.push(b'}');
    writer.mark_written(Field::Request);
}

fn is_method(value: Input<'_>) -> bool {
    let (shortest, longest) = limits::METHOD_CHARS;
    value.text().is_some_and(|text| {
        (shortest..=longest).contains(&text.len())
            && text
                .bytes()
                .all(|it| it.is_ascii_alphabetic() || matches!(it, b'-' | b'_'))
    })
}

/// Appends an address; true if it was cut. Servers take the query out of it, so that each part has its own limit.
fn url(out: &mut Buffer, value: Input<'_>) -> bool {
    let text = value.decode();
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let (base, query) = text.split_at_checked(end).unwrap_or((&text, ""));
    let base = trim_str(base, limits::URL_CHARS);
    let query = form(query, limits::QUERY_BYTES);
    let is_whole = matches!((&base, &query), (Cow::Borrowed(_), Cow::Borrowed(_)));
    if is_whole {
        value.copy(out);
    } else {
        json::string(out, &memory::concat(&[&base, &query]));
    }
    !is_whole
}

/// Text like `a=1&b=2` or `a=1; b=2`, cut where servers would, read as pairs, run out of room.
fn form(text: &str, max_bytes: usize) -> Cow<'_, str> {
    const DOTS: &str = "...";
    let mut left = max_bytes.saturating_sub(limits::PAIR_BYTES);
    let mut end = 0;
    for (at, character) in text.char_indices() {
        let pair = match character {
            '&' | ';' => limits::PAIR_BYTES,
            _ => 0,
        };
        let length = character.len_utf8();
        let Some(rest) = left.checked_sub(length.saturating_add(pair)) else {
            let kept = text.get(..end).unwrap_or_default();
            return Cow::Owned(memory::concat(&[kept, DOTS]));
        };
        left = rest;
        if left >= DOTS.len() {
            end = at.saturating_add(length);
        }
    }
    Cow::Borrowed(text)
}

/// Appends text, an object or a list of pairs, whose values become texts by way of `text_of`; true if something was cut.
fn pairs(
    out: &mut Buffer,
    value: &str,
    max_bytes: usize,
    text_of: fn(&str) -> Cow<'_, str>,
) -> bool {
    let mut left = max_bytes;
    let mut was_cut = false;
    match scan::kind(value) {
        Kind::Object => {
            out.push(b'{');
            for (key, value) in scan::entries(value) {
                let before = out.len();
                json::separator(out);
                out.extend_from_slice(key.as_bytes());
                out.push(b':');
                if !fitting(out, key, &text_of(value), &mut left, &mut was_cut) {
                    out.truncate(before);
                }
            }
            out.push(b'}');
        }
        Kind::Array => {
            out.push(b'[');
            for element in scan::elements(value) {
                let before = out.len();
                json::separator(out);
                let mut parts = scan::elements(element);
                let is_written = match (parts.next(), parts.next(), parts.next()) {
                    (Some(key), Some(value), None) => {
                        out.push(b'[');
                        out.extend_from_slice(key.as_bytes());
                        out.push(b',');
                        let is_written =
                            fitting(out, key, &text_of(value), &mut left, &mut was_cut);
                        out.push(b']');
                        is_written
                    }
                    // No pair: whatever the server makes of it.
                    _ => fitting(out, "", element, &mut left, &mut was_cut),
                };
                if !is_written {
                    out.truncate(before);
                }
            }
            out.push(b']');
        }
        Kind::Text => match form(&scan::decode(value), max_bytes) {
            Cow::Borrowed(_) => out.extend_from_slice(value.as_bytes()),
            Cow::Owned(text) => {
                was_cut = true;
                json::string(out, &text);
            }
        },
        Kind::Number | Kind::Boolean | Kind::Null => out.extend_from_slice(value.as_bytes()),
    }
    was_cut
}

/// Appends as much of the value as fits, with its key, into what is left; false, and nothing appended, if nothing sensible
/// does.
fn fitting(out: &mut Buffer, key: &str, value: &str, left: &mut usize, was_cut: &mut bool) -> bool {
    /// Of key and value, in the lengths of both already.
    const QUOTES: usize = 4;
    let room = left
        .saturating_sub(key.len())
        .saturating_sub(limits::PAIR_BYTES.saturating_sub(QUOTES));
    let before = out.len();
    *was_cut |= value.len() > room;
    if !shrink(out, value, room) {
        return false;
    }
    *left = room.saturating_sub(out.len().saturating_sub(before));
    true
}

/// Servers take nothing but texts.
fn scalar_text(value: &str) -> Cow<'_, str> {
    match scan::kind(value) {
        Kind::Text | Kind::Null => Cow::Borrowed(value),
        _ => Cow::Owned(json::string_to_json(value)),
    }
}

/// Several values of one header are one, with commas between them.
fn header_text(value: &str) -> Cow<'_, str> {
    if scan::kind(value) != Kind::Array {
        return scalar_text(value);
    }
    let mut all = Buffer::new();
    for (place, value) in scan::elements(value).enumerate() {
        if place > 0 {
            all.push(b',');
        }
        let text = scan::text(value).unwrap_or(Cow::Borrowed(value));
        all.extend_from_slice(text.as_bytes());
    }
    Cow::Owned(json::string_to_json(&json::into_text(all)))
}

/// Appends the body (EVT-19); true if it was cut.
fn body(out: &mut Buffer, data: Input<'_>) -> bool {
    match data.kind() {
        Kind::Text => bounded::string(out, data, limits::REQUEST_DATA),
        _ => bounded::bag(out, data, limits::BAG_DEPTH, limits::REQUEST_DATA),
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::event::testing::written;
    use serde_json::{Value, json};

    /// A member of `request` as it is written.
    fn part(key: &str, value: &Value) -> (Value, bool) {
        let (json, written) = written(&json!({"request": {key: value}}).to_string());
        (
            json["request"].get(key).cloned().unwrap_or_default(),
            written.trimmed,
        )
    }

    // EVT-16
    #[test]
    fn addresses_are_cut_before_and_in_their_query() {
        let base = "h".repeat(256);
        for whole in [
            "no url".to_owned(),
            base.clone(),
            format!("{base}?q={}", "x".repeat(1000)),
        ] {
            assert_eq!(part("url", &json!(whole)), (json!(whole), false));
        }
        let cut = "é".repeat(253) + "...";
        let given = json!("é".repeat(257) + "?q=1#f");
        assert_eq!(part("url", &given), (json!(format!("{cut}?q=1#f")), true));
        let (url, trimmed) = part("url", &json!(format!("u?q={}", "é".repeat(2000))));
        let url = url.as_str().unwrap();
        assert!(trimmed && url.ends_with("é...") && url.len() <= 1024);
    }

    // ENV-18
    #[test]
    fn methods_are_kept_whole_or_not_at_all() {
        for good in ["GET", "get", "M-SEARCH", "X_Y", &"A".repeat(32)] {
            assert_eq!(part("method", &json!(good)), (json!(good), false));
        }
        for bad in [json!("AB"), json!("A".repeat(33)), json!("G T"), json!(5)] {
            assert_eq!(part("method", &bad), (Value::Null, true), "{bad}");
        }
        assert_eq!(part("method", &Value::Null), (Value::Null, false));
    }

    // EVT-16, EVT-18
    #[test]
    fn queries_cookies_and_headers_keep_what_fits() {
        for (key, max) in [("query_string", 1024), ("cookies", 2048), ("headers", 8192)] {
            let longest = "é".repeat((max - "abc".len() - 9) / 2);
            for given in [json!({"abc": longest}), json!([["abc", longest]])] {
                assert_eq!(part(key, &given), (given, false), "{key}");
            }
            let long = "é".repeat(max);
            for given in [
                json!({"a": "1", "b": long}),
                json!([["a", "1"], ["b", long]]),
            ] {
                let (json, trimmed) = part(key, &given);
                let cut = json.get("b").unwrap_or(&json[1][1]).as_str().unwrap();
                assert!(trimmed && cut.ends_with("é...") && cut.len() < max);
                assert!(cut.len() > max - 64, "{key} {}", cut.len());
            }
            let many = Value::Object(
                (0..2000)
                    .map(|it| (format!("{it:04}"), json!("")))
                    .collect(),
            );
            let (json, trimmed) = part(key, &many);
            // Four digits and what a server counts besides.
            assert!(trimmed);
            assert_eq!(json.as_object().unwrap().len(), max / 13, "{key}");
            assert_eq!(json["0000"], "");
            let name = json!({"n".repeat(max): "1", "a": "2"});
            assert_eq!(part(key, &name), (json!({"a": "2"}), true));
        }
    }

    // EVT-16
    #[test]
    fn forms_are_cut_where_their_pairs_exceed_the_limit() {
        for key in ["query_string", "cookies", "headers"] {
            let given = json!("?a=1&b=2; c");
            assert_eq!(part(key, &given), (given, false));
        }
        let (json, trimmed) = part("query_string", &json!("a=1&".repeat(500)));
        let text = json.as_str().unwrap();
        // Each pair counts 13.
        assert!(trimmed && text.matches('&').count() == 77, "{text}");
        assert!(text.ends_with("...") && text.len() < 400);
        let (json, trimmed) = part("cookies", &json!("ü".repeat(5000)));
        let text = json.as_str().unwrap();
        assert!(trimmed && text.ends_with("ü...") && text.len() > 2000 && text.len() <= 2048);
    }

    #[test]
    fn values_that_are_no_texts_become_texts() {
        let odd = json!({"a": 1, "b": ["x", 2], "c": null, "d": true, "e": {"k": 1}});
        let text = |list| json!({"a": "1", "b": list, "c": null, "d": "true", "e": "{\"k\":1}"});
        assert_eq!(part("headers", &odd), (text("x,2"), false));
        assert_eq!(part("cookies", &odd), (text("[\"x\",2]"), false));
        assert_eq!(part("query_string", &odd), (text("[\"x\",2]"), false));
        let list = json!([["a", 1], "no pair", ["one"], null]);
        let expected = json!([["a", "1"], "no pair", ["one"], null]);
        assert_eq!(part("headers", &list), (expected, false));
        assert_eq!(part("headers", &json!(5)), (json!(5), false));
    }

    // EVT-18, EVT-19
    #[test]
    fn bodies_are_bounded() {
        let (json, trimmed) = part("data", &json!("é".repeat(9000)));
        assert!(trimmed && json.as_str().unwrap().chars().count() == 8192);
        let (json, trimmed) = part("data", &json!({"a": "x".repeat(9000)}));
        assert!(trimmed && json.to_string().len() <= 8192);
        assert_eq!(part("data", &json!(5)), (json!(5), false));
        let (json, trimmed) = part("env", &json!({"a": "x".repeat(9000)}));
        assert!(trimmed && json.to_string().len() <= 8192);
        let (json, trimmed) = part("fragment", &json!("x".repeat(1025)));
        assert!(trimmed && json.as_str().unwrap().len() == 1024);
    }
}
