//! Settings of the queue: its size, and what happens when there is no room.

use std::time::Duration;

/// What happens when there is no room.
#[expect(
    clippy::enum_variant_names,
    reason = "the names of the option's values"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overflow {
    /// The new envelope is refused.
    DropNewest,
    /// The oldest envelope of the lowest priority present goes, but none that matters more than the new one.
    DropOldest,
    /// As `DropOldest`, but only what matters less than the new one goes; else the new one is refused.
    DropLowestPriority,
}

/// Size and behaviour of the queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueSettings {
    /// Most envelopes; `None` leaves only the byte bound.
    pub(crate) max_items: Option<u64>,
    /// Most bytes, everything the envelopes own counted.
    pub(crate) max_bytes: u64,
    /// What happens when there is no room.
    pub(crate) overflow: Overflow,
    /// Longest time a capture waits for room; zero never waits.
    pub(crate) block_timeout: Duration,
}
