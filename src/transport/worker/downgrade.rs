//! Downgrade: what an older server that does not know a kind of item costs, which is that kind and nothing else.
//!
//! Such a server refuses the whole envelope with a 400. An event that carried the news of a session goes once more without
//! it. Logs, metrics, check-ins, sessions and transactions, which go alone, are not sent any more after two refusals in a
//! row, if none of their kind was ever taken; that is said once. Client reports have their own way, see [`super::Reports`].

use std::sync::Arc;

use super::{Job, Worker};
use crate::base::diagnostics::Severity;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::transport::account::outcome::Fate;

/// True for what goes alone, and can be done without.
fn is_extra(category: Category) -> bool {
    matches!(
        category,
        Category::LogItem
            | Category::TraceMetric
            | Category::Monitor
            | Category::Session
            | Category::Transaction
    )
}

impl Worker {
    /// Settles a job of a kind that the server does not take; false if it is to be sent.
    pub(super) fn is_of_unknown_kind(&mut self, job: &Job) -> bool {
        let is_refused = self.unknown_kinds.is_refused(job.envelope.category());
        if is_refused {
            self.settle(job, Fate::Discarded(DiscardReason::SendError), 400);
        }
        is_refused
    }

    /// The server answered 400 to an envelope without a client report. Gives the job back if that is final for it.
    pub(super) fn ask_without_session(&mut self, mut job: Job) -> Option<Job> {
        let category = job.envelope.category();
        if is_extra(category) {
            if self.unknown_kinds.refused(category) {
                self.shared.diagnostics.log(
                    Severity::Warning,
                    format_args!(
                        "the server takes no envelopes of the kind {} (HTTP 400); none are sent any more",
                        category.name()
                    ),
                );
            }
            return Some(job);
        }
        // What lies on disk would still be in the file.
        if job.spooled.is_some() {
            return Some(job);
        }
        let lost = Arc::make_mut(&mut job.envelope).remove_sessions();
        if lost.is_empty() {
            return Some(job);
        }
        let (account, reason) = (&self.shared.account, DiscardReason::SendError);
        account.discard_part(job.ticket, &lost, &job.envelope, reason);
        self.parked.push_front(job);
        None
    }
}
