//! Dead counts: what a later start reads from the table of a run that was killed.
//!
//! A page is read as it was written, also by a version that knows fewer categories and reasons, or more.

use super::layout::{COLUMNS, Column, Layout, OWN, word_of};
use super::ledger::{Loss, Tally};
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::store::counters;
use crate::store::directory::Directory;

/// Numbers of a page beyond this are damage: thousands of years of captures.
const MOST: u64 = 1 << 53;

/// What a run that died had counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeadCounts {
    /// What was in no other column but `captured`: it died in memory.
    pub(crate) died: Vec<Tally>,
    /// Losses that the server was not told.
    pub(crate) unreported: Vec<Loss>,
    /// How the page was written; none without a page.
    layout: Option<Layout>,
}

impl DeadCounts {
    /// These are back: a copy of them was found. That is noted on the page, too: should the rest be left to a
    /// later start, it must not take these for dead.
    pub(crate) fn bring_back(&mut self, tallies: &[Tally], directory: &Directory, name: &str) {
        for (category, quantity) in tallies {
            if let Some(layout) = self.layout {
                let place = layout.count(category.index(), Column::Spooled.index());
                // Without a page nobody would be misled.
                let _ = counters::add(directory, name, place, *quantity);
            }
            for (_, died) in self.died.iter_mut().filter(|(dead, _)| dead == category) {
                *died = died.saturating_sub(*quantity);
            }
        }
        self.died.retain(|(_, died)| *died > 0);
    }

    /// Reads the page of a run that has ended. Nothing of one with numbers that nobody counts to; none if there is no page
    /// that this version understands.
    ///
    /// A later version may have written it. What it counted under a category that this one does not know goes under
    /// [`Category::Default`], a loss for an unknown reason under [`DiscardReason::InternalSdkError`], so that none is lost.
    pub(crate) fn read(directory: &Directory, name: &str) -> std::io::Result<Option<Self>> {
        let Some((layout, cells)) = read_page(directory, name)? else {
            return Ok(None);
        };
        // The last is no number.
        if cells.iter().take(layout.session()).any(|cell| *cell > MOST) {
            return Ok(Some(Self::default()));
        }
        let cell = |place: usize| cells.get(place).copied().unwrap_or(0);
        let mut captured = [0_u64; Category::COUNT];
        let mut settled = [0_u64; Category::COUNT];
        let add = |sums: &mut [u64; Category::COUNT], category: Category, quantity: u64| {
            if let Some(sum) = sums.get_mut(category.index()) {
                *sum = sum.saturating_add(quantity);
            }
        };
        let mut unreported: Vec<Loss> = Vec::new();
        for row in 0..layout.categories {
            let category = known_category(row);
            let count = |column: usize| cell(layout.count(row, column));
            add(&mut captured, category, count(Column::Captured.index()));
            for column in [Column::Delivered.index(), Column::Spooled.index()] {
                add(&mut settled, category, count(column));
            }
            for number in 0..layout.reasons {
                add(
                    &mut settled,
                    category,
                    count(COLUMNS.saturating_add(number)),
                );
                // Whether the report that was under way arrived nobody knows. It is told again: twice is better than not
                // at all.
                let waits = cell(layout.unreported(number, row));
                let untold = waits.saturating_add(cell(layout.reported(number, row)));
                if untold > 0 {
                    unreported.push((known_reason(number), category, untold));
                }
            }
        }
        let died = Category::ALL.into_iter().zip(captured).zip(settled);
        let died = died
            .map(|((category, captured), settled)| (category, captured.saturating_sub(settled)));
        Ok(Some(Self {
            died: died.filter(|(_, died)| *died > 0).collect(),
            unreported,
            layout: Some(layout),
        }))
    }
}

/// The category with that number; one that only a later version knows stands under that for everything else.
fn known_category(number: usize) -> Category {
    let known = Category::ALL.get(number).copied();
    known.unwrap_or(Category::Default)
}

/// The reason with that number; one that only a later version knows is a failure of the library to the server.
fn known_reason(number: usize) -> DiscardReason {
    let known = DiscardReason::ALL.get(number).copied();
    known.unwrap_or(DiscardReason::InternalSdkError)
}

/// The page of a run that has ended, and how it was written; none if no version wrote it so. One that says nothing of itself
/// is of a process that died while it made the page: it counted nothing.
fn read_page(directory: &Directory, name: &str) -> std::io::Result<Option<(Layout, Vec<u64>)>> {
    let cells_of = |shape| Layout::of_shape(shape).map(Layout::cells);
    let page = counters::read(directory, name, cells_of)?;
    Ok(page.map(|(shape, cells)| (Layout::of_shape(shape).unwrap_or(OWN), cells)))
}

/// False if the run said that this session is not, or no longer, the one that is running; its file was left by mistake.
pub(crate) fn is_running_session(directory: &Directory, name: &str, sid: Uuid) -> bool {
    let page = read_page(directory, name).ok().flatten();
    let said = page.and_then(|(layout, cells)| cells.get(layout.session()).copied());
    said.is_none_or(|said| said == 0 || said == word_of(sid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::counters::CounterPage;
    use crate::store::scratch::Scratch;
    use crate::transport::account::layout::NO_SESSION;
    use crate::transport::account::table::Table;
    use std::sync::atomic::Ordering;

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

    /// A page as another version writes it, with a number in each cell that `numbers` names.
    fn page_of(layout: Layout, directory: &Directory, numbers: &[(usize, u64)]) -> CounterPage {
        let page = CounterPage::create(directory, "counters", layout.cells(), layout.shape());
        let page = page.unwrap();
        for (place, number) in numbers {
            page.cells()[*place].store(*number, Ordering::Relaxed);
        }
        page
    }

    #[test]
    fn a_page_with_fewer_categories_and_reasons_is_read_as_it_was_written() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let older = Layout {
            categories: 12,
            reasons: 15,
        };
        let (feedback, reason) = (Category::Feedback, DiscardReason::TooLarge);
        let (row, number) = (feedback.index(), reason.index());
        let sid = Uuid::new_v4();
        let page = page_of(
            older,
            &directory,
            &[
                (older.count(row, Column::Captured.index()), 9),
                (older.count(row, Column::Delivered.index()), 3),
                (older.count(row, Column::Discarded(reason).index()), 2),
                (older.unreported(number, row), 2),
                (older.session(), word_of(sid)),
            ],
        );
        let mut dead = DeadCounts::read(&directory, "counters").unwrap().unwrap();
        assert_eq!(dead.died, [(feedback, 4)]);
        assert_eq!(dead.unreported, [(reason, feedback, 2)]);
        assert!(is_running_session(&directory, "counters", sid));
        assert!(!is_running_session(&directory, "counters", Uuid::new_v4()));
        dead.bring_back(&[(feedback, 1)], &directory, "counters");
        let later = DeadCounts::read(&directory, "counters").unwrap().unwrap();
        assert_eq!(
            (dead.died, later.died),
            (vec![(feedback, 3)], vec![(feedback, 3)])
        );
        page.remove();
    }

    #[test]
    fn what_only_a_later_version_knows_is_counted_under_what_is_known() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let later = Layout {
            categories: Category::COUNT + 2,
            reasons: OWN.reasons + 16,
        };
        let (error, new_category) = (Category::Error.index(), Category::COUNT + 1);
        let (in_room, beyond) = (DiscardReason::COUNT, OWN.reasons + 15);
        let page = page_of(
            later,
            &directory,
            &[
                (later.count(error, Column::Captured.index()), 10),
                (later.count(error, COLUMNS + in_room), 3),
                (later.count(error, COLUMNS + beyond), 4),
                (later.unreported(beyond, error), 4),
                (later.count(new_category, Column::Captured.index()), 7),
                (later.count(new_category, Column::Spooled.index()), 5),
                (
                    later.reported(DiscardReason::SendError.index(), new_category),
                    1,
                ),
                (later.session(), NO_SESSION),
            ],
        );
        let dead = DeadCounts::read(&directory, "counters").unwrap().unwrap();
        assert_eq!(dead.died, [(Category::Error, 3), (Category::Default, 2)]);
        let unreported = [
            (DiscardReason::InternalSdkError, Category::Error, 4),
            (DiscardReason::SendError, Category::Default, 1),
        ];
        assert_eq!(dead.unreported, unreported);
        assert!(!is_running_session(&directory, "counters", Uuid::new_v4()));
        page.remove();
    }

    #[test]
    fn a_page_that_says_what_no_version_writes_is_not_read() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        for shape in [0, 2 << 32 | 0xffff] {
            let page = CounterPage::create(&directory, "counters", 10, shape).unwrap();
            assert_eq!(
                DeadCounts::read(&directory, "counters").unwrap(),
                None,
                "{shape:x}"
            );
            page.remove();
        }
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
        assert_eq!((dead.died, dead.unreported), (vec![], vec![]));
        table.add(Category::Error, Column::Captured, u64::MAX / 2);
        let dead = DeadCounts::read(&directory, "counters").unwrap().unwrap();
        assert_eq!(dead, DeadCounts::default(), "damage was counted");
        std::fs::write(directory.path().join("counters"), b"foreign").unwrap();
        assert_eq!(DeadCounts::read(&directory, "counters").unwrap(), None);
    }
}
