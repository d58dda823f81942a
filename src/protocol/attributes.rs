//! Attributes: typed data of logs and metrics (ATTR-1 … ATTR-3).
//!
//! Several owners say attributes: the call, its scope, the scope of the process, the library. They are written in this order,
//! and what was written first wins. Entry points: [`Attributes`], [`json_of`].

use std::borrow::Cow;

use crate::base::memory::{self, Buffer};
use crate::value::json::keys::Keys;
use crate::value::json::write;
use crate::value::shared::members::Members;
use crate::value::tree::json::copy_text;
use crate::value::tree::{Member, Node, Value};

/// Plain data without a value tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Plain<'a> {
    /// An integer.
    Integer(i64),
    /// A number.
    Double(f64),
    /// Text, meant to be UTF-8.
    Text(&'a [u8]),
}

/// What the keys of a format's arguments begin with.
const PARAMETER: &str = "sentry.message.parameter.";

/// The object that attributes are written into.
#[derive(Debug)]
pub(crate) struct Attributes<'o, 'k> {
    out: &'o mut Buffer,
    /// Those that were said; none while nothing that could be said again was.
    keys: Option<Keys<'k>>,
}

impl<'o, 'k> Attributes<'o, 'k> {
    /// Opens the object.
    pub(crate) fn begin(out: &'o mut Buffer) -> Self {
        out.push(b'{');
        Self { out, keys: None }
    }

    /// Those of the call; how many of them are left out, since no server takes them.
    pub(crate) fn given(&mut self, members: &'k [Member]) -> usize {
        let mut left_out: usize = 0;
        if members.is_empty() {
            return left_out;
        }
        let keys = self.keys.get_or_insert_default();
        for (key, value) in members {
            let Ok(key) = memory::lossy(key) else {
                memory::note_lack();
                continue;
            };
            let before = self.out.len();
            write::key(self.out, &key);
            if !write_value(self.out, value) || !keys.insert(key) {
                self.out.truncate(before);
                left_out = left_out.saturating_add(1);
            }
        }
        left_out
    }

    /// One of the library's own, unless the call said it.
    pub(crate) fn plain(&mut self, key: &str, value: Plain<'_>) {
        if !self.has(key) {
            write::key(self.out, key);
            write_plain(self.out, value);
        }
    }

    /// An argument of a format, by its place.
    pub(crate) fn parameter(&mut self, place: usize, value: Plain<'_>) {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(place);
        if self.keys.is_some() && self.has(&memory::concat(&[PARAMETER, digits])) {
            return;
        }
        write::separator(self.out);
        let pieces = ["\"", PARAMETER, digits, "\":"];
        self.out.extend_from_slices(pieces.map(str::as_bytes));
        write_plain(self.out, value);
    }

    /// Those of a scope, as JSON, unless they were said.
    pub(crate) fn scope(&mut self, members: &'k Members) {
        if !members.is_empty() {
            self.missing(members);
            let keys = self.keys.get_or_insert_default();
            for (key, _) in members.iter() {
                keys.insert(Cow::Borrowed(key));
            }
        }
    }

    /// Those of the library, unless they were said.
    pub(crate) fn defaults(&mut self, members: &Members) {
        self.missing(members);
    }

    fn missing(&mut self, members: &Members) {
        if let Some(keys) = &self.keys {
            members.write_missing(self.out, |key| keys.contains(key));
        } else if !members.is_empty() {
            write::separator(self.out);
            self.out.extend_from_slice(members.json().as_bytes());
        }
    }

    fn has(&self, key: &str) -> bool {
        self.keys.as_ref().is_some_and(|keys| keys.contains(key))
    }

    /// Closes the object.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

/// An attribute as JSON.
pub(crate) fn json_of(value: Plain<'_>) -> String {
    let mut out = Buffer::new();
    write_plain(&mut out, value);
    write::into_text(out)
}

fn write_plain(out: &mut Buffer, value: Plain<'_>) {
    const BEGIN: &[u8] = b"{\"value\":";
    let text = match value {
        Plain::Integer(number) => {
            let mut digits = itoa::Buffer::new();
            let digits = digits.format(number).as_bytes();
            return out.extend_from_slices([BEGIN, digits, b",\"type\":\"integer\"}"]);
        }
        Plain::Double(number) if number.is_finite() => {
            out.extend_from_slice(BEGIN);
            Value::double(number).copy(out);
            return out.extend_from_slice(b",\"type\":\"double\"}");
        }
        // JSON has no word for it.
        Plain::Double(number) => not_finite(number).as_bytes(),
        Plain::Text(text) => text,
    };
    out.extend_from_slice(BEGIN);
    copy_text(out, text);
    out.extend_from_slice(b",\"type\":\"string\"}");
}

/// What `printf` says.
fn not_finite(number: f64) -> &'static str {
    match number {
        _ if number.is_nan() => "nan",
        _ if number < 0.0 => "-inf",
        _ => "inf",
    }
}

fn finish(out: &mut Buffer, kind: &str, unit: Option<&[u8]>) {
    out.extend_from_slices([b",\"type\":\"", kind.as_bytes(), b"\""]);
    if let Some(unit) = unit {
        out.extend_from_slice(b",\"unit\":");
        copy_text(out, unit);
    }
    out.push(b'}');
}

/// Writes the attribute that a host made: an object with `value`, and the plain value as well. False if it is none; then part
/// of it may have been written.
fn write_value(out: &mut Buffer, given: &Value) -> bool {
    let (value, unit) = match given.is_object() {
        true => (
            given.get_key(b"value").unwrap_or_default(),
            given.get_key(b"unit"),
        ),
        false => (given.clone(), None),
    };
    out.extend_from_slice(b"{\"value\":");
    let Some(kind) = write_data(out, &value) else {
        return false;
    };
    // A whole number may be meant as one that need not be whole.
    let is_wider = kind == "integer"
        && given
            .get_key(b"type")
            .is_some_and(|said| said.as_text() == Some(b"double"));
    let unit = unit.as_ref().and_then(Value::as_text);
    finish(out, if is_wider { "double" } else { kind }, unit);
    true
}

/// Writes a primitive, or a list of primitives of one type; its type.
fn write_data(out: &mut Buffer, value: &Value) -> Option<&'static str> {
    if !value.is_list() {
        return write_primitive(out, value);
    }
    out.push(b'[');
    let mut kind = None;
    for at in 0..value.len() {
        if at > 0 {
            out.push(b',');
        }
        let its = write_primitive(out, &value.get_index(at)?)?;
        if *kind.get_or_insert(its) != its {
            return None;
        }
    }
    out.push(b']');
    Some("array")
}

fn write_primitive(out: &mut Buffer, value: &Value) -> Option<&'static str> {
    let kind = match value {
        Value::Null => return None,
        Value::Bool(_) => "boolean",
        Value::Int32(_) => "integer",
        Value::Node(node) => match node.as_ref() {
            Node::Int64(_) => "integer",
            // ATTR-3
            Node::Uint64(number) => {
                out.push(b'"');
                write::integer(out, *number);
                out.push(b'"');
                return Some("string");
            }
            Node::Double(number) if !number.is_finite() => return None,
            Node::Double(_) => "double",
            Node::Text(_) => "string",
            Node::List(_) | Node::Object(_) => return None,
        },
    };
    value.copy(out);
    Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members(json: &str) -> Members {
        let value = Value::from_json(json).unwrap();
        let mut members = Members::new();
        for (key, value) in value.members() {
            let key = String::from_utf8(key.to_vec()).unwrap();
            members.set(&key, &value.to_json_text().unwrap());
        }
        members
    }

    fn written<'k>(write: impl FnOnce(&mut Attributes<'_, 'k>)) -> serde_json::Value {
        let mut out = Buffer::new();
        let mut attributes = Attributes::begin(&mut out);
        write(&mut attributes);
        attributes.end();
        serde_json::from_slice(&out).unwrap()
    }

    // ATTR-1, ATTR-2, ATTR-3
    #[test]
    fn every_value_has_its_type_and_what_has_none_is_left_out() {
        let given = Value::object();
        for (key, value) in [
            ("text", Value::text(b"t\"")),
            ("flag", Value::Bool(true)),
            ("small", Value::Int32(-7)),
            ("large", Value::int64(1 << 40)),
            ("unsigned", Value::uint64(u64::MAX)),
            ("number", Value::double(1.5)),
            ("nan", Value::double(f64::NAN)),
            ("null", Value::Null),
            ("list", Value::from_json("[1,2]").unwrap()),
            ("mixed", Value::from_json("[1,\"2\"]").unwrap()),
            ("nested", Value::from_json("[[1]]").unwrap()),
            (
                "made",
                Value::from_json(r#"{"value":3,"type":"double","unit":"ms"}"#).unwrap(),
            ),
            ("object", Value::from_json(r#"{"a":1}"#).unwrap()),
            (
                "deep",
                Value::from_json(r#"{"value":{"a":1},"type":"string"}"#).unwrap(),
            ),
        ] {
            given.set_key(key.as_bytes(), value).unwrap();
        }
        let given = given.into_members().unwrap();
        let mut left_out = 0;
        let value = written(|attributes| left_out = attributes.given(&given));
        let expected = json!({
            "text": {"value": "t\"", "type": "string"},
            "flag": {"value": true, "type": "boolean"},
            "small": {"value": -7, "type": "integer"},
            "large": {"value": 1_i64 << 40, "type": "integer"},
            "unsigned": {"value": "18446744073709551615", "type": "string"},
            "number": {"value": 1.5, "type": "double"},
            "list": {"value": [1, 2], "type": "array"},
            "made": {"value": 3, "type": "double", "unit": "ms"},
        });
        assert_eq!(value, expected);
        assert_eq!(left_out, 6);
    }

    // ATTR-2
    #[test]
    fn the_nearest_owner_wins() {
        let given = Value::from_json(r#"{"a":"call","x":1}"#).unwrap();
        let given = given.into_members().unwrap();
        let scope = members(r#"{"a":{"value":"scope"},"b":{"value":"scope"}}"#);
        let global = members(r#"{"b":{"value":"global"},"c":{"value":"global"}}"#);
        let defaults = members(r#"{"c":{"value":"own"},"d":{"value":"own"}}"#);
        let value = written(|attributes| {
            attributes.given(&given);
            attributes.plain("x", Plain::Integer(2));
            attributes.plain("y", Plain::Text(b"\xff"));
            attributes.plain("z", Plain::Double(f64::INFINITY));
            attributes.scope(&scope);
            attributes.scope(&global);
            attributes.defaults(&defaults);
        });
        let values: Vec<_> = value.as_object().unwrap().iter().collect();
        let values: Vec<_> = values
            .iter()
            .map(|(key, value)| format!("{key}={}", value["value"]))
            .collect();
        assert_eq!(
            values,
            [
                "a=\"call\"",
                "b=\"scope\"",
                "c=\"global\"",
                "d=\"own\"",
                "x=1",
                "y=\"\u{fffd}\"",
                "z=\"inf\""
            ]
        );
        assert_eq!(
            written(|attributes| attributes.defaults(&defaults))["d"]["value"],
            "own"
        );
    }
}
