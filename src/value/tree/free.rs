//! Freeing: a loop that needs neither stack nor memory, whatever the value's depth and width.
//!
//! What is still to be freed is kept in the nodes that are being freed: a container that is entered holds, until it is
//! freed itself, what was left of the one around it.

use std::sync::Arc;

use super::bytes::Bytes;
use super::{Container, Member, Node, Value};

/// What a container held.
enum Items {
    List(Vec<Value>),
    Object(Vec<Member>),
}

impl Items {
    /// Out of a node, which is empty then; none if it held no containers: what it held is freed, which goes no deeper.
    fn take(node: &mut Node) -> Option<Self> {
        let items = match node {
            Node::List(list) => Self::List(list.take()),
            Node::Object(object) => Self::Object(object.take()),
            Node::Int64(_) | Node::Uint64(_) | Node::Double(_) | Node::Text(_) => return None,
        };
        items.has_containers().then_some(items)
    }

    fn has_containers(&self) -> bool {
        match self {
            Self::List(items) => !items.iter().all(Value::is_scalar),
            Self::Object(members) => !members.iter().all(|(_, value)| value.is_scalar()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::List(items) => items.len(),
            Self::Object(members) => members.len(),
        }
    }

    fn pop(&mut self) -> Option<Value> {
        match self {
            Self::List(items) => items.pop(),
            Self::Object(members) => members.pop().map(|(_, value)| value),
        }
    }

    /// Adds a value that [`Items::pop`] comes to last. After a `pop` there is room for it.
    fn add_last(&mut self, value: Value) {
        match self {
            Self::List(items) => {
                items.push(value);
                let end = items.len().saturating_sub(1);
                items.swap(0, end);
            }
            Self::Object(members) => {
                members.push((Bytes::EMPTY, value));
                let end = members.len().saturating_sub(1);
                members.swap(0, end);
            }
        }
    }

    fn into_node(self) -> Node {
        match self {
            Self::List(items) => Node::List(Container::from(items)),
            Self::Object(members) => Node::Object(Container::from(members)),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // What holds only scalars is freed as any vector is.
        let holds_containers = match self {
            Self::List(list) => !list.own().iter().all(Value::is_scalar),
            Self::Object(object) => !object.own().iter().all(|(_, item)| item.is_scalar()),
            Self::Int64(_) | Self::Uint64(_) | Self::Double(_) | Self::Text(_) => false,
        };
        if !holds_containers {
            return;
        }
        let Some(mut rest) = Items::take(self) else {
            return;
        };
        let mut next = rest.pop();
        while let Some(value) = next {
            next = enter(value, &mut rest).or_else(|| rest.pop());
        }
    }
}

/// Frees a value, or enters it: then `rest` is what it holds and, behind that, what was left so far. Gives the first of
/// it.
fn enter(mut value: Value, rest: &mut Items) -> Option<Value> {
    let Value::Node(node) = &mut value else {
        return None;
    };
    if !matches!(**node, Node::List(_) | Node::Object(_)) {
        return None;
    }
    // With another owner it lives on. If that lets go of it this very moment, the last of the two frees it by a call
    // of `drop` within this one.
    let held = Arc::get_mut(node)?;
    let mut items = Items::take(held)?;
    let first = items.pop();
    if rest.len() > 0 {
        *held = std::mem::replace(rest, Items::List(Vec::new())).into_node();
        items.add_last(value);
    }
    *rest = items;
    first
}
