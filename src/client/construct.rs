//! Constructors: values with the keys that events, breadcrumbs, exceptions and users have.

use std::time::SystemTime;

use crate::base::timestamp::Timestamp;
use crate::base::uuid::Uuid;
use crate::protocol::level::Level;
use crate::value::tree::{Node, Value};

/// An object with these members; those without a value are left out.
pub(super) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    Value::with_members(members, 0)
}

fn text(text: &str) -> Value {
    Value::text(text.as_bytes())
}

fn bytes(bytes: Option<&[u8]>) -> Option<Value> {
    bytes.map(Value::text)
}

fn now() -> Value {
    text(Timestamp::new(SystemTime::now()).as_str())
}

/// An event with a fresh id and the time.
pub(crate) fn event() -> Value {
    event_with([None, None, None])
}

fn event_with([level, logger, message]: [Option<Value>; 3]) -> Value {
    let members = [
        ("event_id", Some(text(Uuid::new_v4().hyphenated().as_str()))),
        ("timestamp", Some(now())),
        ("platform", Some(text("native"))),
        ("level", level),
        ("logger", logger),
        ("message", message),
    ];
    // For what makes it worth sending: an exception, or tags and contexts.
    Value::with_members(members, 2)
}

/// An event with a message.
pub(crate) fn message_event(level: Level, logger: Option<&[u8]>, message: Option<&[u8]>) -> Value {
    let formatted = bytes(message).map(|message| object([("formatted", Some(message))]));
    event_with([Some(text(level_name(level))), bytes(logger), formatted])
}

/// Event values know `trace`, which the wire does not (there it becomes `debug`).
fn level_name(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        other => other.event_name(),
    }
}

/// A breadcrumb with the time.
pub(crate) fn breadcrumb(kind: Option<&[u8]>, message: Option<&[u8]>) -> Value {
    let members = [
        ("timestamp", Some(now())),
        ("type", bytes(kind)),
        ("message", bytes(message)),
    ];
    // Most get a category, a level or data.
    Value::with_members(members, 3)
}

/// An exception; both keys are there in any case.
pub(crate) fn exception(kind: Option<&[u8]>, value: Option<&[u8]>) -> Value {
    let members = [
        ("type", Some(bytes(kind).unwrap_or_default())),
        ("value", Some(bytes(value).unwrap_or_default())),
    ];
    // Most get a stack trace, some a mechanism.
    Value::with_members(members, 2)
}

/// A thread; its id is written as decimal text.
pub(crate) fn thread(id: u64, name: Option<&[u8]>) -> Value {
    object([("id", Some(text(&id.to_string()))), ("name", bytes(name))])
}

/// A user; null when nothing was given. An empty id counts, other empty texts do not.
pub(crate) fn user(
    id: Option<&[u8]>,
    username: Option<&[u8]>,
    email: Option<&[u8]>,
    ip_address: Option<&[u8]>,
) -> Value {
    let filled = |text: Option<&[u8]>| bytes(text.filter(|text| !text.is_empty()));
    let user = object([
        ("id", bytes(id)),
        ("username", filled(username)),
        ("email", filled(email)),
        ("ip_address", filled(ip_address)),
    ]);
    if user.len() == 0 { Value::Null } else { user }
}

/// What a user wrote (FB-1).
pub(crate) fn feedback(
    message: Option<&[u8]>,
    contact_email: Option<&[u8]>,
    name: Option<&[u8]>,
    event: Option<Uuid>,
) -> Value {
    object([
        ("message", bytes(message)),
        ("contact_email", bytes(contact_email)),
        ("name", bytes(name)),
        (
            "associated_event_id",
            event.map(|id| text(id.simple().as_str())),
        ),
    ])
}

/// What a user wrote, in its older form (FB-4).
pub(crate) fn user_report(
    event: Uuid,
    name: Option<&[u8]>,
    email: Option<&[u8]>,
    comments: Option<&[u8]>,
) -> Value {
    object([
        ("event_id", Some(text(event.hyphenated().as_str()))),
        ("name", bytes(name)),
        ("email", bytes(email)),
        ("comments", bytes(comments)),
    ])
}

/// An attribute: a value with its type (ATTR-1); null for values that attributes cannot have.
pub(crate) fn attribute(value: Value, unit: Option<&[u8]>) -> Value {
    let Some(kind) = attribute_type(&value) else {
        return Value::Null;
    };
    object([
        ("type", Some(text(kind))),
        ("value", Some(value)),
        ("unit", bytes(unit.filter(|unit| !unit.is_empty()))),
    ])
}

fn attribute_type(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Bool(_) => "boolean",
        Value::Int32(_) => "integer",
        Value::Null => return None,
        Value::Node(node) => match node.as_ref() {
            Node::Int64(_) | Node::Uint64(_) => "integer",
            Node::Double(_) => "double",
            Node::Text(_) => "string",
            // Judged by its first element, which must be something an attribute can be, and no unsigned integer.
            Node::List(_) => match value.get_index(0)? {
                Value::Node(first)
                    if !matches!(*first, Node::Int64(_) | Node::Double(_) | Node::Text(_)) =>
                {
                    return None;
                }
                Value::Null => return None,
                _ => "array",
            },
            Node::Object(_) => return None,
        },
    })
}

/// Appends `item` to the list `event.<key>.values`, making both; or to `event.<key>` if that is a list. An event whose
/// member is something else loses the item.
pub(crate) fn add_to(event: &Value, key: &str, item: Value) {
    let found = event
        .get_key(key.as_bytes())
        .filter(|found| !matches!(found, Value::Null));
    let holder = found.unwrap_or_else(|| {
        let holder = Value::object();
        let _ = event.set_key(key.as_bytes(), holder.clone());
        holder
    });
    if holder.append(item.clone()).is_ok() {
        return;
    }
    let values = holder.get_key(b"values").unwrap_or_else(|| {
        let values = Value::list();
        let _ = holder.set_key(b"values", values.clone());
        values
    });
    let _ = values.append(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &Value) -> String {
        String::from_utf8(value.to_json().unwrap()).unwrap()
    }

    #[test]
    fn exceptions_gather_in_values_or_in_a_list() {
        let event = Value::object();
        add_to(&event, "exception", exception(Some(b"A"), None));
        add_to(&event, "exception", exception(Some(b"B"), Some(b"b")));
        assert_eq!(
            json(&event),
            r#"{"exception":{"values":[{"type":"A","value":null},{"type":"B","value":"b"}]}}"#
        );
        let listed = Value::object();
        listed.set_key(b"threads", Value::list()).unwrap();
        add_to(&listed, "threads", thread(7, Some(b"main")));
        assert_eq!(json(&listed), r#"{"threads":[{"id":"7","name":"main"}]}"#);
        let odd = Value::object();
        odd.set_key(b"exception", Value::Int32(1)).unwrap();
        add_to(&odd, "exception", exception(Some(b"A"), None));
        assert_eq!(json(&odd), r#"{"exception":1}"#);
    }

    #[test]
    fn users_without_anything_are_null() {
        assert!(matches!(user(None, Some(b""), None, None), Value::Null));
        assert_eq!(
            json(&user(Some(b""), None, Some(b"e"), None)),
            r#"{"id":"","email":"e"}"#
        );
    }

    // ATTR-1
    #[test]
    fn attributes_name_the_type_of_their_value() {
        let list = |items: Vec<Value>| {
            let list = Value::list();
            for item in items {
                list.append(item).unwrap();
            }
            list
        };
        for (value, expected) in [
            (Value::Bool(true), "boolean"),
            (Value::Int32(1), "integer"),
            (Value::uint64(1), "integer"),
            (Value::double(1.0), "double"),
            (text("x"), "string"),
            (list(vec![Value::Int32(1)]), "array"),
            (list(vec![text("x")]), "array"),
        ] {
            let made = attribute(value, Some(b"second"));
            assert_eq!(
                made.get_key(b"type").map(|kind| json(&kind)),
                Some(format!("\"{expected}\""))
            );
            assert_eq!(
                made.get_key(b"unit").map(|unit| json(&unit)).as_deref(),
                Some("\"second\"")
            );
        }
        for value in [
            Value::Null,
            Value::object(),
            list(vec![]),
            list(vec![Value::uint64(1)]),
            list(vec![Value::Null]),
        ] {
            assert!(matches!(attribute(value, None), Value::Null));
        }
    }

    #[test]
    fn message_events_have_their_keys_in_order() {
        let event = message_event(Level::Trace, Some(b"lg"), Some(b"hello"));
        let text = json(&event);
        assert!(text.starts_with(r#"{"event_id":""#), "{text}");
        assert!(
            text.ends_with(r#""platform":"native","level":"trace","logger":"lg","message":{"formatted":"hello"}}"#),
            "{text}"
        );
    }
}
