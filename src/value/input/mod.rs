//! Input: what a host gave, read in one way whatever its form.
//!
//! Decides how the parts of JSON text, of values and of plain text are found and copied. Entry points: [`Input`], [`walk::Walk`]
//! (goes over nested containers and looks at each byte once), [`bounded`] (copies cut down to bounds).
//! May use: [`super::json`], [`super::tree`], `base`.

use std::borrow::Cow;

use crate::base::memory::{self, Buffer, OutOfMemory};
use crate::value::json::scan::{self, Cursor, Kind};
use crate::value::json::write;
use crate::value::tree::json::copy_text;
use crate::value::tree::{Member, Node, Value};

pub(crate) mod bounded;
pub(crate) mod walk;

/// A value or a key that a host gave.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input<'a> {
    /// JSON text that was checked.
    Json(&'a str),
    /// A scalar, or a container that is sealed (see [`Value::read_members`]).
    Value(&'a Value),
    /// Text that stands for itself, meant to be UTF-8.
    Text(&'a [u8]),
}

impl<'a> Input<'a> {
    /// What it is.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Json(json) => scan::kind(json),
            Self::Value(value) => kind_of(value),
            Self::Text(_) => Kind::Text,
        }
    }

    /// Bytes of its text, as far as they are known without a walk.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Json(json) => json.len(),
            Self::Value(value) => value.as_text().map_or(0, <[u8]>::len),
            Self::Text(text) => text.len(),
        }
    }

    /// True for `null`, which is the same as nothing.
    pub(crate) fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// True for objects.
    pub(crate) fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// True for text without a character.
    pub(crate) fn is_empty_text(self) -> bool {
        match self {
            Self::Json(json) => json == "\"\"",
            Self::Value(value) => value.as_text().is_some_and(<[u8]>::is_empty),
            Self::Text(text) => text.is_empty(),
        }
    }

    /// The text of text, nothing for any other value; empty if there is no memory for it, which is remembered.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Json(json) => scan::text(json),
            Self::Value(value) => value.as_text().map(lossy),
            Self::Text(text) => Some(lossy(text)),
        }
    }

    /// A key, or any other text.
    pub(crate) fn decode(self) -> Cow<'a, str> {
        self.text().unwrap_or_default()
    }

    /// True if the key says `name`.
    pub(crate) fn is_key(self, name: &str) -> bool {
        match self {
            Self::Json(json) => scan::is_key(json, name),
            Self::Value(value) => value.as_text() == Some(name.as_bytes()),
            Self::Text(text) => text == name.as_bytes(),
        }
    }

    /// An integer that is not negative and has no fraction.
    pub(crate) fn to_u64(self) -> Option<u64> {
        match self {
            Self::Json(json) => json.parse().ok(),
            Self::Value(Value::Int32(number)) => u64::try_from(*number).ok(),
            Self::Value(value) => match value.as_node()? {
                Node::Int64(number) => u64::try_from(*number).ok(),
                Node::Uint64(number) => Some(*number),
                Node::Double(_) => self.to_json().parse().ok(),
                Node::Text(_) | Node::List(_) | Node::Object(_) => None,
            },
            Self::Text(_) => None,
        }
    }

    /// True if it, or a part of it, has a key that is this JSON string. A look at the text, not at each object, so that a
    /// text value of this kind counts, too.
    pub(crate) fn mentions(self, key: &str) -> bool {
        match self {
            Self::Json(json) => json.contains(key),
            Self::Value(value) => mentions(value, key.trim_matches('"').as_bytes()),
            Self::Text(_) => false,
        }
    }

    /// As JSON; without memory something shorter, which is remembered.
    pub(crate) fn to_json(self) -> Cow<'a, str> {
        if let Self::Json(json) = self {
            return Cow::Borrowed(json);
        }
        let mut out = Buffer::new();
        self.copy(&mut out);
        Cow::Owned(write::into_text(out))
    }

    /// Appends it as JSON.
    pub(crate) fn copy(self, out: &mut Buffer) {
        match self {
            Self::Json(json) => out.extend_from_slice(json.as_bytes()),
            Self::Value(value) => value.copy(out),
            Self::Text(text) => copy_text(out, text),
        }
    }

    /// Appends a comma if one is due, then it as a key with its colon.
    pub(crate) fn copy_key(self, out: &mut Buffer) {
        write::separator(out);
        self.copy(out);
        out.push(b':');
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(self) -> Members<'a> {
        match self {
            Self::Json(json) => Members::Json(scan::entries(json)),
            Self::Value(value) => Members::Value(value.frozen_members().iter()),
            Self::Text(_) => Members::Json(scan::entries("")),
        }
    }

    /// The first member of an object with that key.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        self.members()
            .find(|(key, _)| key.is_key(name))
            .map(|(_, value)| value)
    }

    /// The elements of an array; none of anything else.
    pub(crate) fn elements(self) -> Elements<'a> {
        match self {
            Self::Json(json) => Elements::Json(scan::elements(json)),
            Self::Value(value) => Elements::Value(value.frozen_items().iter()),
            Self::Text(_) => Elements::Json(scan::elements("")),
        }
    }

    /// The elements of the list under the first such key of an object: none if that is no list. What follows the list is
    /// not looked at.
    pub(crate) fn list_under(self, name: &str) -> Option<Elements<'a>> {
        let Self::Json(json) = self else {
            let list = self.get(name)?;
            return Some(list.elements());
        };
        let mut cursor = Cursor::new(json);
        cursor.enter();
        while let Some(key) = cursor.next_key() {
            if scan::is_key(key, name) {
                let is_list = cursor.kind() == Kind::Array && cursor.enter();
                let list = if is_list { cursor } else { Cursor::new("") };
                return Some(Elements::Json(list.into()));
            }
            cursor.value();
        }
        None
    }

    /// An object as the only element.
    pub(crate) fn alone(self) -> Elements<'a> {
        match self {
            Self::Json(json) => Elements::Json(scan::joined_elements(json)),
            Self::Value(value) => Elements::Value(std::slice::from_ref(value).iter()),
            Self::Text(_) => Elements::Json(scan::elements("")),
        }
    }
}

/// What a value is as JSON: a number that JSON has no word for is null.
fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Boolean,
        Value::Int32(_) => Kind::Number,
        Value::Node(node) => match node.as_ref() {
            Node::Double(number) if !number.is_finite() => Kind::Null,
            Node::Int64(_) | Node::Uint64(_) | Node::Double(_) => Kind::Number,
            Node::Text(_) => Kind::Text,
            Node::List(_) => Kind::Array,
            Node::Object(_) => Kind::Object,
        },
    }
}

/// True if there is such a key, or such a text, in the value.
fn mentions(value: &Value, key: &[u8]) -> bool {
    match value.as_node() {
        Some(Node::Text(text)) => text.bytes() == key,
        Some(Node::List(_)) => value.frozen_items().iter().any(|item| mentions(item, key)),
        Some(Node::Object(_)) => {
            let mut members = value.frozen_members().iter();
            members.any(|(name, value)| **name == *key || mentions(value, key))
        }
        Some(Node::Int64(_) | Node::Uint64(_) | Node::Double(_)) | None => false,
    }
}

/// Text with U+FFFD in place of what is not UTF-8; empty without memory, which is remembered.
fn lossy(text: &[u8]) -> Cow<'_, str> {
    memory::lossy(text).unwrap_or_else(|OutOfMemory| {
        memory::note_lack();
        Cow::Borrowed("")
    })
}

/// Iterator of [`Input::members`]: keys and values.
#[derive(Debug, Clone)]
pub(crate) enum Members<'a> {
    /// In JSON text.
    Json(scan::Entries<'a>),
    /// In a value.
    Value(std::slice::Iter<'a, Member>),
}

impl<'a> Iterator for Members<'a> {
    type Item = (Input<'a>, Input<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Json(entries) => {
                let (key, value) = entries.next()?;
                Some((Input::Json(key), Input::Json(value)))
            }
            Self::Value(members) => {
                let (key, value) = members.next()?;
                Some((Input::Text(key), Input::Value(value)))
            }
        }
    }
}

/// Iterator of [`Input::elements`].
#[derive(Debug, Clone)]
pub(crate) enum Elements<'a> {
    /// In JSON text.
    Json(scan::Elements<'a>),
    /// In a value.
    Value(std::slice::Iter<'a, Value>),
}

impl<'a> Iterator for Elements<'a> {
    type Item = Input<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Json(elements) => elements.next().map(Input::Json),
            Self::Value(items) => items.next().map(Input::Value),
        }
    }
}
