//! Spool policy: what the host wants kept on disk, and how much of it.
//!
//! Entry points: [`SpoolPolicy`], [`Keep`].

use crate::store::spool::caps::Caps;

/// Which envelopes stay on disk as copies that are never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// None.
    Nothing,
    /// Those that could not be sent.
    Unsent,
    /// Those, and those that were sent.
    Everything,
}

/// What goes to disk, and how much of it stays there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpoolPolicy {
    /// What could not be sent is tried again later, also by later runs.
    pub(crate) is_retrying: bool,
    /// What overflows a queue goes to disk.
    pub(crate) is_spilling: bool,
    /// Copies.
    pub(crate) keep: Keep,
    /// Bounds of the cache.
    pub(crate) caps: Caps,
}

impl SpoolPolicy {
    /// True if envelopes are put on disk that wait for the server.
    pub(crate) fn puts_off(&self) -> bool {
        self.is_retrying || self.is_spilling
    }

    /// True if the cache is used at all; if not it is left as it is.
    pub(crate) fn uses_cache(&self) -> bool {
        self.puts_off() || self.keep != Keep::Nothing
    }
}
