//! What the worker and those who talk to it share, part by part: settings, account, limits, wishes, figures.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::account::ledger::Ledger;
use super::account::{Account, Parts};
use super::backing::Backing;
use super::queue::Queue;
use super::queue::durable::Copies;
use super::queue::permit::Consent;
use super::settings::Settings;
use super::traffic::Traffic;
use super::wire::host::Destination;
use super::worker::rate_limiter::RateLimiter;
use super::worker::rebasing::Rebasing;
use super::worker::run_files;
use super::worker::spool_policy::{Keep, SpoolPolicy};
use super::worker::wake::Wake;
use super::worker::wishes::Wishes;
use crate::base::callout::Forked;
use crate::base::clock::Clock;
use crate::base::diagnostics::{Diagnostics, Severity};
use crate::base::lock::lock;

/// What the worker and the threads that talk to it share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Fixed settings.
    pub(crate) settings: Settings,
    /// What was accepted and what became of it.
    pub(crate) account: Account,
    /// Limits set by the server.
    pub(crate) limiter: RateLimiter,
    /// Wakes the worker.
    pub(crate) wake: Arc<Wake>,
    /// Figures about requests.
    pub(crate) traffic: Traffic,
    /// What other threads want of the worker.
    pub(crate) wishes: Arc<Wishes>,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Tells what was recorded before the clock was set in the time of now.
    pub(crate) rebasing: Rebasing,
    /// Diagnostics.
    pub(crate) diagnostics: Arc<Diagnostics>,
    /// What the client lends.
    pub(crate) backing: Backing,
    /// Set when the worker begins to leave what is unsent on disk: then nobody else does.
    pub(crate) is_saving: AtomicBool,
}

impl Shared {
    /// Everything at its beginning.
    pub(crate) fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        diagnostics: Arc<Diagnostics>,
        backing: Backing,
    ) -> std::io::Result<Self> {
        let wake = Arc::new(Wake::new(!settings.is_threadless)?);
        diagnostics.set_listener(Arc::<Wake>::clone(&wake));
        let wishes = Arc::new(Wishes::new(Arc::clone(&wake)));
        let rebasing = Rebasing::new(Arc::clone(&clock), Arc::clone(&wishes));
        let (table, log) = run_files::make(backing.database.as_ref(), &settings, &diagnostics)?;
        let has_place =
            backing.database.is_some() && !matches!(settings.destination, Destination::Nowhere);
        let SpoolPolicy {
            is_retrying, keep, ..
        } = settings.spool;
        let account = Account::new(Parts {
            queue: Queue::new(settings.queue, Copies::new(log)),
            ledger: Ledger::new(settings.client_reports, table),
            consent: Consent::new(
                !backing.is_consent_missing,
                has_place && is_retrying,
                has_place && keep != Keep::Nothing,
            ),
            has_place,
            sink: backing.sink.clone(),
            diagnostics: Arc::clone(&diagnostics),
            wake: Arc::clone(&wake),
        });
        Ok(Self {
            account,
            limiter: RateLimiter::new(clock.now()),
            wishes,
            wake,
            traffic: Traffic::default(),
            is_saving: AtomicBool::new(false),
            settings,
            rebasing,
            clock,
            diagnostics,
            backing,
        })
    }

    /// True if there are losses to tell, for which a request alone is made.
    pub(crate) fn has_due_report(&self) -> bool {
        self.settings.destination.takes_reports_alone() && self.account.ledger.has_unreported()
    }

    /// Ends the host's transport, for which `timeout` is left.
    pub(crate) fn end_host(&self, timeout: Duration) -> Result<(), Forked> {
        if let Some(answer) = self.settings.destination.shutdown(timeout)? {
            self.diagnostics.log(
                Severity::Warning,
                format_args!("the shutdown function of the host's transport answered {answer}"),
            );
        }
        Ok(())
    }

    /// Records why no request can ever succeed.
    pub(crate) fn note_unusable(&self, why: &str) {
        self.diagnostics.log(Severity::Error, format_args!("{why}"));
        why.clone_into(&mut lock(&self.traffic.last_error));
    }
}
