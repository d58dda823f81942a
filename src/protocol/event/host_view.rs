//! The event as hosts know it: what hooks are shown, what a transport of the host reads from an envelope, and what becomes
//! of an event that a hook gives back.
//!
//! Hosts know the value model of the compatible interface, which differs from the wire: the message is `message` and not
//! `logentry` (EVT-10), `breadcrumbs` is a list, and `tags`, `extra` and `breadcrumbs` are always there, so that a hook can
//! add to them; feedback has no `breadcrumbs`. [`Event::parse`] takes that model as it takes the wire's. Entry points: [`show`], [`show_own`],
//! [`Event::recover`].

use std::borrow::Cow;

use super::error::EventError;
use super::field::Field;
use super::read::Event;
use super::time::is_timestamp;
use crate::base::memory;
use crate::base::uuid::Uuid;
use crate::value::tree::Value;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An event or a transaction.
    Event,
    /// What a user wrote: it has no breadcrumbs.
    Feedback,
}

/// What is written in `payload`, which may be anybody's, as hosts know it; none if it is no JSON object.
pub(crate) fn show(subject: Subject, payload: &[u8]) -> Option<Value> {
    let event = Value::from_json(memory::utf8(payload).ok()?)?;
    shown(subject, event)
}

/// What this library wrote as `payload`, as hosts know it; none without memory for it.
pub(crate) fn show_own(subject: Subject, payload: &str) -> Option<Value> {
    shown(subject, Value::from_own_json(payload)?)
}

fn shown(subject: Subject, event: Value) -> Option<Value> {
    if !event.is_object() {
        return None;
    }
    let has = |name: &[u8]| {
        event
            .get_key(name)
            .is_some_and(|value| !matches!(value, Value::Null))
    };
    let has_logentry = has(b"logentry");
    let always = [
        (&b"tags"[..], Value::object as fn() -> Value),
        (b"extra", Value::object),
        (b"breadcrumbs", Value::list),
    ];
    let missing = always.map(|(key, empty)| {
        let is_wanted = key != b"breadcrumbs" || subject == Subject::Event;
        (is_wanted && !has(key)).then(|| (key, empty()))
    });
    let shown = event.rewritten(|key, value| match (key, value) {
        (b"logentry" | b"breadcrumbs" | b"tags" | b"extra", Value::Null) => None,
        (b"logentry", value) => Some((Some(b"message"), value)),
        // The server takes the other one.
        (b"message", _) if has_logentry => None,
        (b"breadcrumbs", value) => Some((None, list_of(value))),
        (_, value) => Some((None, value)),
    });
    let shown = shown.ok()?;
    for (key, empty) in missing.into_iter().flatten() {
        shown.set_key(key, empty).ok()?;
    }
    Some(shown)
}

/// The list of `{"values": […]}`; what is a list stays one, and another object is the only element.
fn list_of(value: Value) -> Value {
    if value.is_list() {
        return value;
    }
    let values = value.get_key(b"values").filter(Value::is_list);
    values.unwrap_or_else(|| {
        let list = Value::list();
        if value.is_object() && value.len() > 0 {
            // New and not frozen: it takes it.
            let _ = list.append(value);
        }
        list
    })
}

impl<'a> Event<'a> {
    /// Takes id, time, level and platform from `shown`, the event that a hook was shown, where the one that it gave back has
    /// none that can be used. All the rest is as the hook left it.
    pub(crate) fn recover(&mut self, shown: &'a str) -> Result<(), EventError> {
        let is_there = |text: Cow<'_, str>| !text.trim().is_empty();
        let is_kept = [
            self.id().is_some_and(|id| id != Uuid::NIL),
            self.get(Field::Timestamp).is_some_and(is_timestamp),
            self.level().is_some(),
            self.text(Field::Platform).is_some_and(is_there),
        ];
        if is_kept == [true; 4] {
            return Ok(());
        }
        let shown = Self::parse(shown)?;
        let fields = [
            Field::EventId,
            Field::Timestamp,
            Field::Level,
            Field::Platform,
        ];
        for (field, is_kept) in fields.into_iter().zip(is_kept) {
            if !is_kept {
                self.set_as_in(field, &shown);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::testing::Given;

    fn shown(payload: &str) -> String {
        show(Subject::Event, payload.as_bytes())
            .unwrap()
            .to_json_text()
            .unwrap()
    }

    // EVT-10
    #[test]
    fn hosts_see_the_value_model() {
        assert_eq!(
            shown(
                r#"{"a":1,"logentry":{"formatted":"m"},"tags":{"t":"v"},"breadcrumbs":{"values":[{"message":"c"}]},"z":[]}"#
            ),
            r#"{"a":1,"message":{"formatted":"m"},"tags":{"t":"v"},"breadcrumbs":[{"message":"c"}],"z":[],"extra":{}}"#
        );
        for nothing in [
            "{}",
            r#"{"logentry":null,"tags":null,"extra":null,"breadcrumbs":null}"#,
        ] {
            assert_eq!(shown(nothing), r#"{"tags":{},"extra":{},"breadcrumbs":[]}"#);
        }
        // What other programs write.
        assert_eq!(
            shown(r#"{"message":"old","tags":{},"extra":{},"breadcrumbs":[1]}"#),
            r#"{"message":"old","tags":{},"extra":{},"breadcrumbs":[1]}"#
        );
        assert_eq!(
            shown(
                r#"{"message":"old","logentry":{"message":"new"},"breadcrumbs":{"message":"c"}}"#
            ),
            r#"{"message":{"message":"new"},"breadcrumbs":[{"message":"c"}],"tags":{},"extra":{}}"#
        );
        let feedback = show(Subject::Feedback, b"{}").unwrap();
        assert_eq!(
            feedback.to_json_text().unwrap(),
            r#"{"tags":{},"extra":{}}"#
        );
        for no_event in [&b"[]"[..], b"{", b"\xff", b""] {
            assert!(show(Subject::Event, no_event).is_none());
        }
    }

    #[test]
    fn what_is_shown_and_given_back_untouched_is_the_same_on_the_wire() {
        let given = Given {
            breadcrumbs: vec![r#"{"timestamp":1,"message":"c"}"#.into()],
            ..Given::default()
        };
        let text = r#"{"message":"m","exception":[{"type":"E"}],"threads":[{"id":1}],"tags":{"t":"v"},"user":{"id":"1"},"new":2}"#;
        let wire = given.read_and_write(text).0;
        let back = shown(&wire.to_string());
        assert_eq!(Given::default().read_and_write(&back).0, wire);
    }

    fn recovered(returned: &str) -> String {
        let shown = r#"{"event_id":"fc6d8c0c43fc4630ad850ee518f1b9d0","timestamp":5.5,"platform":"c","level":"info","tags":{"a":"b"}}"#;
        let mut event = Event::parse(returned).unwrap();
        event.recover(shown).unwrap();
        let id = event.id().unwrap();
        let mut given = Given::default();
        given.fields.push(("platform", "\"native\"".into()));
        let (json, _) = given.write(&event);
        assert!(json.get("tags").is_none(), "what a hook took out stays out");
        [
            id.simple().as_str(),
            &json["timestamp"].to_string(),
            json["level"].as_str().unwrap(),
            json["platform"].as_str().unwrap(),
        ]
        .join(" ")
    }

    #[test]
    fn what_a_hook_lost_is_as_it_was() {
        let id = "fc6d8c0c43fc4630ad850ee518f1b9d0";
        let before = format!("{id} 5.5 info c");
        for lost in [
            "{}",
            r#"{"event_id":null,"timestamp":null,"level":null,"platform":null}"#,
            r#"{"event_id":"","timestamp":"","level":"","platform":""}"#,
            r#"{"event_id":7,"timestamp":"yesterday","level":"loud","platform":" "}"#,
            r#"{"event_id":"00000000000000000000000000000000","timestamp":-1,"level":7}"#,
        ] {
            assert_eq!(recovered(lost), before, "{lost}");
        }
        let many: String = (0..70).map(|n| format!("\"k{n}\":1,")).collect();
        assert_eq!(recovered(&format!("{{{many}\"last\":1}}")), before);
        assert_eq!(
            recovered(
                r#"{"event_id":"11111111111111111111111111111111","timestamp":6,"level":"fatal","platform":"other"}"#
            ),
            "11111111111111111111111111111111 6 fatal other"
        );
    }
}
