//! Walks: values that stand one behind the other, each of which is taken once.
//!
//! A walk into a container goes on behind it in the walk around it, so that of JSON text each byte is looked at once,
//! however deep the containers are. Entry point: [`Walk`]. May use: [`crate::value::json`].

use super::{Elements, Input};
use crate::value::json::scan::{Cursor, Kind};

/// A place before the next value of an array, or before the next key of an object.
#[derive(Debug)]
pub(crate) enum Walk<'w, 'a> {
    /// In JSON text; the walk around it goes on from where this one ends.
    Json(&'w mut Cursor<'a>),
}

impl<'a> Walk<'_, 'a> {
    /// The kind of the next value.
    pub(crate) fn kind(&mut self) -> Kind {
        match self {
            Self::Json(cursor) => cursor.kind(),
        }
    }

    /// In an object: the next key. At the end of the object, `None`.
    pub(crate) fn next_key(&mut self) -> Option<Input<'a>> {
        match self {
            Self::Json(cursor) => cursor.next_key().map(Input::Json),
        }
    }

    /// In an array: true if a value is next. At the end of the array, false.
    pub(crate) fn has_element(&mut self) -> bool {
        match self {
            Self::Json(cursor) => cursor.has_element(),
        }
    }

    /// Takes the next value.
    pub(crate) fn value(&mut self) -> Input<'a> {
        match self {
            Self::Json(cursor) => Input::Json(cursor.value().unwrap_or_default()),
        }
    }

    /// Takes the next value, a container, by walking into it: up to its end, or what is left is taken for the next value.
    pub(crate) fn enter(&mut self) -> Walk<'_, 'a> {
        match self {
            Self::Json(cursor) => {
                cursor.enter();
                Walk::Json(cursor)
            }
        }
    }
}

impl<'a> Elements<'a> {
    /// A walk over them.
    pub(crate) fn walk(&mut self) -> Walk<'_, 'a> {
        match self {
            Self::Json(elements) => Walk::Json(elements.cursor()),
        }
    }
}
