//! Remains: the two files of a run that outlive its process, the page of counters and the log of the durable queue; how
//! they are made at init, removed at the end, and read by a later start.
//!
//! What dies in memory with a process is what it had captured and not settled. The next start takes over those
//! envelopes of which there is a copy; the rest it books as captured and as lost to the death of the host.

use std::io;
use std::sync::Arc;

use super::queue::Refusal;
use super::settings::Settings;
use super::shared::Shared;
use super::table::{DeadCounts, Table};
use crate::base::diagnostics::{Diagnostics, Severity};
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::store::database::Database;
use crate::store::queue_log::{Leftovers, QueueLog};
use crate::store::run::OldRun;

/// The page of counters, in the directory of a run.
const COUNTERS: &str = "counters";
/// The log of the durable queue.
const QUEUE_LOG: &str = "queue.log";

/// Table and log for a new run. What cannot be made on disk is done without, and said once.
pub(crate) fn make(
    database: Option<&Arc<Database>>,
    settings: &Settings,
    diagnostics: &Diagnostics,
) -> (Table, Option<QueueLog>) {
    let Some(database) = database else {
        if settings.is_durable {
            diagnostics.log(
                Severity::Warning,
                format_args!(
                    "queue_durable has no effect: there is no database directory to write to"
                ),
            );
        }
        return (Table::default(), None);
    };
    let run = database.run().directory();
    let table = Table::on_page(&run.join(COUNTERS)).unwrap_or_else(|error| {
        diagnostics.log(
            Severity::Warning,
            format_args!("what a sudden death costs will not be counted: {error}"),
        );
        Table::default()
    });
    let log = settings.is_durable.then(|| {
        let bytes = settings.queue.max_bytes;
        QueueLog::create(&run.join(QUEUE_LOG), bytes, &settings.dsn)
    });
    let log = log.and_then(|made| {
        let say = |error: &io::Error| {
            diagnostics.log(
                Severity::Warning,
                format_args!("queue_durable has no effect, its log cannot be made: {error}"),
            );
        };
        made.inspect_err(say).ok()
    });
    (table, log)
}

/// At the end of a run that has settled everything: its files go, unless the server has not been told of every loss.
/// Then the page stays, and the next start tells it (REP-8).
pub(crate) fn remove(shared: &Shared) {
    let Some(database) = &shared.backing.database else {
        return;
    };
    let run = database.run().directory();
    // A file that stays is taken over by the next start, which finds nothing unsettled in it.
    let _ = run.remove(QUEUE_LOG);
    if !shared.ledger.has_unreported() {
        let _ = run.remove(COUNTERS);
    }
}

/// A dead run whose remains are being taken over.
#[derive(Debug)]
pub(crate) struct Inheritance {
    dead: DeadCounts,
    leftovers: Option<Leftovers>,
    /// Read, and not yet in the queue.
    waiting: Option<Envelope>,
}

impl Inheritance {
    /// Looks at what a run left; none if there is nothing of it.
    pub(crate) fn open(old: &OldRun, shared: &Shared) -> Option<Self> {
        let say = |what: &str, error: &io::Error| {
            if error.kind() != io::ErrorKind::NotFound {
                shared.diagnostics.log(
                    Severity::Warning,
                    format_args!("{what} of an earlier run cannot be read: {error}"),
                );
            }
        };
        let dead = DeadCounts::read(&old.directory().join(COUNTERS));
        let dead = dead.inspect_err(|error| say("the counters", error));
        let leftovers = Leftovers::open(&old.directory().join(QUEUE_LOG));
        let leftovers = leftovers.inspect_err(|error| say("the queue", error));
        let dead = dead.ok().flatten();
        // SP-6: what was meant for another server is not sent to this one.
        let is_ours = |left: &Leftovers| left.dsn() == shared.settings.dsn;
        let leftovers = leftovers.ok().flatten().filter(is_ours);
        (dead.is_some() || leftovers.is_some()).then(|| Self {
            dead: dead.unwrap_or_default(),
            leftovers,
            waiting: None,
        })
    }

    /// Brings copies into the queue, as far as there is room; true when that is done and everything is booked.
    pub(crate) fn advance(&mut self, shared: &Shared) -> bool {
        while let Some(envelope) = self.next_envelope() {
            let tallies: Vec<_> = envelope.tallies().collect();
            match shared.take_in(envelope) {
                Ok(()) => self.dead.bring_back(&tallies),
                Err((envelope, Refusal::Full)) => {
                    self.waiting = Some(envelope);
                    return false;
                }
                // Larger than this queue, or too late: it stays among the dead.
                Err((_, Refusal::TooLarge | Refusal::Closed)) => {}
            }
        }
        self.book(shared);
        true
    }

    fn next_envelope(&mut self) -> Option<Envelope> {
        if let Some(envelope) = self.waiting.take() {
            return Some(envelope);
        }
        // One that cannot be read stays among the dead.
        let leftovers = self.leftovers.as_mut()?;
        leftovers
            .flatten()
            .find_map(|bytes| Envelope::parse(&bytes).ok())
    }

    fn book(&mut self, shared: &Shared) {
        let died = std::mem::take(&mut self.dead.died);
        shared.ledger.restore(&self.dead.unreported);
        if died.is_empty() {
            return;
        }
        shared
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

/// Removes what was taken over.
pub(crate) fn forget(old: &OldRun) {
    // The page first: what it says is booked. Whatever cannot be removed keeps its run for the next start.
    let _ = old.directory().remove(COUNTERS);
    let _ = old.directory().remove(QUEUE_LOG);
}
