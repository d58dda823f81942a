//! Batched: entries that wait in a batch of the client until they become an envelope.
//!
//! Each is charged to the budget and booked as pending from its first moment, so that bounds and books hold for what is no
//! envelope yet. An open batch takes up the place of one envelope, which is therefore never refused for lack of room.
//! Entry points: [`Queue::hold_entry`], [`Queue::push_held`], on a [`Batched`].

use std::sync::atomic::Ordering;

use super::budget::Limits;
use super::durable::Charge;
use super::permit::Permit;
use super::priority::Priority;
use super::{Queue, Queued, Refusal};
use crate::protocol::category::Category;
use crate::protocol::envelope::Envelope;
use crate::transport::account::ledger::{Ledger, Tally};

/// What an envelope of one item takes beyond its payload.
const OVERHEAD: u64 = size_of::<Envelope>() as u64;

/// The room of a batch, and what it may do. Empty at first, and again when the batch has been handed over.
#[derive(Debug, Default)]
#[must_use = "what is held in it is charged and booked"]
pub(crate) struct Batched {
    bytes: u64,
    permit: Option<Permit>,
}

impl Batched {
    /// True if entries with this permit may join those that are in it.
    pub(crate) fn takes(&self, permit: Permit) -> bool {
        self.permit.is_none_or(|its| its == permit)
    }
}

impl Queue {
    /// Charges and books one more entry of a batch, with which its payload grows by `growth` bytes of memory. Envelopes that
    /// had to make room are added to `evicted`. Never waits.
    pub(crate) fn hold_entry(
        &self,
        held: &mut Batched,
        (tallies, growth): (&[Tally], u64),
        permit: Permit,
        ledger: &Ledger,
        evicted: &mut Vec<Queued>,
    ) -> Result<(), Refusal> {
        let category = tallies.first().map_or(Category::Default, |tally| tally.0);
        let priority = Priority::of(category);
        let limits = self.limits.share(priority.share());
        let cost = match held.permit {
            Some(_) => growth,
            None => growth.saturating_add(OVERHEAD),
        };
        if held.bytes.saturating_add(cost) > limits.bytes {
            // Whatever else went would not help.
            return Err(match held.permit {
                Some(_) => Refusal::Full,
                None => Refusal::TooLarge,
            });
        }
        loop {
            match self.try_hold(held, (tallies, cost), permit, limits, ledger) {
                Err(Refusal::Full) => {}
                done => return done,
            }
            let victim = self.take_victim(priority, cost, limits);
            let victim = victim.ok_or(Refusal::Full)?;
            self.release(victim.charge);
            evicted.push(victim);
        }
    }

    fn try_hold(
        &self,
        held: &mut Batched,
        (tallies, cost): (&[Tally], u64),
        permit: Permit,
        limits: Limits,
        ledger: &Ledger,
    ) -> Result<(), Refusal> {
        // Inside the gate, as for an envelope.
        let entry = ledger.enter();
        if self.is_closed() {
            return Err(Refusal::Closed);
        }
        let has_room = match held.permit {
            Some(_) => self.budget.try_grow(cost, limits),
            None => self.budget.try_charge(cost, limits),
        };
        if !has_room {
            return Err(Refusal::Full);
        }
        held.bytes = held.bytes.saturating_add(cost);
        held.permit = Some(permit);
        entry.accept(tallies.iter().copied());
        Ok(())
    }

    /// Takes the envelope that became of a batch, or says why not and gives it back with its room.
    pub(crate) fn push_held(
        &self,
        envelope: Envelope,
        held: &mut Batched,
        ledger: &Ledger,
    ) -> Result<(), Box<(Queued, Refusal)>> {
        let Batched { bytes, permit } = std::mem::take(held);
        let priority = Priority::of(envelope.category());
        let mut queued = Queued {
            permit: permit.unwrap_or(Permit::Refused),
            priority,
            sequence: 0,
            charge: Charge {
                bytes,
                record: None,
            },
            envelope,
        };
        let is_copied = queued.permit != Permit::Refused;
        let copy = is_copied.then(|| self.copies.bytes_of(&queued.envelope));
        let Ok(copy) = copy.flatten().transpose() else {
            return Err(Box::new((queued, Refusal::OutOfMemory)));
        };
        let cost = u64::try_from(queued.envelope.byte_cost()).unwrap_or(u64::MAX);
        let _entry = ledger.enter();
        if self.is_closed() {
            return Err(Box::new((queued, Refusal::Closed)));
        }
        let Some(lane) = self
            .lanes
            .get(priority.index())
            .filter(|it| it.has_memory())
        else {
            return Err(Box::new((queued, Refusal::OutOfMemory)));
        };
        let Ok(record) = self.copies.make(copy.as_deref()) else {
            return Err(Box::new((queued, Refusal::Full)));
        };
        // Room that the payload was given to grow and does not need.
        let spare = bytes.saturating_sub(cost);
        self.budget.shrink(spare);
        queued.charge = Charge {
            bytes: bytes.saturating_sub(spare),
            record,
        };
        queued.sequence = lane.pushed.fetch_add(1, Ordering::SeqCst);
        let waiting = queued.charge.bytes;
        lane.bytes.fetch_add(waiting, Ordering::Relaxed);
        // Cannot fail: the receiver lives as long as the lane.
        let _ = lane.sender.send(queued);
        Ok(())
    }
}
