//! Answers: what a response, or its absence, means for the envelope, the server and the books.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::{Job, Redirect, Reports, Transfer, Worker};
use crate::base::diagnostics::Severity;
use crate::protocol::discard::DiscardReason;
use crate::protocol::too_large::without_attachments;
use crate::protocol::{http_date, rate_limit};
use crate::transport::account::outcome::Fate;
use crate::transport::wire::http::{Answer, Completion, Failure, Response};
use crate::transport::wire::redirect::may_follow;
use crate::transport::worker::retry::Cause;

impl Worker {
    /// Takes a request that ended.
    pub(super) fn complete(&mut self, completion: Completion) {
        let Some(place) = self
            .active
            .iter()
            .position(|transfer| transfer.ticket == completion.ticket)
        else {
            return;
        };
        let transfer = self.active.swap_remove(place);
        self.shared
            .traffic
            .in_flight
            .fetch_sub(1, Ordering::Relaxed);
        match completion.result {
            Ok(Answer::Http(response)) => self.answered(transfer, response),
            Ok(Answer::Taken) => self.taken(&transfer),
            Ok(Answer::Dropped) => self.dropped(&transfer),
            Err(failure) => self.failed(transfer, &failure),
        }
    }

    /// The host's transport has it: there is no server whose answer could be waited for.
    fn taken(&mut self, transfer: &Transfer) {
        self.shared
            .traffic
            .reports
            .fetch_add(u64::from(!transfer.losses.is_empty()), Ordering::Relaxed);
        self.shared.account.ledger.told(&transfer.losses);
        if let Some(job) = &transfer.job {
            self.settle(job, Fate::Delivered, 0);
        }
    }

    fn dropped(&mut self, transfer: &Transfer) {
        self.shared.account.ledger.restore(&transfer.losses);
        if let Some(job) = &transfer.job {
            self.settle(job, Fate::Discarded(DiscardReason::Ignored), 0);
        }
    }

    fn answered(&mut self, transfer: Transfer, response: Response) {
        let (now, status) = (self.shared.clock.now(), response.status);
        if self.circuit.is_open() {
            self.hurry_spool();
            // Those that took turns as probes go in their order again.
            let parked = self.parked.make_contiguous();
            parked.sort_by_key(|job| (job.priority, job.sequence));
        }
        self.circuit.answered();
        self.shared.traffic.note_answer(status);
        // RL-1: on every answer.
        let limits = rate_limit::limits_from_response(
            status,
            response.rate_limits.as_deref(),
            response.retry_after.as_deref(),
            self.now_of_server(&response),
        );
        self.shared.limiter.apply(&limits, now);
        match status {
            // REP-8: a 429 does not bring the report back.
            429 => self.shared.account.ledger.told(&transfer.losses),
            200..=299 => {
                self.shared.account.ledger.told(&transfer.losses);
                let sent = u64::from(!transfer.losses.is_empty());
                self.shared
                    .traffic
                    .reports
                    .fetch_add(sent, Ordering::Relaxed);
            }
            _ => self.shared.account.ledger.restore(&transfer.losses),
        }
        if !transfer.losses.is_empty() {
            self.last_report = now;
        }
        let carried_report = !transfer.losses.is_empty();
        let Some(job) = transfer.job else {
            if carried_report && matches!(status, 400..=499) && status != 429 {
                self.reports = Reports::Off;
                self.shared.diagnostics.log(
                    Severity::Warning,
                    format_args!(
                        "the server takes no client reports (HTTP {status}); none are sent any more"
                    ),
                );
            }
            return;
        };
        match status {
            400 if carried_report => self.send_without_report(job),
            400 => {
                if let Some(job) = self.ask_without_session(job) {
                    self.rejected(&job, &response);
                }
            }
            200..=299 => {
                self.unknown_kinds.taken(job.envelope.category());
                self.settle(&job, Fate::Delivered, status);
            }
            429 => self.settle(
                &job,
                Fate::Discarded(DiscardReason::ServerRateLimit),
                status,
            ),
            413 => self.too_large(job, &response),
            502..=504 => self.retry_status(job, &response),
            307 | 308 => self.follow(job, &response),
            _ => self.rejected(&job, &response),
        }
    }

    /// An old server may have refused the envelope for the report in it: that is found out once, by sending the
    /// envelope without one. From then on reports travel alone.
    fn send_without_report(&mut self, job: Job) {
        self.reports = Reports::Alone;
        self.parked.push_front(job);
    }

    /// HTTP-8. An event is worth more than its attachments: it goes once more without them.
    fn too_large(&mut self, mut job: Job, response: &Response) {
        let lost = without_attachments(Arc::make_mut(&mut job.envelope));
        let Some(lost) = lost else {
            return self.rejected(&job, response);
        };
        self.shared.diagnostics.log(
            Severity::Warning,
            format_args!("the server refused an envelope as too large (HTTP 413); it goes without its attachments"),
        );
        job.left_out = lost;
        self.parked.push_front(job);
    }

    /// HTTP-2, HTTP-3, HTTP-8.
    fn rejected(&mut self, job: &Job, response: &Response) {
        let hint = match response.status {
            413 => "; the envelope exceeds the server's size limit",
            300..=399 => {
                "; redirects are followed only with retries_redirect, and only for 307 and 308"
            }
            401 | 403 => "; check the public key in the DSN",
            404 => "; check the project id in the DSN",
            _ => "",
        };
        self.shared.diagnostics.log(
            Severity::Error,
            format_args!(
                "the server refused an envelope: HTTP {}{} {}",
                response.status,
                hint,
                response.explanation.as_deref().unwrap_or_default()
            ),
        );
        self.settle(
            job,
            Fate::Discarded(DiscardReason::SendError),
            response.status,
        );
    }

    /// What the server took for now when it answered. A date in the answer means what it says by the server's clock; ours may
    /// be set to anything.
    fn now_of_server(&self, response: &Response) -> SystemTime {
        let date = response.date.as_deref().and_then(http_date::parse);
        date.unwrap_or_else(|| self.shared.clock.wall())
    }

    fn retry_status(&mut self, mut job: Job, response: &Response) {
        let policy = self.shared.settings.retry;
        if !policy.allows_another(&mut job.attempts, Cause::Status) {
            self.rejected(&job, response);
            return;
        }
        // RL-3: the server's own word counts for the back-off.
        let asked = response
            .retry_after
            .as_deref()
            .and_then(|text| rate_limit::parse_retry_after(text, self.now_of_server(response)));
        let delay = policy.delay(job.attempts.total(), asked, (self.random)());
        if let Some(at) = self.shared.clock.now().checked_add(delay) {
            self.circuit.postpone(at);
        }
        self.parked.push_back(job);
    }

    /// AUTH-13.
    fn follow(&mut self, mut job: Job, response: &Response) {
        let from = job
            .redirect
            .as_ref()
            .map_or(self.shared.settings.endpoint.as_str(), |redirect| {
                &redirect.url
            });
        let target = response
            .location
            .as_deref()
            .and_then(|to| may_follow(&self.shared.settings.endpoint, from, to));
        let Some(target) = target else {
            return self.rejected(&job, response);
        };
        if !self
            .shared
            .settings
            .retry
            .allows_another(&mut job.attempts, Cause::Redirect)
        {
            return self.rejected(&job, response);
        }
        job.redirect = Some(Redirect {
            url: target.url,
            with_auth: target.is_same_origin,
        });
        self.parked.push_front(job);
    }

    fn failed(&mut self, transfer: Transfer, failure: &Failure) {
        self.shared.account.ledger.restore(&transfer.losses);
        self.shared.traffic.note_failure(&failure.detail);
        let policy = self.shared.settings.retry;
        let (now, unit) = (self.shared.clock.now(), (self.random)());
        let was_probe = self.circuit.is_open();
        let is_stale = failure.cause == Cause::Stale;
        if !is_stale && transfer.failures_before >= self.circuit.failures() {
            self.circuit.failed(failure.cause, |failures| {
                now.checked_add(policy.delay(failures, None, unit))
                    .unwrap_or(now)
            });
        }
        self.shared.diagnostics.log(
            Severity::Warning,
            format_args!("no answer from the server: {}", failure.detail),
        );
        let Some(mut job) = transfer.job else { return };
        if job.spooled.is_some() {
            return self.failed_from_disk(&job);
        }
        // The next attempt starts from the DSN again, not from where a redirect led.
        job.redirect = None;
        let is_spared = transfer.failures_before > 0
            && !self.puts_off()
            && policy.spares_probe(&mut job.attempts, failure.cause);
        if is_spared {
            // Behind the others that were tried: who is next is decided in `next_job`.
            self.parked.push_back(job);
        } else if policy.allows_another(&mut job.attempts, failure.cause) {
            // The same envelope is tried until it is given up, so that the others keep their attempts.
            match was_probe || is_stale {
                true => self.parked.push_front(job),
                false => self.parked.push_back(job),
            }
        } else {
            self.give_up(&job, DiscardReason::NetworkError);
        }
    }

    /// Books what became of a job.
    pub(super) fn settle(&mut self, job: &Job, fate: Fate, status: u16) {
        if fate == Fate::Delivered && !job.left_out.is_empty() {
            // Only now: a file that is put back still has them.
            let (lost, reason) = (&job.left_out, DiscardReason::TooLarge);
            let account = &self.shared.account;
            account.discard_part(job.ticket, lost, &job.envelope, reason);
        }
        self.tidy_up(job, fate);
        self.shared
            .account
            .settle(job.ticket, fate, status, job.requests);
    }
}
