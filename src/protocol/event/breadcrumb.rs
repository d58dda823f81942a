//! Breadcrumbs: single ones brought into the form that events carry, and those of an event and its scope put together
//! (BC-1, BC-3, BC-4).
//!
//! Entry points: [`parse`], [`new_log`], [`Trail`]. Those of one scope stay in the order in which they were added; those of
//! several scopes and of the event are put together by their times.

use std::borrow::Cow;

use super::error::EventError;
use super::field::Field;
use super::left_out::LeftOut;
use super::limits;
use super::stack::values;
use super::text::scalar;
use super::time::{is_timestamp, seconds_of, write_epoch};
use super::write::Writer;
use crate::base::memory::{self, Buffer, OutOfMemory};
use crate::protocol::level::Level;
use crate::value::pieces::Fragment;
use crate::value::scan::{self, Cursor, Kind};
use crate::value::trim::{bag, shrink, string_within, trim_str};
use crate::value::write as json;

/// Reads a breadcrumb from JSON text; gives it as the JSON that events carry. `timestamp`, RFC 3339 in UTC, is for a
/// breadcrumb without a time of its own.
pub(crate) fn parse(text: &str, timestamp: &str) -> Result<Crumb, EventError> {
    if text.len() > limits::INPUT_BYTES {
        return Err(EventError::too_large(
            "the breadcrumb is larger than 8 MiB; a breadcrumb keeps 8 KiB",
        ));
    }
    let mut left_out = LeftOut::default();
    let object = left_out.read(text)?;
    let parts = object.members.iter();
    let parts = parts.map(|member| (Cow::Borrowed(&*member.key), &*member.json));
    let json = memory::watch(|| normalised(parts, timestamp, &mut left_out))
        .map_err(|OutOfMemory| EventError::out_of_memory())?;
    Ok(Crumb { json, left_out })
}

/// Reads the breadcrumb that a hook made of `shown`: without a time of its own it gets that one's.
pub(crate) fn parse_returned(
    text: &str,
    shown: &str,
    timestamp: &str,
) -> Result<Crumb, EventError> {
    let mut left_out = LeftOut::default();
    let object = left_out.read(text)?;
    let time = scan::entry(shown, "timestamp");
    let parts = object.members.iter();
    let parts = parts.map(|member| (Cow::Borrowed(&*member.key), &*member.json));
    let parts = parts.chain(time.map(|time| (Cow::Borrowed("timestamp"), time)));
    let json = normalised(parts, timestamp, &mut left_out);
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
    timestamp: &str,
    level: Level,
    logger: Option<&str>,
    text: &str,
) -> Result<String, EventError> {
    memory::watch(|| of_texts(timestamp, level, logger, text))
        .map_err(|OutOfMemory| EventError::out_of_memory())
}

fn of_texts(timestamp: &str, level: Level, logger: Option<&str>, text: &str) -> String {
    let text = trim_str(text, limits::MESSAGE_CHARS);
    let mut out = Buffer::with_room(text.len().saturating_add(128));
    out.extend_from_slice(b"{\"timestamp\":");
    write_epoch(&mut out, timestamp);
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
fn normalised<'a>(
    members: impl Iterator<Item = (Cow<'a, str>, &'a str)> + Clone,
    timestamp: &str,
    left_out: &mut LeftOut,
) -> String {
    let mut leave_out = |key: &str| left_out.note(format_args!("{key:?} of a breadcrumb"));
    let mut out = Buffer::with_room(256);
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
            "timestamp" if is_timestamp(value) => {}
            "timestamp" => leave_out(&key),
            "level" => match scan::text(value).and_then(|name| Level::from_name(&name)) {
                Some(level) => {
                    json::key(&mut out, "level");
                    json::string(&mut out, level.event_name());
                }
                None => leave_out(&key),
            },
            "message" => {
                json::key(&mut out, "message");
                scalar(&mut out, value, limits::MESSAGE_CHARS);
            }
            "type" | "category" if kind == Kind::Text => {
                json::key(&mut out, &key);
                string_within(&mut out, value, limits::CRUMB_NAME_CHARS);
            }
            "type" | "category" => leave_out(&key),
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
fn data(out: &mut Buffer, value: &str) {
    let (depth, bytes) = limits::CRUMB_DATA;
    // The limit on depth holds for the values in it.
    let depth = depth.saturating_add(1);
    if scan::kind(value) == Kind::Object {
        bag(out, value, depth, bytes);
    } else {
        bag(
            out,
            &memory::concat(&["{\"value\":", value, "}"]),
            depth,
            bytes,
        );
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

/// Breadcrumbs of a scope one behind the other, separated by commas, oldest first; at least one.
#[derive(Debug, Clone)]
pub(crate) struct Crumbs {
    text: Fragment,
    count: usize,
    /// Bytes of the last one.
    last_length: usize,
}

/// The breadcrumbs of one scope: older ones, newer ones.
pub(crate) type Trail = [Option<Crumbs>; 2];

impl Crumbs {
    /// `count` breadcrumbs, as [`parse`] makes them, the last of `last_length` bytes; none if there are none.
    pub(crate) fn new(text: Fragment, count: usize, last_length: usize) -> Option<Self> {
        (count > 0).then_some(Self {
            text,
            count,
            last_length,
        })
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

    fn last(&self) -> &str {
        let text = self.as_str();
        let start = text.len().saturating_sub(self.last_length);
        text.get(start..).unwrap_or_default()
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

/// When a breadcrumb was left, in seconds since 1970; its time stands first.
fn time(crumb: &str) -> f64 {
    let time = crumb.strip_prefix("{\"timestamp\":").unwrap_or_default();
    seconds_of(Cursor::new(time).value().unwrap_or_default())
}

/// Breadcrumbs of one source in their order; at least one.
enum Source<'a> {
    Scope(&'a Trail),
    Event(&'a [String]),
}

impl<'a> Source<'a> {
    fn texts(trail: &'a Trail) -> impl DoubleEndedIterator<Item = &'a Crumbs> {
        trail.iter().flatten()
    }

    fn count(&self) -> usize {
        match self {
            Self::Scope(trail) => {
                Self::texts(trail).fold(0, |sum, crumbs| sum.saturating_add(crumbs.count))
            }
            Self::Event(crumbs) => crumbs.len(),
        }
    }

    fn first_time(&self) -> f64 {
        time(match self {
            Self::Scope(trail) => Self::texts(trail).next().map_or("", Crumbs::as_str),
            Self::Event(crumbs) => crumbs.first().map_or("", String::as_str),
        })
    }

    fn last_time(&self) -> f64 {
        time(match self {
            Self::Scope(trail) => Self::texts(trail).next_back().map_or("", Crumbs::last),
            Self::Event(crumbs) => crumbs.last().map_or("", String::as_str),
        })
    }

    fn each(&self) -> Vec<&'a str> {
        match self {
            Self::Scope(trail) => {
                let texts = Self::texts(trail).map(Crumbs::as_str);
                memory::collect(texts.flat_map(scan::joined_elements))
            }
            Self::Event(crumbs) => memory::collect(crumbs.iter().map(String::as_str)),
        }
    }

    /// Writes all but the oldest, each text behind a separator; what a scope holds is shared.
    fn write(&self, writer: &mut Writer<'_>, mut gone: usize, separator: &mut u8) {
        let mut separate = |out: &mut Buffer| out.push(std::mem::replace(separator, b','));
        match self {
            Self::Scope(trail) => {
                for crumbs in Self::texts(trail) {
                    if let Some(kept) = crumbs.without_oldest(gone) {
                        separate(writer.out);
                        writer.share(kept);
                    }
                    gone = gone.saturating_sub(crumbs.count);
                }
            }
            Self::Event(crumbs) => {
                for crumb in crumbs.iter().skip(gone) {
                    separate(writer.out);
                    writer.out.extend_from_slice(crumb.as_bytes());
                }
            }
        }
    }
}

/// Writes the breadcrumbs of scopes and event, the newest of them; only the newer half if `is_halved`.
pub(super) fn write(writer: &mut Writer<'_>, value: Option<&str>, is_halved: bool) {
    let parts = writer.parts;
    let own = value.into_iter().flat_map(values).filter_map(|crumb| {
        match scan::kind(crumb) {
            Kind::Object => {
                let members = scan::entries(crumb).map(|(key, value)| (scan::decode(key), value));
                return Some(normalised(members, parts.timestamp, &mut writer.left_out));
            }
            Kind::Null => {}
            _ => writer.leave_out_part(format_args!("a breadcrumb is no object")),
        }
        None
    });
    let own: Vec<String> = memory::collect(own);
    // Of equal times the event's comes first, then that of the inner scope.
    let scopes = parts.breadcrumbs.iter().rev().map(Source::Scope);
    let mut sources: Vec<_> = std::iter::once(Source::Event(&own))
        .chain(scopes)
        .filter(|source| source.count() > 0)
        .collect();
    let all = sources
        .iter()
        .fold(0, |sum: usize, source| sum.saturating_add(source.count()));
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
    if are_interleaved(&sources) {
        for crumb in merged(&sources).into_iter().skip(gone) {
            writer.out.push(std::mem::replace(&mut separator, b','));
            writer.out.extend_from_slice(crumb.as_bytes());
        }
    } else {
        sources.sort_by(|one, other| one.first_time().total_cmp(&other.first_time()));
        for source in &sources {
            source.write(writer, gone, &mut separator);
            gone = gone.saturating_sub(source.count());
        }
    }
    writer.out.extend_from_slice(b"]}");
    writer.mark_written(Field::Breadcrumbs);
}

/// True if one source does not end before another begins, so that they cannot stand one behind the other.
fn are_interleaved(sources: &[Source<'_>]) -> bool {
    let mut spans: Vec<_> = match sources {
        [] | [_] => return false,
        sources => sources
            .iter()
            .map(|source| (source.first_time(), source.last_time()))
            .collect(),
    };
    // Stable, so that of equal times the first source stays the first.
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    !spans.is_sorted_by(|before, next| before.1 <= next.0)
}

/// All breadcrumbs by their times; those of one source keep their order.
fn merged<'a>(sources: &[Source<'a>]) -> Vec<&'a str> {
    let mut queues: Vec<_> = sources
        .iter()
        .map(|source| {
            let crumbs = source.each().into_iter();
            crumbs.map(|crumb| (time(crumb), crumb)).peekable()
        })
        .collect();
    let mut all = Vec::new();
    loop {
        // The first of the sources whose next breadcrumb is the oldest.
        let heads = queues.iter_mut().enumerate();
        let heads = heads.filter_map(|(place, queue)| Some((place, queue.peek()?.0)));
        let oldest = heads.min_by(|one, other| one.1.total_cmp(&other.1));
        let next = oldest.and_then(|(place, _)| queues.get_mut(place)?.next());
        match next {
            Some((_, crumb)) => all.push(crumb),
            None => return all,
        }
    }
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
        let crumb = parse(text, NOW).unwrap().json;
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
                parse(text, NOW).unwrap().json,
                r#"{"timestamp":1767225600.000001}"#
            );
        }
        let own = r#"{"message":"m","timestamp":"2025-01-01T00:00:00Z"}"#;
        assert_eq!(
            parse(own, NOW).unwrap().json,
            r#"{"timestamp":"2025-01-01T00:00:00Z","message":"m"}"#
        );
    }

    // BC-5
    #[test]
    fn a_time_that_a_hook_lost_is_as_it_was() {
        let returned = |text: &str| parse_returned(text, r#"{"timestamp":5.5,"message":"m"}"#, NOW);
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
            let crumb = parse(text, NOW).unwrap();
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
        let crumb = new_log(NOW, Level::Trace, Some("net"), "a\"b").unwrap();
        assert_eq!(
            crumb,
            r#"{"timestamp":1767225600.000001,"category":"net","level":"debug","message":"a\"b"}"#
        );
        assert!(
            !new_log(NOW, Level::Info, None, "x")
                .unwrap()
                .contains("category")
        );
        assert!(
            new_log(NOW, Level::Info, None, &"\n".repeat(10_000))
                .unwrap()
                .len()
                <= limits::CRUMB_BYTES
        );
    }

    fn on_event(event: &Value, scope: usize, max: usize) -> Vec<String> {
        let before = "2025-01-01T00:00:00Z";
        let crumbs: Vec<_> = (0..scope)
            .map(|number| new_log(before, Level::Info, None, &format!("scope{number}")).unwrap())
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

    /// Breadcrumbs at these seconds, each named after its source and time.
    fn trail(name: &str, seconds: &[u64]) -> (Trail, Arc<str>) {
        let crumb = |second: &u64| {
            let message = format!("{name}{second}");
            let json =
                value!({"message": message, "timestamp": second, "data": {"x": "x".repeat(100)}});
            parse(&json.to_string(), NOW).unwrap().json
        };
        let crumbs: Vec<_> = seconds.iter().map(crumb).collect();
        let text: Arc<str> = Arc::from(crumbs.join(","));
        let last = crumbs.last().map_or(0, String::len);
        let fragment = Fragment::new(Arc::clone(&text), 0);
        ([Crumbs::new(fragment, crumbs.len(), last), None], text)
    }

    fn messages(payload: &[u8]) -> Vec<String> {
        let json: Value = serde_json::from_slice(payload).unwrap();
        let values = json["breadcrumbs"]["values"].as_array().unwrap();
        let message = |crumb: &Value| crumb["message"].as_str().unwrap().to_owned();
        values.iter().map(message).collect()
    }

    // BC-4
    #[test]
    fn sources_are_merged_by_time_and_the_newest_kept() {
        let with = |outer: &[u64], inner: &[u64], own: &[u64], max| {
            let own: Vec<_> = own
                .iter()
                .map(|second| value!({"message": format!("e{second}"), "timestamp": second}))
                .collect();
            let text = value!({"breadcrumbs": own}).to_string();
            let trails = [trail("o", outer).0, trail("i", inner).0];
            let parts = Parts {
                breadcrumbs: &trails,
                max_breadcrumbs: max,
                ..Parts::bare(Uuid::NIL)
            };
            let event = Event::parse(&text).unwrap();
            messages(&event.write(&parts).unwrap().payload.whole()).join(" ")
        };
        assert_eq!(with(&[2, 4], &[1, 3], &[], 100), "i1 o2 i3 o4");
        assert_eq!(with(&[2, 4], &[1, 3], &[], 3), "o2 i3 o4");
        assert_eq!(with(&[2, 5], &[1, 4], &[3, 6], 5), "o2 e3 i4 o5 e6");
        assert_eq!(with(&[3, 4], &[1, 2], &[], 100), "i1 i2 o3 o4");
        assert_eq!(with(&[3, 4], &[1, 2], &[], 3), "i2 o3 o4");
        assert_eq!(with(&[5, 6], &[3, 4], &[1, 2], 100), "e1 e2 i3 i4 o5 o6");
        // Of equal times the event's is first, then the inner scope's.
        assert_eq!(with(&[1, 1], &[1, 1], &[1], 100), "e1 i1 i1 o1 o1");
        assert_eq!(with(&[1, 2], &[1, 2], &[], 100), "i1 o1 i2 o2");
        // A clock that was set back does not change the order within a source.
        assert_eq!(with(&[9, 1, 2], &[], &[], 100), "o9 o1 o2");
        assert_eq!(with(&[9, 1, 2], &[3, 4], &[], 100), "i3 i4 o9 o1 o2");
    }

    // BC-4
    #[test]
    fn crumbs_of_two_scopes_keep_to_the_limit_and_are_not_copied_one_behind_the_other() {
        let seconds = |from: u64| (from..from + 10).collect::<Vec<_>>();
        let event = Event::parse("{}").unwrap();
        for (max, first, sum, holders) in [
            (100, "outer10", 20, 2),
            (20, "outer10", 20, 2),
            (13, "outer17", 13, 2),
            (10, "inner20", 10, 1),
            (4, "inner26", 4, 1),
        ] {
            let (outer, outer_text) = trail("outer", &seconds(10));
            let (inner, inner_text) = trail("inner", &seconds(20));
            let trails = [outer, inner];
            let parts = Parts {
                breadcrumbs: &trails,
                max_breadcrumbs: max,
                ..Parts::bare(Uuid::NIL)
            };
            let payload = event.write(&parts).unwrap().payload;
            let messages = messages(&payload.whole());
            assert_eq!((&*messages[0], messages.len()), (first, sum));
            assert_eq!(messages.last().unwrap(), "inner29");
            let texts = [outer_text, inner_text];
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
