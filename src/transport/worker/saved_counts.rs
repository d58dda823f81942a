//! Saved counts: when the numbers of the account were last brought into their file.

use std::time::Instant;

/// What is known of the saving of the account's numbers.
#[derive(Debug)]
pub(super) struct SavedCounts {
    pub(super) last: Instant,
    pub(super) is_wanted: bool,
    pub(super) has_warned: bool,
}

impl SavedCounts {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            last: now,
            is_wanted: false,
            has_warned: false,
        }
    }
}
