//! Moments: the time on both clocks that the spool goes by.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Now, on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// For waiting.
    pub(crate) now: Instant,
    /// For names: milliseconds since 1970.
    pub(crate) millis: u64,
}

impl Moment {
    /// A moment on the monotonic clock and on the wall clock.
    pub(crate) fn new(now: Instant, wall: SystemTime) -> Self {
        Self {
            now,
            millis: millis(wall),
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
