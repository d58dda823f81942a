//! Backing: what the client lends its transport besides settings: an observer of outcomes, a place on disk, and work for the
//! worker's thread.

use std::sync::Arc;
use std::time::Instant;

use super::account::outcome::OutcomeSink;
use crate::base::debug::named_in_debug;
use crate::base::uuid::Uuid;
use crate::protocol::envelope::Envelope;
use crate::store::database::Database;
use crate::store::run::OldRun;
use crate::transport::queue::batched::Batched;

/// What the transport reaches of the client. Each part may be missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backing {
    /// Hears what became of each envelope.
    pub(crate) sink: Option<Arc<dyn OutcomeSink>>,
    /// Where files go; `None`: everything stays in memory.
    pub(crate) database: Option<Arc<Database>>,
    /// A database was wanted and cannot be used.
    pub(crate) is_database_unusable: bool,
    /// What the client wants done on the worker's thread.
    pub(crate) client_tasks: Option<Arc<dyn ClientTasks>>,
    /// What the client collects before it is sent.
    pub(crate) batches: Option<Arc<dyn Batches>>,
    /// Nothing is sent until [`super::Transport::set_consent`] says otherwise.
    pub(crate) is_consent_missing: bool,
}

/// Work on files that callers must not wait for. All of it is called on the worker's thread, without any lock held.
pub(crate) trait ClientTasks: Send + Sync {
    /// Writes what waits to be written; called soon after [`super::Transport::request_client_tasks`]. `note_session` is told which
    /// session is running before its file is written or removed.
    fn run(&self, note_session: &dyn Fn(Option<Uuid>));

    /// Takes what is the client's from a dead run, soon after the start and before the files of the transport in any of them
    /// are looked at. A session that was not running is one whose file could not be removed.
    fn take_over(&self, old: &OldRun, was_running: &dyn Fn(Uuid) -> bool);

    /// All dead runs have been seen: what is to be sent of them. Not called if a shutdown came first.
    fn taken_over(&self) -> Vec<Envelope>;
}

named_in_debug!(ClientTasks);

/// Batches of the client, which become envelopes when they are full or when their time has come. The worker sees to the time;
/// it is told of the first entry of a batch by [`super::Transport::note_batch`].
pub(crate) trait Batches: Send + Sync {
    /// When the next is to be handed over; none while all are empty.
    fn due(&self) -> Option<Instant>;

    /// Events that are to be said at `now` of what was counted.
    fn events(&self, now: Instant) -> Vec<Envelope>;

    /// Hands those over that are due at `now`.
    fn hand_over(&self, now: Instant, submit: &dyn Fn(Envelope, &mut Batched));
}

named_in_debug!(Batches);
