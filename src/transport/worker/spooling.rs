//! Spooling: the store's spool as the worker holds it, and what a job that lies there takes up.
//!
//! Entry points: [`Spooling`], [`Spooled`], [`header`]. What goes there stands in [`super::spooled`], when it is sent in
//! [`super::spool_rounds`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::protocol::envelope::HeaderFields;
use crate::store::spool::caps::Caps;
use crate::store::spool::{Content, Spool, SpoolSettings, Ticket, Written};
use crate::transport::queue::durable::Charge;
use crate::transport::settings::Settings;
use crate::transport::shared::Shared;
use crate::transport::wire::host::Destination;

/// Shortest distance between two sends from the spool (SP-4), and from the start to the first.
pub(super) const PACE: Duration = Duration::from_millis(100);
/// From a failure to the next round.
pub(super) const ROUND_DISTANCE: Duration = Duration::from_secs(15 * 60);
/// Files looked into between two looks at the network.
pub(super) const FILES_AT_A_TIME: usize = 20;

/// Where a job lies on disk.
#[derive(Debug)]
pub(super) struct Spooled {
    pub(super) ticket: Ticket,
    pub(super) content: Content,
    /// Given back when the job is dropped.
    pub(super) _room: Room,
}

impl Spooled {
    /// True if this run wrote it, and not an earlier one or another process.
    pub(super) fn is_of_this_run(&self) -> bool {
        self.content.is_of_this_run
    }
}

/// Room in the queue: what was read from disk is held in memory like everything else.
#[derive(Debug)]
pub(super) struct Room {
    shared: Arc<Shared>,
    charge: Charge,
}

impl Room {
    pub(super) fn reserve(shared: &Arc<Shared>, bytes: u64) -> Option<Self> {
        let charge = shared.account.queue.reserve(bytes)?;
        let shared = Arc::clone(shared);
        Some(Self { shared, charge })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shared.account.queue.release(self.charge);
    }
}

/// The spool, and when the worker deals with it next.
#[derive(Debug)]
pub(super) struct Spooling {
    pub(super) spool: Spool,
    /// The next send is not before.
    pub(super) paced_until: Instant,
    /// The next round is not before.
    pub(super) next_round: Instant,
    /// A round has begun.
    pub(super) has_begun: bool,
    pub(super) has_looked: bool,
    /// More lies there than is known, or allowed.
    pub(super) is_trimming: bool,
    pub(super) has_warned: bool,
    pub(super) written: Written,
    /// A flush waits for the books to be right about what other processes took.
    pub(super) is_look_due: bool,
    /// None until the shutdown, and for one that knows the server to be away.
    pub(super) last_round: Option<LastRound>,
    /// As for [`crate::store::database::Database`].
    #[cfg(not(feature = "spool"))]
    never: std::convert::Infallible,
}

impl Spooling {
    /// None.
    #[cfg(not(feature = "spool"))]
    pub(super) fn new(_shared: &Shared) -> Option<Self> {
        None
    }

    /// The spool in the database of `shared`, if there is one, and if what lies there can go anywhere.
    #[cfg(feature = "spool")]
    pub(super) fn new(shared: &Shared) -> Option<Self> {
        if matches!(shared.settings.destination, Destination::Nowhere) {
            return None;
        }
        let run = Arc::clone(shared.backing.database.as_ref()?.run());
        let now = shared.clock.now();
        let first = now.checked_add(PACE).unwrap_or(now);
        Some(Self {
            spool: Spool::new(run, spool_settings(&shared.settings)),
            paced_until: first,
            next_round: first,
            has_begun: false,
            has_looked: !shared.settings.spool.uses_cache(),
            is_trimming: false,
            has_warned: false,
            written: Written::default(),
            is_look_due: false,
            last_round: None,
        })
    }
}

/// What a shutdown sends from disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastRound {
    /// Files.
    pub(super) left: usize,
    /// Not beyond.
    pub(super) until: Instant,
}

impl LastRound {
    pub(super) fn is_on(&self, now: Instant) -> bool {
        self.left > 0 && now < self.until
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
