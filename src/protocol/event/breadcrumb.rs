//! Breadcrumbs: single ones brought into the form that events carry (BC-1, BC-3).
//!
//! Decides what of a breadcrumb is kept. Entry points: [`parse`], [`from_value`], [`new_log`].

use std::time::SystemTime;

use super::error::EventError;
use super::left_out::LeftOut;
use super::limits;
use super::time::{is_timestamp, write_seconds};
use crate::base::memory::{self, Buffer, Fault};
use crate::protocol::level::Level;
use crate::value::input::{Input, bounded};
use crate::value::json::scan::{self, Kind};
use crate::value::json::trim::{shrink, trim_str};
use crate::value::json::write as json;
use crate::value::tree::{MAX_BYTES, Member, Value};

/// Reads a breadcrumb from JSON text; gives it as the JSON that events carry. One without a time of its own gets `now`.
pub(crate) fn parse(text: &str, now: SystemTime) -> Result<Crumb, EventError> {
    if text.len() > limits::INPUT_BYTES {
        return Err(EventError::too_large(
            "the breadcrumb is larger than 8 MiB; a breadcrumb keeps 8 KiB",
        ));
    }
    read(text, None, now)
}

/// Reads a breadcrumb that the host built, as [`parse`] reads its JSON.
pub(crate) fn from_value(value: Value, now: SystemTime) -> Result<Crumb, EventError> {
    if !value.is_object() {
        return parse(&value.to_json_text()?, now);
    }
    let members = value.into_members()?;
    // Containers are bounded in data only, and keys that are no text may become equal.
    let is_plain = |(key, value): &Member| {
        memory::utf8(key).is_ok() && (value.is_scalar() || **key == *b"data")
    };
    if !members.iter().all(is_plain) {
        return parse(&Value::of_members(members).to_json_text()?, now);
    }
    // Data that is a container is made small enough as text.
    let data = members.iter().find(|(_, value)| !value.is_scalar());
    let data = data.map(|(_, data)| data.to_json_text()).transpose()?;
    let total = members.iter().fold(1_usize, |total, (key, value)| {
        let size = match &data {
            Some(json) if !value.is_scalar() => json.len(),
            _ => Input::Value(value).size(),
        };
        // With quotes, colon and comma.
        total
            .saturating_add(key.len())
            .saturating_add(size)
            .saturating_add(4)
    });
    if total > MAX_BYTES {
        return Err(Fault::Full.into());
    }
    let given = members.iter().map(|(key, value)| {
        let value = match &data {
            Some(json) if !value.is_scalar() => Input::Json(json),
            _ => Input::Value(value),
        };
        (Input::Text(key), value)
    });
    let mut left_out = LeftOut::default();
    let json = memory::watch(|| normalised(given, |out| write_seconds(out, now), &mut left_out))?;
    Ok(Crumb { json, left_out })
}

/// Reads the breadcrumb that a hook made of `shown`: without a time of its own it gets that one's.
pub(crate) fn parse_returned(
    text: &str,
    shown: &str,
    now: SystemTime,
) -> Result<Crumb, EventError> {
    read(text, scan::entry(shown, "timestamp"), now)
}

fn read(text: &str, shown_time: Option<&str>, now: SystemTime) -> Result<Crumb, EventError> {
    let mut left_out = LeftOut::default();
    let object = left_out.read(text)?;
    let members = object.members.iter();
    let members = members.map(|it| (Input::Text(it.key.as_bytes()), Input::Json(&it.json)));
    let shown_time = shown_time.map(|time| (Input::Text(b"timestamp"), Input::Json(time)));
    let members = members.chain(shown_time);
    let json = memory::watch(|| normalised(members, |out| write_seconds(out, now), &mut left_out))?;
    Ok(Crumb { json, left_out })
}

/// A breadcrumb as events carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crumb {
    /// The JSON.
    pub(crate) json: String,
    /// What it lost because no server takes it.
    pub(crate) left_out: LeftOut,
}

/// A breadcrumb of a log message; the logger becomes its category.
pub(crate) fn new_log(
    now: SystemTime,
    level: Level,
    logger: Option<&str>,
    text: &str,
) -> Result<String, EventError> {
    Ok(memory::watch(|| of_texts(now, level, logger, text))?)
}

fn of_texts(now: SystemTime, level: Level, logger: Option<&str>, text: &str) -> String {
    let text = trim_str(text, limits::MESSAGE_CHARS);
    let mut out = Buffer::with_room(text.len().saturating_add(128));
    out.extend_from_slice(b"{\"timestamp\":");
    write_seconds(&mut out, now);
    if let Some(logger) = logger.filter(|logger| !logger.is_empty()) {
        json::key(&mut out, "category");
        json::string(&mut out, &trim_str(logger, limits::CRUMB_NAME_CHARS));
    }
    json::key(&mut out, "level");
    json::string(&mut out, level.event_name());
    json::key(&mut out, "message");
    json::string(&mut out, &text);
    out.push(b'}');
    within_limit(json::into_text(out))
}

/// The breadcrumb with these members; the time comes first so that it survives any trimming.
pub(super) fn normalised<'a>(
    members: impl Iterator<Item = (Input<'a>, Input<'a>)> + Clone,
    write_now: impl FnOnce(&mut Buffer),
    left_out: &mut LeftOut,
) -> String {
    // What it will need, so that one that is kept takes little more memory than that.
    let mut room = 32_usize;
    let mut own_time = None;
    for (place, (key, value)) in members.clone().enumerate() {
        let member = key.size().saturating_add(value.size());
        room = room.saturating_add(member).saturating_add(8);
        if own_time.is_none() && key.is_key("timestamp") && is_timestamp(value) {
            own_time = Some((place, value));
        }
    }
    let mut out = Buffer::with_room(room.min(limits::CRUMB_BYTES));
    out.extend_from_slice(b"{\"timestamp\":");
    match own_time {
        Some((_, time)) => time.copy(&mut out),
        None => write_now(&mut out),
    }
    let own_place = own_time.map(|(place, _)| place);
    for (place, (key, value)) in members.enumerate() {
        if own_place != Some(place) {
            member(&mut out, key, value, left_out);
        }
    }
    out.push(b'}');
    within_limit(json::into_text(out))
}

/// Appends a member as events carry it, but for the time.
fn member(out: &mut Buffer, key: Input<'_>, value: Input<'_>, left_out: &mut LeftOut) {
    let (key, kind) = (key.decode(), value.kind());
    let is_text = kind == Kind::Text;
    match &*key {
        _ if kind == Kind::Null => {}
        "message" => {
            out.extend_from_slice(b",\"message\":");
            bounded::scalar(out, value, limits::MESSAGE_CHARS);
        }
        "type" if is_text => {
            out.extend_from_slice(b",\"type\":");
            bounded::string(out, value, limits::CRUMB_NAME_CHARS);
        }
        "category" if is_text => {
            out.extend_from_slice(b",\"category\":");
            bounded::string(out, value, limits::CRUMB_NAME_CHARS);
        }
        "level" => match value.text().and_then(|name| Level::from_name(&name)) {
            Some(level) => {
                out.extend_from_slice(b",\"level\":");
                json::string(out, level.event_name());
            }
            None => leave_out(left_out, &key),
        },
        "data" => {
            out.extend_from_slice(b",\"data\":");
            data(out, value);
        }
        "timestamp" if is_timestamp(value) => {}
        "timestamp" | "type" | "category" => leave_out(left_out, &key),
        _ => {
            json::key(out, &key);
            value.copy(out);
        }
    }
}

#[cold]
fn leave_out(left_out: &mut LeftOut, key: &str) {
    left_out.note(format_args!("{key:?} of a breadcrumb"));
}

/// Data is an object; anything else is kept under the key `value` of one.
fn data(out: &mut Buffer, value: Input<'_>) {
    let (depth, bytes) = limits::CRUMB_DATA;
    // The limit on depth holds for the values in it.
    let depth = depth.saturating_add(1);
    if value.is_object() {
        bounded::bag(out, value, depth, bytes);
    } else {
        let start = out.len();
        out.extend_from_slice(b"{\"value\":");
        value.copy(out);
        out.push(b'}');
        bounded::cut_down(out, start, depth, bytes);
    }
}

/// A breadcrumb that is too long loses the end of its message, or its last members.
fn within_limit(crumb: String) -> String {
    if crumb.len() <= limits::CRUMB_BYTES {
        return crumb;
    }
    let mut out = Buffer::with_room(limits::CRUMB_BYTES);
    shrink(&mut out, &crumb, limits::CRUMB_BYTES);
    json::into_text(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::EventErrorKind;
    use crate::value::tree;
    use serde_json::{Value, json as value};
    use std::time::Duration;

    /// 2026-01-01T00:00:00.000001Z
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::new(1_767_225_600, 1000)
    }

    fn read(text: &str) -> Value {
        let crumb = parse(text, now()).unwrap().json;
        assert!(crumb.len() <= limits::CRUMB_BYTES);
        // A host that builds it gets the same.
        if let Some(value) = tree::Value::from_json(text) {
            assert_eq!(from_value(value, now()).unwrap().json, crumb);
        }
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
                parse(text, now()).unwrap().json,
                r#"{"timestamp":1767225600.000001}"#
            );
        }
        let own = r#"{"message":"m","timestamp":"2025-01-01T00:00:00Z"}"#;
        assert_eq!(
            parse(own, now()).unwrap().json,
            r#"{"timestamp":"2025-01-01T00:00:00Z","message":"m"}"#
        );
    }

    // BC-5
    #[test]
    fn a_time_that_a_hook_lost_is_as_it_was() {
        let returned =
            |text: &str| parse_returned(text, r#"{"timestamp":5.5,"message":"m"}"#, now());
        for lost in [
            r#"{"message":"n"}"#,
            r#"{"timestamp":null,"message":"n"}"#,
            r#"{"timestamp":"soon","message":"n"}"#,
        ] {
            assert_eq!(
                returned(lost).unwrap().json,
                r#"{"timestamp":5.5,"message":"n"}"#
            );
        }
        assert_eq!(
            returned(r#"{"timestamp":6}"#).unwrap().json,
            r#"{"timestamp":6}"#
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

    #[test]
    fn odd_members_are_left_out_and_named() {
        let deep = format!(
            r#"{{"message":"m","x":{}{}}}"#,
            "[".repeat(64),
            "]".repeat(64)
        );
        for (text, said) in [
            (
                r#"{"message":"m","level":"loud"}"#,
                r#""level" of a breadcrumb"#,
            ),
            (r#"{"message":"m","type":[]}"#, r#""type" of a breadcrumb"#),
            (
                r#"{"message":"m","timestamp":-1}"#,
                r#""timestamp" of a breadcrumb"#,
            ),
            (
                r#"{"message":"x","message":"m"}"#,
                r#""message" is there twice"#,
            ),
            (&deep, r#""x" is nested deeper than 64 levels"#),
        ] {
            let crumb = parse(text, now()).unwrap();
            assert_eq!(
                crumb.json,
                r#"{"timestamp":1767225600.000001,"message":"m"}"#
            );
            assert_eq!(crumb.left_out.to_string(), format!("left out: {said}"));
        }
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
        let refused = |text: &str| parse(text, now()).unwrap_err();
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
        let crumb = new_log(now(), Level::Trace, Some("net"), "a\"b").unwrap();
        assert_eq!(
            crumb,
            r#"{"timestamp":1767225600.000001,"category":"net","level":"debug","message":"a\"b"}"#
        );
        assert!(
            !new_log(now(), Level::Info, None, "x")
                .unwrap()
                .contains("category")
        );
        assert!(
            new_log(now(), Level::Info, None, &"\n".repeat(10_000))
                .unwrap()
                .len()
                <= limits::CRUMB_BYTES
        );
    }

    #[test]
    fn a_value_becomes_what_its_json_becomes() {
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(63), "]".repeat(63));
        let long = "é\\n".repeat(5000);
        for text in [
            "{}",
            "[1]",
            "7",
            "\"text\"",
            r#"{"timestamp":"2025-01-01T00:00:00Z","message":"a\"b\nc","type":"http","category":"c"}"#,
            r#"{"timestamp":"2025-01-01T00:00:00","message":7,"level":"warn"}"#,
            r#"{"timestamp":"then","level":"loud","type":7,"category":[],"x":null,"y":1.5}"#,
            r#"{"timestamp":5.25,"data":{"a":[1,{"b":{"c":{}}}]},"message":{"a":1}}"#,
            r#"{"timestamp":-1,"data":"text","message":true}"#,
            r#"{"data":7,"x":{"y":[]},"z":"\u0000"}"#,
            &format!(r#"{{"message":"{long}","type":"{long}","category":"{long}","z":"{long}"}}"#),
            &format!(r#"{{"data":"{long}","message":"m"}}"#),
            &format!(r#"{{"data":{{"k":"{long}"}},"message":"m"}}"#),
            &deep,
        ] {
            let value = tree::Value::from_json(text).unwrap();
            let again = value.to_json_text().unwrap();
            let shared = value.clone();
            let expected = parse(&again, now()).map_err(|error| error.to_string());
            let read = |value| from_value(value, now()).map_err(|error| error.to_string());
            assert_eq!(read(shared), expected, "{text}");
            assert_eq!(
                value.to_json_text().unwrap(),
                again,
                "one that is shared stays"
            );
            assert_eq!(read(value), expected, "{text}");
        }
        let odd = tree::Value::object();
        for key in [&b"a\xff"[..], b"a\xfe"] {
            odd.set_key(key, tree::Value::text(b"\xff")).unwrap();
        }
        let text = odd.to_json_text().unwrap();
        assert_eq!(from_value(odd, now()), parse(&text, now()));
    }
}
