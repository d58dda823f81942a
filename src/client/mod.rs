//! Client: options, scope, the pipeline of a capture, and the life of the library in the process.
//!
//! Decides what an event looks like when it leaves (scope, contexts, trace), whether it leaves (ignore rules, sampling,
//! limits), and when the library starts and stops, also across `fork` and `exit`. It owns the one process-wide state.
//! Entry points: [`state`] (init, current, flush, close), [`Client`] (captures), [`scope::Scope`], [`options::Options`].
//! May use: `transport`, `telemetry`, `store`, `protocol`, `value`, `base`.

mod batches;
pub(crate) mod capture;
mod client_files;
pub(crate) mod consent;
pub(crate) mod construct;
mod default_attributes;
mod handles;
pub(crate) mod options;
mod repeats;
pub(crate) mod scope;
pub(crate) mod self_test;
mod sessions;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod tables;
mod trace_environment;
pub(crate) mod tracing;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::base::callout::Forked;
use crate::base::diagnostics::Diagnostics;
use crate::base::lock::lock;
use crate::base::process;
use crate::base::uuid::{SpanId, Uuid};
use crate::client::batches::Batches;
use crate::client::capture::ignore::IgnoreRules;
use crate::client::client_files::ClientFiles;
use crate::client::default_attributes::DefaultAttributes;
use crate::client::scope::fields::Fields;
use crate::telemetry::active::Active;
use crate::telemetry::trace::Trace;
use crate::transport::Transport;
use crate::transport::account::stats::Stats;
use crate::transport::driver::PollError;
use crate::transport::settings::Settings;
use crate::transport::wire::probe::Prober;
use crate::value::tree::Value;
use options::Options;
use scope::Scope;

/// How long closing waits beyond its time-out for the thread of a self-test, as for the worker.
const PROBE_GRACE: Duration = Duration::from_millis(80);

/// A running client. Without a usable DSN, where one is needed, it has no transport: then it is disabled, and every call
/// is a no-op (LIF-7).
#[derive(Debug)]
pub(crate) struct Client {
    /// The fork generation it was made in; in another one it belongs to the parent.
    generation: u32,
    options: Arc<Options>,
    settings: Option<Settings>,
    transport: Option<Transport>,
    prober: Prober,
    scope: Scope,
    fields: Fields,
    ignore: IgnoreRules,
    batches: Arc<Batches>,
    default_attributes: DefaultAttributes,
    diagnostics: Arc<Diagnostics>,
    last_event_id: Mutex<Uuid>,
    client_files: Arc<ClientFiles>,
    /// Bytes of attached files that are being read now, and are not in the queue yet.
    reading: AtomicU64,
}

impl Client {
    /// The scope of the process.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// True if events go anywhere.
    pub(crate) fn is_enabled(&self) -> bool {
        self.transport.is_some()
    }

    /// The id of the event that was accepted last (PIPE-9); nil before the first.
    pub(crate) fn last_event_id(&self) -> Uuid {
        *lock(&self.last_event_id)
    }

    /// True in a child that a callback forked, until it has left that callback and what called it.
    fn is_inherited(&self) -> bool {
        self.generation != process::fork_generation()
    }

    /// Its options.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// The trace that ties the events of this process together.
    pub(crate) fn trace(&self) -> Arc<Trace> {
        self.fields.trace()
    }

    /// The trace that something captured now with `scope` belongs to, and the span in it if one is bound to that scope or to
    /// the process.
    pub(crate) fn active_trace(&self, scope: Option<&Scope>) -> (Uuid, Option<SpanId>) {
        match self.active(scope) {
            Some(active) => {
                let position = active.position();
                (position.trace_id, Some(position.span_id))
            }
            None => (self.fields.trace_id(), None),
        }
    }

    /// The transaction or the span that is bound to `scope`, else to the process.
    fn active(&self, scope: Option<&Scope>) -> Option<Arc<Active>> {
        let of_scope = scope.and_then(Scope::active);
        of_scope.or_else(|| self.scope.active())
    }

    /// Goes on in another trace.
    pub(crate) fn set_trace(&self, trace: Trace) {
        self.scope.set_trace(&trace.context());
        self.fields.set_trace(trace);
    }

    /// Its diagnostics.
    pub(crate) fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Figures of the transport; none while disabled.
    pub(crate) fn stats(&self) -> Option<Stats> {
        self.transport.as_ref().map(Transport::stats)
    }

    /// True if the host asked for a durable queue and does not have one.
    pub(crate) fn is_not_durable(&self) -> bool {
        let is_durable = self.transport.as_ref().is_some_and(Transport::is_durable);
        self.options.queue_durable && !is_durable
    }

    /// Sets the user of the process, or removes it with null.
    pub(crate) fn set_user(&self, user: &Value) {
        self.scope.set_user(&self.with_id(user));
        self.note_user(user);
    }

    /// The user; one without an id gets that of the installation.
    pub(crate) fn with_id(&self, user: &Value) -> Value {
        let has_id = |user: &Value| {
            user.get_key(b"id")
                .is_some_and(|id| !matches!(id, Value::Null))
        };
        match self.client_files.installation_id() {
            Some(id) if user.is_object() && !has_id(user) => {
                let complete = Value::object();
                complete.merge(user);
                let id = Value::text(id.hyphenated().as_str().as_bytes());
                // Ours alone and not frozen, so it can be changed.
                let _ = complete.set_key(b"id", id);
                complete
            }
            _ => user.clone(),
        }
    }

    /// The id for a user without one, unless the host removed the user: then nobody is told apart.
    fn installation_id_for(&self, snapshot: &scope::Snapshot) -> Option<Uuid> {
        let has_user = snapshot.fields.iter().any(|(name, _)| *name == "user");
        self.client_files.installation_id().filter(|_| has_user)
    }

    /// Forgets the crash of an earlier run; false if that cannot be done.
    pub(crate) fn clear_crashed_last_run(&self) -> bool {
        self.client_files.clear_crash().is_ok()
    }

    /// Waits until what is queued has left, at most `timeout`. 0 if it has, 1 if not, or what the host's transport
    /// answered.
    pub(crate) fn flush(&self, timeout: Duration) -> i32 {
        self.queue_batches();
        self.transport
            .as_ref()
            .map_or(0, |transport| transport.flush(timeout))
    }

    /// Runs the worker on this thread for at most `longest`; in what time that is to be done again, none until there is
    /// something new. Nothing is ever due while disabled.
    pub(crate) fn poll(&self, longest: Duration) -> Result<Option<Duration>, PollError> {
        self.transport
            .as_ref()
            .map_or(Ok(None), |transport| transport.poll(longest))
    }

    /// Sends what waits on disk now rather than when it is due.
    pub(crate) fn send_spooled(&self) {
        if let Some(transport) = self.transport.as_ref().filter(|_| self.options.http_retry) {
            transport.send_spooled();
        }
    }

    fn queue_batches(&self) {
        if let Some(transport) = &self.transport {
            self.batches.queue_all(transport);
        }
    }

    /// Stops sending; returns how many envelopes were not sent.
    fn stop(&self) -> Result<u64, Forked> {
        // Before the end of the session, which is the last to go.
        self.queue_batches();
        self.finish_session();
        if self.is_inherited() {
            // Whoever heard what became of the session forked.
            return Err(Forked);
        }
        let timeout = self.options.shutdown_timeout;
        let deadline = Instant::now().checked_add(timeout.saturating_add(PROBE_GRACE));
        self.prober.cancel();
        let unsent = self
            .transport
            .as_ref()
            .map_or(Ok(0), |transport| transport.shutdown(timeout))?;
        // What came in between is lost, and booked.
        self.queue_batches();
        // It was told before the shutdown and ends at once, unless an old libcurl holds it in a name lookup.
        self.prober.join(deadline.unwrap_or_else(Instant::now));
        self.client_files.close(&|sid| {
            if let Some(transport) = &self.transport {
                transport.note_session(sid);
            }
        });
        self.diagnostics.speak()?;
        // A thread that was left to itself could still speak, and the host may be about to free its logger.
        self.diagnostics.mute();
        Ok(unsent)
    }
}
