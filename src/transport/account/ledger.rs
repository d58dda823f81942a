//! The ledger: what became of every item, per category, exactly.
//!
//! For each category, at any instant: `captured = delivered + discarded (by reason) + spooled + pending`. An entry
//! moves in one step, inside a shared "gate": many threads book at once without waiting for one another, and a reader
//! closes the gate for the few microseconds it takes to copy the table, so that it never sees half a step.
//!
//! The ledger also keeps the counts that the server has not been told yet (REP-8). Where the numbers lie is decided in
//! [`super::table`].
//! Lock order: the gate is innermost; nothing is called and nothing else is locked while it is held, except the queue
//! push that belongs to the step.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::counts::CategoryCounts;
use super::layout::Column;
use super::table::Table;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;

/// How many items of one category an envelope holds.
pub(crate) type Tally = (Category, u64);

/// One loss, as client reports carry it.
pub(crate) type Loss = (DiscardReason, Category, u64);

/// The counts of all items, and the gate through which they change.
#[derive(Debug)]
pub(crate) struct Ledger {
    gate: RwLock<()>,
    table: Table,
    has_unreported: AtomicU64,
    /// Losses in reports whose answer has not come.
    under_way: AtomicU64,
    reports: bool,
}

/// Permission to book one step; readers wait until it is dropped.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    ledger: &'a Ledger,
    _gate: RwLockReadGuard<'a, ()>,
}

impl Ledger {
    /// A ledger that keeps its counts in `table`. Without `reports` losses are counted here but never offered for a client report (REP-10).
    pub(crate) fn new(reports: bool, table: Table) -> Self {
        Self {
            gate: RwLock::new(()),
            table,
            has_unreported: AtomicU64::new(0),
            under_way: AtomicU64::new(0),
            reports,
        }
    }

    /// Opens one step.
    pub(crate) fn enter(&self) -> Entry<'_> {
        Entry {
            ledger: self,
            _gate: self.gate.read().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Runs `action` while no step is under way and none can begin.
    pub(crate) fn exclusively<T>(&self, action: impl FnOnce() -> T) -> T {
        let _closed = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        action()
    }

    /// The whole table at one instant, by [`Category::index`].
    pub(crate) fn snapshot(&self) -> [CategoryCounts; Category::COUNT] {
        self.exclusively(|| Category::ALL.map(|category| self.table.counts(category)))
    }

    /// True if the server has not been told of every loss.
    pub(crate) fn has_unreported(&self) -> bool {
        self.has_unreported.load(Ordering::Relaxed) > 0
    }

    /// True if the server has been told of every loss, and has answered.
    pub(crate) fn is_everything_told(&self) -> bool {
        !self.has_unreported() && self.under_way.load(Ordering::Relaxed) == 0
    }

    /// Takes the counts that wait for a client report. They are under way until [`Ledger::restore`] or [`Ledger::told`] says
    /// how that ended; a process that dies meanwhile leaves them to the next start.
    pub(crate) fn take_unreported(&self) -> Vec<Loss> {
        if !self.has_unreported() {
            return Vec::new();
        }
        let mut losses = Vec::new();
        for reason in DiscardReason::ALL {
            for category in Category::ALL {
                let quantity = self.table.take_unreported(reason, category);
                if quantity > 0 {
                    self.under_way.fetch_add(quantity, Ordering::Relaxed);
                    self.has_unreported.fetch_sub(quantity, Ordering::Relaxed);
                    losses.push((reason, category, quantity));
                }
            }
        }
        losses
    }

    /// Puts counts back whose report did not reach the server.
    pub(crate) fn restore(&self, losses: &[Loss]) {
        for &(reason, category, quantity) in losses {
            self.note_unreported(category, reason, quantity);
            self.end_report((reason, category, quantity));
        }
    }

    /// The server has these.
    pub(crate) fn told(&self, losses: &[Loss]) {
        losses
            .iter()
            .copied()
            .for_each(|loss| self.end_report(loss));
    }

    /// Takes over what an earlier run did not tell the server.
    pub(crate) fn take_over(&self, losses: &[Loss]) {
        for &(reason, category, quantity) in losses {
            self.note_unreported(category, reason, quantity);
        }
    }

    /// Where the numbers lie.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Says which session is running, for the start that follows should this process die.
    pub(crate) fn set_session(&self, sid: Option<Uuid>) {
        self.table.set_session(sid);
    }

    fn end_report(&self, (reason, category, quantity): Loss) {
        self.table.end_report(reason, category, quantity);
        self.under_way.fetch_sub(quantity, Ordering::Relaxed);
    }

    fn note_unreported(&self, category: Category, reason: DiscardReason, quantity: u64) {
        // REP-6: what the server counts itself is not reported; REP-9: nor is the loss of a report.
        if !self.reports || reason.wire_name().is_none() || category == Category::Internal {
            return;
        }
        self.has_unreported.fetch_add(quantity, Ordering::Relaxed);
        self.table.add_unreported(reason, category, quantity);
    }
}

impl Entry<'_> {
    /// New items that wait for delivery.
    pub(crate) fn accept(&self, tallies: impl IntoIterator<Item = Tally>) {
        for (category, quantity) in tallies {
            self.add(category, Column::Captured, quantity);
            self.add(category, Column::Pending, quantity);
        }
    }

    /// New items that were lost before they were accepted.
    pub(crate) fn refuse(&self, tallies: impl IntoIterator<Item = Tally>, reason: DiscardReason) {
        for (category, quantity) in tallies {
            self.add(category, Column::Captured, quantity);
            self.add(category, Column::Discarded(reason), quantity);
            self.ledger.note_unreported(category, reason, quantity);
        }
    }

    /// New items that were lost and that this server must not hear of: they were for another.
    pub(crate) fn refuse_untold(
        &self,
        tallies: impl IntoIterator<Item = Tally>,
        reason: DiscardReason,
    ) {
        for (category, quantity) in tallies {
            self.add(category, Column::Captured, quantity);
            self.add(category, Column::Discarded(reason), quantity);
        }
    }

    /// Pending items that the server has.
    pub(crate) fn deliver(&self, tallies: impl IntoIterator<Item = Tally>) {
        self.settle(tallies, Column::Pending, Column::Delivered);
    }

    /// Pending items that were lost.
    pub(crate) fn discard(&self, tallies: impl IntoIterator<Item = Tally>, reason: DiscardReason) {
        self.settle(tallies, Column::Pending, Column::Discarded(reason));
    }

    /// Pending items that lie on disk now.
    pub(crate) fn spool(&self, tallies: impl IntoIterator<Item = Tally>) {
        self.settle(tallies, Column::Pending, Column::Spooled);
    }

    /// Items of an earlier run that were found on disk.
    pub(crate) fn adopt(&self, tallies: impl IntoIterator<Item = Tally>) {
        for (category, quantity) in tallies {
            self.add(category, Column::Captured, quantity);
            self.add(category, Column::Spooled, quantity);
        }
    }

    /// Items on disk that another process has now, and books.
    pub(crate) fn give_away(&self, tallies: impl IntoIterator<Item = Tally>) {
        for (category, quantity) in tallies {
            self.subtract(category, Column::Spooled, quantity);
            self.subtract(category, Column::Captured, quantity);
        }
    }

    /// Items on disk that the server has.
    pub(crate) fn deliver_spooled(&self, tallies: impl IntoIterator<Item = Tally>) {
        self.settle(tallies, Column::Spooled, Column::Delivered);
    }

    /// Items on disk that were lost.
    pub(crate) fn discard_spooled(
        &self,
        tallies: impl IntoIterator<Item = Tally>,
        reason: DiscardReason,
    ) {
        self.settle(tallies, Column::Spooled, Column::Discarded(reason));
    }

    fn settle(&self, tallies: impl IntoIterator<Item = Tally>, from: Column, to: Column) {
        for (category, quantity) in tallies {
            self.subtract(category, from, quantity);
            self.add(category, to, quantity);
            if let Column::Discarded(reason) = to {
                self.ledger.note_unreported(category, reason, quantity);
            }
        }
    }

    fn add(&self, category: Category, column: Column, quantity: u64) {
        self.ledger.table.add(category, column, quantity);
    }

    fn subtract(&self, category: Category, column: Column, quantity: u64) {
        self.ledger.table.subtract(category, column, quantity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    const ONE_ERROR: [Tally; 1] = [(Category::Error, 1)];

    fn errors(ledger: &Ledger) -> CategoryCounts {
        ledger.snapshot()[Category::Error.index()]
    }

    #[test]
    fn every_item_ends_in_one_column() {
        let ledger = Ledger::new(true, Table::in_memory().unwrap());
        ledger.enter().accept([(Category::Error, 3)]);
        ledger.enter().deliver(ONE_ERROR);
        ledger.enter().discard(ONE_ERROR, DiscardReason::SendError);
        ledger.enter().refuse(ONE_ERROR, DiscardReason::SampleRate);
        let counts = errors(&ledger);
        assert_eq!(
            (counts.captured, counts.delivered, counts.pending),
            (4, 1, 1)
        );
        assert_eq!(counts.discarded[DiscardReason::SendError.index()], 1);
        assert_eq!(counts.discarded[DiscardReason::SampleRate.index()], 1);
        assert_eq!(counts.discarded_total(), 2);
    }

    #[test]
    fn what_lies_on_disk_is_a_column_of_its_own() {
        let ledger = Ledger::new(true, Table::in_memory().unwrap());
        let counts = || {
            let counts = errors(&ledger);
            assert_eq!(
                counts.captured,
                counts.delivered + counts.discarded_total() + counts.spooled + counts.pending
            );
            (counts.captured, counts.spooled, counts.delivered)
        };
        ledger.enter().accept(ONE_ERROR);
        ledger.enter().spool(ONE_ERROR);
        ledger.enter().adopt([(Category::Error, 3)]);
        assert_eq!(counts(), (4, 4, 0));
        ledger.enter().give_away(ONE_ERROR);
        assert_eq!(counts(), (3, 3, 0));
        ledger.enter().deliver_spooled(ONE_ERROR);
        let lost = DiscardReason::CacheOverflow;
        ledger.enter().discard_spooled(ONE_ERROR, lost);
        assert_eq!(counts(), (3, 1, 1));
        assert_eq!(ledger.take_unreported(), [(lost, Category::Error, 1)]);
    }

    // REP-8
    #[test]
    fn losses_are_taken_once_and_come_back_when_restored() {
        let ledger = Ledger::new(true, Table::in_memory().unwrap());
        ledger.enter().refuse(
            [(Category::Error, 2), (Category::Attachment, 100)],
            DiscardReason::QueueOverflow,
        );
        let losses = ledger.take_unreported();
        assert_eq!(
            losses,
            [
                (DiscardReason::QueueOverflow, Category::Error, 2),
                (DiscardReason::QueueOverflow, Category::Attachment, 100)
            ]
        );
        assert!(!ledger.has_unreported());
        assert!(ledger.take_unreported().is_empty());
        assert!(!ledger.is_everything_told());
        ledger.restore(&losses);
        ledger
            .enter()
            .refuse(ONE_ERROR, DiscardReason::QueueOverflow);
        let losses = ledger.take_unreported();
        assert_eq!(
            losses[0],
            (DiscardReason::QueueOverflow, Category::Error, 3)
        );
        ledger.told(&losses);
        assert!(ledger.is_everything_told());
    }

    // REP-6, REP-9, REP-10
    #[test]
    fn what_must_not_be_reported_is_only_counted() {
        let ledger = Ledger::new(true, Table::in_memory().unwrap());
        ledger
            .enter()
            .refuse(ONE_ERROR, DiscardReason::ServerRateLimit);
        ledger
            .enter()
            .refuse([(Category::Internal, 1)], DiscardReason::NetworkError);
        assert!(!ledger.has_unreported());
        assert_eq!(errors(&ledger).discarded_total(), 1);

        let silent = Ledger::new(false, Table::in_memory().unwrap());
        silent.enter().refuse(ONE_ERROR, DiscardReason::SampleRate);
        assert!(!silent.has_unreported());
        assert_eq!(errors(&silent).discarded_total(), 1);
    }

    #[test]
    fn no_reader_sees_half_a_step() {
        let ledger = Ledger::new(true, Table::in_memory().unwrap());
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for seed in 0..4_u64 {
                let (ledger, stop) = (&ledger, &stop);
                scope.spawn(move || {
                    let mut round = seed;
                    while !stop.load(Ordering::Relaxed) {
                        round += 1;
                        match round % 3 {
                            0 => ledger
                                .enter()
                                .refuse(ONE_ERROR, DiscardReason::QueueOverflow),
                            1 => {
                                ledger.enter().accept(ONE_ERROR);
                                ledger.enter().deliver(ONE_ERROR);
                            }
                            _ => {
                                ledger.enter().accept(ONE_ERROR);
                                ledger
                                    .enter()
                                    .discard(ONE_ERROR, DiscardReason::NetworkError);
                            }
                        }
                    }
                });
            }
            for _ in 0..5_000 {
                let counts = errors(&ledger);
                assert_eq!(
                    counts.captured,
                    counts.delivered + counts.discarded_total() + counts.pending
                );
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert!(errors(&ledger).captured > 0);
    }
}
