//! Refusals: what a call of the host is told that did not do what it was asked.
//!
//! Entry points: [`Refused`], [`Status`], [`Loss`], and the refusals that several calls share. The texts are for people, and become the
//! last error.

use std::borrow::Cow;

use crate::base::memory::{Fault, OutOfMemory};
use crate::base::uuid::Uuid;
use crate::protocol::discard::DiscardReason;
use crate::protocol::event::{EventError, EventErrorKind};

/// Why a call did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// The queue has no room.
    QueueFull,
    /// There is no client.
    Disabled,
    /// The client has no usable DSN.
    NoDsn,
    /// An argument makes no sense.
    InvalidArgument,
    /// The text is not the JSON that was expected.
    InvalidJson,
    /// Over a size limit.
    TooLarge,
    /// The server asked for a pause.
    RateLimited,
    /// Sampled out.
    SampledOut,
    /// `ignore_errors` matched.
    Ignored,
    /// The client is closing.
    ShuttingDown,
    /// Called on the library's own thread, or by the logger of its diagnostics.
    WorkerThread,
    /// A hook of the host dropped it.
    DroppedByHook,
    /// The user has not consented.
    NoConsent,
    /// There is no memory.
    OutOfMemory,
}

/// A status and, for people, the detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// What happened.
    pub(crate) status: Status,
    /// Why, and what to do.
    pub(crate) detail: Cow<'static, str>,
    /// The id of an event that is complete, and not sent for want of consent: to hosts of the compatible interface that is
    /// no failure.
    pub(crate) unsent_id: Option<Uuid>,
}

impl Refused {
    /// A refusal with a fixed text.
    pub(crate) const fn because(status: Status, detail: &'static str) -> Self {
        Self {
            status,
            detail: Cow::Borrowed(detail),
            unsent_id: None,
        }
    }

    /// By a hook, which has that name.
    pub(super) fn dropped_by(hook: &str) -> Self {
        Self {
            status: Status::DroppedByHook,
            detail: Cow::Owned(format!("{hook} returned null")),
            unsent_id: None,
        }
    }

    /// Of text that is no event, or that there is no memory for.
    pub(in crate::client) fn malformed(error: &EventError) -> Self {
        let status = match error.kind {
            EventErrorKind::TooLarge => Status::TooLarge,
            EventErrorKind::OutOfMemory => Status::OutOfMemory,
            _ => Status::InvalidJson,
        };
        Self {
            status,
            detail: Cow::Owned(error.to_string()),
            unsent_id: None,
        }
    }
}

/// Why something is not accepted: what it is booked under, and what the host is told.
#[derive(Debug)]
pub(in crate::client) struct Loss {
    /// What it is booked under.
    pub(super) reason: DiscardReason,
    /// What the host is told.
    pub(super) refused: Refused,
}

impl Loss {
    /// One with a fixed text.
    pub(super) const fn new(reason: DiscardReason, status: Status, detail: &'static str) -> Self {
        Self {
            reason,
            refused: Refused::because(status, detail),
        }
    }

    /// Of something that makes no sense.
    pub(super) const fn invalid(detail: &'static str) -> Self {
        Self::new(DiscardReason::Invalid, Status::InvalidArgument, detail)
    }
}

impl From<EventError> for Loss {
    fn from(error: EventError) -> Self {
        let reason = match error.kind {
            EventErrorKind::TooLarge => DiscardReason::TooLarge,
            EventErrorKind::OutOfMemory => DiscardReason::InternalSdkError,
            _ => DiscardReason::Invalid,
        };
        Self {
            reason,
            refused: error.into(),
        }
    }
}

impl From<OutOfMemory> for Loss {
    fn from(error: OutOfMemory) -> Self {
        EventError::from(error).into()
    }
}

impl From<Fault> for Loss {
    fn from(fault: Fault) -> Self {
        EventError::from(fault).into()
    }
}

/// The answer without a client.
pub(crate) const NOT_INITIALISED: Refused = Refused::because(
    Status::Disabled,
    "the library is not initialised; call sentry_init() first",
);

/// The answer without a usable DSN.
pub(in crate::client) const DISABLED: Refused = Refused::because(
    Status::NoDsn,
    "no usable DSN; set one with sentry_options_set_dsn() or SENTRY_DSN",
);

/// The answer to what would feed back on itself.
pub(in crate::client) const WORKER_THREAD: Refused = Refused::because(
    Status::WorkerThread,
    "captured on the library's own worker thread or by the logger of its diagnostics; that would feed back on itself",
);

/// The answer in a child that a hook forked.
pub(in crate::client) const FORKED: Refused = Refused::because(
    Status::DroppedByHook,
    "the hook forked: what was captured is the parent's, which goes on with it",
);

/// What to do about a queue without room.
pub(in crate::client) const QUEUE_FULL: &str =
    "the queue is full; see queue_max_items, queue_max_bytes and sentry_get_stats()";

impl From<EventError> for Refused {
    fn from(error: EventError) -> Self {
        Self::malformed(&error)
    }
}
