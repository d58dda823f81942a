//! Run takeover: what a later start does with the files that a dead run left, and the end of a run with its own.
//!
//! What dies in memory with a process is what it had captured and not settled. The next start takes over those
//! envelopes of which there is a copy; the rest it books as captured and as lost to the death of the host.

use std::fs::Metadata;
use std::io;
use std::time::Duration;

use crate::base::diagnostics::Severity;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::store::counters;
use crate::store::directory::Directory;
use crate::store::queue_log::{Leftovers, Unread};
use crate::store::run::{OldRun, OldRuns};
use crate::transport::account::dead_counts::{DeadCounts, is_running_session};
use crate::transport::account::ledger::Tally;
use crate::transport::queue::Refusal;
use crate::transport::queue::budget::Usage;
use crate::transport::settings::Settings;
use crate::transport::shared::Shared;
use crate::transport::worker::run_files::{COUNTERS, QUEUE_LOG};

/// How long copies that are for another server wait for a start that knows it, and files of another version for that.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// An error if the log of a durable queue is no longer where the next start looks for it.
pub(crate) fn find_log(shared: &Shared) -> io::Result<()> {
    let database = shared.backing.database.as_ref();
    database.map_or(Ok(()), |database| {
        database.run().directory().metadata(QUEUE_LOG).map(drop)
    })
}

/// False if the run had ended this session before it died.
pub(crate) fn was_running(old: &OldRun, sid: Uuid) -> bool {
    is_running_session(old.directory(), COUNTERS, sid)
}

/// At the end of a run that has settled everything: its files go, unless the server has not been told of every loss.
/// Then the page stays, and the next start tells it (REP-8).
pub(crate) fn remove(shared: &Shared) {
    let Some(database) = &shared.backing.database else {
        return;
    };
    let run = database.run().directory();
    // A log that stays is taken over by the next start, which finds nothing unsettled in it.
    if !shared.account.queue.copies().has_left() {
        let _ = run.remove(QUEUE_LOG);
    }
    let table = shared.account.ledger.table();
    // The page stays also when a file could not be removed: it says that the session in that file has ended.
    if shared.account.ledger.is_everything_told() && !database.has_failed() {
        table.remove_page();
    } else if let Err(error) = table.save() {
        shared.diagnostics.log(
            Severity::Warning,
            format_args!("what the next start is to know cannot be written: {error}"),
        );
    }
}

/// How far the taking over of dead runs has come.
#[derive(Debug)]
pub(super) enum Takeover {
    /// Not begun.
    Due,
    /// The client takes what is its own from each run. That is little, nothing of it waits for the server, and a shutdown
    /// waits for it: else programs that never live long would never come to it.
    OfClient(OldRuns),
    /// The rest is under way; with the run whose copies are coming into the queue, and after them its envelopes into the
    /// spool.
    Running(OldRuns, Option<Box<(OldRun, Option<Inheritance>)>>),
    /// Done, or there is nothing to take over.
    Done,
}

impl Takeover {
    /// True once the client has what is its own.
    pub(super) fn is_of_transport(&self) -> bool {
        matches!(self, Self::Running(..) | Self::Done)
    }
}

/// A dead run whose files are being taken over.
#[derive(Debug)]
pub(crate) struct Inheritance {
    dead: DeadCounts,
    directory: Directory,
    leftovers: Option<Leftovers>,
    /// What the queue held when the next copy had no room.
    refused_at: Option<Usage>,
}

impl Inheritance {
    /// Looks at what a run left; none if there is nothing of it for this start.
    pub(crate) fn open(old: &OldRun, shared: &Shared) -> Option<Self> {
        let directory = old.directory().clone();
        let dead = there(DeadCounts::read(&directory, COUNTERS));
        let leftovers = there(Leftovers::open(
            &directory,
            QUEUE_LOG,
            largest_log(&shared.settings),
        ));
        let (dead, leftovers) = match (dead, leftovers) {
            (Ok(dead), Ok(leftovers)) => (dead, leftovers),
            // Perhaps for want of descriptors: nothing is booked or removed that was not read.
            (Err(error), _) | (_, Err(error)) => {
                shared.diagnostics.log(
                    Severity::Warning,
                    format_args!("what an earlier run left cannot be read: {error}"),
                );
                return None;
            }
        };
        // SP-6: what was meant for another server is not sent to this one, but by a start that knows that one.
        let is_ours = |left: &Leftovers| left.dsn() == shared.settings.dsn;
        let is_foreign = |left: &Leftovers| !is_ours(left) && left.len() > 0;
        if leftovers
            .as_ref()
            .is_some_and(|left| is_foreign(left) && !is_stale(old, QUEUE_LOG))
        {
            return None;
        }
        let leftovers = leftovers.filter(is_ours);
        // Nor are files of another version kept for ever.
        let is_over = || is_stale(old, COUNTERS) || is_stale(old, QUEUE_LOG);
        (dead.is_some() || leftovers.is_some() || is_over()).then(|| Self {
            dead: dead.unwrap_or_default(),
            directory,
            leftovers,
            refused_at: None,
        })
    }

    /// Brings copies into the queue, as far as there is room; true when that is done and everything is booked. What is left
    /// when the queue closes is for a later start.
    pub(crate) fn advance(&mut self, shared: &Shared) -> bool {
        while let Some(leftovers) = &mut self.leftovers
            && leftovers.len() > 0
        {
            let has_room = shared.account.queue.is_at_most_half_full();
            let taken_in = match has_room.then(|| leftovers.next()).flatten() {
                Some(Ok(bytes)) => take_in(&bytes, shared),
                // Stays among the dead.
                Some(Err(Unread::Torn)) => Ok(Vec::new()),
                Some(Err(Unread::NotNow)) | None => Err(Refusal::Full),
            };
            match taken_in {
                Ok(tallies) => self.dead.bring_back(&tallies, &self.directory, COUNTERS),
                // Larger than this queue: it stays among the dead.
                Err(Refusal::TooLarge | Refusal::NoConsent) => {}
                Err(Refusal::Full | Refusal::Closed | Refusal::OutOfMemory) => {
                    leftovers.give_back();
                    self.refused_at = Some(shared.account.queue.usage());
                    return false;
                }
            }
            leftovers.settle();
        }
        // The old copies go now: after a power failure there would be neither, else.
        if self.leftovers.is_some()
            && shared.account.queue.copies().is_changed()
            && let Err(error) = shared.account.queue.copies().sync()
        {
            shared.diagnostics.log(
                Severity::Warning,
                format_args!("copies taken over cannot be brought to the disk: {error}"),
            );
        }
        self.book(shared);
        true
    }

    /// True if the queue holds less than when a copy had no room.
    pub(crate) fn has_a_chance(&self, shared: &Shared) -> bool {
        let now = shared.account.queue.usage();
        let has_less = |then: Usage| now.items < then.items || now.bytes < then.bytes;
        shared.account.queue.is_at_most_half_full() && self.refused_at.is_none_or(has_less)
    }

    fn book(&mut self, shared: &Shared) {
        let died = std::mem::take(&mut self.dead.died);
        shared.account.ledger.take_over(&self.dead.unreported);
        if died.is_empty() {
            return;
        }
        shared
            .account
            .ledger
            .enter()
            .refuse(died.iter().copied(), DiscardReason::HostDied);
        let errors = died
            .iter()
            .find(|(category, _)| *category == Category::Error);
        shared.diagnostics.log(
            Severity::Warning,
            format_args!(
                "an earlier run of this program died with {} events unsent",
                errors.map_or(0, |(_, count)| *count)
            ),
        );
    }
}

/// Takes a copy into the queue; what was in it.
fn take_in(bytes: &[u8], shared: &Shared) -> Result<Vec<Tally>, Refusal> {
    // Nothing in it: what cannot be read stays among the dead.
    let Ok(envelope) = Envelope::parse(bytes) else {
        return Ok(Vec::new());
    };
    let tallies = envelope.tallies().collect();
    shared.account.take_in(envelope).map(|()| tallies)
}

/// Larger than this no log is read: reading all of a larger one would hold the worker up. An earlier run may have had a
/// larger queue.
fn largest_log(settings: &Settings) -> u64 {
    const USUAL: u64 = 1 << 30;
    let own = settings.queue.max_bytes;
    own.saturating_add(own / 8).max(USUAL)
}

/// True if a file has waited long enough for a start that can read it.
fn is_stale(old: &OldRun, name: &str) -> bool {
    let found = old.directory().metadata(name).ok();
    let written = found.filter(Metadata::is_file).map(|it| it.modified());
    let age = written.and_then(|at| at.ok()?.elapsed().ok());
    age.is_some_and(|age| age >= PATIENCE)
}

/// A file that is not there is no failure.
fn there<T>(read: io::Result<Option<T>>) -> io::Result<Option<T>> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read,
    }
}

/// Removes what was taken over.
pub(crate) fn forget(old: &OldRun) {
    // The page first: what it says is booked. Whatever cannot be removed keeps its run for the next start.
    let _ = counters::remove(old.directory(), COUNTERS);
    let _ = old.directory().remove(QUEUE_LOG);
}
