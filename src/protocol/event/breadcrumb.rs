//! Breadcrumbs: single ones brought into the form that events carry, and those of an event and its scope put together
//! (BC-1, BC-3, BC-4).
//!
//! Entry points: [`parse`], [`new_log`], [`Crumbs`]. On an event the scope's breadcrumbs come first, its own last: what the host
//! gave with the event belongs to it and is the newest.

use std::borrow::Cow;

use super::error::EventError;
use super::field::Field;
use super::limits;
use super::stack::values;
use super::text::scalar;
use super::time::{is_timestamp, write_epoch};
use super::write::Writer;
use crate::protocol::level::Level;
use crate::value::object::parse_object;
use crate::value::pieces::Fragment;
use crate::value::scan::{self, Kind};
use crate::value::trim::{bag, shrink, string_within, trim_str};
use crate::value::write as json;

/// Reads a breadcrumb from JSON text; gives it as the JSON that events carry. `timestamp`, RFC 3339 in UTC, is for a
/// breadcrumb without a time of its own.
pub(crate) fn parse(text: &str, timestamp: &str) -> Result<String, EventError> {
    if text.len() > limits::INPUT_BYTES {
        return Err(EventError::too_large(
            "the breadcrumb is larger than 8 MiB; a breadcrumb keeps 8 KiB",
        ));
    }
    let object = parse_object(text)?;
    let parts = object.members.iter();
    let parts = parts.map(|member| (Cow::Borrowed(&*member.key), &*member.json));
    Ok(normalised(parts, timestamp))
}

/// A breadcrumb of a log message; the logger becomes its category.
pub(crate) fn new_log(timestamp: &str, level: Level, logger: Option<&str>, text: &str) -> String {
    let mut out = Vec::with_capacity(text.len().saturating_add(128));
    out.extend_from_slice(b"{\"timestamp\":");
    write_epoch(&mut out, timestamp);
    if let Some(logger) = logger.filter(|logger| !logger.is_empty()) {
        json::key(&mut out, "category");
        json::string(&mut out, &trim_str(logger, limits::CRUMB_NAME_CHARS));
    }
    json::key(&mut out, "level");
    json::string(&mut out, level.event_name());
    json::key(&mut out, "message");
    json::string(&mut out, &trim_str(text, limits::MESSAGE_CHARS));
    out.push(b'}');
    within_limit(json::into_text(out))
}

/// The breadcrumb with these members; the time comes first so that it survives any trimming.
fn normalised<'a>(
    members: impl Iterator<Item = (Cow<'a, str>, &'a str)> + Clone,
    timestamp: &str,
) -> String {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"timestamp\":");
    let own_time = members
        .clone()
        .find(|(key, value)| key == "timestamp" && is_timestamp(value));
    match own_time {
        Some((_, value)) => out.extend_from_slice(value.as_bytes()),
        None => write_epoch(&mut out, timestamp),
    }
    for (key, value) in members {
        let kind = scan::kind(value);
        if kind == Kind::Null {
            continue;
        }
        match &*key {
            "timestamp" => {}
            "level" => {
                let level = scan::text(value).and_then(|name| Level::from_name(&name));
                if let Some(level) = level {
                    json::key(&mut out, "level");
                    json::string(&mut out, level.event_name());
                }
            }
            "message" => {
                json::key(&mut out, "message");
                scalar(&mut out, value, limits::MESSAGE_CHARS);
            }
            "type" | "category" => {
                if kind == Kind::Text {
                    json::key(&mut out, &key);
                    string_within(&mut out, value, limits::CRUMB_NAME_CHARS);
                }
            }
            "data" => {
                json::key(&mut out, "data");
                data(&mut out, value);
            }
            _ => {
                json::key(&mut out, &key);
                out.extend_from_slice(value.as_bytes());
            }
        }
    }
    out.push(b'}');
    within_limit(json::into_text(out))
}

/// Data is an object; anything else is kept under the key `value` of one.
fn data(out: &mut Vec<u8>, value: &str) {
    let (depth, bytes) = limits::CRUMB_DATA;
    // The limit on depth holds for the values in it.
    let depth = depth.saturating_add(1);
    if scan::kind(value) == Kind::Object {
        bag(out, value, depth, bytes);
    } else {
        bag(out, &format!("{{\"value\":{value}}}"), depth, bytes);
    }
}

/// A breadcrumb that is too long loses the end of its message, or its last members.
fn within_limit(crumb: String) -> String {
    if crumb.len() <= limits::CRUMB_BYTES {
        return crumb;
    }
    let mut out = Vec::with_capacity(limits::CRUMB_BYTES);
    shrink(&mut out, &crumb, limits::CRUMB_BYTES);
    json::into_text(out)
}

/// Breadcrumbs of a scope one behind the other, separated by commas, oldest first; at least one.
#[derive(Debug, Clone)]
pub(crate) struct Crumbs {
    text: Fragment,
    count: usize,
}

impl Crumbs {
    /// `count` breadcrumbs, as [`parse`] makes them; none if there are none.
    pub(crate) fn new(text: Fragment, count: usize) -> Option<Self> {
        (count > 0).then_some(Self { text, count })
    }

    /// How many.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// As JSON.
    pub(crate) fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// What is left of them without the oldest.
    fn without_oldest(&self, gone: usize) -> Option<Fragment> {
        let all = self.text.clone();
        if gone == 0 {
            return Some(all);
        }
        let text = self.as_str();
        let first = scan::joined_elements(text).nth(gone)?;
        let at = first.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        Some(all.skip(at))
    }
}

/// Writes the breadcrumbs of scopes and event, the newest of them; only the newer half if `is_halved`.
pub(super) fn write(writer: &mut Writer<'_>, value: Option<&str>, is_halved: bool) {
    let parts = writer.parts;
    let own: Vec<String> = value
        .into_iter()
        .flat_map(values)
        .filter(|crumb| scan::kind(crumb) == Kind::Object)
        .map(|crumb| {
            let members = scan::entries(crumb).map(|(key, value)| (scan::decode(key), value));
            normalised(members, parts.timestamp)
        })
        .collect();
    let of_scopes = parts.breadcrumbs.iter().flatten();
    let all = of_scopes
        .clone()
        .fold(own.len(), |sum, crumbs| sum.saturating_add(crumbs.count));
    let mut keep = all.min(parts.max_breadcrumbs);
    if is_halved {
        keep = keep.div_ceil(2);
        writer.trimmed = true;
    }
    if keep == 0 {
        return;
    }
    writer.key("breadcrumbs");
    writer.out.extend_from_slice(b"{\"values\":");
    let mut gone = all.saturating_sub(keep);
    let mut separator = b'[';
    for crumbs in of_scopes {
        if let Some(kept) = crumbs.without_oldest(gone) {
            writer.out.push(separator);
            writer.share(kept);
            separator = b',';
        }
        gone = gone.saturating_sub(crumbs.count);
    }
    for crumb in own.iter().skip(gone) {
        writer.out.push(separator);
        writer.out.extend_from_slice(crumb.as_bytes());
        separator = b',';
    }
    writer.out.extend_from_slice(b"]}");
    writer.mark_written(Field::Breadcrumbs);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::uuid::Uuid;
    use crate::protocol::event::testing::Given;
    use crate::protocol::event::{Event, EventErrorKind, Parts};
    use serde_json::{Value, json as value};
    use std::sync::Arc;

    const NOW: &str = "2026-01-01T00:00:00.000001Z";

    fn read(text: &str) -> Value {
        let crumb = parse(text, NOW).unwrap();
        assert!(crumb.len() <= limits::CRUMB_BYTES);
        serde_json::from_str(&crumb).unwrap()
    }

    // BC-1
    #[test]
    fn a_missing_or_unusable_time_is_filled_in() {
        for text in [
            "{}",
            r#"{"timestamp":null}"#,
            r#"{"timestamp":"yesterday"}"#,
        ] {
            assert_eq!(
                parse(text, NOW).unwrap(),
                r#"{"timestamp":1767225600.000001}"#
            );
        }
        let own = r#"{"message":"m","timestamp":"2025-01-01T00:00:00Z"}"#;
        assert_eq!(
            parse(own, NOW).unwrap(),
            r#"{"timestamp":"2025-01-01T00:00:00Z","message":"m"}"#
        );
    }

    // BC-1
    #[test]
    fn levels_and_texts_are_brought_into_form() {
        let crumb = read(
            r#"{"type":"http","category":null,"level":"warn","message":42,"data":[1],"origin":"x"}"#,
        );
        assert_eq!(
            crumb,
            value!({"timestamp": 1_767_225_600.000_001_f64, "type": "http", "level": "warning", "message": "42",
                "data": {"value": [1]}, "origin": "x"})
        );
        assert!(
            read(r#"{"level":"loud","category":7}"#)
                .as_object()
                .unwrap()
                .len()
                == 1
        );
    }

    // EVT-18
    #[test]
    fn long_breadcrumbs_are_trimmed_and_keep_their_time() {
        let message = "é".repeat(9000);
        let crumb =
            read(&value!({"message": message, "data": {"x": "y".repeat(5000)}}).to_string());
        assert!(crumb["timestamp"].is_number());
        assert!(crumb["data"]["x"].as_str().unwrap().len() <= 2048);
        assert!(crumb["message"].as_str().unwrap().ends_with("é..."));
        let deep = read(r#"{"data":{"a":{"b":{"c":{"d":{}}}}}}"#);
        assert_eq!(deep["data"], value!({"a": {"b": {"c": {"d": "..."}}}}));
        let wide = read(&value!({"data": {"k": vec!["v".repeat(50); 100]}}).to_string());
        assert!(wide["data"].to_string().len() <= 2048);
    }

    #[test]
    fn what_is_no_breadcrumb_is_refused_with_the_reason() {
        let refused = |text: &str| parse(text, NOW).unwrap_err();
        assert_eq!(refused("[]").kind, EventErrorKind::NotAnObject);
        assert_eq!(refused("{").kind, EventErrorKind::Syntax);
        assert_eq!(
            refused("{\"a\":?}").to_string(),
            "at byte 5: expected value"
        );
        let huge = format!("\"{}\"", "x".repeat(limits::INPUT_BYTES));
        assert_eq!(refused(&huge).kind, EventErrorKind::TooLarge);
    }

    #[test]
    fn log_messages_become_breadcrumbs() {
        let crumb = new_log(NOW, Level::Trace, Some("net"), "a\"b");
        assert_eq!(
            crumb,
            r#"{"timestamp":1767225600.000001,"category":"net","level":"debug","message":"a\"b"}"#
        );
        assert!(!new_log(NOW, Level::Info, None, "x").contains("category"));
        assert!(new_log(NOW, Level::Info, None, &"\n".repeat(10_000)).len() <= limits::CRUMB_BYTES);
    }

    fn on_event(event: &Value, scope: usize, max: usize) -> Vec<String> {
        let crumbs: Vec<_> = (0..scope)
            .map(|number| new_log(NOW, Level::Info, None, &format!("scope{number}")))
            .collect();
        let given = Given {
            breadcrumbs: crumbs.chunks(3).map(|some| some.join(",")).collect(),
            max_breadcrumbs: max,
            ..Given::default()
        };
        let (json, _) = given.read_and_write(&event.to_string());
        let values = json["breadcrumbs"]["values"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert!(json.get("breadcrumbs").is_none() || !values.is_empty());
        assert!(values.iter().all(|crumb| crumb["timestamp"].is_number()));
        values
            .iter()
            .map(|crumb| crumb["message"].as_str().unwrap().to_owned())
            .collect()
    }

    // BC-2, BC-3, BC-4
    #[test]
    fn the_newest_of_scope_and_event_are_kept_in_order() {
        let own = value!([{"message": "own0"}, null, {"message": "own1"}]);
        for event in [
            value!({"breadcrumbs": own}),
            value!({"breadcrumbs": {"values": own}}),
        ] {
            assert_eq!(
                on_event(&event, 2, 100),
                ["scope0", "scope1", "own0", "own1"]
            );
            assert_eq!(on_event(&event, 2, 3), ["scope1", "own0", "own1"]);
            assert_eq!(on_event(&event, 2, 1), ["own1"]);
            assert_eq!(on_event(&event, 0, 100), ["own0", "own1"]);
            assert!(on_event(&event, 2, 0).is_empty());
        }
        for event in [
            value!({}),
            value!({"breadcrumbs": []}),
            value!({"breadcrumbs": null}),
        ] {
            assert_eq!(on_event(&event, 2, 100), ["scope0", "scope1"]);
            assert!(on_event(&event, 2, 0).is_empty());
            assert!(on_event(&event, 0, 100).is_empty());
        }
    }

    // BC-4
    #[test]
    fn crumbs_of_two_scopes_keep_to_the_limit_and_are_not_copied() {
        let text = |name: &str| -> Arc<str> {
            let crumb =
                |number| value!({"message": format!("{name}{number}"), "data": "x".repeat(100)});
            let crumbs: Vec<_> = (0..10).map(|number| crumb(number).to_string()).collect();
            Arc::from(crumbs.join(","))
        };
        let texts = [text("outer"), text("inner")];
        let event = Event::parse("{}").unwrap();
        for (max, first, sum, holders) in [
            (100, "outer0", 20, 2),
            (20, "outer0", 20, 2),
            (13, "outer7", 13, 2),
            (10, "inner0", 10, 1),
            (4, "inner6", 4, 1),
        ] {
            let crumbs = texts.each_ref().map(|text| {
                let text = Fragment::new(Arc::clone(text), 0);
                Crumbs::new(text, 10)
            });
            let parts = Parts {
                breadcrumbs: &crumbs,
                max_breadcrumbs: max,
                ..Parts::bare(Uuid::NIL)
            };
            let payload = event.write(&parts).unwrap().payload;
            let json: Value = serde_json::from_slice(&payload.whole()).unwrap();
            let values = json["breadcrumbs"]["values"].as_array().unwrap();
            assert_eq!((&values[0]["message"], values.len()), (&first.into(), sum));
            assert_eq!(values.last().unwrap()["message"], "inner9");
            let shares = |piece: &[u8]| {
                texts
                    .iter()
                    .any(|text| text.as_bytes().as_ptr_range().contains(&piece.as_ptr()))
            };
            assert_eq!(
                payload.iter().filter(|piece| shares(piece)).count(),
                holders
            );
            let charged: usize = texts
                .iter()
                .rev()
                .take(holders)
                .map(|text| text.len())
                .sum();
            assert!(payload.byte_cost() >= charged, "{max}");
        }
    }
}
