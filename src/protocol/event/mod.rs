//! Events: what was captured, read from JSON text, completed from the scope, and written within the limits of servers
//! (EVT-1 … EVT-19, EXC-1, STK-3, STK-5, BC-3, BC-4, SCO-2).
//!
//! Decides which text is an event, what is filled in, what wins where event and scope both say something, and what is
//! trimmed away and in which order. Text that needs no change is copied as it stands.
//! Entry points: [`Event::parse`], [`Event::message`], [`Event::write`], [`breadcrumb::parse`], [`host_view`], [`tags`].
//! May use: `value`, `base`, [`super::level`].

use std::borrow::Cow;

use super::level::Level;
use crate::base::memory::{self, Buffer, OutOfMemory};
use crate::base::uuid::Uuid;
use crate::protocol::trace::context_with;
use crate::value::json::merge;
use crate::value::json::object::Member;
use crate::value::json::scan::{self, Kind};
use crate::value::json::trim::trim_str;
use crate::value::json::write as json;
use crate::value::shared::members::Members;
use crate::value::shared::pieces::{Fragment, Pieces};

mod bound;
pub(crate) mod breadcrumb;
mod contexts;
mod error;
mod field;
mod free_form;
pub(crate) mod host_view;
mod left_out;
mod limits;
mod request;
mod stack;
mod tags;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_recorded;
mod text;
mod time;
pub(crate) mod trail;
mod write;

pub(crate) use error::{EventError, EventErrorKind};
use field::Field;
pub(crate) use left_out::LeftOut;
pub(crate) use time::{micros_of, time_of};
use trail::Trail;

/// The fields that hold stack traces.
const STACKS: [Field; 3] = [Field::Exception, Field::Threads, Field::Stacktrace];

/// An event as it was captured. Borrows from the text it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Event<'a> {
    members: Vec<Member<'a>>,
    /// Where each known field lies in `members`.
    places: [Option<u32>; Field::COUNT],
    /// A bit for each of the first 64 members: set if its key is a known one.
    known: u64,
    /// Something was cut off before the event was made.
    was_trimmed: bool,
    /// Members that were given and are not among `members`.
    left_out: LeftOut,
}

/// What an event gets from options and scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// The id it is sent under.
    pub(crate) event_id: Uuid,
    /// Time of capture, RFC 3339 in UTC; for an event without a time of its own.
    pub(crate) timestamp: &'a str,
    /// For an event without a level.
    pub(crate) level: Level,
    /// The id of a user that the event names without one.
    pub(crate) user_id: Option<Uuid>,
    /// Keys and JSON for top-level keys that the event lacks, for instance `release` and `sdk`.
    pub(crate) fields: &'a [(&'static str, String)],
    /// Tags of the scope; keys and values as [`names::tag_key`](super::names::tag_key) and
    /// [`names::tag_value`](super::names::tag_value) make them.
    pub(crate) tags: &'a Members,
    /// Contexts of the scope.
    pub(crate) contexts: &'a Members,
    /// Extra values of the scope.
    pub(crate) extra: &'a Members,
    /// Breadcrumbs of each scope, as [`breadcrumb`] makes them, those of the outermost scope first.
    pub(crate) breadcrumbs: &'a [Trail; 2],
    /// Most breadcrumbs on the event; 0 for none.
    pub(crate) max_breadcrumbs: usize,
    /// The list `debug_meta.images` as JSON, for an event with native frames (IMG-4).
    pub(crate) images: Option<&'a Fragment>,
}

/// `value` as it would stand on an event at `path` (a field, or a field and a key in it), brought within the limits; none
/// if an event would not carry it. For data that is set once and copied into many events.
pub(crate) fn within_limits(path: &[&str], value: &str) -> Result<Option<String>, OutOfMemory> {
    // A context `trace` of a scope may lack what the event's has, so it is not looked at as part of an event.
    if let ["contexts", key] = path {
        return contexts::within_limits(key, value);
    }
    let text = memory::watch(|| {
        let names = path.iter().fold(0_usize, |sum, name| {
            sum.saturating_add(name.len()).saturating_add(5)
        });
        let mut text = Buffer::with_room(value.len().saturating_add(names));
        for name in path {
            text.push(b'{');
            json::key(&mut text, name);
        }
        text.extend_from_slice(value.as_bytes());
        path.iter().for_each(|_| text.push(b'}'));
        json::into_text(text)
    })?;
    let written = Event::parse(&text).and_then(|event| event.write(&Parts::bare(Uuid::NIL)));
    let payload = match written {
        Ok(written) => written.payload,
        Err(error) if error.kind == EventErrorKind::OutOfMemory => return Err(OutOfMemory),
        Err(_) => return Ok(None),
    };
    let payload = payload.try_whole()?;
    let whole = std::str::from_utf8(&payload).ok();
    let found = path
        .iter()
        .try_fold(whole, |found, name| Some(scan::entry(found?, name)));
    found.flatten().map(memory::copy_text).transpose()
}

/// What stands under `key` of `contexts` or `extra` where two scopes have it and both values are objects; none where `inner`
/// stays as it is.
pub(crate) fn merged_within_limits(
    field: &str,
    key: &str,
    inner: &str,
    outer: &str,
) -> Option<String> {
    let are_objects = [inner, outer].map(scan::kind) == [Kind::Object; 2];
    if !are_objects {
        return None;
    }
    let both = memory::watch(|| match (field, key) {
        ("contexts", "trace") => context_with(inner, Some(outer)),
        ("contexts" | "extra", _) => Some(merge::objects(inner, outer)),
        _ => None,
    });
    // Without memory the inner one stays as it is.
    within_limits(&[field, key], &both.ok()??).ok().flatten()
}

impl Parts<'static> {
    /// Nothing but the id: for an event that is complete.
    pub(crate) fn bare(event_id: Uuid) -> Self {
        static EMPTY: Members = Members::new();
        Self {
            event_id,
            timestamp: "",
            level: Level::Error,
            user_id: None,
            fields: &[],
            tags: &EMPTY,
            contexts: &EMPTY,
            extra: &EMPTY,
            breadcrumbs: &[[None, None], [None, None]],
            max_breadcrumbs: usize::MAX,
            images: None,
        }
    }
}

/// An event as it goes on the wire.
#[derive(Debug)]
pub(crate) struct Written {
    /// The JSON; what is large of the scope is shared with it.
    pub(crate) payload: Pieces,
    /// The trace that it belongs to.
    pub(crate) trace_id: Option<Uuid>,
    /// Something was cut, left out or replaced for being over a limit or unusable.
    #[cfg_attr(not(test), expect(dead_code, reason = "what tests look at"))]
    pub(crate) trimmed: bool,
    /// What the event lost because no server takes it.
    pub(crate) left_out: LeftOut,
}

/// An entry of `exception`, as `ignore_errors` looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception<'a> {
    /// `type`
    pub(crate) kind: Option<Cow<'a, str>>,
    /// `module`
    pub(crate) module: Option<Cow<'a, str>>,
    /// `value`
    pub(crate) value: Option<Cow<'a, str>>,
}

impl<'a> Event<'a> {
    /// Reads JSON text as an event. A member that cannot be what its key says is left out, and so is one that is nested too
    /// deep; of equal keys the last counts.
    pub(crate) fn parse(text: &'a str) -> Result<Self, EventError> {
        if text.len() > limits::INPUT_BYTES {
            return Err(EventError::too_large(
                "the event is larger than 8 MiB; send large data as an attachment",
            ));
        }
        let mut left_out = LeftOut::default();
        let members = left_out.read(text)?.members;
        let event = Self::from_members(members, left_out);
        if event.text(Field::Type).as_deref() == Some("transaction") {
            return Err(EventError::other_kind(
                event.member(Field::Type).map(|member| member.offset),
                "transactions are no events; use the tracing functions for them",
            ));
        }
        Ok(event)
    }

    /// An event that is a message. It borrows its texts from `scratch`, where they are written as JSON.
    pub(crate) fn message(
        level: Level,
        logger: Option<&str>,
        text: &str,
        scratch: &'a mut String,
    ) -> Result<Self, EventError> {
        memory::watch(|| Self::of_texts(level, logger, text, scratch))
            .map_err(|OutOfMemory| EventError::out_of_memory())
    }

    fn of_texts(level: Level, logger: Option<&str>, text: &str, scratch: &'a mut String) -> Self {
        let text = trim_str(text, limits::MESSAGE_CHARS);
        let room = text.len().saturating_add(logger.map_or(0, str::len));
        let mut texts = Buffer::with_room(room.saturating_add(16));
        json::string(&mut texts, &text);
        let length = texts.len();
        if let Some(logger) = logger {
            json::string(&mut texts, logger);
        }
        *scratch = json::into_text(texts);
        let (message, logger_name) = scratch.split_at_checked(length).unwrap_or_default();
        let level = match level.event_name() {
            "debug" => "\"debug\"",
            "info" => "\"info\"",
            "warning" => "\"warning\"",
            "fatal" => "\"fatal\"",
            _ => "\"error\"",
        };
        let member = |key: &'static str, json: &'a str| Member {
            key: Cow::Borrowed(key),
            json: Cow::Borrowed(json),
            offset: 0,
        };
        let mut members = Vec::with_capacity(3);
        members.push(member("message", message));
        members.push(member("level", level));
        if logger.is_some() {
            members.push(member("logger", logger_name));
        }
        let mut event = Self::from_members(members, LeftOut::default());
        event.was_trimmed = matches!(text, Cow::Owned(_));
        event
    }

    /// Finds the known fields; one that holds what it cannot hold is left out.
    fn from_members(members: Vec<Member<'a>>, left_out: LeftOut) -> Self {
        let mut event = Self {
            members: Vec::new(),
            places: [None; Field::COUNT],
            known: 0,
            was_trimmed: false,
            left_out,
        };
        let mut bit = 1_u64;
        for (place, member) in members.iter().enumerate() {
            if let Some(field) = Field::from_key(&member.key) {
                let mismatch = field.mismatch(scan::kind(&member.json));
                if let Some(expected) = mismatch {
                    let left_out = &mut event.left_out;
                    left_out.note_key(&member.key, &format!("must be {expected}"));
                } else if let Some(slot) = event.places.get_mut(field.index()) {
                    *slot = u32::try_from(place).ok();
                }
                event.known |= bit;
            }
            bit = bit.wrapping_shl(1);
            if place >= 63 {
                bit = 0;
            }
        }
        event.members = members;
        event
    }

    /// The members whose keys have no meaning here.
    fn unknown_members(&self) -> impl Iterator<Item = &Member<'a>> {
        let members = self.members.iter().enumerate();
        members
            .filter(|(place, member)| {
                let bit = u32::try_from(*place)
                    .ok()
                    .and_then(|it| 1_u64.checked_shl(it));
                match bit {
                    Some(bit) => self.known & bit == 0,
                    None => Field::from_key(&member.key).is_none(),
                }
            })
            .map(|(_, member)| member)
    }

    fn member(&self, field: Field) -> Option<&Member<'a>> {
        let place = usize::try_from(self.places.get(field.index()).copied()??).ok()?;
        self.members.get(place)
    }

    /// The value of a field as JSON; `null` is the same as nothing.
    fn get(&self, field: Field) -> Option<&str> {
        let json = &*self.member(field)?.json;
        (scan::kind(json) != Kind::Null).then_some(json)
    }

    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        scan::text(self.get(field)?)
    }

    /// The event's own id, if it is one: 32 hex digits or the hyphenated form (ENV-19).
    pub(crate) fn id(&self) -> Option<Uuid> {
        Uuid::parse_strict(&self.text(Field::EventId)?)
    }

    /// The event's own level; one that is unknown counts as absent.
    pub(crate) fn level(&self) -> Option<Level> {
        Level::from_name(&self.text(Field::Level)?)
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
                value: None,
            };
            for (key, value) in scan::entries(entry) {
                match &*scan::decode(key) {
                    "type" => exception.kind = scan::text(value),
                    "module" => exception.module = scan::text(value),
                    "value" => exception.value = scan::text(value),
                    _ => {}
                }
            }
            exception
        })
    }

    /// Puts what `change` makes of them in the place of the fields that hold stack traces.
    pub(crate) fn change_stacks(&mut self, change: impl Fn(&str) -> Option<String>) {
        for field in STACKS {
            let place = self.places.get(field.index()).copied().flatten();
            let place = place.and_then(|place| usize::try_from(place).ok());
            if let Some(member) = place.and_then(|place| self.members.get_mut(place))
                && let Some(changed) = change(&member.json)
            {
                member.json = Cow::Owned(changed);
            }
        }
    }

    /// True if it carries an exception.
    #[cfg(test)]
    pub(crate) fn has_exception(&self) -> bool {
        self.exceptions().next().is_some()
    }

    /// True if a stack trace of it has frames that only a list of images makes readable (IMG-4). A look at the text, not
    /// at each frame: images that nobody needs do no harm.
    pub(crate) fn has_native_frames(&self) -> bool {
        [Field::Exception, Field::Threads, Field::Stacktrace]
            .into_iter()
            .filter_map(|field| self.get(field))
            .any(|json| json.contains("\"instruction_addr\""))
    }

    /// Writes the event as it goes on the wire.
    ///
    /// An event of more than 1 MiB loses, until it fits: `extra`; the older half of the breadcrumbs; the rest of
    /// them; keys unknown here; `modules`, `request` and `debug_meta`; contexts except `trace`; `threads`. What is
    /// then still too large is refused.
    pub(crate) fn write(&self, parts: &Parts<'_>) -> Result<Written, EventError> {
        write::write(self, parts)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::Given;
    use super::*;

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
        assert_eq!(exception.value.as_deref(), Some("v"));
        assert_eq!(event.logger().as_deref(), Some("l"));
    }

    // PIPE-8, EVT-10
    #[test]
    fn messages_are_events() {
        let mut scratch = String::new();
        let event = Event::message(Level::Trace, Some("a\"b"), "one\ntwo", &mut scratch).unwrap();
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
            let (json, _) =
                Given::default().write(&Event::message(level, None, "x", &mut scratch).unwrap());
            assert_eq!(json["level"], level.event_name());
            assert!(json.get("logger").is_none());
        }
        let long = "é".repeat(8193);
        let (json, written) = Given::default()
            .write(&Event::message(Level::Info, None, &long, &mut scratch).unwrap());
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
