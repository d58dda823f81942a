//! Layout: where the numbers of the ledger's table lie among its cells.

use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;

/// Where the numbers lie, which goes by how many categories and reasons a page has room for. A page says both, so that one
/// of another version is read as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) categories: usize,
    pub(super) reasons: usize,
}

/// That of this version. The room for reasons is larger than their number: another reason does not change the layout.
pub(super) const OWN: Layout = Layout {
    categories: Category::COUNT,
    reasons: 32,
};

const _: () = assert!(DiscardReason::COUNT <= OWN.reasons);

/// Columns of a category before those of the reasons.
pub(super) const COLUMNS: usize = 4;

impl Layout {
    /// What a page of it says of itself: the version of all this, and the two counts.
    pub(super) const fn shape(self) -> u64 {
        2 << 32 | (self.categories as u64) << 16 | self.reasons as u64
    }

    /// The layout of a page that says so; none for one that nobody can have written.
    pub(super) fn of_shape(shape: u64) -> Option<Self> {
        /// Far beyond what there will be, and little memory.
        const MOST: usize = 128;
        let part = |part: u64| usize::try_from(part & 0xffff).unwrap_or_default();
        let layout = Self {
            categories: part(shape >> 16),
            reasons: part(shape),
        };
        let is_possible = layout.categories <= MOST && layout.reasons <= MOST;
        (is_possible && layout.shape() == shape).then_some(layout)
    }

    /// The cell of a count. `column` is [`Column::index`].
    pub(super) const fn count(self, category: usize, column: usize) -> usize {
        let row = COLUMNS.saturating_add(self.reasons);
        category.saturating_mul(row).saturating_add(column)
    }

    /// The cell of a loss that waits for a client report: these follow the counts.
    pub(super) const fn unreported(self, reason: usize, category: usize) -> usize {
        let row = reason.saturating_mul(self.categories);
        let counts = self.count(self.categories, 0);
        counts.saturating_add(row).saturating_add(category)
    }

    /// The cell of a loss whose report is under way: these follow those that wait.
    pub(super) const fn reported(self, reason: usize, category: usize) -> usize {
        self.unreported(self.reasons, 0)
            .saturating_add(reason.saturating_mul(self.categories))
            .saturating_add(category)
    }

    /// The cell of the running session, which is the last.
    pub(super) const fn session(self) -> usize {
        self.reported(self.reasons, 0)
    }

    /// All cells.
    pub(super) const fn cells(self) -> usize {
        self.session().saturating_add(1)
    }
}

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
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Captured => 0,
            Self::Delivered => 1,
            Self::Spooled => 2,
            Self::Pending => 3,
            Self::Discarded(reason) => reason.index().saturating_add(COLUMNS),
        }
    }
}

/// In the cell of the session when none is running. 0 is that nothing was said.
pub(super) const NO_SESSION: u64 = u64::MAX;

/// As much of an id as a cell holds: more than enough to tell two sessions of one process apart.
pub(super) fn word_of(sid: Uuid) -> u64 {
    let half = sid.as_bytes().first_chunk();
    half.map_or(0, |half| u64::from_ne_bytes(*half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_cells_are_one() {
        let layout = Layout {
            categories: 3,
            reasons: 5,
        };
        let mut places = vec![layout.session()];
        for category in 0..3 {
            places.extend((0..COLUMNS + 5).map(|column| layout.count(category, column)));
            for reason in 0..5 {
                places.push(layout.unreported(reason, category));
                places.push(layout.reported(reason, category));
            }
        }
        places.sort_unstable();
        assert_eq!(places, (0..layout.cells()).collect::<Vec<_>>());
    }

    #[test]
    fn every_column_has_a_place_of_its_own() {
        let columns = [
            Column::Captured,
            Column::Delivered,
            Column::Spooled,
            Column::Pending,
        ];
        let reasons = DiscardReason::ALL.map(Column::Discarded);
        let columns = columns.into_iter().chain(reasons).map(Column::index);
        assert_eq!(
            columns.collect::<Vec<_>>(),
            (0..COLUMNS + DiscardReason::COUNT).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_shape_says_the_layout_or_nothing() {
        assert_eq!(Layout::of_shape(OWN.shape()), Some(OWN));
        for shape in [
            0,
            1,
            OWN.shape() | 1 << 48,
            3 << 32 | 15 << 16 | 32,
            2 << 32 | 0xffff,
        ] {
            assert_eq!(Layout::of_shape(shape), None, "{shape:x}");
        }
    }
}
