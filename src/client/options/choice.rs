//! Choice: the options that pick one of a few ways, each with the number of its constant in the header and a name.
//!
//! Entry points: the enums, and [`Choice`], which says what a number or a name stands for. May use: `protocol::level`.

use super::limit::shorten;
use crate::protocol::level::Level;

/// The ways an option can be, and what becomes of a number that stands for none of them.
#[derive(Debug)]
pub(crate) struct Choice {
    /// What the constants in the header begin with.
    pub(super) prefix: &'static str,
    /// Number and name of each; the numbers rise.
    pub(super) ways: &'static [(i32, &'static str)],
    /// Other names that are understood.
    pub(super) aliases: &'static [(i32, &'static str)],
    /// Ways that are not in this build.
    pub(super) left_out: &'static [(i32, &'static str)],
    /// Any other number.
    pub(super) others: Others,
}

/// What becomes of a number that stands for no way.
#[derive(Debug)]
pub(super) enum Others {
    /// It is refused.
    Refused,
    /// As the compatible interface does: one above the last is the last, one below the first is this.
    Cut(i32),
}

impl Choice {
    /// The number that `number` of the C interface stands for.
    pub(super) fn by_number(&self, option: &str, number: i32) -> Result<i32, String> {
        let numbers = || self.ways.iter().map(|(way, _)| *way);
        if numbers().any(|way| way == number) {
            return Ok(number);
        }
        if let Some((_, name)) = self.left_out.iter().find(|(way, _)| *way == number) {
            return Err(self.refuse_left_out(option, name));
        }
        if let Others::Cut(below) = self.others {
            return Ok(numbers().rev().find(|way| *way <= number).unwrap_or(below));
        }
        let constants = self.ways.iter().map(|(way, name)| {
            let name = name.to_ascii_uppercase();
            format!("{}_{name} ({way})", self.prefix)
        });
        let allowed = constants.collect::<Vec<_>>().join(", ");
        Err(format!(
            "{option}: {number} is refused; allowed are {allowed}"
        ))
    }

    /// The number of the way with that name.
    pub(super) fn by_name(&self, option: &str, name: &str) -> Result<i32, String> {
        let mut known = self.ways.iter().chain(self.aliases);
        if let Some((way, _)) = known.find(|(_, known)| *known == name) {
            return Ok(*way);
        }
        if self.left_out.iter().any(|(_, known)| *known == name) {
            return Err(self.refuse_left_out(option, name));
        }
        let (name, allowed) = (shorten(name), self.names());
        Err(format!(
            "{option}: \"{name}\" is refused; allowed are {allowed}"
        ))
    }

    /// The name of the way with that number.
    pub(super) fn name_of(&self, number: i32) -> Option<&'static str> {
        let mut ways = self.ways.iter();
        ways.find(|(way, _)| *way == number).map(|(_, name)| *name)
    }

    fn refuse_left_out(&self, option: &str, name: &str) -> String {
        let allowed = self.names();
        format!(
            "{option}: {name} is refused, this build of the library does not contain it; allowed are {allowed}"
        )
    }

    fn names(&self) -> String {
        let quoted = self.ways.iter().map(|(_, name)| format!("\"{name}\""));
        quoted.collect::<Vec<_>>().join(", ")
    }
}

/// The levels, for options that take one.
pub(super) const LEVELS: Choice = Choice {
    prefix: "SENTRY_LEVEL",
    ways: &[
        (Level::Trace as i32, "trace"),
        (Level::Debug as i32, "debug"),
        (Level::Info as i32, "info"),
        (Level::Warning as i32, "warning"),
        (Level::Error as i32, "error"),
        (Level::Fatal as i32, "fatal"),
    ],
    aliases: &[
        (Level::Warning as i32, "warn"),
        (Level::Fatal as i32, "critical"),
    ],
    left_out: &[],
    others: Others::Refused,
};

/// Makes enums and their [`Choice`]: the constants' prefix and what becomes of other numbers, then number and name of each.
macro_rules! choices {
    ($($(#[$doc:meta])* $enum:ident($prefix:literal, $others:expr) {
        $($(#[$way_doc:meta])* $way:ident = $number:literal $name:literal,)+
    })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(i32)]
        pub(crate) enum $enum {
            $($(#[$way_doc])* $way = $number,)+
        }

        impl $enum {
            pub(super) const CHOICE: Choice = Choice {
                prefix: $prefix,
                ways: &[$(($number, $name)),+],
                aliases: &[],
                left_out: &[],
                others: $others,
            };

            /// The way with that number.
            pub(super) const fn from_number(number: i32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$way),)+
                    _ => None,
                }
            }
        }
    )+};
}

choices! {
    /// Which envelope goes when the queue is full. The numbers are those of `sentry_queue_overflow_t`.
    QueueOverflow("SENTRY_QUEUE_OVERFLOW", Others::Refused) {
        /// The new one.
        DropNewest = 0 "drop_newest",
        /// The oldest of the least important kind there is, but none that matters more than the new one.
        DropOldest = 1 "drop_oldest",
        /// One that matters less than the new one; if there is none, the new one.
        DropLowestPriority = 2 "drop_lowest_priority",
        /// What is least important goes to disk before the queue is full; then the new one.
        Spill = 3 "spill",
    }

    /// How request bodies are compressed. The numbers are those of `sentry_compression_t`.
    Compression("SENTRY_COMPRESSION", Others::Refused) {
        /// Not at all.
        None = 0 "none",
        /// gzip.
        Gzip = 1 "gzip",
    }

    /// What catches crashes. C has a handle for it, so the numbers are in no header.
    Backend("SENTRY_BACKEND", Others::Refused) {
        /// Nothing.
        None = 0 "none",
        /// What is built in.
        Default = 1 "default",
    }

    /// Which envelopes stay on disk. The numbers are those of `sentry_cache_keep_t`. The option was a flag once, and every
    /// number but 0 meant "yes".
    CacheKeep("SENTRY_CACHE_KEEP", Others::Cut(1)) {
        /// None.
        None = 0 "none",
        /// Those that could not be sent.
        Offline = 1 "offline",
        /// Those, and a copy of those that were sent.
        Always = 2 "always",
    }

    /// How much memory a minidump holds. The numbers are those of `sentry_minidump_mode_t`.
    MinidumpMode("SENTRY_MINIDUMP_MODE", Others::Cut(0)) {
        /// Stacks.
        StackOnly = 0 "stack_only",
        /// Stacks and what they point to.
        Smart = 1 "smart",
        /// All.
        Full = 2 "full",
    }

    /// What a crash is reported as. The numbers are those of `sentry_crash_reporting_mode_t`.
    CrashReportingMode("SENTRY_CRASH_REPORTING_MODE", Others::Cut(0)) {
        /// A minidump.
        Minidump = 0 "minidump",
        /// An event with stacks.
        Native = 1 "native",
        /// An event with stacks, and a minidump.
        NativeWithMinidump = 2 "native_with_minidump",
    }

    /// When a crash is uploaded. The numbers are those of `sentry_crash_upload_mode_t`.
    CrashUploadMode("SENTRY_CRASH_UPLOAD_MODE", Others::Cut(0)) {
        /// Before the crashed process ends.
        Sync = 0 "sync",
        /// After it.
        Async = 1 "async",
    }

    /// When the handlers that were there before ours run. The numbers are those of `sentry_handler_strategy_t`.
    HandlerStrategy("SENTRY_HANDLER_STRATEGY", Others::Cut(0)) {
        /// After ours.
        Default = 0 "default",
        /// Before ours.
        ChainAtStart = 1 "chain_at_start",
    }
}

/// [`Compression`] as far as this build has it.
pub(super) const COMPRESSION: Choice = if cfg!(feature = "compression") {
    Compression::CHOICE
} else {
    Choice {
        ways: &[(Compression::None as i32, "none")],
        left_out: &[(Compression::Gzip as i32, "gzip")],
        ..Compression::CHOICE
    }
};

/// gzip where the build has it.
pub(super) const BEST_COMPRESSION: Compression = if cfg!(feature = "compression") {
    Compression::Gzip
} else {
    Compression::None
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_to_the_same_way() {
        for choice in [
            &QueueOverflow::CHOICE,
            &Compression::CHOICE,
            &CacheKeep::CHOICE,
            &MinidumpMode::CHOICE,
            &CrashReportingMode::CHOICE,
            &CrashUploadMode::CHOICE,
            &HandlerStrategy::CHOICE,
            &Backend::CHOICE,
            &LEVELS,
        ] {
            assert!(choice.ways.is_sorted(), "{choice:?}");
            for (number, name) in choice.ways {
                assert_eq!(choice.by_number("it", *number), Ok(*number));
                assert_eq!(choice.by_name("it", name), Ok(*number));
                assert_eq!(choice.name_of(*number), Some(*name));
            }
        }
        for (number, name) in LEVELS.ways.iter().chain(LEVELS.aliases) {
            let level = Level::from_number(*number);
            assert!(level.is_some());
            assert_eq!(Level::from_name(name), level);
        }
    }

    #[test]
    fn unknown_numbers_and_names_are_refused_with_what_is_allowed() {
        for number in [-1, 4, i32::MIN, i32::MAX] {
            let refusal = QueueOverflow::CHOICE.by_number("queue_overflow", number);
            assert_eq!(
                refusal,
                Err(format!(
                    "queue_overflow: {number} is refused; allowed are SENTRY_QUEUE_OVERFLOW_DROP_NEWEST (0), \
                     SENTRY_QUEUE_OVERFLOW_DROP_OLDEST (1), SENTRY_QUEUE_OVERFLOW_DROP_LOWEST_PRIORITY (2), \
                     SENTRY_QUEUE_OVERFLOW_SPILL (3)"
                ))
            );
        }
        assert_eq!(
            Compression::CHOICE
                .by_name("compression", "zstd")
                .unwrap_err(),
            "compression: \"zstd\" is refused; allowed are \"none\", \"gzip\""
        );
        assert!(LEVELS.by_number("event_level", 4).is_err());
        assert!(LEVELS.by_number("event_level", -3).is_err());
        let text = LEVELS.by_name("event_level", "ERROR").unwrap_err();
        assert!(
            text.starts_with("event_level: \"ERROR\" is refused"),
            "{text}"
        );
    }

    #[test]
    fn numbers_of_the_compatible_interface_are_cut_to_the_range() {
        let cut = |choice: &Choice, number| choice.by_number("it", number).unwrap();
        for (number, kept) in [(i32::MIN, 0), (0, 0), (1, 1), (2, 2), (3, 2), (i32::MAX, 2)] {
            assert_eq!(cut(&MinidumpMode::CHOICE, number), kept, "{number}");
        }
        assert_eq!(cut(&CrashUploadMode::CHOICE, 2), 1);
        for (number, kept) in [(i32::MIN, 1), (-1, 1), (0, 0), (2, 2), (3, 2)] {
            assert_eq!(cut(&CacheKeep::CHOICE, number), kept, "{number}");
        }
    }

    #[test]
    fn gzip_is_there_exactly_when_it_was_built_in() {
        let by_name = COMPRESSION.by_name("compression", "gzip");
        let by_number = COMPRESSION.by_number("compression", 1);
        assert_eq!(by_name.is_ok(), cfg!(feature = "compression"));
        assert_eq!(by_number, by_name);
        if let Err(text) = by_name {
            assert!(text.contains("does not contain it"), "{text}");
        }
    }
}
