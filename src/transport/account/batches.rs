//! Batches: what the client collects before it is an envelope, in the books from the first entry on.
//!
//! Nothing here tells the host anything at once: the client may hold a lock of a batch. Entry points: [`Account::hold_entry`],
//! [`Account::submit_batch`].

use super::Account;
use super::acceptance::reason_of;
use super::ledger::Tally;
use super::outcome::Fate;
use super::pending::Evicted;
use crate::protocol::envelope::Envelope;
use crate::transport::queue::Refusal;
use crate::transport::queue::batched::Batched;
use crate::transport::queue::permit::Permit;

impl Account {
    /// Charges and books one more entry of a batch, or says why not; a refused one is the caller's to book. `growth` is what
    /// it takes in memory.
    pub(crate) fn hold_entry(
        &self,
        held: &mut Batched,
        entry: (&[Tally], u64),
        permit: Permit,
        evicted: &mut Evicted<'_>,
    ) -> Result<(), Refusal> {
        if permit == Permit::Refused {
            return Err(Refusal::NoConsent);
        }
        let Self { queue, ledger, .. } = self;
        queue.hold_entry(held, entry, permit, ledger, &mut evicted.victims)
    }

    /// Queues the envelope that became of a batch. What cannot be queued is lost.
    pub(crate) fn submit_batch(&self, envelope: Envelope, held: &mut Batched) {
        let Self { queue, ledger, .. } = self;
        match queue.push_held(envelope, held, ledger) {
            Ok(()) => self.wake.new_work(|| true),
            Err(returned) => {
                let (queued, refusal) = *returned;
                queue.release(queued.charge);
                let lost = Fate::Discarded(reason_of(refusal));
                let outcome = self.settle_queued(&queued, lost);
                self.note(outcome);
            }
        }
    }
}
