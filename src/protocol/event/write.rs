//! Writing events: the order of the fields, what the scope adds, and what goes first when an event is too large.
//!
//! Entry point: [`Event::write`]. May use: the rest of this room, of which it is the top.

use super::error::EventError;
use super::field::Field;
use super::parts::Parts;
use super::read::Event;
use super::writer::{Writer, Written};
use super::{
    breadcrumbs, contexts, free_form, limits, request, stack, tags, text, time, transaction,
};
use crate::base::memory::{self, Buffer, OutOfMemory};
use crate::value::json::write as json;
use crate::value::shared::pieces::Pieces;

/// What is left out of an event that is too large; each step includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Omission {
    Nothing,
    Extra,
    OlderBreadcrumbs,
    Breadcrumbs,
    UnknownKeys,
    Meta,
    Contexts,
    Threads,
}

impl Omission {
    const STEPS: [Self; 8] = [
        Self::Nothing,
        Self::Extra,
        Self::OlderBreadcrumbs,
        Self::Breadcrumbs,
        Self::UnknownKeys,
        Self::Meta,
        Self::Contexts,
        Self::Threads,
    ];
}

impl Event<'_> {
    /// Writes the event as it goes on the wire.
    ///
    /// An event of more than 1 MiB loses, until it fits: `extra`; the older half of the breadcrumbs; the rest of
    /// them; keys unknown here; `modules`, `request` and `debug_meta`; contexts except `trace`; `threads`. What is
    /// then still too large is refused.
    pub(crate) fn write(&self, parts: &Parts<'_>) -> Result<Written, EventError> {
        memory::watch(|| write_within_limits(self, parts))
            .unwrap_or_else(|OutOfMemory| Err(EventError::out_of_memory()))
    }
}

fn write_within_limits(event: &Event<'_>, parts: &Parts<'_>) -> Result<Written, EventError> {
    // The one large allocation of most captures, of a size that the host decides.
    let mut out = Buffer::with_room(expected_length(event, parts));
    // What else belongs to a transaction leaves room for its spans.
    let most = match parts.spans {
        Some(_) => limits::EVENT_BYTES / 2,
        None => limits::EVENT_BYTES,
    };
    for omission in Omission::STEPS {
        out.clear();
        let mut writer = Writer::new(&mut out, parts);
        writer.trimmed = omission > Omission::Nothing || !event.left_out.is_empty();
        writer.left_out = event.left_out.clone();
        write_fields(event, &mut writer, omission);
        if writer.len() <= most {
            let spans = parts
                .spans
                .map(|spans| transaction::write_spans(&mut writer, spans));
            let (cuts, trace_id) = (writer.cuts, writer.trace_id);
            let (trimmed, left_out) = (writer.trimmed, writer.left_out);
            return Ok(Written {
                payload: Pieces::new(out, cuts),
                trace_id,
                trimmed,
                left_out,
                spans,
            });
        }
    }
    Err(EventError::too_large(
        "the event is larger than 1 MiB even without its extra data; send large data as an attachment",
    ))
}

/// What an event that is copied as it stands will need, without what is shared, so that the buffer grows once.
fn expected_length(event: &Event<'_>, parts: &Parts<'_>) -> usize {
    /// Id, time, level, punctuation.
    const FRAME: usize = 256;
    let own = event.length.saturating_add(FRAME);
    let fields = parts.fields.iter().fold(own, |sum, (key, json)| {
        let pair = key.len().saturating_add(json.len());
        sum.saturating_add(pair).saturating_add(8)
    });
    [parts.tags.json(), parts.contexts.json(), parts.extra.json()]
        .iter()
        .fold(fields, |sum, text| sum.saturating_add(text.len()))
        .min(limits::EVENT_BYTES)
}

fn write_fields(event: &Event<'_>, writer: &mut Writer<'_>, omission: Omission) {
    let is_left_out = |step: Omission| omission >= step;
    write_head(event, writer);
    write_message(event, writer);
    if let Some(value) = event.get(Field::Exception) {
        stack::exceptions(writer, value);
    }
    let (threads, stray) = (event.get(Field::Threads), event.get(Field::Stacktrace));
    if !is_left_out(Omission::Threads) && (threads.is_some() || stray.is_some()) {
        stack::threads(writer, threads, stray);
    }
    for (field, key) in text::FIELDS {
        if let Some(value) = event.get(field) {
            text::field(writer, field, key, value);
        }
    }
    tags::write(writer, event.get(Field::Tags));
    let is_reduced = is_left_out(Omission::Contexts);
    contexts::write(writer, event.get(Field::Contexts), is_reduced);
    if !is_left_out(Omission::Extra) {
        free_form::extra(writer, event.get(Field::Extra));
    }
    if !is_left_out(Omission::Breadcrumbs) {
        let is_halved = is_left_out(Omission::OlderBreadcrumbs);
        breadcrumbs::write(writer, event.get(Field::Breadcrumbs), is_halved);
    }
    if let Some(value) = event.get(Field::User) {
        free_form::user(writer, value);
    }
    if let Some(value) = event.get(Field::Fingerprint) {
        text::fingerprint(writer, value);
    }
    if let Some(value) = event.get(Field::Sdk) {
        free_form::sdk(writer, value);
    }
    if !is_left_out(Omission::Meta) {
        write_meta(event, writer);
    }
    write_missing_fields(event, writer);
    if !is_left_out(Omission::UnknownKeys) {
        write_unknown_keys(event, writer);
    }
    writer.out.push(b'}');
}

fn write_head(event: &Event<'_>, writer: &mut Writer<'_>) {
    let id = writer.parts.event_id.simple();
    let id = id.as_str().as_bytes();
    writer
        .out
        .extend_from_slices([b"{\"event_id\":\"", id, b"\",\"timestamp\":"]);
    let own_time = event.get(Field::Timestamp);
    match own_time.filter(|time| time::is_timestamp(*time)) {
        Some(time) => time.copy(writer.out),
        None => {
            if own_time.is_some() {
                writer.leave_out("timestamp", "is no time");
            }
            time::write_seconds(writer.out, writer.parts.timestamp);
        }
    }
    if let Some(value) = event.get(Field::Platform) {
        text::field(writer, Field::Platform, "platform", value);
    }
    let is_given = |field| event.get(field).is_some_and(|it| !it.is_empty_text());
    if is_given(Field::EventId) && event.id().is_none() {
        writer.leave_out("event_id", "is no id");
    }
    let own_level = event.level();
    if is_given(Field::Level) && own_level.is_none() {
        writer.leave_out("level", "is none that servers know");
    }
    if writer.parts.spans.is_some() {
        // It has no level (TXN-1).
        transaction::write_head(event, writer);
    } else {
        writer.key("level");
        let level = own_level.unwrap_or(writer.parts.level);
        json::string(writer.out, level.event_name());
    }
    for field in [Field::EventId, Field::Timestamp, Field::Level] {
        writer.mark_written(field);
    }
}

/// `logentry` wins over `message`, if it says anything.
fn write_message(event: &Event<'_>, writer: &mut Writer<'_>) {
    for field in [Field::Logentry, Field::Message] {
        if let Some(value) = event.get(field)
            && text::logentry(writer, value)
        {
            writer.mark_written(Field::Logentry);
            writer.mark_written(Field::Message);
            return;
        }
    }
}

fn write_meta(event: &Event<'_>, writer: &mut Writer<'_>) {
    if let Some(value) = event.get(Field::Request) {
        request::write(writer, value);
    }
    if let Some(value) = event.get(Field::Modules) {
        free_form::modules(writer, value);
    }
    free_form::debug_meta(writer, event.get(Field::DebugMeta));
}

fn write_missing_fields(event: &Event<'_>, writer: &mut Writer<'_>) {
    for (key, value) in writer.parts.fields {
        let is_there = match Field::from_key(key) {
            Some(field) => writer.has(field),
            None => event.unknown.iter().any(|(name, _)| name == key),
        };
        // A fingerprint without entries has hidden another one, and is none (EVT-11).
        if !is_there && value != "[]" {
            writer.key(key);
            writer.out.extend_from_slice(value.as_bytes());
        }
    }
}

/// Keys without a meaning here are the server's business; `type` among the known ones is left to the server, which
/// works it out.
fn write_unknown_keys(event: &Event<'_>, writer: &mut Writer<'_>) {
    for (key, value) in &event.unknown {
        let value = value.input();
        let is_written = writer.parts.spans.is_some() && transaction::is_own_key(key);
        if !value.is_null() && !is_written {
            json::key(writer.out, key);
            value.copy(writer.out);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::event::testing::{Given, written};
    use crate::protocol::event::{Event, EventErrorKind, limits};
    use crate::value::json::testing::mutations;
    use serde_json::{Value, json};

    fn scope() -> Given {
        let mut given = Given {
            fields: vec![
                ("platform", "\"native\"".into()),
                ("release", "\"app@1\"".into()),
                ("environment", "\"production\"".into()),
                ("sdk", "{\"name\":\"n\",\"version\":\"1\"}".into()),
            ],
            breadcrumbs: vec!["{\"message\":\"one\"},{\"message\":\"two\"}".into()],
            ..Given::default()
        };
        given.tags.set_text("t", "v");
        given.contexts.set("os", "{\"name\":\"Linux\"}");
        given.extra.set("x", "1");
        given
    }

    // EVT-1 … EVT-5, EVT-15
    #[test]
    fn a_bare_event_is_completed_from_the_scope() {
        let event = Event::parse(r#"{"message":"hello"}"#).unwrap();
        let (text, written) = scope().try_write(&event).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"event_id":"abababababababababababababababab","timestamp":1767225600.000001,"level":"error","#,
                r#""logentry":{"formatted":"hello"},"tags":{"t":"v"},"contexts":{"os":{"name":"Linux"}},"extra":{"x":1},"#,
                r#""breadcrumbs":{"values":[{"message":"one"},{"message":"two"}]},"platform":"native","release":"app@1","#,
                r#""environment":"production","sdk":{"name":"n","version":"1"}}"#
            )
        );
        assert!(!written.trimmed);
    }

    // EVT-1, EVT-2, EVT-4
    #[test]
    fn id_time_and_level_are_the_events_if_usable() {
        let own = r#"{"event_id":"nonsense","timestamp":"2025-12-31T00:00:00Z","level":"warn"}"#;
        let (json, result) = written(own);
        assert_eq!(json["event_id"], "ab".repeat(16));
        assert_eq!(json["timestamp"], "2025-12-31T00:00:00Z");
        assert_eq!(json["level"], "warning");
        assert_eq!(
            result.left_out.to_string(),
            "left out: \"event_id\" is no id"
        );
        for unusable in [
            r#"{"timestamp":"yesterday"}"#,
            r#"{"timestamp":1e300}"#,
            r#"{"level":"loud"}"#,
        ] {
            let (json, result) = written(unusable);
            assert_eq!(json["timestamp"], 1_767_225_600.000_001_f64);
            assert_eq!(json["level"], "error");
            assert!(result.trimmed);
        }
    }

    #[test]
    fn unknown_keys_are_kept_and_the_type_is_left_to_the_server() {
        let (json, result) =
            written(r#"{"type":"error","new":{"a":[1]},"\u00e4\"":2,"nothing":null,"errors":[]}"#);
        assert_eq!(json["new"], json!({"a": [1]}));
        assert_eq!(json["ä\""], 2);
        assert_eq!(json["errors"], json!([]));
        assert!(json.get("type").is_none() && json.get("nothing").is_none() && !result.trimmed);
    }

    #[test]
    fn the_events_own_fields_win_over_the_configured_ones() {
        let own = json!({
            "platform": "python", "release": "own@2", "environment": "test", "sdk": {"name": "o", "version": "2"},
        });
        let (json, _) = scope().read_and_write(&own.to_string());
        for (key, value) in own.as_object().unwrap() {
            assert_eq!(&json[key], value);
        }
        let text = scope()
            .try_write(&Event::parse(&own.to_string()).unwrap())
            .unwrap()
            .0;
        assert_eq!(text.matches("\"release\"").count(), 1);
    }

    fn filler(bytes: usize) -> Value {
        let chunk = "x".repeat(1000);
        let values =
            (0..bytes / 1000).map(|number| (format!("k{number}"), Value::from(chunk.clone())));
        Value::Object(values.collect())
    }

    // ENV-17, ENV-18
    #[test]
    fn an_event_that_is_too_large_loses_parts_in_the_documented_order() {
        let crumb = |number: usize| json!({"timestamp": 1, "message": format!("{number}-{}", "m".repeat(7000))});
        let crumbs = |count: usize| (0..count).map(crumb).collect::<Vec<_>>();
        let base = json!({
            "message": "kept", "extra": {"e": 1}, "unknown": "u", "modules": {"m": "1"},
            "contexts": {"a": {}, "trace": {"trace_id": "a".repeat(32), "span_id": "b".repeat(16)}},
            "threads": [{"id": 1}],
        });
        let with = |key: &str, value: Value| {
            let mut event = base.clone();
            event["breadcrumbs"] = Value::from(crumbs(90));
            event[key] = value;
            let (json, result) = Given::default().read_and_write(&event.to_string());
            assert_eq!(json["logentry"]["formatted"], "kept");
            let crumbs = json["breadcrumbs"]["values"].as_array().map_or(0, Vec::len);
            let keys =
                ["extra", "unknown", "modules", "threads"].map(|key| json.get(key).is_some());
            let contexts = json["contexts"].as_object().map_or(0, serde_json::Map::len);
            (keys, crumbs, contexts, result.trimmed)
        };
        // 90 breadcrumbs are 630 KB.
        assert_eq!(with("other", json!("")), ([true; 4], 90, 2, false));
        assert_eq!(with("other", filler(420_000)).0, [false, true, true, true]);
        assert_eq!(
            with("other", filler(500_000)),
            ([false, true, true, true], 45, 2, true)
        );
        assert_eq!(
            with("other", filler(900_000)),
            ([false, true, true, true], 0, 2, true)
        );
        assert_eq!(
            with("other", filler(1_100_000)),
            ([false, false, true, true], 0, 2, true)
        );
        let image = json!({"code_file": "f".repeat(1_100_000)});
        assert_eq!(
            with("debug_meta", json!({"images": [image]})),
            ([false, false, false, true], 0, 2, true)
        );
        let contexts = (0..150).map(|number| (format!("c{number}"), filler(8000)));
        let contexts = Value::Object(contexts.collect());
        assert_eq!(
            with("contexts", contexts),
            ([false, false, false, true], 0, 0, true)
        );
        assert_eq!(
            with(
                "threads",
                json!([{"id": 1, "state": "s".repeat(1_100_000)}])
            ),
            ([false; 4], 0, 1, true)
        );
    }

    // ENV-17, ENV-18
    #[test]
    fn what_is_shared_counts_and_is_left_out_in_the_same_order() {
        let crumb = json!({"message": "m".repeat(7000)}).to_string();
        let given = Given {
            breadcrumbs: vec![[&*crumb; 60].join(","), [&*crumb; 30].join(",")],
            images: Some(json!([{"code_file": "f".repeat(300_000)}]).to_string()),
            ..Given::default()
        };
        let with = |bytes: usize| {
            let event = json!({"extra": {"e": 1}, "other": filler(bytes)}).to_string();
            let (json, result) = given.read_and_write(&event);
            let crumbs = json["breadcrumbs"]["values"].as_array().map_or(0, Vec::len);
            let keys = ["extra", "other", "debug_meta"].map(|key| json.get(key).is_some());
            (keys, crumbs, result.trimmed)
        };
        assert_eq!(with(1000), ([true; 3], 90, false));
        assert_eq!(with(200_000), ([false, true, true], 45, true));
        assert_eq!(with(600_000), ([false, true, true], 0, true));
        assert_eq!(with(900_000), ([false, false, true], 0, true));
        let given = Given {
            images: Some(json!([{"code_file": "f".repeat(1_100_000)}]).to_string()),
            ..Given::default()
        };
        assert!(given.read_and_write("{}").0.get("debug_meta").is_none());
    }

    #[test]
    fn what_cannot_be_made_small_enough_is_refused() {
        let fingerprint: Vec<_> = (0..1100).map(|_| "f".repeat(1000)).collect();
        let event = json!({"fingerprint": fingerprint}).to_string();
        let error = Given::default()
            .try_write(&Event::parse(&event).unwrap())
            .unwrap_err();
        assert_eq!(error.kind, EventErrorKind::TooLarge);
        assert!(error.to_string().contains("1 MiB"), "{error}");
        assert!(event.len() < limits::INPUT_BYTES);
    }

    // EVT-16, EVT-17
    #[test]
    fn half_surrogates_and_infinite_numbers_do_not_cost_the_event() {
        let (json, _) = written(r#"{"message":"a\ud800b","extra":{"n":1e999}}"#);
        assert_eq!(json["logentry"]["formatted"], "a\u{fffd}b");
        assert_eq!(json["extra"]["n"], Value::Null);
    }

    /// Events that touch every field, for the test below.
    const SEEDS: [&str; 3] = [
        r#"{"event_id":"fc6d8c0c43fc4630ad850ee518f1b9d0","timestamp":1.5,"platform":"c","level":"info","message":{"message":"a","params":[1]},"tags":[["a","b"]],"user":{"id":1},"fingerprint":["x",2]}"#,
        r#"{"exception":{"values":[{"type":"A","value":"b","mechanism":{},"stacktrace":{"frames":[{"instruction_addr":1}]}}]},"threads":[{"id":1}],"stacktrace":{"frames":[{}]},"breadcrumbs":[{"message":"m","data":{"a":[1]},"level":"warn"}]}"#,
        r#"{"contexts":{"flags":{"values":[{"flag":"a","result":"b"}]},"trace":{"trace_id":"1"}},"extra":{"a":{"b":[]}},"request":{"data":[1]},"modules":{"a":1},"debug_meta":{"images":[{"image_addr":5}]},"sdk":{"name":"a","version":"1"},"dist":"1","logger":"\ud83d\ude00"}"#,
    ];

    #[test]
    fn mutated_events_are_refused_or_written_as_json() {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            "\"",
            ",",
            ":",
            "null",
            "{}",
            "[]",
            "1e999",
            "\\ud800",
            "-1",
            "é",
            "\"values\":",
        ];
        let mut written = 0;
        for text in mutations(&SEEDS, &pieces, 12, 5000) {
            if let Ok(event) = Event::parse(&text)
                && let Ok((json, _)) = scope().try_write(&event)
            {
                serde_json::from_str::<Value>(&json)
                    .unwrap_or_else(|error| panic!("{error}: {text}\n{json}"));
                written += 1;
            }
        }
        assert!(written > 100, "{written}");
    }
}
