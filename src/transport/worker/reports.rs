//! Client reports: how the server is told of losses (REP-7, REP-8).

use std::time::{Duration, Instant};

use super::{Reports, Transfer, Worker};
use crate::base::callout::Forked;
use crate::base::timestamp::Timestamp;
use crate::protocol::category::Category;
use crate::protocol::client_report;
use crate::transport::account::ledger::Loss;

/// Shortest distance between client reports that travel alone (REP-7).
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

impl Worker {
    /// A client report for the next request, and the losses in it (RL-12: none while everything is limited).
    pub(super) fn take_report(&self) -> (Option<Vec<u8>>, Vec<Loss>) {
        let is_limited = self
            .shared
            .limiter
            .is_limited(Category::Internal, self.shared.clock.now());
        if is_limited || !self.shared.account.ledger.has_unreported() {
            return (None, Vec::new());
        }
        let timestamp = Timestamp::new(self.shared.clock.wall());
        let (told, left) = client_report::split(self.shared.account.ledger.take_unreported());
        self.shared.account.ledger.restore(&left);
        let payload = (!told.is_empty()).then(|| client_report::write(timestamp.as_str(), &told));
        (payload, told)
    }

    /// When a report is to be sent alone; none while there is nothing to tell, or something is to be sent or under way that
    /// can carry it.
    pub(super) fn report_due(&self, now: Instant) -> Option<Instant> {
        let is_idle = self.active.is_empty() && self.shared.account.queue.is_empty();
        if !is_idle || !self.takes_reports() || !self.has_slot() {
            return None;
        }
        let limiter = &self.shared.limiter;
        let not_before = [
            self.last_report.checked_add(REPORT_INTERVAL)?,
            self.circuit.blocked_until(now).unwrap_or(now),
            limiter
                .limited_until(Category::Internal, now)
                .unwrap_or(now),
        ];
        not_before.into_iter().max()
    }

    /// True if there is something to tell, and the server can be told.
    fn takes_reports(&self) -> bool {
        self.reports != Reports::Off
            && !self.circuit.is_open()
            && self.shared.account.consent.is_given()
            && self.shared.has_due_report()
    }

    /// Sends a client report alone, if there is something to report and the server can take it; true if it did.
    pub(super) fn start_report(&mut self) -> Result<bool, Forked> {
        let now = self.shared.clock.now();
        if !self.takes_reports() || !self.has_free_slot() {
            return Ok(false);
        }
        let (report, losses) = self.take_report();
        if report.is_none() {
            return Ok(false);
        }
        self.last_report = now;
        let ticket = self.ticket();
        self.begin(
            Transfer {
                ticket,
                job: None,
                losses,
                failures_before: self.circuit.failures(),
            },
            report,
        )?;
        Ok(true)
    }
}
