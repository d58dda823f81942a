//! The table of the ledger: the cells that are counted in.
//!
//! Beside a usable database the cells are a page of the run that outlives the process, see [`crate::store::counters`], and
//! counting costs no system call; else they are memory like any other. Adding to `captured` always comes first in
//! a step: whenever the process dies, what is missing in the other columns is what died with it, never a negative number.
//!
//! A forked child has its parent's page in memory, too. Should it come here, in the middle of a capture that forked in a
//! hook, it counts in a private table that nobody reads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::counts::CategoryCounts;
use super::layout::{Column, NO_SESSION, OWN, word_of};
use crate::base::memory::{self, OutOfMemory};
use crate::base::process;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::store::counters::{CounterPage, Saved};
use crate::store::directory::Directory;

#[derive(Debug)]
enum Cells {
    Memory(Vec<AtomicU64>),
    Page(CounterPage),
}

/// The cells, in memory of this process or in a page that outlives it; a forked child has its own.
#[derive(Debug)]
pub(crate) struct Table {
    cells: Cells,
    generation: u32,
    of_child: OnceLock<Vec<AtomicU64>>,
}

impl Table {
    /// In memory.
    pub(crate) fn in_memory() -> Result<Self, OutOfMemory> {
        Ok(Self::with(Cells::Memory(memory::watch(zeros)?)))
    }

    /// On a page, whose file must not exist yet.
    pub(crate) fn on_page(directory: &Directory, name: &str) -> std::io::Result<Self> {
        let page = CounterPage::create(directory, name, OWN.cells(), OWN.shape())?;
        Ok(Self::with(Cells::Page(page)))
    }

    /// True if numbers would be lost with the machine, or without a segment with the process, if they are not saved.
    pub(crate) fn is_changed(&self) -> bool {
        self.page().is_some_and(CounterPage::is_changed)
    }

    /// True if the numbers outlive the process even unsaved.
    pub(crate) fn outlives(&self) -> bool {
        self.page().is_some_and(CounterPage::outlives)
    }

    /// Brings the numbers of now into the file.
    pub(crate) fn save(&self) -> std::io::Result<Saved> {
        self.page().map_or(Ok(Saved::Well), CounterPage::save)
    }

    /// Removes the page; the numbers stay in memory.
    pub(crate) fn remove_page(&self) {
        if let Some(page) = self.page() {
            page.remove();
        }
    }

    /// The page, in the process that made it.
    fn page(&self) -> Option<&CounterPage> {
        match &self.cells {
            Cells::Page(page) if self.generation == process::fork_generation() => Some(page),
            Cells::Page(_) | Cells::Memory(_) => None,
        }
    }

    fn with(cells: Cells) -> Self {
        Self {
            cells,
            generation: process::fork_generation(),
            of_child: OnceLock::new(),
        }
    }

    /// Adds to a cell.
    pub(crate) fn add(&self, category: Category, column: Column, quantity: u64) {
        if let Some(cell) = self.cell(count_place(category, column)) {
            // Released, so that no later step of this thread is in the page before this one.
            cell.fetch_add(quantity, Ordering::Release);
        }
    }

    /// Takes from a cell.
    pub(crate) fn subtract(&self, category: Category, column: Column, quantity: u64) {
        if let Some(cell) = self.cell(count_place(category, column)) {
            cell.fetch_sub(quantity, Ordering::Release);
        }
    }

    /// The counts of a category.
    pub(crate) fn counts(&self, category: Category) -> CategoryCounts {
        counts(category, |place| {
            self.cell(place)
                .map_or(0, |cell| cell.load(Ordering::Relaxed))
        })
    }

    /// Adds to what the server has not been told.
    pub(crate) fn add_unreported(&self, reason: DiscardReason, category: Category, quantity: u64) {
        if let Some(cell) = self.cell(unreported_place(reason, category)) {
            cell.fetch_add(quantity, Ordering::Release);
        }
    }

    /// Takes all of one count that the server has not been told: it is under way until [`Table::end_report`]. Only one thread
    /// may do that.
    pub(crate) fn take_unreported(&self, reason: DiscardReason, category: Category) -> u64 {
        let waits = self.cell(unreported_place(reason, category));
        let is_told = self.cell(reported_place(reason, category));
        let (Some(waits), Some(is_told)) = (waits, is_told) else {
            return 0;
        };
        let quantity = waits.load(Ordering::Relaxed);
        if quantity > 0 {
            // First here, then there: whoever dies in between leaves it twice rather than not at all.
            is_told.fetch_add(quantity, Ordering::Release);
            waits.fetch_sub(quantity, Ordering::Release);
        }
        quantity
    }

    /// What was under way has arrived, or waits again.
    pub(crate) fn end_report(&self, reason: DiscardReason, category: Category, quantity: u64) {
        if let Some(cell) = self.cell(reported_place(reason, category)) {
            cell.fetch_sub(quantity, Ordering::Release);
        }
    }

    /// Says which session is running: the file of any other is out of date, should it still be there (SES-4).
    pub(crate) fn set_session(&self, sid: Option<Uuid>) {
        if let Some(cell) = self.cell(OWN.session()) {
            cell.store(sid.map_or(NO_SESSION, word_of), Ordering::Release);
        }
    }

    fn cell(&self, place: usize) -> Option<&AtomicU64> {
        let cells = match &self.cells {
            Cells::Memory(cells) => cells,
            Cells::Page(page) if self.generation == process::fork_generation() => page.cells(),
            Cells::Page(_) => self.of_child.get_or_init(zeros),
        };
        cells.get(place)
    }
}

fn counts(category: Category, cell: impl Fn(usize) -> u64) -> CategoryCounts {
    let read = |column| cell(count_place(category, column));
    CategoryCounts {
        captured: read(Column::Captured),
        delivered: read(Column::Delivered),
        spooled: read(Column::Spooled),
        pending: read(Column::Pending),
        discarded: DiscardReason::ALL.map(|reason| read(Column::Discarded(reason))),
    }
}

const fn count_place(category: Category, column: Column) -> usize {
    OWN.count(category.index(), column.index())
}

const fn unreported_place(reason: DiscardReason, category: Category) -> usize {
    OWN.unreported(reason.index(), category.index())
}

const fn reported_place(reason: DiscardReason, category: Category) -> usize {
    OWN.reported(reason.index(), category.index())
}

/// Not all of them without memory, which is remembered.
fn zeros() -> Vec<AtomicU64> {
    memory::collect((0..OWN.cells()).map(|_| AtomicU64::new(0)))
}
