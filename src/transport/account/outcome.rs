//! Outcomes: what the host is told about each envelope, through the callback it set.

use crate::base::callout::{self, Kind};
use crate::base::debug::named_in_debug;
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

/// Tells `sink`, unless this thread is inside of it already: a callback that logs its losses into a capture that is
/// lost as well would go round for ever. The inner caller knows the outcome from the status of its own call. In a child that
/// the callback forked the books are the parent's: each step that follows asks [`Shared::is_inherited`].
///
/// [`Shared::is_inherited`]: crate::transport::shared::Shared::is_inherited
pub(crate) fn tell(sink: &dyn OutcomeSink, outcome: &Outcome) {
    let _ = callout::call(Kind::Outcome, || sink.outcome(outcome));
}

/// Receives outcomes; called without any lock of ours held, from the capturing thread or the worker.
pub(crate) trait OutcomeSink: Send + Sync {
    /// Takes note of one outcome.
    fn outcome(&self, outcome: &Outcome);
}

named_in_debug!(OutcomeSink);
