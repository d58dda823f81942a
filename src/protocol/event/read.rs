//! Events as they were captured: a table of the known fields, and the members with other keys.
//!
//! Decides which text and which value is an event. Entry points: [`Event::parse`], [`Event::read_value`],
//! [`Event::set_message`].

use std::borrow::Cow;

use super::error::EventError;
use super::field::Field;
use super::left_out::LeftOut;
use super::limits;
use super::stack;
use crate::base::memory::{self, OutOfMemory};
use crate::base::uuid::Uuid;
use crate::protocol::level::Level;
use crate::value::input::Input;
use crate::value::json::keys::Keys;
use crate::value::json::object::Member;
use crate::value::json::scan::Kind;
use crate::value::tree::Value;
use crate::value::tree::sealed::Readable;

/// The error names the place in the text. A function of its own, for its room on the stack.
#[inline(never)]
fn refuse_transaction_value(value: &Value) -> Result<(), EventError> {
    Event::parse(&value.to_json_text()?).map(drop)
}

/// The fields that hold stack traces.
const STACKS: [Field; 3] = [Field::Exception, Field::Threads, Field::Stacktrace];

/// A member of an event.
#[derive(Debug, Clone)]
pub(super) enum Held<'a> {
    /// As it was given.
    Given(Input<'a>),
    /// JSON that was made of what was given.
    Made(String),
}

impl Held<'_> {
    /// For reading.
    pub(super) fn input(&self) -> Input<'_> {
        match self {
            Self::Given(input) => *input,
            Self::Made(json) => Input::Json(json),
        }
    }
}

impl<'a> From<Cow<'a, str>> for Held<'a> {
    fn from(json: Cow<'a, str>) -> Self {
        match json {
            Cow::Borrowed(json) => Self::Given(Input::Json(json)),
            Cow::Owned(json) => Self::Made(json),
        }
    }
}

/// An event as it was captured. Borrows from what it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Event<'a> {
    fields: [Option<Held<'a>>; Field::COUNT],
    /// See [`Event::id`].
    id: Option<Uuid>,
    /// See [`Event::level`].
    level: Option<Level>,
    /// Members whose keys have no meaning here.
    pub(super) unknown: Vec<(Cow<'a, str>, Held<'a>)>,
    /// Bytes of all members as JSON, about.
    pub(super) length: usize,
    /// Members that were given and are not held.
    pub(super) left_out: LeftOut,
}

/// An entry of `exception`, as `ignore_errors` looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception<'a> {
    /// `type`
    pub(crate) kind: Option<Cow<'a, str>>,
    /// `module`
    pub(crate) module: Option<Cow<'a, str>>,
}

impl<'a> Event<'a> {
    /// Reads JSON text as an event. A member that cannot be what its key says is left out, and so is one that is nested too
    /// deep; of equal keys the last counts.
    pub(crate) fn parse(text: &'a str) -> Result<Self, EventError> {
        let mut event = Self::empty();
        event.read_json(text)?;
        Ok(event)
    }

    /// As [`Event::parse`], for an empty event. In place, since an event is large for the stack of a small thread.
    pub(crate) fn read_json(&mut self, text: &'a str) -> Result<(), EventError> {
        if text.len() > limits::INPUT_BYTES {
            return Err(EventError::too_large(
                "the event is larger than 8 MiB; send large data as an attachment",
            ));
        }
        self.length = text.len();
        let mut type_offset = None;
        let members = self.left_out.read(text)?.members;
        memory::watch(|| {
            for Member { key, json, offset } in members {
                if key == "type" {
                    type_offset = Some(offset);
                }
                self.add(key, json.into());
            }
        })?;
        self.refuse_transaction(type_offset)
    }

    /// Reads a value into an empty event. What nobody else holds of it is read in place, and frozen.
    pub(crate) fn read_value(&mut self, value: &'a mut Value) -> Result<(), EventError> {
        if !value.is_object() {
            return Err(EventError::not_an_object());
        }
        let kind = value.get_key(b"type");
        if kind.is_some_and(|kind| kind.as_text() == Some(b"transaction")) {
            refuse_transaction_value(value)?;
        }
        let mut has_repaired_key = false;
        let length = memory::watch(|| {
            value.read_members(&mut |key, value| {
                let value = match value {
                    Readable::Value(value) => Held::Given(Input::Value(value)),
                    Readable::Text(json) => Held::Made(json),
                };
                let key = Input::Text(key).decode();
                has_repaired_key |= matches!(key, Cow::Owned(_));
                self.add(key, value);
            })
        })??;
        self.length = length;
        if has_repaired_key {
            memory::watch(|| self.keep_last_of_equal_keys())?;
        }
        Ok(())
    }

    /// The keys of a value differ, unless they were made equal by what is not UTF-8 in them.
    fn keep_last_of_equal_keys(&mut self) {
        let (unknown, left_out) = (&mut self.unknown, &mut self.left_out);
        let mut keys = Keys::default();
        unknown.reverse();
        unknown.retain(|(key, _)| {
            let is_new = match memory::copy_text(key) {
                Ok(key) => keys.insert(Cow::Owned(key)),
                Err(OutOfMemory) => {
                    memory::note_lack();
                    true
                }
            };
            if !is_new {
                left_out.note_key(key, "is there twice");
            }
            is_new
        });
        unknown.reverse();
    }

    /// Makes a message of an empty event.
    pub(crate) fn set_message(&mut self, level: Level, logger: Option<&'a str>, text: &'a str) {
        self.length = text.len();
        self.set_text(Field::Message, text);
        self.set_text(Field::Level, level.event_name());
        if let Some(logger) = logger {
            self.set_text(Field::Logger, logger);
        }
    }

    /// An event without members.
    pub(crate) fn empty() -> Self {
        Self {
            fields: [const { None }; Field::COUNT],
            id: None,
            level: None,
            unknown: Vec::new(),
            length: 0,
            left_out: LeftOut::default(),
        }
    }

    /// Adds a member, unless its field cannot hold it, or there is no memory for it, which is remembered.
    fn add(&mut self, key: Cow<'a, str>, value: Held<'a>) {
        let Some(field) = Field::from_key(&key) else {
            if memory::reserve(&mut self.unknown, 1) {
                self.unknown.push((key, value));
            }
            return;
        };
        match field.mismatch(value.input().kind()) {
            Some(expected) => {
                let why = format!("must be {expected}");
                self.left_out.note_key(&key, &why);
            }
            None => self.set(field, Some(value)),
        }
    }

    fn set_text(&mut self, field: Field, text: &'a str) {
        let text = Input::Text(text.as_bytes());
        self.set(field, Some(Held::Given(text)));
    }

    fn set(&mut self, field: Field, value: Option<Held<'a>>) {
        let text = || value.as_ref()?.input().text();
        match field {
            // Each is asked for several times.
            Field::EventId => self.id = text().and_then(|text| Uuid::parse_strict(&text)),
            Field::Level => self.level = text().and_then(|text| Level::from_name(&text)),
            _ => {}
        }
        if let Some(place) = self.fields.get_mut(field.index()) {
            *place = value;
        }
    }

    /// Puts in the place of a field what another event has there, if it has any.
    pub(super) fn set_as_in(&mut self, field: Field, other: &Self) {
        if let Some(value) = other.held(field) {
            self.set(field, Some(value.clone()));
        }
    }

    fn refuse_transaction(&self, offset: Option<usize>) -> Result<(), EventError> {
        if self.text(Field::Type).as_deref() == Some("transaction") {
            return Err(EventError::other_kind(
                offset,
                "transactions are no events; use the tracing functions for them",
            ));
        }
        Ok(())
    }

    fn held(&self, field: Field) -> Option<&Held<'a>> {
        self.fields.get(field.index())?.as_ref()
    }

    /// The value of a field; `null` is the same as nothing.
    pub(super) fn get(&self, field: Field) -> Option<Input<'_>> {
        let value = self.held(field)?.input();
        (value.kind() != Kind::Null).then_some(value)
    }

    /// The text of a field.
    pub(super) fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        self.get(field)?.text()
    }

    /// The event's own id, if it is one: 32 hex digits or the hyphenated form (ENV-19).
    pub(crate) fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// The event's own level; one that is unknown counts as absent.
    pub(crate) fn level(&self) -> Option<Level> {
        self.level
    }

    /// The event's own logger.
    pub(crate) fn logger(&self) -> Option<Cow<'_, str>> {
        self.text(Field::Logger)
    }

    /// The entries of `exception`, oldest first.
    pub(crate) fn exceptions(&self) -> impl Iterator<Item = Exception<'_>> {
        let values = self.get(Field::Exception).map(stack::values);
        values.into_iter().flatten().map(|entry| {
            let mut exception = Exception {
                kind: None,
                module: None,
            };
            for (key, value) in entry.members() {
                if key.is_key("type") {
                    exception.kind = value.text();
                } else if key.is_key("module") {
                    exception.module = value.text();
                }
            }
            exception
        })
    }

    /// Puts what `change` makes of them, as JSON, in the place of the fields that hold stack traces.
    pub(crate) fn change_stacks(&mut self, change: impl Fn(&str) -> Option<String>) {
        for field in STACKS {
            let changed = self.get(field).and_then(|value| change(&value.to_json()));
            if let Some(json) = changed {
                self.set(field, Some(Held::Made(json)));
            }
        }
    }

    /// True if it carries an exception.
    #[cfg(test)]
    pub(crate) fn has_exception(&self) -> bool {
        self.exceptions().next().is_some()
    }

    /// True if a stack trace of it has frames that only a list of images makes readable (IMG-4).
    pub(crate) fn has_native_frames(&self) -> bool {
        let mut stacks = STACKS.into_iter().filter_map(|field| self.get(field));
        stacks.any(|value| value.mentions("\"instruction_addr\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::EventErrorKind;
    use crate::protocol::event::testing::Given;

    fn refused(text: &str) -> EventError {
        Event::parse(text).unwrap_err()
    }

    #[test]
    fn what_is_no_event_is_refused_with_kind_place_and_advice() {
        use EventErrorKind as Kind;
        for (text, kind, offset, word) in [
            ("", Kind::Syntax, 0, "EOF"),
            ("{\"a\":NaN}", Kind::Syntax, 5, "expected value"),
            ("{}{}", Kind::Syntax, 2, "trailing"),
            ("[]", Kind::NotAnObject, 0, "object"),
            (" null", Kind::NotAnObject, 1, "object"),
            (
                "{\"type\":\"transaction\"}",
                Kind::OtherKind,
                8,
                "tracing functions",
            ),
        ] {
            let error = refused(text);
            assert_eq!(
                (error.kind, error.offset),
                (kind, Some(offset)),
                "{text}: {error}"
            );
            assert!(error.to_string().contains(word), "{error}");
        }
        let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::INPUT_BYTES));
        assert_eq!(refused(&huge).kind, Kind::TooLarge);
        // Refused before it is read: this is not even JSON.
        assert_eq!(refused(&"?".repeat(100_000_000)).kind, Kind::TooLarge);
    }

    // ENV-19, EVT-4
    #[test]
    fn ids_and_levels_are_read_in_their_valid_forms_only() {
        let id = |json: &str| {
            Event::parse(&format!("{{\"event_id\":{json}}}"))
                .unwrap()
                .id()
        };
        let expected = Uuid::parse_strict("fc6d8c0c43fc4630ad850ee518f1b9d0");
        assert_eq!(id("\"FC6D8C0C43FC4630AD850EE518F1B9D0\""), expected);
        assert_eq!(id("\"fc6d8c0c-43fc-4630-ad85-0ee518f1b9d0\""), expected);
        for none in ["\"fc6d8c0c\"", "\"\"", "7", "null"] {
            assert_eq!(id(none), None, "{none}");
        }
        let level = |json: &str| {
            Event::parse(&format!("{{\"level\":{json}}}"))
                .unwrap()
                .level()
        };
        assert_eq!(level("\"warn\""), Some(Level::Warning));
        assert_eq!(level("\"w\\u0061rning\""), Some(Level::Warning));
        for none in ["\"loud\"", "40", "null"] {
            assert_eq!(level(none), None, "{none}");
        }
    }

    #[test]
    fn exceptions_are_listed_in_each_of_their_forms() {
        let kinds = |json: &str| {
            let text = format!("{{\"exception\":{json}}}");
            let event = Event::parse(&text).unwrap();
            let kinds = event
                .exceptions()
                .map(|exception| exception.kind.map(Cow::into_owned));
            (kinds.collect::<Vec<_>>(), event.has_exception())
        };
        let (a, b) = (Some("A".to_owned()), Some("B".to_owned()));
        let two = r#"[{"type":"A"},{"value":"v","type":"B"}]"#;
        assert_eq!(kinds(two), (vec![a.clone(), b.clone()], true));
        assert_eq!(
            kinds(&format!("{{\"values\":{two}}}")),
            (vec![a.clone(), b], true)
        );
        assert_eq!(kinds(r#"{"type":"A"}"#), (vec![a], true));
        assert_eq!(kinds(r#"[{"type":7}]"#), (vec![None], true));
        for none in ["null", "[]", "{}", r#"{"values":null}"#] {
            assert_eq!(kinds(none), (vec![], false), "{none}");
        }
        let text = r#"{"exception":[{"type":"A\n","module":"m","value":"v"}],"logger":"l"}"#;
        let event = Event::parse(text).unwrap();
        let exception = event.exceptions().next().unwrap();
        assert_eq!(exception.kind.as_deref(), Some("A\n"));
        assert_eq!(exception.module.as_deref(), Some("m"));
        assert_eq!(event.logger().as_deref(), Some("l"));
    }

    // PIPE-8, EVT-10
    #[test]
    fn messages_are_events() {
        fn message<'a>(level: Level, logger: Option<&'a str>, text: &'a str) -> Event<'a> {
            let mut event = Event::empty();
            event.set_message(level, logger, text);
            event
        }
        let event = message(Level::Trace, Some("a\"b"), "one\ntwo");
        let (json, written) = Given::default().write(&event);
        assert_eq!(json["logentry"]["formatted"], "one\ntwo");
        assert_eq!(
            (&json["level"], &json["logger"]),
            (&"debug".into(), &"a\"b".into())
        );
        assert!(!written.trimmed);
        for level in [
            Level::Debug,
            Level::Info,
            Level::Warning,
            Level::Error,
            Level::Fatal,
        ] {
            let (json, _) = Given::default().write(&message(level, None, "x"));
            assert_eq!(json["level"], level.event_name());
            assert!(json.get("logger").is_none());
        }
        let long = "é".repeat(8193);
        let (json, written) = Given::default().write(&message(Level::Info, None, &long));
        assert_eq!(
            json["logentry"]["formatted"]
                .as_str()
                .unwrap()
                .chars()
                .count(),
            8192
        );
        assert!(written.trimmed);
    }

    // IMG-4
    #[test]
    fn native_frames_are_noticed_in_each_place_a_stack_can_be() {
        let is_native = |text: &str| Event::parse(text).unwrap().has_native_frames();
        let stack = r#"{"frames":[{"function":"f"},{"instruction_addr":"0x1"}]}"#;
        assert!(is_native(&format!(r#"{{"stacktrace":{stack}}}"#)));
        assert!(is_native(&format!(
            r#"{{"exception":{{"type":"E","stacktrace":{stack}}}}}"#
        )));
        assert!(is_native(&format!(
            r#"{{"threads":[{{"id":1,"stacktrace":{stack}}}]}}"#
        )));
        for other in [
            r#"{"message":"m"}"#,
            r#"{"stacktrace":null}"#,
            r#"{"stacktrace":{"frames":[{"function":"f","filename":"a.py"}]}}"#,
            r#"{"extra":{"instruction_addr":"0x1"}}"#,
        ] {
            assert!(!is_native(other), "{other}");
        }
    }
}
