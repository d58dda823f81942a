//! The account: what became of each item, exactly, and what the host is told of it.
//!
//! Entry points: [`Account`], [`ledger::Ledger`], [`stats::Stats`], [`outcome`]. May use: the rooms that `transport` may use.

mod acceptance;
mod batches;
pub(crate) mod counts;
pub(super) mod dead_counts;
mod held;
pub(super) mod layout;
pub(crate) mod ledger;
pub(crate) mod outcome;
pub(crate) mod pending;
mod settlement;
pub(crate) mod stats;
pub(super) mod table;

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use crate::base::diagnostics::Diagnostics;
use crate::transport::queue::Queue;
use crate::transport::queue::permit::Consent;
use crate::transport::worker::wake::Wake;
use held::Held;
use ledger::Ledger;
use outcome::{OutcomeSink, Untold};

/// What was accepted and what became of it: the queue, the books, and who hears of them.
///
/// Lock order: `unsettled` before the ledger's gate; all others are taken alone.
#[derive(Debug)]
pub(crate) struct Account {
    /// What waits.
    pub(crate) queue: Queue,
    /// The books.
    pub(crate) ledger: Ledger,
    /// Whether anything may be sent.
    pub(crate) consent: Consent,
    /// Envelopes that were unsent when the worker stopped.
    pub(crate) abandoned: AtomicU64,
    /// What the worker holds.
    unsettled: Mutex<Vec<Held>>,
    /// There is a place on disk for what cannot be sent now.
    has_place: bool,
    /// Hears what became of each envelope.
    sink: Option<Arc<dyn OutcomeSink>>,
    untold: Untold,
    /// Set when the host may free what its callback uses.
    is_muted: AtomicBool,
    diagnostics: Arc<Diagnostics>,
    wake: Arc<Wake>,
}

/// Who makes a change, and so when the host hears of its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A thread of the host, which hears of it at once.
    Host,
    /// The worker, in one of its tasks: the host hears of it after that.
    Worker,
}

/// What an account is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    /// An empty queue.
    pub(crate) queue: Queue,
    /// The books.
    pub(crate) ledger: Ledger,
    /// The user's consent.
    pub(crate) consent: Consent,
    /// There is a place on disk for what cannot be sent now.
    pub(crate) has_place: bool,
    /// Hears what became of each envelope.
    pub(crate) sink: Option<Arc<dyn OutcomeSink>>,
    /// Diagnostics.
    pub(crate) diagnostics: Arc<Diagnostics>,
    /// Wakes the worker.
    pub(crate) wake: Arc<Wake>,
}

impl Account {
    /// Nothing was accepted yet.
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            queue: parts.queue,
            ledger: parts.ledger,
            consent: parts.consent,
            abandoned: AtomicU64::new(0),
            unsettled: Mutex::default(),
            has_place: parts.has_place,
            sink: parts.sink,
            untold: Untold::default(),
            is_muted: AtomicBool::new(false),
            diagnostics: parts.diagnostics,
            wake: parts.wake,
        }
    }

    /// True if there is a place on disk for what cannot be sent now.
    pub(crate) fn has_place(&self) -> bool {
        self.has_place
    }
}
