//! Counts: what became of the items of one category, as a reader of the ledger sees it.

use crate::protocol::discard::DiscardReason;

/// The counts of one category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CategoryCounts {
    /// Everything the host handed in.
    pub(crate) captured: u64,
    /// Accepted by the server.
    pub(crate) delivered: u64,
    /// Waiting on disk.
    pub(crate) spooled: u64,
    /// Waiting in memory or on its way.
    pub(crate) pending: u64,
    /// Lost, by [`DiscardReason::index`].
    pub(crate) discarded: [u64; DiscardReason::COUNT],
}

impl CategoryCounts {
    /// Lost for any reason.
    pub(crate) fn discarded_total(&self) -> u64 {
        self.discarded
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }
}
