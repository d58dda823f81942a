//! Client reports: how the server is told of losses (REP-7, REP-8).

use std::time::Duration;

use super::{Transfer, Worker};
use crate::base::timestamp::Timestamp;
use crate::protocol::category::Category;
use crate::protocol::client_report;
use crate::transport::account::ledger::Loss;

/// Shortest distance between client reports that travel alone (REP-7).
pub(super) const REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// How client reports travel. Servers that do not know them may refuse the whole envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reports {
    /// With the next envelope.
    Riding,
    /// Alone, after an envelope with one was refused.
    Alone,
    /// Not at all, after one was refused that travelled alone.
    Off,
}

impl Worker {
    /// A client report for the next request, and the losses in it (RL-12: none while everything is limited).
    pub(super) fn take_report(&self) -> (Option<Vec<u8>>, Vec<Loss>) {
        let is_limited = self
            .shared
            .limiter
            .is_limited(Category::Internal, self.shared.clock.now());
        if is_limited || !self.shared.ledger.has_unreported() {
            return (None, Vec::new());
        }
        let timestamp = Timestamp::new(self.shared.clock.wall());
        let (told, left) = client_report::split(self.shared.ledger.take_unreported());
        self.shared.ledger.restore(&left);
        let payload = (!told.is_empty()).then(|| client_report::write(timestamp.as_str(), &told));
        (payload, told)
    }

    pub(super) fn start_due_report(&mut self) {
        let now = self.shared.clock.now();
        let is_due = now.saturating_duration_since(self.last_report) >= REPORT_INTERVAL;
        if is_due && self.active.is_empty() && self.shared.queue.is_empty() {
            self.start_report();
        }
    }

    /// Sends a client report alone, if there is something to report and the server can take it; true if it did.
    pub(super) fn start_report(&mut self) -> bool {
        let now = self.shared.clock.now();
        let is_possible =
            self.reports != Reports::Off && !self.circuit.is_open() && self.shared.gate.is_open();
        if !is_possible || !self.shared.has_due_report() || !self.has_free_slot() {
            return false;
        }
        let (report, losses) = self.take_report();
        if report.is_none() {
            return false;
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
        );
        true
    }
}
