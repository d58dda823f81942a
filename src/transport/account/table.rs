//! The table of the ledger: where its numbers lie, and how a later start reads those of a run that was killed.
//!
//! Beside a usable database the cells are a page of the run that outlives the process, see [`crate::store::counters`], and
//! counting costs no system call; else they are memory like any other. Adding to `captured` always comes first in
//! a step: whenever the process dies, what is missing in the other columns is what died with it, never a negative number.
//!
//! A forked child has its parent's page in memory, too. Should it come here, in the middle of a capture that forked in a
//! hook, it counts in a private table that nobody reads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ledger::{CategoryCounts, Loss, Tally};
use crate::base::memory::{self, OutOfMemory};
use crate::base::process;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::store::counters::{self, CounterPage, Saved};
use crate::store::directory::Directory;

/// Room for reasons to come, so that a new one does not make the pages of earlier versions unreadable.
const REASONS: usize = 32;
/// Cells of a category: four columns, then the reasons.
const ROW: usize = 4 + REASONS;
/// Cells of the counts by category.
const ROWS: usize = ROW * Category::COUNT;
/// Cells of a list of losses, by reason and category.
const LOSSES: usize = REASONS * Category::COUNT;
/// Where the cell of the running session is: after the rows and the two lists of losses, one of those that wait for a client
/// report and one of those whose report is under way.
const SESSION: usize = ROWS + 2 * LOSSES;
/// All cells.
const CELLS: usize = SESSION + 1;
/// What a page must say to be read: a change of the layout changes it.
const SHAPE: u64 = 2 << 32 | (Category::COUNT as u64) << 16 | REASONS as u64;

/// Numbers of a page beyond this are damage: thousands of years of captures.
const MOST: u64 = 1 << 53;

const _: () = assert!(DiscardReason::COUNT <= REASONS);

/// A column of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Everything the host handed in.
    Captured,
    /// Accepted by the server.
    Delivered,
    /// Waiting on disk.
    Spooled,
    /// Waiting in memory or on its way.
    Pending,
    /// Lost for this reason.
    Discarded(DiscardReason),
}

impl Column {
    fn index(self) -> usize {
        match self {
            Self::Captured => 0,
            Self::Delivered => 1,
            Self::Spooled => 2,
            Self::Pending => 3,
            Self::Discarded(reason) => reason.index().saturating_add(4),
        }
    }
}

#[derive(Debug)]
enum Cells {
    Memory(Vec<AtomicU64>),
    Page(CounterPage),
}

/// See the module.
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
        let page = CounterPage::create(directory, name, CELLS, SHAPE)?;
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
        if let Some(cell) = self.cell(SESSION) {
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

/// What a run that died had counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeadCounts {
    /// What was in no other column but `captured`: it died in memory.
    pub(crate) died: Vec<Tally>,
    /// Losses that the server was not told.
    pub(crate) unreported: Vec<Loss>,
}

impl DeadCounts {
    /// These are back: a copy of them was found. That is noted on the page, too: should the rest be left to a
    /// later start, it must not take these for dead.
    pub(crate) fn bring_back(&mut self, tallies: &[Tally], directory: &Directory, name: &str) {
        for (category, quantity) in tallies {
            // Without a page nobody would be misled.
            let _ = counters::add(
                directory,
                name,
                count_place(*category, Column::Spooled),
                *quantity,
            );
            for (_, died) in self.died.iter_mut().filter(|(dead, _)| dead == category) {
                *died = died.saturating_sub(*quantity);
            }
        }
        self.died.retain(|(_, died)| *died > 0);
    }

    /// Reads the page of a run that has ended. Nothing of one with numbers that nobody counts to; none if there is no page that this version understands.
    pub(crate) fn read(directory: &Directory, name: &str) -> std::io::Result<Option<Self>> {
        let Some(cells) = counters::read(directory, name, CELLS, SHAPE)? else {
            return Ok(None);
        };
        // The last is no number.
        if cells.iter().take(SESSION).any(|cell| *cell > MOST) {
            return Ok(Some(Self::default()));
        }
        let cell = |place: usize| cells.get(place).copied().unwrap_or(0);
        let died = Category::ALL.into_iter().filter_map(|category| {
            let counts = counts(category, cell);
            let settled = counts
                .delivered
                .saturating_add(counts.spooled)
                .saturating_add(counts.discarded_total());
            let died = counts.captured.saturating_sub(settled);
            (died > 0).then_some((category, died))
        });
        // Whether the report that was under way arrived nobody knows. It is told again: twice is better than not at all.
        let untold = |reason, category| {
            let (waits, is_told) = (
                unreported_place(reason, category),
                reported_place(reason, category),
            );
            cell(waits).saturating_add(cell(is_told))
        };
        let unreported = DiscardReason::ALL.into_iter().flat_map(|reason| {
            let of = move |category| (reason, category, untold(reason, category));
            Category::ALL.into_iter().map(of)
        });
        Ok(Some(Self {
            died: died.collect(),
            unreported: unreported.filter(|loss| loss.2 > 0).collect(),
        }))
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

fn count_place(category: Category, column: Column) -> usize {
    let row = category.index().saturating_mul(ROW);
    row.saturating_add(column.index())
}

fn unreported_place(reason: DiscardReason, category: Category) -> usize {
    let row = reason.index().saturating_mul(Category::COUNT);
    ROWS.saturating_add(row).saturating_add(category.index())
}

fn reported_place(reason: DiscardReason, category: Category) -> usize {
    unreported_place(reason, category).saturating_add(LOSSES)
}

/// In the cell of the session when none is running. 0 is that nothing was said.
const NO_SESSION: u64 = u64::MAX;

/// As much of an id as a cell holds: more than enough to tell two sessions of one process apart.
fn word_of(sid: Uuid) -> u64 {
    let half = sid.as_bytes().first_chunk();
    half.map_or(0, |half| u64::from_ne_bytes(*half))
}

/// False if the run said that this session is not, or no longer, the one that is running; its file was left by mistake.
pub(crate) fn is_running_session(directory: &Directory, name: &str, sid: Uuid) -> bool {
    let said = counters::read(directory, name, CELLS, SHAPE).ok().flatten();
    let said = said.and_then(|cells| cells.get(SESSION).copied());
    said.is_none_or(|said| said == 0 || said == word_of(sid))
}

/// Not all of them without memory, which is remembered.
fn zeros() -> Vec<AtomicU64> {
    memory::collect((0..CELLS).map(|_| AtomicU64::new(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;

    #[test]
    fn no_two_cells_are_one() {
        let columns = DiscardReason::ALL
            .map(Column::Discarded)
            .into_iter()
            .chain([
                Column::Captured,
                Column::Delivered,
                Column::Spooled,
                Column::Pending,
            ]);
        let columns: Vec<_> = columns.collect();
        let counts = Category::ALL.into_iter().flat_map(|category| {
            columns
                .iter()
                .map(move |column| count_place(category, *column))
        });
        let losses = |place: fn(DiscardReason, Category) -> usize| {
            let of = move |reason| Category::ALL.map(|category| place(reason, category));
            DiscardReason::ALL.into_iter().flat_map(of)
        };
        let losses = losses(unreported_place).chain(losses(reported_place));
        let mut places: Vec<_> = counts.chain(losses).chain([SESSION]).collect();
        let all = places.len();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), all);
        assert!(places.iter().all(|place| *place < CELLS));
    }

    #[test]
    fn what_died_is_what_no_other_column_has() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let table = Table::on_page(&directory, "counters").unwrap();
        let error = Category::Error;
        table.add(error, Column::Captured, 10);
        table.add(error, Column::Delivered, 3);
        table.add(error, Column::Spooled, 2);
        table.add(error, Column::Discarded(DiscardReason::SendError), 1);
        // Killed in the middle of a step: one is captured and in no other column yet.
        table.add(error, Column::Pending, 3);
        table.add_unreported(DiscardReason::SendError, error, 1);
        // No number, however large it is.
        table.set_session(None);
        let mut dead = DeadCounts::read(&directory, "counters").unwrap().unwrap();
        assert_eq!(dead.died, [(error, 4)]);
        assert_eq!(dead.unreported, [(DiscardReason::SendError, error, 1)]);
        dead.bring_back(&[(error, 3)], &directory, "counters");
        assert_eq!(dead.died, [(error, 1)]);
        let later = DeadCounts::read(&directory, "counters").unwrap().unwrap();
        assert_eq!(later, dead, "a later start counts them again");
    }

    // REP-8
    #[test]
    fn a_report_that_was_under_way_is_told_again() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let table = Table::on_page(&directory, "counters").unwrap();
        let (reason, error) = (DiscardReason::SampleRate, Category::Error);
        let untold = || {
            DeadCounts::read(&directory, "counters")
                .unwrap()
                .unwrap()
                .unreported
        };
        table.add_unreported(reason, error, 5);
        assert_eq!(table.take_unreported(reason, error), 5);
        assert_eq!(table.take_unreported(reason, error), 0);
        table.add_unreported(reason, error, 1);
        assert_eq!(untold(), [(reason, error, 6)]);
        table.end_report(reason, error, 5);
        assert_eq!(untold(), [(reason, error, 1)]);
    }

    // SES-4
    #[test]
    fn a_file_of_a_session_counts_unless_the_run_said_otherwise() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
        let are_running =
            || [first, second].map(|sid| is_running_session(&directory, "counters", sid));
        assert_eq!(are_running(), [true, true], "without a page");
        let table = Table::on_page(&directory, "counters").unwrap();
        assert_eq!(are_running(), [true, true], "as after a power failure");
        table.set_session(Some(second));
        assert_eq!(are_running(), [false, true]);
        table.set_session(None);
        assert_eq!(are_running(), [false, false]);
    }

    #[test]
    fn a_page_that_says_too_much_is_no_negative_loss() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let table = Table::on_page(&directory, "counters").unwrap();
        table.add(Category::Error, Column::Delivered, 9);
        table.add(Category::Error, Column::Spooled, 7);
        let dead = DeadCounts::read(&directory, "counters").unwrap().unwrap();
        assert_eq!(dead, DeadCounts::default());
        table.add(Category::Error, Column::Captured, u64::MAX / 2);
        let dead = DeadCounts::read(&directory, "counters").unwrap().unwrap();
        assert_eq!(dead, DeadCounts::default(), "damage was counted");
        std::fs::write(directory.path().join("counters"), b"foreign").unwrap();
        assert_eq!(DeadCounts::read(&directory, "counters").unwrap(), None);
    }
}
