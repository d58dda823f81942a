//! Event errors: why an event or breadcrumb was refused, with the place and what to do.

use std::borrow::Cow;
use std::fmt;

use crate::base::memory::{Fault, OutOfMemory};
use crate::value::json::object::{JsonError, JsonErrorReason};

/// Why JSON text is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventError {
    /// What kind of defect.
    pub(crate) kind: EventErrorKind,
    /// Where, in bytes from the start of the text, if there is such a place.
    pub(crate) offset: Option<usize>,
    detail: Cow<'static, str>,
}

/// Kinds of [`EventError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventErrorKind {
    /// Not JSON.
    Syntax,
    /// JSON, but no object.
    NotAnObject,
    /// It is something else than an event.
    OtherKind,
    /// Over a size limit, even after trimming.
    TooLarge,
    /// There is no memory for the event that would be sent.
    OutOfMemory,
}

impl EventError {
    /// Something else than an event.
    pub(super) fn other_kind(offset: Option<usize>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: EventErrorKind::OtherKind,
            offset,
            detail: detail.into(),
        }
    }

    /// A value that is no object.
    pub(super) fn not_an_object() -> Self {
        JsonError {
            offset: 0,
            reason: JsonErrorReason::NotAnObject,
        }
        .into()
    }

    /// No memory.
    pub(super) fn out_of_memory() -> Self {
        Self {
            kind: EventErrorKind::OutOfMemory,
            offset: None,
            detail: Cow::Borrowed("no memory for the event"),
        }
    }

    /// Over a size limit.
    pub(super) fn too_large(detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: EventErrorKind::TooLarge,
            offset: None,
            detail: detail.into(),
        }
    }
}

impl From<Fault> for EventError {
    /// A value that cannot be written as the text of an event.
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => Self::too_large(
                "the value is larger than 8 MiB when written as JSON; send large data as an attachment",
            ),
            Fault::OutOfMemory => Self::out_of_memory(),
        }
    }
}

impl From<OutOfMemory> for EventError {
    fn from(_: OutOfMemory) -> Self {
        Self::out_of_memory()
    }
}

impl From<JsonError> for EventError {
    fn from(error: JsonError) -> Self {
        let kind = match &error.reason {
            JsonErrorReason::NotAnObject => EventErrorKind::NotAnObject,
            // The last two are left out, not refused.
            JsonErrorReason::Syntax(_)
            | JsonErrorReason::TooDeep
            | JsonErrorReason::DuplicateKey(_) => EventErrorKind::Syntax,
            JsonErrorReason::OutOfMemory => return Self::out_of_memory(),
        };
        Self {
            kind,
            offset: Some(error.offset),
            detail: Cow::Owned(error.reason.to_string()),
        }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(offset) = self.offset {
            write!(f, "at byte {offset}: ")?;
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for EventError {}
