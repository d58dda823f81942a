//! Acceptance: what is captured is charged to the queue and booked in one step, or refused and booked as lost.
//!
//! Entry points: [`Account`], [`Account::accept`]. What becomes of it afterwards stands in [`super::settlement`].

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use super::held::Held;
use super::ledger::Ledger;
use super::outcome::{Fate, OutcomeSink};
use crate::base::diagnostics::Diagnostics;
use crate::base::process;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::transport::queue::permit::{Consent, Permit};
use crate::transport::queue::priority::Priority;
use crate::transport::queue::{Queue, Refusal};
use crate::transport::worker::wake::Wake;

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
    pub(super) unsettled: Mutex<Vec<Held>>,
    /// There is a place on disk for what cannot be sent now.
    pub(super) has_place: bool,
    /// Hears what became of each envelope.
    pub(super) sink: Option<Arc<dyn OutcomeSink>>,
    /// Set when the host may free what its callback uses.
    pub(super) is_muted: AtomicBool,
    pub(super) diagnostics: Arc<Diagnostics>,
    wake: Arc<Wake>,
    /// The fork generation it was made in.
    generation: u32,
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
            is_muted: AtomicBool::new(false),
            diagnostics: parts.diagnostics,
            wake: parts.wake,
            generation: process::fork_generation(),
        }
    }

    /// True in a forked child, which a callback may have made: then all of this is the parent's, to be left alone.
    pub(crate) fn is_inherited(&self) -> bool {
        self.generation != process::fork_generation()
    }

    /// True if there is a place on disk for what cannot be sent now.
    pub(crate) fn has_place(&self) -> bool {
        self.has_place
    }

    /// Queues an envelope for sending, or books it as lost and says why. It waits for room only if it `may_wait` and the
    /// host wants that. One whose permit is refused is queued only to become a copy, and the answer is the refusal.
    pub(crate) fn accept(
        &self,
        mut envelope: Envelope,
        permit: Permit,
        may_wait: bool,
    ) -> Result<(), Refusal> {
        if self.is_inherited() {
            return Err(Refusal::Closed);
        }
        if permit == Permit::Refused && !self.consent.keeps_refused() {
            self.refuse_envelope(&envelope, reason_of(Refusal::NoConsent));
            return Err(Refusal::NoConsent);
        }
        let priority = Priority::of(envelope.category());
        let mut evicted = Vec::new();
        let Self { queue, ledger, .. } = self;
        let mut result = queue.push(&mut envelope, permit, ledger, may_wait, &mut evicted);
        if let Err(refusal @ (Refusal::Full | Refusal::TooLarge | Refusal::OutOfMemory)) = result {
            // Rather the event alone than nothing.
            let lost = envelope.remove_attachments();
            if !lost.is_empty() {
                self.refuse_part(&lost, reason_of(refusal));
                result = queue.push(&mut envelope, permit, ledger, false, &mut evicted);
            }
        }
        for victim in &evicted {
            self.settle_queued(victim, Fate::Discarded(DiscardReason::QueueOverflow));
            if self.is_inherited() {
                // The callback forked: what follows is the parent's to do.
                return result;
            }
        }
        match result {
            Ok(()) => {
                self.wake.new_work(|| queue.is_nearly_full_for(priority));
                match permit {
                    Permit::Granted(_) | Permit::Waiting => Ok(()),
                    Permit::Refused => Err(Refusal::NoConsent),
                }
            }
            Err(refusal) => {
                self.refuse_envelope(&envelope, reason_of(refusal));
                Err(refusal)
            }
        }
    }

    /// Queues an envelope of an earlier run.
    pub(crate) fn take_in(&self, mut envelope: Envelope) -> Result<(), Refusal> {
        let mut evicted = Vec::new();
        let Self { queue, ledger, .. } = self;
        let permit = self.consent.permit();
        let result = queue.push(&mut envelope, permit, ledger, false, &mut evicted);
        for victim in &evicted {
            self.settle_queued(victim, Fate::Discarded(DiscardReason::QueueOverflow));
        }
        result
    }
}

/// What a refused envelope is booked under.
fn reason_of(refusal: Refusal) -> DiscardReason {
    match refusal {
        Refusal::Full => DiscardReason::QueueOverflow,
        Refusal::TooLarge => DiscardReason::TooLarge,
        Refusal::Closed => DiscardReason::Shutdown,
        Refusal::NoConsent => DiscardReason::NoConsent,
        Refusal::OutOfMemory => DiscardReason::InternalSdkError,
    }
}
