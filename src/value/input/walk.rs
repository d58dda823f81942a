//! Walks: values that stand one behind the other, each of which is taken once.
//!
//! A walk into a container goes on behind it in the walk around it, so that of JSON text each byte is looked at once,
//! however deep the containers are. Entry point: [`Walk`]. May use: [`crate::value::json`].

use std::slice::Iter;

use super::{Elements, Input};
use crate::value::json::scan::{Cursor, Kind};
use crate::value::tree::{Member, Value};

/// A place before the next value of an array, or before the next key of an object.
#[derive(Debug)]
pub(crate) enum Walk<'w, 'a> {
    /// In JSON text; the walk around it goes on from where this one ends.
    Json(&'w mut Cursor<'a>),
    /// In a value.
    Value {
        /// What is left of an object.
        members: Iter<'a, Member>,
        /// What is left of a list.
        items: Iter<'a, Value>,
        /// What is next; its key was taken, if it has one.
        next: Option<&'a Value>,
    },
}

impl<'a> Walk<'_, 'a> {
    /// The kind of the next value.
    pub(crate) fn kind(&mut self) -> Kind {
        match self {
            Self::Json(cursor) => cursor.kind(),
            Self::Value { next, .. } => next.map_or(Kind::Null, |it| Input::Value(it).kind()),
        }
    }

    /// In an object: the next key. At the end of the object, `None`.
    pub(crate) fn next_key(&mut self) -> Option<Input<'a>> {
        match self {
            Self::Json(cursor) => cursor.next_key().map(Input::Json),
            Self::Value { members, next, .. } => {
                let (key, value) = members.next()?;
                *next = Some(value);
                Some(Input::Text(key))
            }
        }
    }

    /// In an array: true if a value is next. At the end of the array, false.
    pub(crate) fn has_element(&mut self) -> bool {
        match self {
            Self::Json(cursor) => cursor.has_element(),
            Self::Value { items, next, .. } => {
                *next = next.or_else(|| items.next());
                next.is_some()
            }
        }
    }

    /// Takes the next value.
    pub(crate) fn value(&mut self) -> Input<'a> {
        match self {
            Self::Json(cursor) => Input::Json(cursor.value().unwrap_or_default()),
            Self::Value { next, .. } => next.take().map_or(Input::Json(""), Input::Value),
        }
    }

    /// Takes the next value, a container, by walking into it: up to its end, or what is left is taken for the next value.
    pub(crate) fn enter(&mut self) -> Walk<'_, 'a> {
        match self {
            Self::Json(cursor) => {
                cursor.enter();
                Walk::Json(cursor)
            }
            Self::Value { next, .. } => {
                let entered = next.take().unwrap_or(&Value::Null);
                Walk::Value {
                    members: entered.frozen_members().iter(),
                    items: entered.frozen_items().iter(),
                    next: None,
                }
            }
        }
    }
}

impl<'a> Elements<'a> {
    /// A walk over them.
    pub(crate) fn walk(&mut self) -> Walk<'_, 'a> {
        match self {
            Self::Json(elements) => Walk::Json(elements.cursor()),
            Self::Value(items) => {
                let mut items = items.clone();
                let next = items.next();
                Walk::Value {
                    members: [].iter(),
                    items,
                    next,
                }
            }
        }
    }
}
