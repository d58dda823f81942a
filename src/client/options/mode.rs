//! Mode: the enums of the compatible interface that are cut to their range, as it does, instead of being refused.
//!
//! Entry points: the enums, each with `clamped` for numbers of C and `from_name` for JSON. May use: `choice`.

use super::choice::refused_name;

/// Makes enums that count from 0, with their name in JSON behind each variant.
macro_rules! modes {
    ($($(#[$doc:meta])* $name:ident $option:literal {
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+
    })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(i32)]
        pub(crate) enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            const NAMED: &[(Self, &str)] = &[$((Self::$variant, $text)),+];

            /// The mode with that number; below the range the first, above it the last.
            pub(crate) fn clamped(number: i32) -> Self {
                let mut found = Self::NAMED.iter().map(|(mode, _)| *mode);
                let first = [$(Self::$variant),+][0];
                found.rfind(|mode| *mode as i32 <= number).unwrap_or(first)
            }

            /// The mode with that name.
            pub(crate) fn from_name(name: &str) -> Result<Self, String> {
                let allowed = [$(concat!("\"", $text, "\"")),+].join(", ");
                let mut named = Self::NAMED.iter();
                named
                    .find(|(_, known)| *known == name)
                    .map(|(mode, _)| *mode)
                    .ok_or_else(|| refused_name($option, name, &allowed))
            }
        }
    )+};
}

modes! {
    /// Which envelopes stay on disk. The numbers are those of `sentry_cache_keep_t`.
    CacheKeep "cache_keep" {
        /// None.
        None = "none",
        /// Those that could not be sent.
        Offline = "offline",
        /// Those, and a copy of those that were sent.
        Always = "always",
    }

    /// How much memory a minidump holds. The numbers are those of `sentry_minidump_mode_t`.
    MinidumpMode "minidump_mode" {
        /// Stacks.
        StackOnly = "stack_only",
        /// Stacks and what they point to.
        Smart = "smart",
        /// All.
        Full = "full",
    }

    /// What a crash is reported as. The numbers are those of `sentry_crash_reporting_mode_t`.
    CrashReportingMode "crash_reporting_mode" {
        /// A minidump.
        Minidump = "minidump",
        /// An event with stacks.
        Native = "native",
        /// An event with stacks, and a minidump.
        NativeWithMinidump = "native_with_minidump",
    }

    /// When a crash is uploaded. The numbers are those of `sentry_crash_upload_mode_t`.
    CrashUploadMode "crash_upload_mode" {
        /// Before the crashed process ends.
        Sync = "sync",
        /// After it.
        Async = "async",
    }

    /// When the handlers that were there before ours run. The numbers are those of `sentry_handler_strategy_t`.
    HandlerStrategy "handler_strategy" {
        /// After ours.
        Default = "default",
        /// Before ours.
        ChainAtStart = "chain_at_start",
    }
}

impl CacheKeep {
    /// The mode with that number. The option was a flag once, and every number but 0 meant "yes".
    pub(crate) fn from_number(number: i32) -> Self {
        if number < 0 {
            Self::Offline
        } else {
            Self::clamped(number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_to_the_range() {
        for (number, kept) in [
            (i32::MIN, CacheKeep::None),
            (0, CacheKeep::None),
            (1, CacheKeep::Offline),
            (2, CacheKeep::Always),
            (3, CacheKeep::Always),
            (i32::MAX, CacheKeep::Always),
        ] {
            assert_eq!(CacheKeep::clamped(number), kept, "{number}");
        }
        assert_eq!(CrashUploadMode::clamped(2), CrashUploadMode::Async);
    }

    #[test]
    fn names_are_known_or_refused_with_what_is_allowed() {
        assert_eq!(
            CrashReportingMode::from_name("native_with_minidump"),
            Ok(CrashReportingMode::NativeWithMinidump)
        );
        assert_eq!(
            MinidumpMode::from_name("Smart").unwrap_err(),
            "minidump_mode: \"Smart\" is refused; allowed are \"stack_only\", \"smart\", \"full\""
        );
    }
}
