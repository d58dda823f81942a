//! Requests: the `request` of an event (EVT-16, EVT-18, EVT-19).
//!
//! Decides how much of an address, of its query, of cookies, headers and body is kept, and in which form. Servers read
//! queries, cookies and headers as lists of pairs of texts and count for each pair some bytes more than its texts.
//! Entry point: [`write()`]. May use: `value`, the rest of this room.

use std::borrow::Cow;

use super::bound;
use super::field::Field;
use super::limits;
use super::write::Writer;
use crate::base::memory::{self, Buffer};
use crate::value::json::rewrite::{self, Change};
use crate::value::json::scan::{self, Kind};
use crate::value::json::trim::{bag, shrink, string_within, trim_str};
use crate::value::json::write as json;

/// Writes `request`.
pub(super) fn write(writer: &mut Writer<'_>, value: &str) {
    let mut trimmed = false;
    let mut is_method_odd = false;
    writer.key("request");
    rewrite::members(writer.out, value, |key, part| {
        let trimmed = &mut trimmed;
        match (key, scan::kind(part)) {
            (_, Kind::Null) => Change::Keep,
            ("url", Kind::Text) => url(part, trimmed),
            // A method that is cut would be another.
            ("method", _) if !is_method(part) => {
                is_method_odd = true;
                Change::Drop
            }
            ("query_string", _) => pairs(part, limits::QUERY_BYTES, scalar_text, trimmed),
            ("cookies", _) => pairs(part, limits::COOKIES_BYTES, scalar_text, trimmed),
            ("headers", _) => pairs(part, limits::HEADERS_BYTES, header_text, trimmed),
            ("data", _) => body(part, trimmed),
            _ => bound::change(bound::request, key, part, trimmed),
        }
    });
    writer.trimmed |= trimmed;
    if is_method_odd {
        writer.leave_out("method", "is none that servers know");
    }
    writer.mark_written(Field::Request);
}

fn is_method(json: &str) -> bool {
    let (shortest, longest) = limits::METHOD_CHARS;
    scan::text(json).is_some_and(|text| {
        (shortest..=longest).contains(&text.len())
            && text
                .bytes()
                .all(|it| it.is_ascii_alphabetic() || matches!(it, b'-' | b'_'))
    })
}

/// Servers take the query out of the address, so that each part has its own limit.
fn url(json: &str, trimmed: &mut bool) -> Change {
    let text = scan::decode(json);
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let (base, query) = text.split_at_checked(end).unwrap_or((&text, ""));
    match (
        trim_str(base, limits::URL_CHARS),
        form(query, limits::QUERY_BYTES),
    ) {
        (Cow::Borrowed(_), Cow::Borrowed(_)) => Change::Keep,
        (base, query) => {
            *trimmed = true;
            Change::Replace(json::string_to_json(&memory::concat(&[&base, &query])))
        }
    }
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

/// Text, an object or a list of pairs, whose values become texts by way of `text_of`.
fn pairs(
    value: &str,
    max_bytes: usize,
    text_of: fn(&str) -> Cow<'_, str>,
    trimmed: &mut bool,
) -> Change {
    let mut left = max_bytes;
    let mut out = Buffer::with_room(value.len().min(max_bytes));
    match scan::kind(value) {
        Kind::Object => {
            out.push(b'{');
            for (key, value) in scan::entries(value) {
                match fitting(key, &text_of(value), &mut left, trimmed) {
                    Some(text) => {
                        json::separator(&mut out);
                        for part in [key, ":", &text] {
                            out.extend_from_slice(part.as_bytes());
                        }
                    }
                    None => *trimmed = true,
                }
            }
            out.push(b'}');
        }
        Kind::Array => {
            out.push(b'[');
            for element in scan::elements(value) {
                let mut parts = scan::elements(element);
                let written = match (parts.next(), parts.next(), parts.next()) {
                    (Some(key), Some(value), None) => {
                        fitting(key, &text_of(value), &mut left, trimmed)
                            .map(|text| memory::concat(&["[", key, ",", &text, "]"]))
                    }
                    // No pair: whatever the server makes of it.
                    _ => fitting("", element, &mut left, trimmed),
                };
                match written {
                    Some(pair) => {
                        json::separator(&mut out);
                        out.extend_from_slice(pair.as_bytes());
                    }
                    None => *trimmed = true,
                }
            }
            out.push(b']');
        }
        Kind::Text => match form(&scan::decode(value), max_bytes) {
            Cow::Borrowed(_) => return Change::Keep,
            Cow::Owned(text) => {
                *trimmed = true;
                json::string(&mut out, &text);
            }
        },
        Kind::Number | Kind::Boolean | Kind::Null => return Change::Keep,
    }
    Change::Replace(json::into_text(out))
}

/// As much of the value as fits, with its key, into what is left; none if nothing sensible does.
fn fitting(key: &str, value: &str, left: &mut usize, trimmed: &mut bool) -> Option<String> {
    /// Of key and value, in the lengths of both already.
    const QUOTES: usize = 4;
    let room = left
        .saturating_sub(key.len())
        .saturating_sub(limits::PAIR_BYTES.saturating_sub(QUOTES));
    let mut out = Buffer::new();
    if !shrink(&mut out, value, room) {
        return None;
    }
    *trimmed |= value.len() > room;
    *left = room.saturating_sub(out.len());
    Some(json::into_text(out))
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

/// EVT-19
fn body(data: &str, trimmed: &mut bool) -> Change {
    let is_container = matches!(scan::kind(data), Kind::Object | Kind::Array);
    // A container may be too deep however short it is (EVT-18).
    if !is_container && data.len() <= limits::REQUEST_DATA {
        return Change::Keep;
    }
    let mut out = Buffer::new();
    *trimmed |= match scan::kind(data) {
        Kind::Text => string_within(&mut out, data, limits::REQUEST_DATA),
        _ => bag(&mut out, data, limits::BAG_DEPTH, limits::REQUEST_DATA),
    };
    Change::Replace(json::into_text(out))
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
