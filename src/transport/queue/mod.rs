//! The queue: envelopes between the capturing threads and the worker, bounded in number and in bytes.
//!
//! Four lanes by priority share one [`Budget`]. What is bulky may use only a share of it, so that logs and metrics can
//! never push errors out. What the worker has taken stays charged until it is settled: the bounds cover
//! everything that was accepted and is still owned by the library.
//!
//! The lanes are unbounded channels: the budget is the bound. A bounded channel would allocate its slots for the
//! largest case at init, and could not be bounded in bytes at all.

pub(crate) mod batched;
pub(super) mod budget;
mod charged;
pub(super) mod durable;
pub(crate) mod permit;
pub(super) mod priority;
pub(crate) mod settings;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::account::ledger::Ledger;
use crate::base::lock::lock;
use crate::base::memory;
use crate::protocol::category::Category;
use crate::protocol::envelope::Envelope;
use budget::{Budget, Limits, MAX_ITEMS, Usage};
use charged::Charged;
use durable::{Charge, Copies};
use permit::Permit;
use priority::Priority;
use settings::{Overflow, QueueSettings};

/// An accepted envelope.
#[derive(Debug)]
pub(crate) struct Queued {
    /// What is to be sent.
    pub(crate) envelope: Envelope,
    /// What it may do.
    pub(crate) permit: Permit,
    /// Its lane.
    pub(crate) priority: Priority,
    /// Its place in the lane, counted from the start; a flush waits for all below its own.
    pub(crate) sequence: u64,
    /// What it holds, to be given back when it is settled.
    pub(crate) charge: Charge,
}

/// Why an envelope was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No room.
    Full,
    /// It would not fit into the empty queue.
    TooLarge,
    /// The transport is shutting down.
    Closed,
    /// The user has not consented.
    NoConsent,
    /// There is no memory for its place.
    OutOfMemory,
}

/// Envelopes for which a lane allocates at a time, and bytes for them: the channel cannot answer that there is no memory.
const BLOCK: (u64, usize) = (31, 31 * size_of::<Queued>() + 512);

#[derive(Debug)]
struct Lane {
    sender: Sender<Queued>,
    receiver: Receiver<Queued>,
    pushed: AtomicU64,
    taken: AtomicU64,
    /// Bytes charged for what waits in it.
    bytes: AtomicU64,
}

/// The lanes, and the budget that they share.
#[derive(Debug)]
pub(crate) struct Queue {
    lanes: [Lane; Priority::COUNT],
    budget: Budget,
    copies: Copies,
    limits: Limits,
    overflow: Overflow,
    block_timeout: Duration,
    is_closing: AtomicBool,
    is_closed: AtomicBool,
    waiting: AtomicUsize,
    room: Mutex<()>,
    room_made: Condvar,
}

impl Queue {
    /// An empty queue.
    pub(crate) fn new(settings: QueueSettings, copies: Copies) -> Self {
        let lane = || {
            let (sender, receiver) = crossbeam_channel::unbounded();
            Lane {
                sender,
                receiver,
                pushed: AtomicU64::new(0),
                taken: AtomicU64::new(0),
                bytes: AtomicU64::new(0),
            }
        };
        Self {
            lanes: [lane(), lane(), lane(), lane()],
            budget: Budget::default(),
            copies,
            limits: Limits {
                items: settings.max_items.unwrap_or(MAX_ITEMS).max(1),
                bytes: settings.max_bytes,
            },
            overflow: settings.overflow,
            block_timeout: settings.block_timeout,
            is_closing: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            room: Mutex::new(()),
            room_made: Condvar::new(),
        }
    }

    /// Takes `envelope` and books it in `ledger`, or says why not and leaves it where it is. Envelopes that had to make room are added to
    /// `evicted`; the caller settles them. Waits only if a block time-out was set and `may_wait`, and not after
    /// [`Queue::wait_no_more`].
    pub(crate) fn push(
        &self,
        envelope: &mut Envelope,
        permit: Permit,
        ledger: &Ledger,
        may_wait: bool,
        evicted: &mut Vec<Queued>,
    ) -> Result<(), Refusal> {
        let priority = Priority::of(envelope.category());
        let limits = self.limits.share(priority.share());
        let cost = u64::try_from(envelope.byte_cost()).unwrap_or(u64::MAX);
        if cost > limits.bytes {
            return Err(Refusal::TooLarge);
        }
        // A later start would send what lies in the log.
        let is_copied = permit != Permit::Refused;
        let copy = is_copied.then(|| self.copies.bytes_of(envelope)).flatten();
        let Ok(copy) = copy.transpose() else {
            return Err(Refusal::OutOfMemory);
        };
        let mut deadline = None;
        loop {
            let place = (priority, cost, limits);
            match self.try_push(envelope, permit, copy.as_deref(), place, ledger) {
                Ok(()) => return Ok(()),
                Err(Refusal::Full) => {}
                Err(refusal) => return Err(refusal),
            }
            if let Some(victim) = self.take_victim(priority, cost, limits) {
                self.release(victim.charge);
                evicted.push(victim);
                continue;
            }
            let is_patient = may_wait && !self.is_closing.load(Ordering::SeqCst);
            if !is_patient || self.block_timeout.is_zero() {
                return Err(Refusal::Full);
            }
            let now = Instant::now();
            let until =
                *deadline.get_or_insert_with(|| now.checked_add(self.block_timeout).unwrap_or(now));
            if now >= until {
                return Err(Refusal::Full);
            }
            self.wait_for_room(cost, copy.as_deref(), limits, until);
        }
    }

    /// True if an envelope of this category has no chance now; saves the work of making one. Never true when the
    /// policy could make room or the host wants to wait.
    pub(crate) fn is_surely_full(&self, category: Category) -> bool {
        let limits = self.limits.share(Priority::of(category).share());
        let usage = self.budget.usage();
        self.overflow == Overflow::DropNewest
            && self.block_timeout.is_zero()
            && (usage.items >= limits.items || usage.bytes >= limits.bytes)
    }

    /// True while what is captured now would have room beside more of what is older.
    pub(crate) fn is_at_most_half_full(&self) -> bool {
        let usage = self.budget.usage();
        usage.items.saturating_mul(2) < self.limits.items
            && usage.bytes.saturating_mul(2) < self.limits.bytes
    }

    /// True from three quarters of what it may hold on.
    pub(crate) fn is_nearly_full(&self) -> bool {
        self.is_nearly_at(self.limits)
    }

    /// True from three quarters of what it may hold of this priority on.
    pub(crate) fn is_nearly_full_for(&self, priority: Priority) -> bool {
        self.is_nearly_at(self.limits.share(priority.share()))
    }

    fn is_nearly_at(&self, limits: Limits) -> bool {
        let usage = self.budget.usage();
        let is_over = |held: u64, limit: u64| held.saturating_mul(4) > limit.saturating_mul(3);
        is_over(usage.items, limits.items) || is_over(usage.bytes, limits.bytes)
    }

    /// What can be spared first: the oldest of the lowest priority.
    pub(crate) fn take_least(&self) -> Option<Queued> {
        self.lanes.iter().rev().find_map(Lane::take)
    }

    /// The next envelope to send: the oldest of the highest priority.
    pub(crate) fn take(&self) -> Option<Queued> {
        self.lanes.iter().find_map(Lane::take)
    }

    /// True if nothing waits. (What the worker has taken does not wait.)
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.receiver.is_empty())
    }

    /// The copies of what it holds, in a durable queue.
    pub(crate) fn copies(&self) -> &Copies {
        &self.copies
    }

    /// Room for an envelope that comes from disk and not through here; none if it would be too much.
    pub(crate) fn reserve(&self, bytes: u64) -> Option<Charge> {
        // One that is larger than the queue needs all of it.
        let bytes = bytes.min(self.limits.bytes);
        let charged = Charged::new(&self.budget, bytes, self.limits)?;
        Some(charged.with_copy(None))
    }

    /// Gives the room of a settled envelope back.
    pub(crate) fn release(&self, charge: Charge) {
        self.copies.end(charge.record);
        self.budget.release(charge.bytes);
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            // A waiter holds this lock from its last look at the budget until it sleeps, so none is missed.
            drop(lock(&self.room));
            self.room_made.notify_all();
        }
    }

    /// From now on no push begins to wait: who closes has a deadline, and may have something to push before.
    pub(crate) fn wait_no_more(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
    }

    /// Accepts nothing more; when this returns no push is under way.
    pub(crate) fn close(&self, ledger: &Ledger) {
        ledger.exclusively(|| self.is_closed.store(true, Ordering::SeqCst));
        drop(lock(&self.room));
        self.room_made.notify_all();
    }

    /// True after [`Queue::close`].
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Per lane, the sequence number that the next envelope will get.
    pub(crate) fn marks(&self) -> [u64; Priority::COUNT] {
        self.lanes
            .each_ref()
            .map(|lane| lane.pushed.load(Ordering::SeqCst))
    }

    /// True if everything below `marks` has left the queue.
    pub(crate) fn has_passed(&self, marks: &[u64; Priority::COUNT]) -> bool {
        self.lanes
            .iter()
            .zip(marks)
            .all(|(lane, mark)| lane.taken.load(Ordering::SeqCst) >= *mark)
    }

    /// What is held now, in the queue and by the worker.
    pub(crate) fn usage(&self) -> Usage {
        self.budget.usage()
    }

    /// The most that was ever held.
    pub(crate) fn peak(&self) -> Usage {
        self.budget.peak()
    }

    fn try_push(
        &self,
        envelope: &mut Envelope,
        permit: Permit,
        copy: Option<&[u8]>,
        (priority, cost, limits): (Priority, u64, Limits),
        ledger: &Ledger,
    ) -> Result<(), Refusal> {
        // Inside the gate: `close` cannot slip between the check and the push, and a reader of the ledger sees the
        // booking and the queue agree.
        let entry = ledger.enter();
        if self.is_closed() {
            return Err(Refusal::Closed);
        }
        // Until the booking: whatever goes wrong before gives the room back. From the booking on nothing can.
        let Some(charged) = Charged::new(&self.budget, cost, limits) else {
            return Err(Refusal::Full);
        };
        let lane = self.lanes.get(priority.index());
        if !lane.is_none_or(Lane::has_memory) {
            return Err(Refusal::OutOfMemory);
        }
        let (Some(lane), Ok(record)) = (lane, self.copies.make(copy)) else {
            return Err(Refusal::Full);
        };
        let charge = charged.with_copy(record);
        entry.accept(envelope.tallies());
        let sequence = lane.pushed.fetch_add(1, Ordering::SeqCst);
        let queued = Queued {
            envelope: std::mem::take(envelope),
            permit,
            priority,
            sequence,
            charge,
        };
        lane.bytes.fetch_add(cost, Ordering::Relaxed);
        // Cannot fail: the receiver lives as long as the lane.
        let _ = lane.sender.send(queued);
        Ok(())
    }

    fn take_victim(&self, newcomer: Priority, cost: u64, limits: Limits) -> Option<Queued> {
        let may_go = |priority: &Priority| match self.overflow {
            Overflow::DropNewest => false,
            Overflow::DropOldest => *priority >= newcomer,
            Overflow::DropLowestPriority => *priority > newcomer,
        };
        let candidates = Priority::ALL.into_iter().rev().filter(may_go);
        let lanes = || {
            candidates
                .clone()
                .filter_map(|priority| self.lanes.get(priority.index()))
        };
        // Nothing goes if even all of it would not make room.
        let usage = self.budget.usage();
        let held = lanes().fold(Usage::default(), |sum, lane| Usage {
            items: sum
                .items
                .saturating_add(u64::try_from(lane.receiver.len()).unwrap_or(u64::MAX)),
            bytes: sum.bytes.saturating_add(lane.bytes.load(Ordering::Relaxed)),
        });
        let stays_items = usage.items.saturating_sub(held.items);
        let stays_bytes = usage.bytes.saturating_sub(held.bytes);
        let can_help =
            stays_items < limits.items && stays_bytes.saturating_add(cost) <= limits.bytes;
        if !can_help {
            return None;
        }
        lanes().find_map(Lane::take)
    }

    fn wait_for_room(&self, cost: u64, copy: Option<&[u8]>, limits: Limits, until: Instant) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        // Pairs with the fence in `release`: either the room is seen here, or the waiter there.
        fence(Ordering::SeqCst);
        let guard = lock(&self.room);
        let usage = self.budget.usage();
        let fits = usage.items < limits.items
            && usage.bytes.saturating_add(cost) <= limits.bytes
            && self.copies.has_room_for(copy);
        if !fits && !self.is_closed() {
            let left = until.saturating_duration_since(Instant::now());
            drop(
                self.room_made
                    .wait_timeout(guard, left)
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Lane {
    /// Asks for memory where the channel is about to: for its first envelope, and for the last place of each block.
    fn has_memory(&self) -> bool {
        let (places, bytes) = BLOCK;
        let pushed = self.pushed.load(Ordering::Relaxed);
        let is_due = pushed == 0 || pushed.checked_rem(places) == places.checked_sub(1);
        !is_due || memory::is_there(bytes)
    }

    fn take(&self) -> Option<Queued> {
        let queued = self.receiver.try_recv().ok()?;
        self.taken.fetch_add(1, Ordering::SeqCst);
        self.bytes.fetch_sub(queued.charge.bytes, Ordering::Relaxed);
        Some(queued)
    }
}

#[cfg(test)]
mod tests;
