//! Choice: the options that pick one of a few named ways, and how a name or number becomes one.
//!
//! Entry points: [`QueueOverflow`], [`Compression`], [`level_from_number`], [`level_from_name`].
//! May use: `protocol::level`.

use crate::protocol::level::Level;

/// Which envelope goes when the queue is full. The numbers are those of `sentry_queue_overflow_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub(crate) enum QueueOverflow {
    /// The new one.
    #[default]
    DropNewest = 0,
    /// The oldest of the least important kind there is, but none that matters more than the new one.
    DropOldest = 1,
    /// One that matters less than the new one; if there is none, the new one.
    DropLowestPriority = 2,
    /// What is least important goes to disk before the queue is full; then the new one.
    Spill = 3,
}

impl QueueOverflow {
    const ALL: [Self; 4] = [
        Self::DropNewest,
        Self::DropOldest,
        Self::DropLowestPriority,
        Self::Spill,
    ];

    /// Its name in JSON options.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DropNewest => "drop_newest",
            Self::DropOldest => "drop_oldest",
            Self::DropLowestPriority => "drop_lowest_priority",
            Self::Spill => "spill",
        }
    }

    /// The way with that number of the C interface.
    pub(crate) fn from_number(number: i32) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|way| *way as i32 == number)
            .ok_or_else(|| {
                refused_number(
                    "queue_overflow",
                    number,
                    "SENTRY_QUEUE_OVERFLOW_DROP_NEWEST (0), SENTRY_QUEUE_OVERFLOW_DROP_OLDEST (1), \
                     SENTRY_QUEUE_OVERFLOW_DROP_LOWEST_PRIORITY (2), SENTRY_QUEUE_OVERFLOW_SPILL (3)",
                )
            })
    }

    /// The way with that name.
    pub(crate) fn from_name(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|way| way.name() == name)
            .ok_or_else(|| {
                refused_name(
                    "queue_overflow",
                    name,
                    "\"drop_newest\", \"drop_oldest\", \"drop_lowest_priority\", \"spill\"",
                )
            })
    }
}

/// How request bodies are compressed. The numbers are those of `sentry_compression_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Compression {
    /// Not at all.
    None = 0,
    /// gzip.
    Gzip = 1,
}

impl Default for Compression {
    /// gzip where the build has it.
    fn default() -> Self {
        if cfg!(feature = "compression") {
            Self::Gzip
        } else {
            Self::None
        }
    }
}

impl Compression {
    const ALL: [Self; 2] = [Self::None, Self::Gzip];

    /// Its name in JSON options.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
        }
    }

    /// The way with that number of the C interface, if this build has it.
    pub(crate) fn from_number(number: i32) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|way| *way as i32 == number)
            .ok_or_else(|| {
                refused_number(
                    "compression",
                    number,
                    "SENTRY_COMPRESSION_NONE (0), SENTRY_COMPRESSION_GZIP (1)",
                )
            })?
            .if_built_in()
    }

    /// The way with that name, if this build has it.
    pub(crate) fn from_name(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|way| way.name() == name)
            .ok_or_else(|| refused_name("compression", name, "\"none\", \"gzip\""))?
            .if_built_in()
    }

    fn if_built_in(self) -> Result<Self, String> {
        if self == Self::Gzip && !cfg!(feature = "compression") {
            return Err(
                "compression: gzip is refused, this build of the library does not contain it; \
                 allowed is none"
                    .to_owned(),
            );
        }
        Ok(self)
    }
}

/// The level with that number of `sentry_level_t`, for the option called `option`.
pub(crate) fn level_from_number(option: &str, number: i32) -> Result<Level, String> {
    Level::from_number(number).ok_or_else(|| {
        refused_number(
            option,
            number,
            "SENTRY_LEVEL_TRACE (-2) to SENTRY_LEVEL_FATAL (3)",
        )
    })
}

/// The level with that name, for the option called `option`.
pub(crate) fn level_from_name(option: &str, name: &str) -> Result<Level, String> {
    Level::from_name(name).ok_or_else(|| {
        refused_name(
            option,
            name,
            "\"trace\", \"debug\", \"info\", \"warning\", \"error\", \"fatal\"",
        )
    })
}

fn refused_number(option: &str, number: i32, allowed: &str) -> String {
    format!("{option}: {number} is refused; allowed are {allowed}")
}

/// Refuses a name of a choice.
pub(super) fn refused_name(option: &str, name: &str, allowed: &str) -> String {
    let name = super::limit::shorten(name);
    format!("{option}: \"{name}\" is refused; allowed are {allowed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for way in QueueOverflow::ALL {
            assert_eq!(QueueOverflow::from_number(way as i32), Ok(way));
            assert_eq!(QueueOverflow::from_name(way.name()), Ok(way));
        }
        assert_eq!(Compression::from_number(0), Ok(Compression::None));
        assert_eq!(Compression::from_name("none"), Ok(Compression::None));
    }

    #[test]
    fn unknown_numbers_and_names_are_refused_with_what_is_allowed() {
        for number in [-1, 4, i32::MIN, i32::MAX] {
            let text = QueueOverflow::from_number(number).unwrap_err();
            assert!(
                text.starts_with(&format!("queue_overflow: {number} is refused")),
                "{text}"
            );
        }
        assert!(Compression::from_number(2).is_err());
        let text = Compression::from_name("zstd").unwrap_err();
        assert_eq!(
            text,
            "compression: \"zstd\" is refused; allowed are \"none\", \"gzip\""
        );
        assert!(level_from_number("event_level", 4).is_err());
        assert!(level_from_number("event_level", -3).is_err());
        let text = level_from_name("event_level", "ERROR").unwrap_err();
        assert!(
            text.starts_with("event_level: \"ERROR\" is refused"),
            "{text}"
        );
    }

    #[test]
    fn gzip_is_there_exactly_when_it_was_built_in() {
        assert_eq!(
            Compression::from_name("gzip").is_ok(),
            cfg!(feature = "compression")
        );
        assert_eq!(
            Compression::from_number(1).is_ok(),
            cfg!(feature = "compression")
        );
    }
}
