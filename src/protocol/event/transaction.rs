//! Transactions: what they have beyond other events, and how many of their spans there is room for (TXN-1, ENV-17).
//!
//! Entry points: [`write_head`], [`write_spans`], [`spans_in`].

use super::field::Field;
use super::limits;
use super::parts::Spans;
use super::read::Event;
use super::time;
use super::writer::Writer;
use crate::value::input::Input;
use crate::value::json::scan;
use crate::value::json::write as json;

/// Where the name comes from: the host.
const SOURCE: &str = r#"{"source":"custom"}"#;

/// Members that only transactions have. Servers discard a transaction without most of them, so that they are written
/// whatever else is left out.
pub(super) fn is_own_key(key: &str) -> bool {
    matches!(
        key,
        "start_timestamp" | "transaction_info" | "spans" | "_meta"
    )
}

/// Writes what a transaction has instead of a level. One without a time of its start that servers take, or with one behind its
/// end, took no time.
pub(super) fn write_head(event: &Event<'_>, writer: &mut Writer<'_>) {
    writer.key("type");
    json::string(writer.out, "transaction");
    let own = |key: &str| {
        let found = event.unknown.iter().find(|(own, _)| own == key);
        found.map(|(_, value)| value.input())
    };
    let end = event
        .get(Field::Timestamp)
        .filter(|end| time::is_timestamp(*end));
    let end_seconds = end.map(|end| time::seconds_of(&end.to_json()));
    let is_start = |start: &Input<'_>| {
        let is_before = |end| time::seconds_of(&start.to_json()) <= end;
        time::is_timestamp(*start) && end_seconds.is_none_or(is_before)
    };
    writer.key("start_timestamp");
    match own("start_timestamp").filter(is_start) {
        Some(start) => start.copy(writer.out),
        None => match end {
            Some(end) => end.copy(writer.out),
            None => time::write_seconds(writer.out, writer.parts.timestamp),
        },
    }
    writer.key("transaction_info");
    match own("transaction_info").filter(|info| info.is_object()) {
        Some(info) => info.copy(writer.out),
        None => writer.out.extend_from_slice(SOURCE.as_bytes()),
    }
}

/// Puts the newest spans that there is room for into an event that is otherwise written; how many. What is missing is told
/// to the server as it tells what it cuts itself: by the length that the list had.
pub(super) fn write_spans(writer: &mut Writer<'_>, spans: Spans<'_>) -> u64 {
    /// Keys and brackets, and the note of what is missing.
    const FRAME: usize = 128;
    let mut room = limits::EVENT_BYTES
        .saturating_sub(writer.len())
        .saturating_sub(FRAME);
    let mut fits = |span: &&&str| {
        let left = room.checked_sub(span.len().saturating_add(1));
        room = left.unwrap_or_default();
        left.is_some()
    };
    let count = spans
        .json
        .iter()
        .rev()
        .take_while(|span| fits(span))
        .count();
    let first = spans.json.len().saturating_sub(count);
    let kept = spans.json.get(first..).unwrap_or_default();
    // The brace at the end.
    writer.out.pop();
    writer.key("spans");
    writer.out.push(b'[');
    for span in kept {
        json::separator(writer.out);
        writer.out.extend_from_slice(span.as_bytes());
    }
    writer.out.push(b']');
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    if count < spans.all {
        writer.trimmed = true;
        writer.key("_meta");
        let note = format!(r#"{{"spans":{{"":{{"len":{}}}}}}}"#, spans.all);
        writer.out.extend_from_slice(note.as_bytes());
    }
    writer.out.push(b'}');
    count
}

/// The spans in the JSON of a transaction: those that are objects.
pub(crate) fn spans_in(list: &str) -> impl Iterator<Item = &str> {
    scan::elements(list).filter(|span| scan::kind(span) == scan::Kind::Object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::uuid::Uuid;
    use crate::protocol::event::Parts;
    use serde_json::{Value, json};

    fn written(event: &str, spans: Spans<'_>) -> (Value, u64) {
        let parts = Parts {
            spans: Some(spans),
            ..Parts::bare(Uuid::from_bytes([0xab; 16]))
        };
        let written = Event::parse(event).unwrap().write(&parts).unwrap();
        let text = written.payload.whole().into_owned();
        assert!(text.len() <= limits::EVENT_BYTES);
        let count = written.spans.unwrap();
        (serde_json::from_slice(&text).unwrap(), count)
    }

    // TXN-1, TXN-2
    #[test]
    fn a_transaction_has_a_start_and_a_source_and_no_level() {
        let none = Spans { json: &[], all: 0 };
        let event = r#"{"type":"x","transaction":"t","level":"info","start_timestamp":1.5,"timestamp":2.5,"measurements":{"a":{"value":1}}}"#;
        assert_eq!(
            written(event, none).0,
            json!({
                "event_id": "ab".repeat(16), "timestamp": 2.5, "type": "transaction", "start_timestamp": 1.5,
                "transaction_info": {"source": "custom"}, "transaction": "t",
                "measurements": {"a": {"value": 1}}, "spans": []
            })
        );
        for odd in ["null", "3.5", "\"soon\"", "{}"] {
            let event =
                format!(r#"{{"start_timestamp":{odd},"timestamp":2.5,"transaction_info":[]}}"#);
            let (made, _) = written(&event, none);
            assert_eq!(made["start_timestamp"], 2.5, "{odd}");
            assert_eq!(made["transaction_info"]["source"], "custom");
        }
        let (made, _) = written(r#"{"timestamp":"x"}"#, none);
        assert_eq!(made["start_timestamp"], made["timestamp"]);
    }

    // ENV-17
    #[test]
    fn the_newest_spans_are_kept_and_the_others_noted() {
        let text = |at: usize| format!(r#"{{"op":"{at}","description":"{}"}}"#, "x".repeat(30_000));
        let texts: Vec<String> = (0..50).map(text).collect();
        let json: Vec<&str> = texts.iter().map(String::as_str).collect();
        let all = |all| Spans { json: &json, all };
        let (made, count) = written(r#"{"transaction":"t"}"#, all(51));
        let spans = made["spans"].as_array().unwrap();
        assert_eq!(spans.len() as u64, count);
        assert!((33..=34).contains(&count), "{count}");
        assert_eq!(spans.last().unwrap()["op"], "49");
        assert_eq!(made["_meta"]["spans"][""]["len"], 51);
        let (made, count) = written(
            "{}",
            Spans {
                json: &json[..3],
                all: 3,
            },
        );
        assert_eq!((count, made.get("_meta")), (3, None));
        // Large data of the scope leaves room for them.
        let large = format!(r#"{{"unknown":"{}"}}"#, "y".repeat(800_000));
        let (made, count) = written(&large, all(50));
        assert!(count > 15 && made.get("unknown").is_none(), "{count}");
    }

    #[test]
    fn only_objects_are_spans() {
        assert_eq!(spans_in(r#"[{"a":1},2,null,[],{}]"#).count(), 2);
        assert_eq!(spans_in("7").count(), 0);
    }
}
