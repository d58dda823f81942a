//! Sending: which envelope leaves next, and what is done to it before it leaves.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{Job, Reports, Transfer, Worker};
use crate::base::callout::Forked;
use crate::protocol::discard::DiscardReason;
use crate::transport::account::Account;
use crate::transport::account::outcome::Fate;
use crate::transport::account::pending::Pending;
use crate::transport::wire::http::Completion;
use crate::transport::wire::sender::Outgoing;
use crate::transport::worker::retry::Attempts;

impl Worker {
    pub(super) fn start_transfers(&mut self) -> Result<(), Forked> {
        self.withhold_waiting()?;
        while self.has_free_slot()
            && let Some(job) = self.next_job()
        {
            self.send(job)?;
            // Of any number that are not sent the host has heard before the last.
            self.tell_host()?;
        }
        Ok(())
    }

    /// When what waits in memory is to be sent; none while nothing waits, or for the end of a request.
    pub(super) fn send_due(&self, now: Instant) -> Option<Instant> {
        let is_waiting = !self.shared.account.queue.is_empty() || !self.parked.is_empty();
        // While nothing may be sent nothing waits in memory either.
        let is_possible =
            is_waiting && (self.has_slot() || !self.shared.account.consent.is_given());
        is_possible.then(|| match self.shared.account.consent.is_given() {
            true => self.circuit.blocked_until(now).unwrap_or(now),
            false => now,
        })
    }

    /// True if another request may begin now.
    pub(super) fn has_free_slot(&self) -> bool {
        let now = self.shared.clock.now();
        self.has_slot() && self.circuit.blocked_until(now).is_none()
    }

    /// True if another request may begin, now or when the server is to be tried again.
    pub(super) fn has_slot(&self) -> bool {
        let limit = if self.circuit.is_open() {
            1
        } else {
            self.shared.settings.max_requests_in_flight
        };
        self.active.len() < limit && self.sender.in_flight().has_room()
    }

    pub(super) fn next_job(&mut self) -> Option<Job> {
        if self.probes_with_another()
            && let Some(job) = self.take_job(Account::take)
        {
            return Some(job);
        }
        if let Some(job) = self.parked.pop_front() {
            return Some(job);
        }
        self.take_job(Account::take)
    }

    /// True if the next probe is better made with an envelope that has not been tried yet: the server takes requests and
    /// answers none, and that may be due to those it got. Only for a few, which then take turns: the queue's policy has no
    /// hold on what was taken out of it. None overtakes an update of a session.
    pub(super) fn probes_with_another(&self) -> bool {
        const MOST_TRIED: usize = 4;
        self.circuit.is_mute()
            && self.shared.settings.retry.is_patient
            && self.stop.is_none()
            && !self.parked.is_empty()
            && self.parked.len() < MOST_TRIED
            && !self.parked.iter().any(Job::has_session)
    }

    /// A job of what `take` takes out of the queue.
    pub(super) fn take_job(
        &mut self,
        take: impl FnOnce(&Account) -> Option<Pending<'_>>,
    ) -> Option<Job> {
        let ticket = self.ticket();
        let pending = take(&self.shared.account)?;
        let (permit, (priority, sequence)) = (pending.permit(), pending.place());
        let envelope = Arc::new(pending.hold(ticket));
        self.has_taken = true;
        Some(Job {
            ticket,
            priority,
            sequence,
            envelope,
            permit,
            attempts: Attempts::default(),
            requests: 0,
            redirect: None,
            left_out: Vec::new(),
            spooled: None,
        })
    }

    pub(super) fn ticket(&mut self) -> u64 {
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.next_ticket
    }

    /// Sends a job, unless nothing may be sent, or a rate limit leaves nothing of it (RL-10).
    pub(super) fn send(&mut self, mut job: Job) -> Result<(), Forked> {
        self.run_client_tasks();
        if !self.shared.account.consent.may_send(job.permit) {
            self.withhold(&job);
            return Ok(());
        }
        if self.is_of_unknown_kind(&job) || !self.apply_rate_limits(&mut job) {
            return Ok(());
        }
        self.rebase(&mut job);
        let (report, losses) = match self.reports {
            Reports::Riding => self.take_report(),
            Reports::Alone | Reports::Off => (None, Vec::new()),
        };
        if job.requests > 0 {
            self.shared.traffic.retries.fetch_add(1, Ordering::Relaxed);
        }
        job.requests = job.requests.saturating_add(1);
        self.begin(
            Transfer {
                ticket: job.ticket,
                job: Some(job),
                losses,
                failures_before: self.circuit.failures(),
            },
            report,
        )
    }

    /// Tells the times of what this run recorded in the time of now, if the clock was set since.
    pub(super) fn rebase(&self, job: &mut Job) {
        let is_of_this_run = match &job.spooled {
            Some(spooled) => spooled.is_of_this_run(),
            None => !job.envelope.was_read(),
        };
        if is_of_this_run {
            for (place, payload) in self.shared.rebasing.payloads(&job.envelope) {
                Arc::make_mut(&mut job.envelope).replace_payload(place, payload);
            }
        }
    }

    pub(super) fn begin(
        &mut self,
        transfer: Transfer,
        report: Option<Vec<u8>>,
    ) -> Result<(), Forked> {
        let traffic = &self.shared.traffic;
        traffic.requests.fetch_add(1, Ordering::Relaxed);
        traffic.in_flight.fetch_add(1, Ordering::Relaxed);
        let ticket = transfer.ticket;
        // Before it begins: after a panic in there it must be found.
        self.active.push(transfer);
        let job = self.active.last_mut().and_then(|it| it.job.as_mut());
        let redirect = job.as_ref().and_then(|job| job.redirect.clone());
        let outgoing = Outgoing {
            envelope: job.map(|job| &mut job.envelope),
            report,
            redirect: redirect.map(|redirect| (redirect.url, redirect.with_auth)),
        };
        if let Err(failure) = self.sender.start(ticket, outgoing)? {
            self.ended.push(Completion {
                ticket,
                result: Err(failure),
            });
        }
        Ok(())
    }

    /// Removes limited items; false if nothing is left to send and the job is settled.
    pub(super) fn apply_rate_limits(&mut self, job: &mut Job) -> bool {
        let now = self.shared.clock.now();
        let limiter = &self.shared.limiter;
        if !job
            .envelope
            .items()
            .any(|item| limiter.is_limited(item.category(), now))
        {
            return true;
        }
        if job.spooled.is_some() {
            // What is left out of the request would still be in the file. It goes when all of it may.
            self.put_back(job);
            return false;
        }
        // The job is the only owner between requests, so nothing is copied.
        let envelope = Arc::make_mut(&mut job.envelope);
        let lost = envelope.remove_limited(|category| limiter.is_limited(category, now));
        let reason = DiscardReason::RatelimitBackoff;
        if envelope.is_empty() {
            self.settle(job, Fate::Discarded(reason), 0);
            return false;
        }
        self.shared
            .account
            .discard_part(job.ticket, &lost, envelope, reason);
        true
    }
}
