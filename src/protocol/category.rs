//! Data categories: what rate limits, client reports and statistics count by (REP-3, RL-9).

/// What kind of data an item is. The numbers are those of `sentry_category_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Category {
    /// Error and message events.
    Error = 0,
    /// Transactions.
    Transaction = 1,
    /// Spans.
    Span = 2,
    /// Release-health sessions.
    Session = 3,
    /// Attachments, counted in bytes.
    Attachment = 4,
    /// Log entries.
    LogItem = 5,
    /// Log entries, in bytes.
    LogByte = 6,
    /// Metrics.
    TraceMetric = 7,
    /// Metrics, in bytes.
    TraceMetricByte = 8,
    /// User feedback.
    Feedback = 9,
    /// Cron check-ins.
    Monitor = 10,
    /// Profiles.
    Profile = 11,
    /// Session replays.
    Replay = 12,
    /// Anything a server of another age calls by no name.
    Default = 13,
    /// The library's own items.
    Internal = 14,
}

impl Category {
    /// How many there are.
    pub(crate) const COUNT: usize = 15;

    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Error,
        Self::Transaction,
        Self::Span,
        Self::Session,
        Self::Attachment,
        Self::LogItem,
        Self::LogByte,
        Self::TraceMetric,
        Self::TraceMetricByte,
        Self::Feedback,
        Self::Monitor,
        Self::Profile,
        Self::Replay,
        Self::Default,
        Self::Internal,
    ];

    /// Its place in tables.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Its name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Transaction => "transaction",
            Self::Span => "span",
            Self::Session => "session",
            Self::Attachment => "attachment",
            Self::LogItem => "log_item",
            Self::LogByte => "log_byte",
            Self::TraceMetric => "trace_metric",
            Self::TraceMetricByte => "trace_metric_byte",
            Self::Feedback => "feedback",
            Self::Monitor => "monitor",
            Self::Profile => "profile",
            Self::Replay => "replay",
            Self::Default => "default",
            Self::Internal => "internal",
        }
    }

    /// The category of that name; none for names this library does not know.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_places_are_in_order() {
        for (place, category) in Category::ALL.into_iter().enumerate() {
            assert_eq!(category.index(), place);
            assert_eq!(Category::from_name(category.name()), Some(category));
        }
        assert_eq!(Category::from_name("metric_bucket"), None);
    }
}
