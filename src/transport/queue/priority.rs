//! Priorities: what goes first, and how much of the queue each kind may fill.

use crate::protocol::category::Category;

/// Priorities, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Priority {
    /// Errors and feedback.
    Error = 0,
    /// Sessions and check-ins.
    Session = 1,
    /// Transactions and profiles.
    Transaction = 2,
    /// Logs, metrics and the rest.
    Bulk = 3,
}

impl Priority {
    /// How many there are.
    pub(crate) const COUNT: usize = 4;

    /// All of them, in that order.
    pub(crate) const ALL: [Self; Self::COUNT] =
        [Self::Error, Self::Session, Self::Transaction, Self::Bulk];

    /// The priority of an envelope whose first item is of this category.
    pub(crate) fn of(category: Category) -> Self {
        match category {
            Category::Error | Category::Feedback | Category::Attachment => Self::Error,
            Category::Session | Category::Monitor => Self::Session,
            Category::Transaction | Category::Profile | Category::Replay => Self::Transaction,
            Category::Span
            | Category::LogItem
            | Category::LogByte
            | Category::TraceMetric
            | Category::TraceMetricByte
            | Category::Default
            | Category::Internal => Self::Bulk,
        }
    }

    /// Part of the budget that may be full before this priority is refused, in percent.
    pub(crate) fn share(self) -> u64 {
        match self {
            Self::Error => 100,
            Self::Session => 90,
            Self::Transaction => 75,
            Self::Bulk => 50,
        }
    }

    /// Its place in tables.
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}
