//! Tags: their keys and values within what servers index (EVT-9).
//!
//! Entry point: [`write()`]. May use: `names` for the rules.

use std::borrow::Cow;

use super::field::Field;
use super::writer::Writer;
use crate::protocol::names;
use crate::value::input::Input;
use crate::value::json::keys::Keys;
use crate::value::json::scan::Kind;
use crate::value::json::write as json;

/// Writes the tags of the event, if it has any, and those of the scope that it has not (SCO-2).
pub(super) fn write(writer: &mut Writer<'_>, value: Option<Input<'_>>) {
    let before = writer.out.len();
    writer.key("tags");
    writer.out.push(b'{');
    let start = writer.out.len();
    let scope = writer.parts.tags;
    match value {
        None => writer.out.extend_from_slice(scope.json().as_bytes()),
        Some(value) => {
            let mut keys = Keys::default();
            if value.is_object() {
                for (key, value) in value.members() {
                    write_tag(writer, &mut keys, key.decode(), value);
                }
            } else {
                for pair in value.elements() {
                    match read_pair(pair) {
                        Some((key, value)) => write_tag(writer, &mut keys, key, value),
                        None if pair.is_null() => {}
                        None => writer.leave_out_part(format_args!("a tag without key and value")),
                    }
                }
            }
            scope.write_missing(writer.out, |key| keys.contains(key));
        }
    }
    if writer.out.len() == start {
        writer.out.truncate(before);
    } else {
        writer.out.push(b'}');
        writer.mark_written(Field::Tags);
    }
}

/// Key and value of `["key", "value"]` or `{"key": …, "value": …}`.
fn read_pair(pair: Input<'_>) -> Option<(Cow<'_, str>, Input<'_>)> {
    let (key, value) = match pair.kind() {
        Kind::Array => {
            let mut parts = pair.elements();
            (parts.next()?, parts.next()?)
        }
        Kind::Object => (pair.get("key")?, pair.get("value")?),
        _ => return None,
    };
    Some((key.text()?, value))
}

fn write_tag<'v>(
    writer: &mut Writer<'_>,
    keys: &mut Keys<'v>,
    key: Cow<'v, str>,
    value: Input<'_>,
) {
    let text = match value.kind() {
        Kind::Text => value.decode(),
        Kind::Number | Kind::Boolean => value.to_json(),
        // Null is "no such tag".
        Kind::Null => return,
        Kind::Object | Kind::Array => {
            writer.leave_out(&key, "is no text, as a tag must be");
            return;
        }
    };
    let clean = names::tag_key(&key);
    writer.trimmed |= matches!(clean, Cow::Owned(_));
    let clean = match clean {
        Cow::Borrowed(_) => None,
        Cow::Owned(clean) => Some(Cow::Owned(clean)),
    };
    let key: Cow<'v, str> = clean.unwrap_or(key);
    // Servers refuse both, and would keep one of two equal keys.
    if key.is_empty() || text.trim().is_empty() || keys.contains(&key) {
        writer.trimmed |= !text.is_empty();
        return;
    }
    let value = names::tag_value(&text);
    writer.trimmed |= matches!(value, Cow::Owned(_));
    json::key(writer.out, &key);
    json::string(writer.out, &value);
    keys.insert(key);
}

#[cfg(test)]
mod tests {
    use crate::protocol::event::testing::{Given, written};
    use serde_json::{Value, json};

    fn tags(event: &Value) -> (Value, bool) {
        let (json, written) = written(&json!({"tags": event}).to_string());
        (
            json.get("tags").cloned().unwrap_or_default(),
            written.trimmed,
        )
    }

    // EVT-9
    #[test]
    fn both_forms_become_an_object_of_texts() {
        let good = json!({"a": "x", "b": 1, "c": 1.5, "d": true});
        let text = json!({"a": "x", "b": "1", "c": "1.5", "d": "true"});
        assert_eq!(tags(&good), (text, false));
        let pairs = json!([["a", "x"], {"key": "b", "value": 2}, null]);
        assert_eq!(tags(&pairs), (json!({"a": "x", "b": "2"}), false));
        for (event, expected) in [
            (json!({"a": {}, "b": [1], "c": "x"}), json!({"c": "x"})),
            (json!([["a"], 7, [1, 2], ["b", "x"]]), json!({"b": "x"})),
            (
                json!({"a b": "1", "a_b": "2", "": "3", "c": " "}),
                json!({"a_b": "1"}),
            ),
            (json!({"a": "x\ny"}), json!({"a": "x y"})),
        ] {
            assert_eq!(tags(&event), (expected, true), "{event}");
        }
        assert_eq!(tags(&json!({"a": null})), (Value::Null, false));
    }

    // SCO-2
    #[test]
    fn the_event_wins_over_the_scope_key_by_key() {
        let mut given = Given::default();
        given.tags.set_text("a", "scope");
        given.tags.set_text("b_", "scope");
        let tags = |event: &str| given.read_and_write(event).0["tags"].clone();
        assert_eq!(tags("{}"), json!({"a": "scope", "b_": "scope"}));
        assert_eq!(
            tags(r#"{"tags":{"b ":"own","c":"own"}}"#),
            json!({"a": "scope", "b_": "own", "c": "own"})
        );
        assert_eq!(tags(r#"{"tags":[]}"#), json!({"a": "scope", "b_": "scope"}));
        // No such tag on the event is no reason to lose the scope's.
        assert_eq!(tags(r#"{"tags":{"a":null}}"#)["a"], "scope");
    }
}
