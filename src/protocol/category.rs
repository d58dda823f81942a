//! Data categories: what rate limits, client reports and statistics count by (REP-3, RL-9).
//!
//! One row says all of a category: its number, which is that of `sentry_category_t` and its place in tables, and its name on
//! the wire.

use std::ffi::CStr;

/// Makes the enum and what there is to know of each category.
macro_rules! categories {
    ($($(#[$doc:meta])* $category:ident = $number:literal, $name:literal;)+) => {
        /// What kind of data an item is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub(crate) enum Category {
            $($(#[$doc])* $category = $number,)+
        }

        impl Category {
            /// How many there are.
            pub(crate) const COUNT: usize = [$($number),+].len();

            /// All of them, in the order of their numbers.
            pub(crate) const ALL: [Self; Self::COUNT] = [$(Self::$category),+];

            /// Its name on the wire, for C.
            pub(crate) const fn c_name(self) -> &'static CStr {
                match self {
                    $(Self::$category => $name,)+
                }
            }
        }
    };
}

categories! {
    /// Error and message events.
    Error = 0, c"error";
    /// Transactions.
    Transaction = 1, c"transaction";
    /// Spans.
    Span = 2, c"span";
    /// Release-health sessions.
    Session = 3, c"session";
    /// Attachments, counted in bytes.
    Attachment = 4, c"attachment";
    /// Log entries.
    LogItem = 5, c"log_item";
    /// Log entries, in bytes.
    LogByte = 6, c"log_byte";
    /// Metrics.
    TraceMetric = 7, c"trace_metric";
    /// Metrics, in bytes.
    TraceMetricByte = 8, c"trace_metric_byte";
    /// User feedback.
    Feedback = 9, c"feedback";
    /// Cron check-ins.
    Monitor = 10, c"monitor";
    /// Profiles.
    Profile = 11, c"profile";
    /// Session replays.
    Replay = 12, c"replay";
    /// Anything a server of another age calls by no name.
    Default = 13, c"default";
    /// The library's own items.
    Internal = 14, c"internal";
}

impl Category {
    /// Its place in tables.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or_default()
    }

    /// The category of that name; none for names this library does not know.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.name() == name)
    }

    /// The category with that number; none for a number this library does not know.
    pub(crate) fn from_number(number: i32) -> Option<Self> {
        let index = usize::try_from(number).ok()?;
        Self::ALL.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_places_are_in_order() {
        for (place, category) in Category::ALL.into_iter().enumerate() {
            assert_eq!(category.index(), place);
            assert_eq!(Category::from_number(place as i32), Some(category));
            assert_eq!(Category::from_name(category.name()), Some(category));
        }
        assert_eq!(Category::from_name("metric_bucket"), None);
        assert_eq!(Category::from_number(-1), None);
        assert_eq!(Category::from_number(Category::COUNT as i32), None);
    }
}
