//! Discard reasons: why an item never arrived. Each lost item has exactly one (REP-2).

/// Why an item was lost. The numbers are those of `sentry_discard_reason_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum DiscardReason {
    /// The envelope queue was full.
    QueueOverflow = 0,
    /// A buffer of logs, metrics or spans was full.
    BufferOverflow = 1,
    /// A cap of the spool removed it.
    CacheOverflow = 2,
    /// A rate limit announced earlier by the server.
    RatelimitBackoff = 3,
    /// Given up without an HTTP answer.
    NetworkError = 4,
    /// The server answered 4xx or 5xx, except 429.
    SendError = 5,
    /// Sampled out.
    SampleRate = 6,
    /// A `before_send` hook dropped it.
    BeforeSend = 7,
    /// An event processor or `ignore_errors` dropped it.
    EventProcessor = 8,
    /// The library failed.
    InternalSdkError = 9,
    /// Down-sampled under load.
    Backpressure = 10,
    /// On a deny list.
    Ignored = 11,
    /// Too little data to be useful.
    InsufficientData = 12,
    /// Malformed; includes JSON that cannot be read.
    Invalid = 13,
    /// Over a size limit even after trimming.
    TooLarge = 14,
    /// The server answered 429; it counts such items itself.
    ServerRateLimit = 15,
    /// Still unsent at the deadline of the shutdown.
    Shutdown = 16,
    /// Captured on the library's own worker thread.
    WorkerThread = 17,
    /// The user has not consented; the server is never told.
    NoConsent = 18,
    /// In memory when an earlier process of the host died; counted by the next start.
    HostDied = 19,
}

impl DiscardReason {
    /// How many there are.
    pub(crate) const COUNT: usize = 20;

    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::QueueOverflow,
        Self::BufferOverflow,
        Self::CacheOverflow,
        Self::RatelimitBackoff,
        Self::NetworkError,
        Self::SendError,
        Self::SampleRate,
        Self::BeforeSend,
        Self::EventProcessor,
        Self::InternalSdkError,
        Self::Backpressure,
        Self::Ignored,
        Self::InsufficientData,
        Self::Invalid,
        Self::TooLarge,
        Self::ServerRateLimit,
        Self::Shutdown,
        Self::WorkerThread,
        Self::NoConsent,
        Self::HostDied,
    ];

    /// Its place in tables.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Its name in statistics and diagnostics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::ServerRateLimit => "server_rate_limit",
            Self::Shutdown => "shutdown",
            Self::WorkerThread => "worker_thread",
            Self::NoConsent => "no_consent",
            Self::HostDied => "host_died",
            _ => match self.wire_name() {
                Some(name) => name,
                None => "unknown",
            },
        }
    }

    /// Its name in client reports; reasons the protocol has no word for go under the closest one. `None`: the server
    /// counts these itself (REP-6), or must not hear of them.
    pub(crate) const fn wire_name(self) -> Option<&'static str> {
        Some(match self {
            Self::QueueOverflow => "queue_overflow",
            Self::BufferOverflow => "buffer_overflow",
            Self::CacheOverflow => "cache_overflow",
            Self::RatelimitBackoff => "ratelimit_backoff",
            Self::NetworkError | Self::Shutdown => "network_error",
            Self::SendError => "send_error",
            Self::SampleRate => "sample_rate",
            Self::BeforeSend => "before_send",
            Self::EventProcessor => "event_processor",
            Self::InternalSdkError | Self::HostDied => "internal_sdk_error",
            Self::Backpressure => "backpressure",
            Self::Ignored | Self::WorkerThread => "ignored",
            Self::InsufficientData => "insufficient_data",
            Self::Invalid | Self::TooLarge => "invalid",
            Self::ServerRateLimit | Self::NoConsent => return None,
        })
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
            assert!(names.insert(reason.name()), "{}", reason.name());
        }
        assert!(!names.contains("unknown"));
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
