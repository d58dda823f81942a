//! Rounds: when what lies in the spool is looked for and sent, also at the end of a run.
//!
//! One file at a time, at most ten a second (SP-4), in rounds: a round ends with the first failure, and the next begins
//! after [`ROUND_DISTANCE`](super::spooling::ROUND_DISTANCE), or as soon as there is a reason to believe that the server can be reached.

use std::sync::Arc;
use std::time::Instant;

use super::spooling::{FILES_AT_A_TIME, LastRound, PACE, Room, Spooled};
use super::{Job, Worker};
use crate::base::callout::Forked;
use crate::protocol::category::Category;
use crate::store::spool::Claim;
use crate::transport::queue::permit::Permit;
use crate::transport::queue::priority::Priority;
use crate::transport::worker::retry::Attempts;

/// Files that a shutdown sends without a pause: what programs send that never live long enough for [`PACE`].
const FILES_AT_THE_END: usize = 5;
/// The part of the time-out of a shutdown that it spends on them.
const SHARE_OF_THE_END: u32 = 4;

impl Worker {
    /// When [`Self::send_file`] has something to do.
    pub(super) fn file_due(&self, now: Instant) -> Option<Instant> {
        if self.shared.wishes.wants_spool() {
            return Some(now);
        }
        // Without a free slot it is the end of a request that is waited for.
        self.spool_due(now).filter(|_| self.has_slot())
    }

    /// Sends the next file, if it is time for one.
    pub(super) fn send_file(&mut self) -> Result<(), Forked> {
        if self.shared.wishes.take_spool() {
            self.circuit.hurry();
            self.hurry_spool();
        }
        let moment = self.moment();
        if !self.has_free_slot()
            || self
                .spool_due(moment.now)
                .is_none_or(|due| due > moment.now)
        {
            return Ok(());
        }
        let Some(spooling) = &mut self.spooling else {
            return Ok(());
        };
        let Some(ticket) = spooling.spool.due(moment.now) else {
            return Ok(());
        };
        let Some(content) = spooling.spool.content(ticket).cloned() else {
            return Ok(());
        };
        // SP-4: not while limited; but only what is.
        let limiter = &self.shared.limiter;
        let limited =
            |(category, _): &(Category, u64)| limiter.limited_until(*category, moment.now);
        if let Some(until) = content.tallies.iter().filter_map(limited).max() {
            spooling.spool.postpone(ticket, until);
            return Ok(());
        }
        spooling.paced_until = moment.now.checked_add(PACE).unwrap_or(moment.now);
        spooling.has_begun = true;
        if let Some(round) = &mut spooling.last_round {
            round.left = round.left.saturating_sub(1);
        }
        let Some(room) = Room::reserve(&self.shared, spooling.spool.bytes(ticket)) else {
            return Ok(());
        };
        let claim = spooling.spool.claim(ticket, moment);
        self.book_notices();
        if let Claim::Envelope(envelope) = claim {
            let job = Job {
                ticket: self.ticket(),
                priority: Priority::of(envelope.category()),
                // A flush does not wait for it.
                sequence: u64::MAX,
                envelope: Arc::new(*envelope),
                permit: Permit::Waiting,
                attempts: Attempts::default(),
                requests: 0,
                redirect: None,
                left_out: Vec::new(),
                spooled: Some(Spooled {
                    ticket,
                    content,
                    _room: room,
                }),
            };
            self.shared.account.hold_spooled(job.ticket, &job.envelope);
            self.send(job)?;
        }
        Ok(())
    }

    /// When the next file may be sent; none while that depends on something else.
    fn spool_due(&self, now: Instant) -> Option<Instant> {
        let spooling = self.spooling.as_ref()?;
        let is_of_spool = |job: &Job| job.spooled.is_some();
        let is_busy = self.parked.iter().any(is_of_spool)
            || self
                .active
                .iter()
                .filter_map(|transfer| transfer.job.as_ref())
                .any(is_of_spool);
        if is_busy || !self.shared.account.consent.is_given() {
            return None;
        }
        if self.stop.is_some() && !(self.is_last_round() && self.is_drained()) {
            return None;
        }
        let mut due = spooling.spool.next_due()?.max(spooling.next_round);
        if self.stop.is_none() {
            due = due.max(spooling.paced_until);
        }
        let blocked = self.circuit.blocked_until(now);
        Some(blocked.map_or(due, |until| until.max(due)))
    }

    /// When files are to be looked for; none when that is done.
    pub(super) fn discovery_due(&self, now: Instant) -> Option<Instant> {
        let spooling = self.spooling.as_ref()?;
        if self.stop.is_some() && !self.is_last_round() {
            return None;
        }
        if spooling.is_trimming || spooling.spool.has_unread() {
            return Some(now);
        }
        (!spooling.has_looked).then_some(spooling.next_round)
    }

    /// Programs that never live long send some of what earlier runs left when they end. Nothing if the server is away: it was
    /// just tried.
    pub(super) fn begin_last_round(&mut self, deadline: Instant) {
        let now = self.shared.clock.now();
        let left = deadline.saturating_duration_since(now);
        let until = left
            .checked_div(SHARE_OF_THE_END)
            .and_then(|share| now.checked_add(share));
        if let (Some(spooling), Some(until), false) =
            (&mut self.spooling, until, self.circuit.is_open())
        {
            let is_first = !spooling.has_begun;
            spooling.last_round = Some(LastRound {
                left: FILES_AT_THE_END,
                until,
            });
            if is_first {
                spooling.next_round = now;
            }
        }
    }

    /// True while a shutdown may send from disk.
    fn is_last_round(&self) -> bool {
        let round = self.spooling.as_ref().and_then(|it| it.last_round);
        round.is_some_and(|round| round.is_on(self.shared.clock.now()))
    }

    /// When a shutdown stops waiting for a file that is being sent.
    pub(super) fn last_round_until(&self) -> Option<Instant> {
        Some(self.spooling.as_ref()?.last_round?.until)
    }

    /// True if there is something on disk that a shutdown sends now.
    pub(super) fn has_last_round(&self) -> bool {
        let now = self.shared.clock.now();
        let due = [self.spool_due(now), self.discovery_due(now)];
        self.is_last_round() && due.into_iter().flatten().any(|due| due <= now)
    }

    /// A flush is to end with figures that are right also about what other processes did to the files.
    pub(super) fn want_look(&mut self) {
        self.judge_copies(Ok(()));
        if let Some(spooling) = &mut self.spooling {
            spooling.is_look_due = true;
        }
    }

    /// True if a flush waits for a look at the spool.
    pub(super) fn is_look_due(&self) -> bool {
        let spooling = self.spooling.as_ref();
        spooling.is_some_and(|spooling| spooling.is_look_due)
    }

    /// Looks at the spool for a flush.
    pub(super) fn look_again(&mut self) {
        let moment = self.moment();
        if let Some(spooling) = &mut self.spooling {
            spooling.is_look_due = false;
            spooling.spool.look_again(moment);
            // Processes that write at the same moment may exceed the caps together.
            spooling.is_trimming = true;
            self.book_notices();
        }
    }

    /// Finds out what lies in the spool, some files at a time.
    pub(super) fn discover_some(&mut self) {
        let moment = self.moment();
        if let Some(spooling) = &mut self.spooling {
            if !spooling.has_looked && spooling.next_round <= moment.now {
                spooling.has_looked = true;
                spooling.is_trimming = true;
                spooling.spool.look(moment);
            }
            // First, so that nothing is read that goes in any case.
            spooling.is_trimming = spooling.is_trimming && spooling.spool.trim_some(moment);
            for _ in 0..FILES_AT_A_TIME {
                if spooling.is_trimming || !spooling.spool.read_next() {
                    break;
                }
            }
        }
        self.book_notices();
    }
}
