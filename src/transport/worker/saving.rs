//! Saving: what a shutdown cannot send is left in the directory of the run, where the next start takes it over.
//!
//! Normally the worker does it before the deadline; for a worker that is held up, the closing thread, with what is queued.
//! What cannot be written in time is booked as lost to the shutdown by [`Account::abandon_all`](crate::transport::account::Account::abandon_all).

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::spooling;
use crate::base::callout::Forked;
use crate::base::diagnostics::Severity;
use crate::protocol::envelope::Envelope;
use crate::store::spool::{self, Left, Written};
use crate::transport::account::outcome::Fate;
use crate::transport::queue::permit::Permit;
use crate::transport::shared::Shared;

impl Shared {
    /// Leaves an envelope on disk that the worker holds.
    pub(crate) fn save_held(
        &self,
        ticket: u64,
        (envelope, permit): (&Envelope, Permit),
        attempts: u32,
        until: Instant,
    ) {
        let is_to_be_left = self.account.consent.may_send_later(permit) && self.has_time(until);
        let Some(left) = is_to_be_left.then(|| self.leave(envelope)).flatten() else {
            return;
        };
        if self.account.settle(ticket, Fate::Spooled, 0, attempts) {
            self.account.abandoned.fetch_add(1, Ordering::Relaxed);
        } else if let Some(database) = &self.backing.database
            && left.take_back(database.run()).is_err()
        {
            // The closing thread booked it as lost meanwhile.
            database.note_failure();
        }
    }

    /// Leaves what is queued on disk. The queue must be closed.
    pub(crate) fn save_queued(&self, until: Instant) -> Result<(), Forked> {
        while self.has_time(until)
            && let Some(pending) = self.account.take()
        {
            let is_allowed = self.account.consent.may_send_later(pending.permit());
            let is_saved = is_allowed && self.leave(pending.envelope()).is_some();
            match is_saved {
                true => pending.settle(Fate::Spooled),
                false => pending.abandon(),
            }
            self.account.abandoned.fetch_add(1, Ordering::Relaxed);
            self.account.tell_noted()?;
            if is_allowed && !is_saved {
                // What follows would meet the same disk.
                break;
            }
        }
        Ok(())
    }

    /// In place of a worker that is held up; not while it is saving, on a disk that may be what holds it up.
    pub(crate) fn save_instead(&self, until: Instant) -> Result<(), Forked> {
        if self.is_saving.load(Ordering::Acquire) {
            return Ok(());
        }
        // The end of the session is in what is written now, and its file may still be there: only the end is to be told.
        self.account.ledger.set_session(None);
        self.save_queued(until)
    }

    fn has_time(&self, until: Instant) -> bool {
        // What a durable queue holds is on disk, where it may be synced already: it stays there.
        let is_to_write = self.account.has_place() && !self.account.queue.copies().is_on();
        is_to_write && self.clock.now() < until
    }

    fn leave(&self, envelope: &Envelope) -> Option<Left> {
        let database = self.backing.database.as_ref()?;
        // A transport of the host may have taken what was in it.
        if envelope.is_empty() {
            return None;
        }
        let rebased = self.rebasing.copy(envelope);
        let envelope = rebased.as_ref().unwrap_or(envelope);
        match spool::leave(database.run(), envelope, &spooling::header(&self.settings)) {
            Ok(left) => {
                let bytes = u64::try_from(left.bytes).unwrap_or(u64::MAX);
                self.traffic.note_written(Written { files: 1, bytes });
                Some(left)
            }
            Err(error) => {
                database.note_failure();
                self.diagnostics.log(
                    Severity::Warning,
                    format_args!("unsent envelopes cannot be left on disk: {error}"),
                );
                None
            }
        }
    }
}
