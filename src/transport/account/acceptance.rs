//! Acceptance: what is captured is charged to the queue and booked in one step, or refused and booked as lost.
//!
//! Entry point: [`Account::accept`]. What becomes of it afterwards stands in [`super::settlement`].

use super::outcome::Outcome;
use super::pending::Evicted;
use super::{Account, Actor};
use crate::base::callout::Forked;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::transport::queue::Refusal;
use crate::transport::queue::permit::Permit;
use crate::transport::queue::priority::Priority;

impl Account {
    /// Queues an envelope for sending, or books it as lost and says why. A thread of the host waits for room if the host
    /// wants that. One whose permit is refused is queued only to become a copy, and the answer is the refusal.
    pub(crate) fn accept(
        &self,
        mut envelope: Envelope,
        permit: Permit,
        actor: Actor,
    ) -> Result<(), Refusal> {
        let mut outcomes = Vec::new();
        let result = self.queue_or_refuse(&mut envelope, permit, actor, &mut outcomes);
        if !outcomes.is_empty() {
            self.hear_all(actor, outcomes);
        }
        result
    }

    /// A function of its own, so that a capture that loses nothing does not need its room on the stack.
    #[cold]
    #[inline(never)]
    fn hear_all(&self, actor: Actor, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            if self.hear(actor, outcome) == Err(Forked) {
                break;
            }
        }
    }

    /// Everything but telling the host of it.
    fn queue_or_refuse(
        &self,
        envelope: &mut Envelope,
        permit: Permit,
        actor: Actor,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Refusal> {
        if permit == Permit::Refused && !self.consent.keeps_refused() {
            let refusal = Refusal::NoConsent;
            outcomes.push(self.refuse_envelope(envelope, reason_of(refusal)));
            return Err(refusal);
        }
        let priority = Priority::of(envelope.category());
        let mut evicted = Evicted::none(self);
        let Self { queue, ledger, .. } = self;
        let may_wait = actor == Actor::Host;
        let mut result = queue.push(envelope, permit, ledger, may_wait, &mut evicted.victims);
        if let Err(refusal @ (Refusal::Full | Refusal::TooLarge | Refusal::OutOfMemory)) = result {
            // Rather the event alone than nothing.
            if self.refuse_attachments(envelope, reason_of(refusal)) {
                result = queue.push(envelope, permit, ledger, false, &mut evicted.victims);
            }
        }
        outcomes.extend(evicted.book());
        match result {
            Ok(()) => {
                self.wake.new_work(|| queue.is_nearly_full_for(priority));
                if permit == Permit::Refused {
                    result = Err(Refusal::NoConsent);
                }
            }
            Err(refusal) => outcomes.push(self.refuse_envelope(envelope, reason_of(refusal))),
        }
        result
    }

    /// Takes the attachments off an envelope and books them as lost; false if it has none.
    #[cold]
    #[inline(never)]
    fn refuse_attachments(&self, envelope: &mut Envelope, reason: DiscardReason) -> bool {
        let lost = envelope.remove_attachments();
        if !lost.is_empty() {
            self.refuse_part(&lost, reason);
        }
        !lost.is_empty()
    }

    /// Queues an envelope of an earlier run; the worker does that.
    pub(crate) fn take_in(&self, mut envelope: Envelope) -> Result<(), Refusal> {
        let mut evicted = Evicted::none(self);
        let Self { queue, ledger, .. } = self;
        let permit = self.consent.permit();
        queue.push(&mut envelope, permit, ledger, false, &mut evicted.victims)
    }
}

/// What a refused envelope is booked under.
pub(super) fn reason_of(refusal: Refusal) -> DiscardReason {
    match refusal {
        Refusal::Full => DiscardReason::QueueOverflow,
        Refusal::TooLarge => DiscardReason::TooLarge,
        Refusal::Closed => DiscardReason::Shutdown,
        Refusal::NoConsent => DiscardReason::NoConsent,
        Refusal::OutOfMemory => DiscardReason::InternalSdkError,
    }
}
