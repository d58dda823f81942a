//! Pending: an accepted envelope that has left the queue, until somebody answers for it.
//!
//! It is charged to the queue and booked as pending. Whoever has it says what became of it, once, by a method that consumes
//! it. One that is dropped instead, by a panic or an early return, is booked as lost and its room is given back, so that no
//! path can forget to. Entry points: [`Pending`], [`Evicted`].

use super::Account;
use super::outcome::{Fate, Outcome};
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::transport::queue::Queued;
use crate::transport::queue::permit::Permit;
use crate::transport::queue::priority::Priority;

/// An envelope in nobody's hands but those of the caller.
#[derive(Debug)]
#[must_use = "dropped, it is booked as lost"]
pub(crate) struct Pending<'a> {
    account: &'a Account,
    queued: Queued,
    is_settled: bool,
}

impl Account {
    /// The next envelope to send: the oldest of the highest priority.
    pub(crate) fn take(&self) -> Option<Pending<'_>> {
        self.queue.take().map(|queued| self.pending(queued))
    }

    /// What can be spared first: the oldest of the lowest priority.
    pub(crate) fn take_least(&self) -> Option<Pending<'_>> {
        self.queue.take_least().map(|queued| self.pending(queued))
    }

    fn pending(&self, queued: Queued) -> Pending<'_> {
        Pending {
            account: self,
            queued,
            is_settled: false,
        }
    }
}

impl Pending<'_> {
    /// What is pending.
    pub(crate) fn envelope(&self) -> &Envelope {
        &self.queued.envelope
    }

    /// What it may do.
    pub(crate) fn permit(&self) -> Permit {
        self.queued.permit
    }

    /// The lane it was in, and its place there.
    pub(crate) fn place(&self) -> (Priority, u64) {
        (self.queued.priority, self.queued.sequence)
    }

    /// The worker answers for it from here on, under this ticket: [`Account::settle`] says what became of it.
    pub(crate) fn hold(mut self, ticket: u64) -> Envelope {
        self.account.hold(ticket, &self.queued);
        self.is_settled = true;
        std::mem::take(&mut self.queued.envelope)
    }

    /// Books what became of it.
    pub(crate) fn settle(mut self, fate: Fate) {
        self.end(fate);
    }

    /// Books it as lost to the shutdown, unless the next start finds a copy of it.
    pub(crate) fn abandon(mut self) {
        let lost = Fate::Discarded(DiscardReason::Shutdown);
        let Queued { permit, charge, .. } = &mut self.queued;
        let fate = self.account.at_the_end(lost, *permit, charge);
        self.end(fate);
    }

    fn end(&mut self, fate: Fate) {
        self.is_settled = true;
        self.account.queue.release(self.queued.charge);
        let outcome = self.account.settle_queued(&self.queued, fate);
        self.account.note(outcome);
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.end(Fate::Discarded(DiscardReason::InternalSdkError));
        }
    }
}

/// What becomes of those that have to make room.
const EVICTED: Fate = Fate::Discarded(DiscardReason::QueueOverflow);

/// Envelopes that had to make room for another, which has theirs already. They are booked also when this is dropped.
#[derive(Debug)]
pub(crate) struct Evicted<'a> {
    account: &'a Account,
    pub(super) victims: Vec<Queued>,
}

impl<'a> Evicted<'a> {
    /// None so far.
    pub(crate) fn none(account: &'a Account) -> Self {
        Self {
            account,
            victims: Vec::new(),
        }
    }
}

impl Evicted<'_> {
    /// Books them; what the host is to hear of that.
    pub(super) fn book(mut self) -> Vec<Outcome> {
        let account = self.account;
        let victims = self.victims.drain(..);
        victims
            .map(|it| account.settle_queued(&it, EVICTED))
            .collect()
    }
}

impl Drop for Evicted<'_> {
    fn drop(&mut self) {
        for victim in self.victims.drain(..) {
            let outcome = self.account.settle_queued(&victim, EVICTED);
            self.account.note(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::counts::CategoryCounts;
    use super::super::ledger::Ledger;
    use super::super::outcome::{Outcome, OutcomeSink};
    use super::super::table::Table;
    use super::super::{Actor, Parts};
    use super::*;
    use crate::base::diagnostics::{Diagnostics, Outlet};
    use crate::base::panic::contained;
    use crate::base::uuid::Uuid;
    use crate::protocol::category::Category;
    use crate::transport::queue::durable::Copies;
    use crate::transport::queue::permit::Consent;
    use crate::transport::queue::settings::{Overflow, QueueSettings};
    use crate::transport::queue::{Queue, Refusal};
    use crate::transport::worker::wake::Wake;
    use std::panic::AssertUnwindSafe;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<Fate>>);

    /// What the host has heard when it is told.
    fn told(account: &Account, heard: &Heard) -> Vec<Fate> {
        account.tell_noted().unwrap();
        heard.0.lock().unwrap().clone()
    }

    impl OutcomeSink for Heard {
        fn outcome(&self, outcome: &Outcome) {
            self.0.lock().unwrap().push(outcome.fate);
        }
    }

    fn account(max_items: u64) -> (Account, Arc<Heard>) {
        let heard = Arc::new(Heard::default());
        let sink: Arc<dyn OutcomeSink> = Arc::<Heard>::clone(&heard);
        let settings = QueueSettings {
            max_items: Some(max_items),
            max_bytes: 1 << 20,
            overflow: Overflow::DropOldest,
            block_timeout: Duration::ZERO,
        };
        let account = Account::new(Parts {
            queue: Queue::new(settings, Copies::new(None)),
            ledger: Ledger::new(true, Table::in_memory().unwrap()),
            consent: Consent::new(true, false, false),
            has_place: false,
            sink: Some(sink),
            diagnostics: Arc::new(Diagnostics::new(None, Outlet::Nowhere)),
            wake: Arc::new(Wake::new(true).unwrap()),
        });
        (account, heard)
    }

    fn capture(account: &Account) -> Result<(), Refusal> {
        let envelope = Envelope::event(Uuid::new_v4(), b"{}".to_vec());
        account.accept(envelope, account.consent.permit(), Actor::Worker)
    }

    fn errors(account: &Account) -> CategoryCounts {
        account.ledger.snapshot()[Category::Error.index()]
    }

    fn lost(account: &Account, reason: DiscardReason) -> u64 {
        errors(account).discarded[reason.index()]
    }

    const LOST: Fate = Fate::Discarded(DiscardReason::InternalSdkError);

    #[test]
    fn what_is_dropped_is_booked_as_lost_once() {
        let (account, heard) = account(2);
        capture(&account).unwrap();
        drop(account.take().unwrap());
        assert_eq!(lost(&account, DiscardReason::InternalSdkError), 1);
        assert_eq!(errors(&account).pending, 0);
        assert_eq!(account.queue.usage().items, 0);
        assert_eq!(told(&account, &heard), [LOST]);
        account.abandon_all().unwrap();
        assert_eq!(errors(&account).discarded_total(), 1);
        assert_eq!(told(&account, &heard).len(), 1);
    }

    #[test]
    fn a_panic_of_who_has_it_loses_that_one_alone() {
        let (account, heard) = account(2);
        capture(&account).unwrap();
        capture(&account).unwrap();
        let panicked = contained(AssertUnwindSafe(|| {
            let _pending = account.take().unwrap();
            panic!("with it in hand");
        }));
        assert!(panicked.is_err());
        assert_eq!(lost(&account, DiscardReason::InternalSdkError), 1);
        assert_eq!(errors(&account).pending, 1);
        assert_eq!(account.queue.usage().items, 1);
        assert_eq!(told(&account, &heard), [LOST]);
    }

    #[test]
    fn what_is_answered_for_is_not_booked_again() {
        let (account, heard) = account(9);
        for _ in 0..3 {
            capture(&account).unwrap();
        }
        account.take().unwrap().settle(Fate::Delivered);
        account.take().unwrap().abandon();
        let envelope = account.take().unwrap().hold(7);
        assert!(envelope.event_id.is_some());
        assert_eq!(errors(&account).pending, 1, "the worker has it");
        assert_eq!(account.queue.usage().items, 1);
        assert!(account.settle(7, Fate::Delivered, 200, 1));
        assert!(!account.settle(7, Fate::Delivered, 200, 1));
        let shutdown = Fate::Discarded(DiscardReason::Shutdown);
        let expected = [Fate::Delivered, shutdown, Fate::Delivered];
        assert_eq!(told(&account, &heard), expected);
        assert_eq!(account.queue.usage().items, 0);
        let counts = errors(&account);
        assert_eq!((counts.delivered, counts.discarded_total()), (2, 1));
    }

    #[test]
    fn what_had_to_make_room_is_booked_also_by_a_panic() {
        let (account, heard) = account(1);
        capture(&account).unwrap();
        capture(&account).unwrap();
        assert_eq!(lost(&account, DiscardReason::QueueOverflow), 1);
        let panicked = contained(AssertUnwindSafe(|| {
            let mut evicted = Evicted::none(&account);
            let queued = account.queue.take().unwrap();
            account.queue.release(queued.charge);
            evicted.victims.push(queued);
            panic!("before they are booked");
        }));
        assert!(panicked.is_err());
        assert_eq!(lost(&account, DiscardReason::QueueOverflow), 2);
        assert_eq!(errors(&account).pending, 0);
        assert_eq!(told(&account, &heard).len(), 2);
    }

    #[test]
    fn the_books_are_exact_whatever_threads_do_with_it() {
        const CAPTURES: u64 = 1_000;
        /// Of so many one panics; each writes a trace, which takes long.
        const PANIC_EVERY: u64 = 400;
        let (account, heard) = account(50);
        let (is_over, tickets) = (AtomicBool::new(false), AtomicU64::new(0));
        let take_until_over = || {
            while !is_over.load(Ordering::Acquire) || !account.queue.is_empty() {
                let Some(pending) = account.take() else {
                    std::thread::yield_now();
                    continue;
                };
                let ticket = tickets.fetch_add(1, Ordering::Relaxed);
                match ticket % 4 {
                    0 if ticket % PANIC_EVERY == 0 => {
                        let panics = AssertUnwindSafe(|| {
                            let _pending = pending;
                            panic!("with it in hand");
                        });
                        assert!(contained(panics).is_err());
                    }
                    0 => drop(pending),
                    1 => pending.settle(Fate::Delivered),
                    2 => pending.abandon(),
                    _ => {
                        drop(pending.hold(ticket));
                        assert!(account.settle(ticket, Fate::Delivered, 200, 1));
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            let takers = [scope.spawn(take_until_over), scope.spawn(take_until_over)];
            // One that comes while all room is in other hands is refused, and counted with the overflow.
            let capture_all = || {
                for _ in 0..CAPTURES {
                    let _ = capture(&account);
                }
            };
            let makers = [scope.spawn(capture_all), scope.spawn(capture_all)];
            makers.into_iter().for_each(|it| it.join().unwrap());
            is_over.store(true, Ordering::Release);
            takers.into_iter().for_each(|it| it.join().unwrap());
        });
        let counts = errors(&account);
        assert_eq!((counts.captured, counts.pending), (2 * CAPTURES, 0));
        let settled = counts.delivered + counts.discarded_total();
        assert_eq!(settled, 2 * CAPTURES);
        let taken = tickets.into_inner();
        let overflow = lost(&account, DiscardReason::QueueOverflow);
        assert_eq!(taken + overflow, 2 * CAPTURES);
        assert_eq!(told(&account, &heard).len() as u64, 2 * CAPTURES);
        assert_eq!(account.queue.usage(), Default::default());
    }
}
