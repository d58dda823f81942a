//! Acceptance: what is captured is charged to the queue and booked in one step, or refused and booked as lost.
//!
//! Entry point: [`Account::accept`]. What becomes of it afterwards stands in [`super::settlement`].

use super::Account;
use super::pending::Evicted;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::transport::queue::Refusal;
use crate::transport::queue::permit::Permit;
use crate::transport::queue::priority::Priority;

impl Account {
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
        let mut evicted = Evicted::none(self);
        let Self { queue, ledger, .. } = self;
        let mut result = queue.push(
            &mut envelope,
            permit,
            ledger,
            may_wait,
            &mut evicted.victims,
        );
        if let Err(refusal @ (Refusal::Full | Refusal::TooLarge | Refusal::OutOfMemory)) = result {
            // Rather the event alone than nothing.
            let lost = envelope.remove_attachments();
            if !lost.is_empty() {
                self.refuse_part(&lost, reason_of(refusal));
                result = queue.push(&mut envelope, permit, ledger, false, &mut evicted.victims);
            }
        }
        drop(evicted);
        if self.is_inherited() {
            // The callback that heard of it forked: what follows is the parent's to do.
            return result;
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
        let mut evicted = Evicted::none(self);
        let Self { queue, ledger, .. } = self;
        let permit = self.consent.permit();
        queue.push(&mut envelope, permit, ledger, false, &mut evicted.victims)
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
