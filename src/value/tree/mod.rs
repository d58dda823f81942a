//! The dynamic value: what a host builds piece by piece and reads back.
//!
//! Null, booleans and 32-bit integers are held in place. Everything else is a counted node; scalars and text never
//! change, lists and objects change until they are frozen. Each container has a lock, so that a host that changes one
//! value from two threads gets some order of its changes and never broken memory.
//!
//! Freeing is a loop, not a recursion: no depth of nesting can exhaust the stack, and it needs no memory. Values may be
//! shared and go in circles: what is written is bounded in bytes and levels ([`MAX_BYTES`], [`MAX_DEPTH`]), and a
//! container within itself is written empty. A host that never breaks a circle up leaks it.
//!
//! Where the host decides a size, a lack of memory is an answer: text that there is no memory for is null, and a change
//! is not made.

mod bytes;
mod change;
mod container;
mod free;
pub(crate) mod json;
mod msgpack;
mod place;
mod read;
pub(crate) mod sealed;
#[cfg(test)]
mod shared;

use std::sync::Arc;

use crate::base::memory::{self, OutOfMemory};
use bytes::Bytes;
use container::Container;

/// Bytes of text, terminator included, for which a node has room as it is: a container is no smaller.
const IN_NODE: usize = 38;

/// Bytes of a key for which an object has room: three words, and longer than nearly all keys of events.
const IN_OBJECT: usize = 22;

/// Deepest nesting that is written; what lies deeper is left out.
const MAX_DEPTH: usize = 64;

/// Longest text or bytes that a value is written as. A value that is shared can stand for 2^64 copies of itself, so
/// that writing has to stop somewhere: where the reading of events does.
pub(crate) const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A value that a host builds. A clone is the same list or object, not a copy.
#[derive(Debug, Clone, Default)]
pub(crate) enum Value {
    /// Nothing.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer held in place.
    Int32(i32),
    /// Anything else.
    Node(Arc<Node>),
}

/// A counted value.
#[derive(Debug)]
pub(crate) enum Node {
    /// A signed integer.
    Int64(i64),
    /// An unsigned integer.
    Uint64(u64),
    /// A number.
    Double(f64),
    /// Text, with a terminator for C.
    Text(Text),
    /// Values in order.
    List(Container<Value>),
    /// Values by key, in order of insertion.
    Object(Container<Member>),
}

/// Bytes that are meant to be UTF-8, followed by one zero byte.
#[derive(Debug)]
pub(crate) struct Text(Bytes<IN_NODE, Box<[u8]>>);

impl Text {
    /// A copy of `bytes`; zero bytes inside are kept.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, OutOfMemory> {
        Bytes::new(bytes, &[0]).map(Self)
    }

    /// Without the terminator.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.split_last().map_or(&[], |(_, bytes)| bytes)
    }

    /// With the terminator.
    pub(crate) fn terminated(&self) -> &[u8] {
        &self.0
    }
}

/// The key of a member. A long one is counted, so that a copy needs no memory.
pub(crate) type Key = Bytes<IN_OBJECT, Arc<Box<[u8]>>>;

/// A member of an object.
pub(crate) type Member = (Key, Value);

/// A change that was not made: wrong type, frozen, no such place, or no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotChanged;

impl From<OutOfMemory> for NotChanged {
    fn from(_: OutOfMemory) -> Self {
        Self
    }
}

impl Value {
    /// A 64-bit integer.
    pub(crate) fn int64(value: i64) -> Self {
        Self::node(Node::Int64(value))
    }

    /// An unsigned 64-bit integer.
    pub(crate) fn uint64(value: u64) -> Self {
        Self::node(Node::Uint64(value))
    }

    /// A number.
    pub(crate) fn double(value: f64) -> Self {
        Self::node(Node::Double(value))
    }

    /// Text, copied; null if there is no memory for it.
    pub(crate) fn text(bytes: &[u8]) -> Self {
        Self::try_text(bytes).unwrap_or_default()
    }

    /// Text, copied.
    fn try_text(bytes: &[u8]) -> Result<Self, OutOfMemory> {
        Ok(Self::node(Node::Text(Text::new(bytes)?)))
    }

    /// An address, as text with hexadecimal digits.
    pub(crate) fn address(address: usize) -> Self {
        Self::text(format!("{address:#x}").as_bytes())
    }

    /// An empty list.
    pub(crate) fn list() -> Self {
        Self::node(Node::List(Container::default()))
    }

    /// An empty object.
    pub(crate) fn object() -> Self {
        Self::node(Node::Object(Container::default()))
    }

    /// An object with these members, whose keys all differ.
    pub(crate) fn of_members(members: Vec<Member>) -> Self {
        Self::node(Node::Object(Container::from(members)))
    }

    /// An object with these members, whose keys all differ, and with room for `more`. Those without a value, and those that
    /// there is no memory for, are left out.
    pub(crate) fn with_members<const N: usize>(
        members: [(&str, Option<Self>); N],
        more: usize,
    ) -> Self {
        let mut all = Vec::new();
        if all.try_reserve_exact(N.saturating_add(more)).is_ok() {
            for (key, value) in members {
                if let Some(value) = value
                    && let Ok(key) = Bytes::new(key.as_bytes(), b"")
                {
                    all.push((key, value));
                }
            }
        }
        Self::of_members(all)
    }

    /// A list of these items.
    fn of_items(items: Vec<Self>) -> Self {
        Self::node(Node::List(Container::from(items)))
    }

    /// An object with what `change` makes of the members of this one, in their order: another name or the old one, and a
    /// value; nothing leaves a member out. Keys must differ afterwards as before.
    pub(crate) fn rewritten(
        self,
        change: impl Fn(&[u8], Self) -> Option<(Option<&'static [u8]>, Self)>,
    ) -> Result<Self, OutOfMemory> {
        let mut members = self.into_members()?;
        let mut renamed = Ok(());
        members.retain_mut(|(key, value)| {
            let changed = change(key, std::mem::take(value));
            let is_kept = changed.is_some();
            if let Some((name, new)) = changed {
                *value = new;
                match name.map(|name| Bytes::new(name, b"")) {
                    Some(Ok(name)) => *key = name,
                    Some(Err(error)) => renamed = Err(error),
                    None => {}
                }
            }
            is_kept
        });
        renamed.map(|()| Self::of_members(members))
    }

    fn node(node: Node) -> Self {
        Self::Node(Arc::new(node))
    }

    /// The node, if it is one.
    pub(crate) fn as_node(&self) -> Option<&Node> {
        match self {
            Self::Node(node) => Some(node),
            _ => None,
        }
    }

    /// True if it holds no other values.
    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(self.as_node(), Some(Node::List(_) | Node::Object(_)))
    }

    fn as_list(&self) -> Option<&Container<Self>> {
        match self.as_node() {
            Some(Node::List(list)) => Some(list),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<&Container<Member>> {
        match self.as_node() {
            Some(Node::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// True for objects.
    pub(crate) fn is_object(&self) -> bool {
        self.as_object().is_some()
    }

    /// True for lists.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.as_node(), Some(Node::List(_)))
    }

    /// The bytes of text.
    pub(crate) fn as_text(&self) -> Option<&[u8]> {
        match self.as_node() {
            Some(Node::Text(text)) => Some(text.bytes()),
            _ => None,
        }
    }

    /// The members of an object, copied while walking; none for anything else.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member> {
        self.as_object().into_iter().flat_map(Container::steps)
    }

    /// The members of an object, taken out of it if nobody else holds it and copied otherwise; none for anything else.
    pub(crate) fn into_members(mut self) -> Result<Vec<Member>, OutOfMemory> {
        if let Self::Node(node) = &mut self
            && let Some(Node::Object(object)) = Arc::get_mut(node)
        {
            return Ok(object.take());
        }
        memory::watch(|| memory::collect(self.members()))
    }

    /// The members of an object that is frozen.
    pub(crate) fn frozen_members(&self) -> &[Member] {
        self.as_object()
            .and_then(Container::frozen)
            .unwrap_or_default()
    }

    /// The elements of a list that is frozen.
    pub(crate) fn frozen_items(&self) -> &[Self] {
        self.as_list()
            .and_then(Container::frozen)
            .unwrap_or_default()
    }

    /// True if nothing can change it any more; scalars and text never change.
    pub(crate) fn is_frozen(&self) -> bool {
        match self.as_node() {
            Some(Node::List(list)) => list.is_frozen(),
            Some(Node::Object(object)) => object.is_frozen(),
            _ => true,
        }
    }

    /// Freezes it and all it holds, for good. Without memory for the walk, which takes some words for each level, what
    /// lies deeper stays as it was.
    pub(crate) fn freeze(&self) {
        // Where the walk is: containers, and how many of their items are done.
        let mut levels = Vec::new();
        // What is frozen already is so all the way down; that also ends cycles.
        if self.freeze_itself() {
            levels.push((self.clone(), 0_usize));
        }
        while let Some((value, done)) = levels.last_mut() {
            let Some(item) = value.item(*done) else {
                levels.pop();
                continue;
            };
            *done = done.saturating_add(1);
            if levels.try_reserve(1).is_ok() && item.freeze_itself() {
                levels.push((item, 0));
            }
        }
    }

    /// Freezes a container and not what it holds; false if that was done, or it is none.
    fn freeze_itself(&self) -> bool {
        match self.as_node() {
            Some(Node::List(list)) => list.freeze(),
            Some(Node::Object(object)) => object.freeze(),
            _ => false,
        }
    }

    /// The value at that place of a list or an object.
    fn item(&self, index: usize) -> Option<Self> {
        match self.as_node()? {
            Node::List(list) => list.read(|items| items.get(index).cloned()),
            Node::Object(object) => {
                object.read(|members| members.get(index).map(|(_, value)| value.clone()))
            }
            Node::Int64(_) | Node::Uint64(_) | Node::Double(_) | Node::Text(_) => None,
        }
    }

    /// Bytes of text, elements of a list or an object; 0 otherwise.
    pub(crate) fn len(&self) -> usize {
        match self.as_node() {
            Some(Node::Text(text)) => text.bytes().len(),
            Some(Node::List(list)) => list.read(<[Self]>::len),
            Some(Node::Object(object)) => object.read(<[Member]>::len),
            _ => 0,
        }
    }

    /// What an `if` would make of it: not null, not false, not 0, not empty. NaN counts as true.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int32(value) => *value != 0,
            Self::Node(node) => match node.as_ref() {
                Node::Int64(value) => *value != 0,
                Node::Uint64(value) => *value != 0,
                Node::Double(value) => *value != 0.0,
                Node::Text(_) | Node::List(_) | Node::Object(_) => self.len() > 0,
            },
        }
    }

    /// The element of a list.
    pub(crate) fn get_index(&self, index: usize) -> Option<Self> {
        self.as_list()?.read(|items| items.get(index).cloned())
    }

    /// The member of an object.
    pub(crate) fn get_key(&self, key: &[u8]) -> Option<Self> {
        self.as_object()?.read(|members| {
            let found = members.iter().find(|(name, _)| **name == *key);
            found.map(|(_, value)| value.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(value: &Value) -> usize {
        match value {
            Value::Node(node) => Arc::strong_count(node),
            _ => 1,
        }
    }

    #[test]
    fn a_value_is_two_words() {
        assert_eq!(size_of::<Value>(), 2 * size_of::<usize>());
        assert_eq!(
            size_of::<Node>(),
            size_of::<Container<Value>>() + size_of::<usize>()
        );
    }

    #[test]
    fn objects_keep_order_and_place() {
        let object = Value::object();
        for (key, number) in [("b", 1), ("a", 2), ("b", 3)] {
            object
                .set_key(key.as_bytes(), Value::Int32(number))
                .unwrap();
        }
        assert_eq!(object.to_json().unwrap(), br#"{"b":3,"a":2}"#);
        object.remove_key(b"b").unwrap();
        assert_eq!(object.remove_key(b"b"), Err(NotChanged));
        assert_eq!(object.len(), 1);
    }

    #[test]
    fn lists_are_filled_up_with_null() {
        let list = Value::list();
        list.set_index(2, Value::Bool(true)).unwrap();
        assert_eq!(list.to_json().unwrap(), b"[null,null,true]");
        list.remove_index(0).unwrap();
        list.remove_index(9).unwrap();
        assert_eq!(list.to_json().unwrap(), b"[null,true]");
        assert_eq!(list.set_index(usize::MAX, Value::Null), Err(NotChanged));
        assert_eq!(
            list.set_index(usize::MAX / 32, Value::Null),
            Err(NotChanged)
        );
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn frozen_means_all_the_way_down_and_what_is_refused_is_freed() {
        let (inner, outer) = (Value::list(), Value::object());
        outer.set_key(b"inner", inner.clone()).unwrap();
        outer.freeze();
        assert!(outer.is_frozen() && inner.is_frozen());
        let text = Value::text(b"kept");
        assert_eq!(inner.append(text.clone()), Err(NotChanged));
        assert_eq!(outer.set_key(b"x", text.clone()), Err(NotChanged));
        assert_eq!(outer.remove_key(b"inner"), Err(NotChanged));
        assert_eq!(count(&text), 1);
    }

    #[test]
    fn freezing_a_cycle_ends() {
        let list = Value::list();
        list.append(list.clone()).unwrap();
        list.freeze();
        assert!(list.is_frozen());
    }

    #[test]
    fn wrong_types_change_nothing() {
        for value in [
            Value::Null,
            Value::Int32(1),
            Value::text(b"x"),
            Value::double(1.0),
        ] {
            assert_eq!(value.set_key(b"k", Value::Null), Err(NotChanged));
            assert_eq!(value.append(Value::Null), Err(NotChanged));
            assert_eq!(value.remove_index(0), Err(NotChanged));
            assert!(value.get_key(b"k").is_none() && value.get_index(0).is_none());
            assert!(value.is_frozen());
        }
    }

    #[test]
    fn a_million_levels_are_freed_without_a_stack() {
        let mut value = Value::list();
        for _ in 0..1_000_000 {
            let outer = Value::list();
            outer.append(value).unwrap();
            value = outer;
        }
        drop(value);
    }

    #[test]
    fn threads_that_change_one_value_leave_it_whole() {
        let (list, object) = (Value::list(), Value::object());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (list, object) = (&list, &object);
                scope.spawn(move || {
                    for round in 0..500 {
                        list.append(Value::text(b"x")).unwrap();
                        let _ = list.remove_index(round % 7);
                        object
                            .set_key(&[b'a' + (round % 20) as u8], Value::int64(thread))
                            .unwrap();
                        object.to_json().unwrap();
                    }
                });
            }
        });
        assert_eq!(object.len(), 20);
    }

    #[test]
    fn truth_follows_the_documented_rule() {
        for value in [
            Value::Null,
            Value::Bool(false),
            Value::Int32(0),
            Value::double(-0.0),
            Value::text(b""),
            Value::list(),
            Value::object(),
            Value::int64(0),
            Value::uint64(0),
        ] {
            assert!(!value.is_true(), "{value:?}");
        }
        for value in [
            Value::Bool(true),
            Value::Int32(-1),
            Value::double(f64::NAN),
            Value::text(b"0"),
        ] {
            assert!(value.is_true(), "{value:?}");
        }
    }
}
