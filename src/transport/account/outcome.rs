//! Outcomes: what the host is told about each envelope, through the callback it set.
//!
//! A thread of the host that captures hears at once what became of that. What the worker books is noted as [`Untold`] and
//! told between its tasks, so that no callback runs in the middle of one.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::callout::{self, Forked, Kind};
use crate::base::debug::named_in_debug;
use crate::base::lock::lock;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;

/// What became of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The server answered 2xx.
    Delivered,
    /// Lost, and why.
    Discarded(DiscardReason),
    /// On disk; more is heard of it when that ends.
    Spooled,
}

/// One envelope and its fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The event id; nil for envelopes without one.
    pub(crate) event_id: Uuid,
    /// Category of the first item.
    pub(crate) category: Category,
    /// What became of it.
    pub(crate) fate: Fate,
    /// Last HTTP status; 0 if there was no answer.
    pub(crate) http_status: u16,
    /// Requests made for it.
    pub(crate) attempts: u32,
}

/// True inside of the callback. What is captured there and lost is not told: a callback that captures its losses would go
/// round for ever. It knows the outcome from the status of its own call.
pub(super) fn is_telling() -> bool {
    callout::is_inside(Kind::Outcome)
}

/// Tells `sink`, unless this thread is inside of it already, see [`is_telling`].
pub(super) fn tell(sink: &dyn OutcomeSink, outcome: &Outcome) -> Result<(), Forked> {
    callout::answer(Kind::Outcome, || sink.outcome(outcome)).map(drop)
}

/// Outcomes that are booked, and of which the host has not heard yet.
#[derive(Debug, Default)]
pub(super) struct Untold {
    outcomes: Mutex<VecDeque<Outcome>>,
    /// Set with them, and looked at without the lock.
    has_some: AtomicBool,
}

impl Untold {
    pub(super) fn has_some(&self) -> bool {
        self.has_some.load(Ordering::Acquire)
    }

    pub(super) fn push(&self, outcome: Outcome) {
        let mut outcomes = lock(&self.outcomes);
        self.has_some.store(true, Ordering::Release);
        outcomes.push_back(outcome);
    }

    /// The oldest.
    pub(super) fn pop(&self) -> Option<Outcome> {
        let mut outcomes = lock(&self.outcomes);
        let oldest = outcomes.pop_front();
        self.has_some.store(!outcomes.is_empty(), Ordering::Release);
        oldest
    }
}

/// Receives outcomes; called without any lock of ours held, from the capturing thread or the worker.
pub(crate) trait OutcomeSink: Send + Sync {
    /// Takes note of one outcome.
    fn outcome(&self, outcome: &Outcome);
}

named_in_debug!(OutcomeSink);
