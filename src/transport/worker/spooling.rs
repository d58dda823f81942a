//! Spooling: what the host wants kept on disk, and what that means for the store's spool.
//!
//! Entry points: [`SpoolPolicy`], [`header`]. The worker does the rest, see [`crate::transport::worker`].

use crate::protocol::envelope::HeaderFields;
use crate::store::spool::SpoolSettings;
use crate::store::spool::caps::Caps;
use crate::transport::settings::Settings;

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

/// Bounds of the store's spool.
pub(crate) fn spool_settings(settings: &Settings) -> SpoolSettings {
    /// Beyond what the queue takes: headers, which it does not count.
    const HEADERS: u64 = 1 << 20;
    SpoolSettings {
        cache: settings.spool.caps,
        // What earlier runs left was in their queues.
        carried: Caps {
            items: settings.queue.max_items,
            bytes: Some(settings.queue.max_bytes),
            age: settings.spool.caps.age,
        },
        max_file_bytes: settings.queue.max_bytes.saturating_add(HEADERS),
        dsn: settings.dsn.clone(),
    }
}

/// The header of an envelope on disk: without the time of sending (SP-2).
pub(crate) fn header(settings: &Settings) -> HeaderFields<'_> {
    HeaderFields {
        dsn: Some(&*settings.dsn).filter(|dsn| !dsn.is_empty()),
        sdk: Some(&settings.sdk),
        sent_at: None,
    }
}
