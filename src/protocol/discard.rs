//! Discard reasons: why an item never arrived. Each lost item has exactly one (REP-2).
//!
//! One row says all of a reason: its number, which is that of `sentry_discard_reason_t` and its place in tables, its name
//! in statistics and diagnostics, and its name in client reports. Reasons the protocol has no word for go under the closest
//! one; `None`: the server counts these itself (REP-6), or must not hear of them.

use std::ffi::CStr;

/// Makes the enum and what there is to know of each reason.
macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $number:literal, $name:literal, $wire_name:expr;)+) => {
        /// Why an item was lost.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub(crate) enum DiscardReason {
            $($(#[$doc])* $reason = $number,)+
        }

        impl DiscardReason {
            /// How many there are.
            pub(crate) const COUNT: usize = [$($number),+].len();

            /// All of them, in the order of their numbers.
            pub(crate) const ALL: [Self; Self::COUNT] = [$(Self::$reason),+];

            /// Its name in statistics and diagnostics, for C.
            pub(crate) const fn c_name(self) -> &'static CStr {
                match self {
                    $(Self::$reason => $name,)+
                }
            }

            /// Its name in client reports.
            pub(crate) const fn wire_name(self) -> Option<&'static str> {
                match self {
                    $(Self::$reason => $wire_name,)+
                }
            }
        }
    };
}

reasons! {
    /// The envelope queue was full.
    QueueOverflow = 0, c"queue_overflow", Some("queue_overflow");
    /// A buffer of logs, metrics or spans was full.
    BufferOverflow = 1, c"buffer_overflow", Some("buffer_overflow");
    /// A cap of the spool removed it.
    CacheOverflow = 2, c"cache_overflow", Some("cache_overflow");
    /// A rate limit announced earlier by the server.
    RatelimitBackoff = 3, c"ratelimit_backoff", Some("ratelimit_backoff");
    /// Given up without an HTTP answer.
    NetworkError = 4, c"network_error", Some("network_error");
    /// The server answered 4xx or 5xx, except 429.
    SendError = 5, c"send_error", Some("send_error");
    /// Sampled out.
    SampleRate = 6, c"sample_rate", Some("sample_rate");
    /// A `before_send` hook dropped it.
    BeforeSend = 7, c"before_send", Some("before_send");
    /// An event processor or `ignore_errors` dropped it.
    EventProcessor = 8, c"event_processor", Some("event_processor");
    /// The library failed.
    InternalSdkError = 9, c"internal_sdk_error", Some("internal_sdk_error");
    /// Down-sampled under load.
    Backpressure = 10, c"backpressure", Some("backpressure");
    /// On a deny list.
    Ignored = 11, c"ignored", Some("ignored");
    /// Too little data to be useful.
    InsufficientData = 12, c"insufficient_data", Some("insufficient_data");
    /// Malformed; includes JSON that cannot be read.
    Invalid = 13, c"invalid", Some("invalid");
    /// Over a size limit even after trimming.
    TooLarge = 14, c"too_large", Some("invalid");
    /// The server answered 429; it counts such items itself.
    ServerRateLimit = 15, c"server_rate_limit", None;
    /// Still unsent at the deadline of the shutdown.
    Shutdown = 16, c"shutdown", Some("network_error");
    /// Captured on the library's own worker thread.
    WorkerThread = 17, c"worker_thread", Some("ignored");
    /// The user has not consented; the server is never told.
    NoConsent = 18, c"no_consent", None;
    /// In memory when an earlier process of the host died; counted by the next start.
    HostDied = 19, c"host_died", Some("internal_sdk_error");
    /// An equal error was sent a moment ago, and this one is counted into it.
    Duplicate = 20, c"duplicate", Some("event_processor");
}

impl DiscardReason {
    /// Its place in tables.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Its name in statistics and diagnostics.
    pub(crate) fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or_default()
    }

    /// The reason with that number; none for a number this library does not know.
    pub(crate) fn from_number(number: i32) -> Option<Self> {
        let index = usize::try_from(number).ok()?;
        Self::ALL.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_place_and_a_name_of_its_own() {
        let mut names = std::collections::HashSet::new();
        for (place, reason) in DiscardReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), place);
            assert_eq!(DiscardReason::from_number(place as i32), Some(reason));
            assert!(names.insert(reason.name()), "{}", reason.name());
        }
        assert!(!names.contains("unknown") && !names.contains(""));
        assert_eq!(DiscardReason::from_number(-1), None);
        assert_eq!(
            DiscardReason::from_number(DiscardReason::COUNT as i32),
            None
        );
    }

    // REP-6
    #[test]
    fn only_what_is_not_for_the_server_has_no_wire_name() {
        let unnamed: Vec<_> = DiscardReason::ALL
            .into_iter()
            .filter(|reason| reason.wire_name().is_none())
            .collect();
        let expected = [DiscardReason::ServerRateLimit, DiscardReason::NoConsent];
        assert_eq!(unnamed, expected);
    }
}
