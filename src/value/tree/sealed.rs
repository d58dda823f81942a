//! Sealed values: what nobody but its owner holds is frozen, so that it is read in place, without locks and without copies.
//! It is in no circle, and nothing changes it any more.
//!
//! What somebody else holds, too, may change while it is read, and may be within itself: of that there is only the text.
//! Entry point: [`Value::read_members`]. May use: `base`.

use std::sync::Arc;

use super::{Container, MAX_BYTES, MAX_DEPTH, Member, Node, Value};
use crate::base::memory::{Fault, OutOfMemory};

/// The value of a member, for reading.
#[derive(Debug)]
pub(crate) enum Readable<'a> {
    /// A scalar, or a sealed container.
    Value(&'a Value),
    /// JSON.
    Text(String),
}

/// Most bytes that are sealed: no escape of JSON has more than six, so that all of it as text is within [`MAX_BYTES`].
const MOST_SEALED: usize = MAX_BYTES / 6;

impl Value {
    /// Goes over the members of an object; of anything else there are none. Gives about how many bytes they have as JSON.
    ///
    /// As in [`Value::to_json_text`], a container at level 64, and one within itself, is empty, and too many bytes are an
    /// error.
    pub(crate) fn read_members<'a>(
        &'a mut self,
        see: &mut dyn FnMut(&'a [u8], Readable<'a>),
    ) -> Result<usize, Fault> {
        let shared = self.unshare().map_err(|OutOfMemory| Fault::OutOfMemory)?;
        // What nobody else holds is not within itself.
        let unshared = Node::Object(Container::default());
        let around = shared.as_node().unwrap_or(&unshared);
        // The braces; the first member has no comma before it.
        let mut total = 1_usize;
        for (key, value) in self.own_members() {
            // With quotes, colon and comma.
            total = total.saturating_add(key.len()).saturating_add(4);
            let mut bytes = 0;
            let readable = if value.seal(2, &mut bytes) {
                Readable::Value(value)
            } else {
                let text = value.to_text_within(around, MAX_BYTES.saturating_sub(total))?;
                bytes = text.len();
                Readable::Text(text)
            };
            total = total.saturating_add(bytes);
            if total > MAX_BYTES {
                return Err(Fault::Full);
            }
            see(key, readable);
        }
        Ok(total)
    }

    /// Puts a copy that holds the same in the place of an object that somebody else holds, too; gives that one.
    fn unshare(&mut self) -> Result<Self, OutOfMemory> {
        let is_shared = match self {
            Self::Node(node) => Arc::get_mut(node).is_none(),
            _ => false,
        };
        if !is_shared {
            return Ok(Self::Null);
        }
        let copy = Self::of_members(self.clone().into_members()?);
        Ok(std::mem::replace(self, copy))
    }

    /// The members of an object that nobody else holds.
    fn own_members(&mut self) -> &mut [Member] {
        let Self::Node(node) = self else {
            return &mut [];
        };
        match Arc::get_mut(node) {
            Some(Node::Object(object)) => object.own(),
            _ => &mut [],
        }
    }

    /// Freezes it and all it holds, if nobody else holds a part of it and it is neither too deep nor too large; its bytes
    /// are added to `bytes`. `level` is what it would be as a container.
    fn seal(&mut self, level: usize, bytes: &mut usize) -> bool {
        /// Of a number, a boolean or null, with a comma; more is not needed for an estimate.
        const SCALAR: usize = 8;
        let mut add = |more: usize| *bytes = bytes.saturating_add(more);
        let Self::Node(node) = self else {
            add(SCALAR);
            return true;
        };
        match &**node {
            Node::Text(text) => add(text.bytes().len().saturating_add(3)),
            Node::Int64(_) | Node::Uint64(_) | Node::Double(_) => add(SCALAR),
            Node::List(_) | Node::Object(_) => {
                // Brackets and a comma.
                *bytes = bytes.saturating_add(3);
                let within = level.saturating_add(1);
                let is_sealed = level < MAX_DEPTH
                    && *bytes <= MOST_SEALED
                    && match Arc::get_mut(node) {
                        Some(Node::List(list)) => list.seal(|item| item.seal(within, bytes)),
                        Some(Node::Object(object)) => object.seal(|(key, item)| {
                            *bytes = bytes.saturating_add(key.len()).saturating_add(4);
                            item.seal(within, bytes)
                        }),
                        _ => false,
                    };
                return is_sealed && *bytes <= MOST_SEALED;
            }
        }
        *bytes <= MOST_SEALED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members, each as JSON behind whether it is read in place.
    fn read(value: &mut Value) -> Vec<(String, bool, String)> {
        let mut all = Vec::new();
        let read = value.read_members(&mut |key, readable| {
            let key = String::from_utf8(key.to_vec()).unwrap();
            all.push(match readable {
                Readable::Value(value) => (key, true, value.to_json_text().unwrap()),
                Readable::Text(text) => (key, false, text),
            });
        });
        read.unwrap();
        all
    }

    #[test]
    fn what_nobody_else_holds_is_read_in_place() {
        let mut value = Value::from_json(r#"{"a":[1,{"b":"x"}],"c":{},"d":"y"}"#).unwrap();
        let shared = value.get_key(b"c").unwrap();
        let found = read(&mut value);
        let places: Vec<_> = found.iter().map(|(_, in_place, _)| *in_place).collect();
        assert_eq!(places, [true, false, true]);
        assert!(value.get_key(b"a").unwrap().is_frozen());
        assert!(!shared.is_frozen(), "what another one holds can change");
        drop(shared);
        let holder = value.clone();
        let found: Vec<_> = read(&mut value)
            .into_iter()
            .map(|(_, _, json)| json)
            .collect();
        assert_eq!(found, [r#"[1,{"b":"x"}]"#, "{}", "\"y\""]);
        assert!(!holder.is_frozen() && holder.set_key(b"e", Value::Null).is_ok());
        assert_eq!(read(&mut Value::list()), []);
        assert_eq!(read(&mut Value::Int32(1)), []);
    }

    #[test]
    fn circles_and_depths_end_where_they_do_in_text() {
        let mut value = Value::object();
        let inner = Value::object();
        inner.set_key(b"up", value.clone()).unwrap();
        value.set_key(b"in", inner).unwrap();
        value.set_key(b"me", value.clone()).unwrap();
        let circle = value.clone();
        let found: Vec<_> = read(&mut value)
            .into_iter()
            .map(|(_, _, json)| json)
            .collect();
        assert_eq!(found, [r#"{"up":{}}"#, "{}"]);
        circle.remove_key(b"in").unwrap();
        circle.remove_key(b"me").unwrap();
        for levels in [62, 63, 64, 100] {
            let mut deep = Value::list();
            for _ in 1..levels {
                let outer = Value::list();
                outer.append(deep).unwrap();
                deep = outer;
            }
            let mut value = Value::object();
            value.set_key(b"a", deep).unwrap();
            let text = value.to_json_text().unwrap();
            let (_, in_place, json) = read(&mut value).remove(0);
            assert_eq!(format!("{{\"a\":{json}}}"), text);
            assert_eq!(in_place, levels < 63, "{levels}");
        }
    }

    #[test]
    fn too_many_bytes_are_refused() {
        let long = |bytes| Value::text(&vec![b'x'; bytes]);
        let mut value = Value::object();
        for key in ["a", "b", "c", "d"] {
            value.set_key(key.as_bytes(), long(MAX_BYTES / 4)).unwrap();
        }
        let read = value.read_members(&mut |_, _| {});
        assert_eq!(read, Err(Fault::Full));
        let mut value = Value::object();
        value.set_key(b"a", long(MAX_BYTES / 2)).unwrap();
        assert!(value.read_members(&mut |_, _| {}).is_ok());
    }
}
