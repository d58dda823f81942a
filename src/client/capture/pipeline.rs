//! The pipeline: what happens to an event between the call and the queue, in the order of PIPE-1.
//!
//! ignore → scope → (hooks) → session → sample → rate limit → queue. Nothing here does I/O or waits, except for room in the
//! queue if the host asked for that. Each event that is not accepted is booked with exactly one reason.

use std::borrow::Cow;
use std::sync::Arc;

use super::attachments::gather::{Dump, Lost};
use super::hooks::{self, Returned, ValueHook};
use super::refused::{DISABLED, FORKED, QUEUE_FULL, Refused, Status, WORKER_THREAD};
use crate::base::diagnostics::{MARK, Severity, is_speaking};
use crate::base::lock::try_lock;
use crate::base::memory::{self, OutOfMemory};
use crate::base::random;
use crate::base::timestamp::Timestamp;
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::client::capture::symbols;
use crate::client::consent::NO_CONSENT;
use crate::client::scope::{FieldList, Scope};
use crate::client::state;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::protocol::event::breadcrumb;
use crate::protocol::event::host_view::Subject;
use crate::protocol::event::{Event, EventError, EventErrorKind, LeftOut, Parts, Written};
use crate::protocol::level::Level;
use crate::transport::Transport;
use crate::transport::is_worker_thread;
use crate::transport::queue::Refusal;
use crate::transport::queue::permit::Permit;
use crate::value::shared::pieces::Pieces;
use crate::value::tree::Value;

/// True where a capture may be the consequence of another one, and the cause of the next: on the worker thread, and in
/// the host's logger of diagnostics, on whatever thread it is called.
pub(crate) fn would_feed_back() -> bool {
    is_worker_thread() || is_speaking()
}

/// What an event is made from.
#[derive(Debug)]
pub(in crate::client) enum Origin<'a> {
    /// What the host built.
    Event,
    /// A text.
    Message,
    /// A file that is attached.
    Minidump(Dump<'a>),
}

/// An event as it goes on the wire, and the trace in the header of its envelope.
#[derive(Debug)]
struct Payload {
    pieces: Pieces,
    trace: Option<Arc<str>>,
    left_out: LeftOut,
}

/// What was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    /// The id it is sent under.
    pub(crate) id: Uuid,
    /// What of it is not sent, because no server takes it.
    pub(crate) left_out: LeftOut,
}

/// One error event, as it is booked.
pub(in crate::client) const ERROR: (Category, u64) = (Category::Error, 1);

impl Client {
    /// Captures an event given as JSON text; returns its id.
    ///
    /// `scope` stands between the event and the scope of the process.
    pub(crate) fn capture_json(
        &self,
        json: &str,
        scope: Option<&Scope>,
    ) -> Result<Captured, Refused> {
        let transport = self.open_transport(ERROR)?;
        match Event::parse(json) {
            Ok(mut event) => {
                if self.options.crash.symbolize_stacktraces {
                    event.change_stacks(symbols::added);
                }
                self.capture(transport, &event, scope, Origin::Event)
            }
            Err(error) => Err(refuse_malformed(transport, &error)),
        }
    }

    /// Captures an event given as a value.
    pub(crate) fn capture_value(
        &self,
        event: &Value,
        scope: Option<&Scope>,
    ) -> Result<Captured, Refused> {
        match event.to_json_text() {
            Ok(json) => self.capture_json(&json, scope),
            Err(fault) => {
                let transport = self.open_transport(ERROR)?;
                Err(refuse_malformed(transport, &fault.into()))
            }
        }
    }

    /// Captures a message (PIPE-8).
    pub(crate) fn capture_message(
        &self,
        level: Level,
        logger: Option<&str>,
        text: &str,
    ) -> Result<Uuid, Refused> {
        let transport = self.open_transport(ERROR)?;
        let mut scratch = String::new();
        let event = Event::message(level, logger, text, &mut scratch);
        let event = event.map_err(|error| refuse_malformed(transport, &error))?;
        let captured = self.capture(transport, &event, None, Origin::Message);
        captured.map(|captured| captured.id)
    }

    /// Takes a log message: an event at or above `event_level`, a breadcrumb at or above `breadcrumb_level`.
    pub(crate) fn log_message(
        &self,
        level: Level,
        logger: Option<&str>,
        text: &str,
    ) -> Result<(), Refused> {
        if !self.is_enabled() {
            return Err(DISABLED);
        }
        if would_feed_back() || text.contains(MARK) {
            return Err(WORKER_THREAD);
        }
        let result = if level >= self.options.event_level {
            self.capture_message(level, logger, text).map(|_| ())
        } else {
            Ok(())
        };
        self.check_fork()?;
        if let Err(refused) = &result
            && refused.status == Status::NoConsent
        {
            // A later event would carry the breadcrumb, and the answer is that nothing is sent.
            return result;
        }
        // After the event: an event does not carry itself as a breadcrumb.
        if level >= self.options.breadcrumb_level && self.options.max_breadcrumbs > 0 {
            let timestamp = Timestamp::new(std::time::SystemTime::now());
            let crumb = breadcrumb::new_log(timestamp.as_str(), level, logger, text);
            // A crumb that the hook drops, or that finds no memory, is no failure of the message.
            if let Ok(crumb) = crumb {
                let _ = self.keep_breadcrumb(&crumb);
            }
        }
        result
    }

    /// Queues an envelope as it is (no hook, no sampling, no scope).
    pub(crate) fn capture_envelope(&self, mut envelope: Envelope) -> Result<(), Refused> {
        let transport = self.transport.as_ref().ok_or(DISABLED)?;
        if envelope.is_empty() {
            return Err(Refused::because(
                Status::InvalidArgument,
                "an envelope without items is not sent",
            ));
        }
        if would_feed_back() {
            transport.refuse_envelope(&envelope, DiscardReason::WorkerThread);
            return Err(WORKER_THREAD);
        }
        envelope.forget_sending();
        let event_id = envelope.event_id;
        let queued = submit(transport, envelope, transport.permit());
        match event_id {
            Some(event_id) => self.conclude(event_id, None, queued).map(|_| ()),
            None => queued,
        }
    }

    /// Without waiting: a callback may have forked, and then nobody opens the lock. Two that are accepted at once are
    /// both the last.
    pub(in crate::client) fn note_last(&self, event_id: Uuid) {
        if let Some(mut last) = try_lock(&self.last_event_id) {
            *last = event_id;
        }
    }

    /// After a hook: in a child that it forked, locks of this client may be held for ever, and nobody empties its queue.
    pub(in crate::client) fn check_fork(&self) -> Result<(), Refused> {
        if self.is_inherited() {
            return Err(FORKED);
        }
        Ok(())
    }

    pub(in crate::client) fn open_transport(
        &self,
        tally: (Category, u64),
    ) -> Result<&Transport, Refused> {
        let transport = self.transport.as_ref().ok_or(DISABLED)?;
        if would_feed_back() {
            transport.refuse(Uuid::NIL, tally, DiscardReason::WorkerThread);
            return Err(WORKER_THREAD);
        }
        Ok(transport)
    }

    /// The whole way of an event.
    pub(in crate::client) fn capture(
        &self,
        transport: &Transport,
        event: &Event<'_>,
        scope: Option<&Scope>,
        origin: Origin<'_>,
    ) -> Result<Captured, Refused> {
        let event_id = event
            .id()
            .filter(|id| !id.is_nil())
            .unwrap_or_else(Uuid::new_v4);
        if self.is_ignored(event) {
            let detail = "a pattern of ignore_errors matches";
            let reason = DiscardReason::EventProcessor;
            return Err(refuse(transport, event_id, reason, Status::Ignored, detail));
        }
        // Without a hook the payload is made last: an event that is left out costs nothing.
        let (event_id, level, hooked) = match &self.options.before_send {
            None => {
                let default = || scope.unwrap_or(&self.scope).level();
                (event_id, event.level().unwrap_or_else(default), None)
            }
            Some(hook) => {
                let (event_id, level, payload) =
                    self.before_send(hook.as_ref(), transport, (event, scope), event_id)?;
                (event_id, level, Some(payload))
            }
        };
        // PIPE-2: after the hook, and whatever becomes of it now. SES-6: a message is none.
        let is_error = level >= Level::Error && !matches!(origin, Origin::Message);
        let was_healthy = is_error && self.note_error();
        let dump = match origin {
            Origin::Minidump(dump) => Some(dump),
            Origin::Event | Origin::Message => None,
        };
        let now = || Timestamp::new(std::time::SystemTime::now());
        let payload = || hooked.map_or_else(|| self.payload(event, event_id, scope, &now()), Ok);
        let result = self.send(transport, event_id, payload, scope, dump);
        if result.is_err() && was_healthy {
            self.send_session_update();
        }
        result
    }

    /// Samples and queues an event. One with a minidump is never sampled out, and says nothing of the session.
    fn send(
        &self,
        transport: &Transport,
        event_id: Uuid,
        payload: impl FnOnce() -> Result<Payload, EventError>,
        scope: Option<&Scope>,
        dump: Option<Dump<'_>>,
    ) -> Result<Captured, Refused> {
        let permit = transport.permit();
        let left_out = if dump.is_none() && !self.is_sampled() {
            let detail = "left out by sample_rate";
            Some((DiscardReason::SampleRate, Status::SampledOut, detail))
        } else if transport.is_surely_refused(permit) {
            transport.refuse(event_id, ERROR, DiscardReason::NoConsent);
            let left_out = LeftOut::default();
            let refused = self.conclude(event_id, scope, Err(NO_CONSENT));
            return refused.map(|id| Captured { id, left_out });
        } else if transport.is_limited(Category::Error) {
            let detail = "the server asked for a pause";
            Some((DiscardReason::RatelimitBackoff, Status::RateLimited, detail))
        } else if transport.is_surely_full(Category::Error) {
            Some((DiscardReason::QueueOverflow, Status::QueueFull, QUEUE_FULL))
        } else {
            None
        };
        if let Some((reason, status, detail)) = left_out {
            return Err(refuse(transport, event_id, reason, status, detail));
        }
        let payload = payload().map_err(|error| refuse_malformed(transport, &error))?;
        let mut envelope = Envelope::event(event_id, payload.pieces);
        envelope.trace = payload.trace;
        let owners = [
            scope.map(Scope::attachments),
            Some(self.scope.attachments()),
        ];
        let has_dump = dump.is_some();
        let _gathering = self
            .attach(transport, &mut envelope, &owners, dump)
            .map_err(|lost| refuse_without_dump(transport, event_id, &lost))?;
        let update = if has_dump {
            None
        } else {
            self.attach_update(&mut envelope, permit)
        };
        let queued = submit(transport, envelope, permit);
        self.settle_update(update, queued.is_ok());
        let id = self.conclude(event_id, scope, queued)?;
        Ok(self.captured(id, "event", payload.left_out))
    }

    /// Ends a capture that was accepted; what is left out of it is said in the diagnostics.
    pub(in crate::client) fn captured(&self, id: Uuid, what: &str, left_out: LeftOut) -> Captured {
        if !left_out.is_empty() {
            let id = id.simple();
            self.say_left_out(format_args!("{what} {}", id.as_str()), &left_out);
        }
        Captured { id, left_out }
    }

    pub(super) fn say_left_out(&self, what: std::fmt::Arguments<'_>, left_out: &LeftOut) {
        self.diagnostics
            .log(Severity::Warning, format_args!("{what}: {left_out}"));
    }

    fn payload(
        &self,
        event: &Event<'_>,
        event_id: Uuid,
        scope: Option<&Scope>,
        timestamp: &Timestamp,
    ) -> Result<Payload, EventError> {
        let global = self.scope.snapshot();
        let fields = Arc::clone(&global.fields);
        let snapshot = match scope {
            Some(scope) => memory::watch(|| scope.snapshot().within(global))?,
            None => global,
        };
        let has_frames = event.has_native_frames();
        let modules = has_frames.then(|| state::MODULES.kept()).flatten();
        let images = modules.map(|modules| modules.json());
        let parts = Parts {
            event_id,
            timestamp: timestamp.as_str(),
            level: snapshot.level,
            user_id: self.installation_id_for(&snapshot),
            fields: &snapshot.fields,
            tags: &snapshot.tags,
            contexts: &snapshot.contexts,
            extra: &snapshot.extra,
            breadcrumbs: &snapshot.breadcrumbs,
            max_breadcrumbs: self.options.max_breadcrumbs,
            images: images.as_ref(),
        };
        Ok(self.with_trace(event.write(&parts)?, &fields))
    }

    /// The header's trace is the event's, and says what the scope of the process says now.
    fn with_trace(&self, written: Written, fields: &FieldList) -> Payload {
        Payload {
            trace: self.fields.trace_header(written.trace_id, fields),
            pieces: written.payload,
            left_out: written.left_out,
        }
    }

    /// Shows the event, complete with its scope, to the hook; the id and the payload of what comes back.
    fn before_send(
        &self,
        hook: &dyn ValueHook,
        transport: &Transport,
        (event, scope): (&Event<'_>, Option<&Scope>),
        event_id: Uuid,
    ) -> Result<(Uuid, Level, Payload), Refused> {
        let timestamp = Timestamp::new(std::time::SystemTime::now());
        let payload = self.payload(event, event_id, scope, &timestamp);
        let payload = payload.map_err(|error| refuse_malformed(transport, &error))?;
        let refuse_without_memory = |error: OutOfMemory| refuse_malformed(transport, &error.into());
        let shown = payload.pieces.try_whole().map_err(refuse_without_memory)?;
        let returned = Returned::new(Subject::Event, &shown, |event| hooks::call(hook, event));
        let returned = returned.map_err(refuse_without_memory)?;
        self.check_fork()?;
        let Some(returned) = returned else {
            let detail = "before_send returned null";
            let reason = DiscardReason::BeforeSend;
            return Err(refuse(
                transport,
                event_id,
                reason,
                Status::DroppedByHook,
                detail,
            ));
        };
        let finish = || {
            let json = returned.json()?;
            let event = returned.event(&json)?;
            let event_id = event.id().filter(|id| !id.is_nil()).unwrap_or(event_id);
            // The scope is in it already; what the hook took out stays out.
            let parts = Parts {
                timestamp: timestamp.as_str(),
                ..Parts::bare(event_id)
            };
            let written = event.write(&parts)?;
            let level = event.level().unwrap_or(Level::Error);
            let mut ready = self.with_trace(written, &self.scope.fields());
            ready.left_out = payload.left_out.and(ready.left_out);
            Ok((event_id, level, ready))
        };
        finish().map_err(|error: EventError| refuse_malformed(transport, &error))
    }

    fn is_ignored(&self, event: &Event<'_>) -> bool {
        if self.ignore.is_empty() {
            return false;
        }
        event
            .logger()
            .is_some_and(|logger| self.ignore.matches(logger.as_ref()))
            || event.exceptions().any(|exception| {
                self.ignore
                    .matches_exception(exception.kind.as_deref(), exception.module.as_deref())
            })
    }

    /// PIPE-5: 1.0 keeps all, 0.0 none.
    fn is_sampled(&self) -> bool {
        let rate = self.options.sample_rate;
        rate >= 1.0 || random::next_unit() < rate
    }
}

pub(in crate::client) fn submit(
    transport: &Transport,
    envelope: Envelope,
    permit: Permit,
) -> Result<(), Refused> {
    let queued = transport.submit(envelope, permit);
    queued.map_err(|refusal| match refusal {
        Refusal::Full => Refused::because(Status::QueueFull, QUEUE_FULL),
        Refusal::TooLarge => Refused::because(
            Status::TooLarge,
            "larger than the whole queue; raise queue_max_bytes",
        ),
        Refusal::Closed => Refused::because(Status::ShuttingDown, "the library is shutting down"),
        Refusal::NoConsent => NO_CONSENT,
        Refusal::OutOfMemory => {
            Refused::because(Status::OutOfMemory, "no memory for a place in the queue")
        }
    })
}

/// Books an event that is not accepted.
fn refuse(
    transport: &Transport,
    event_id: Uuid,
    reason: DiscardReason,
    status: Status,
    detail: &'static str,
) -> Refused {
    transport.refuse(event_id, ERROR, reason);
    Refused::because(status, detail)
}

/// Books an event whose minidump cannot go along: without it the event says nothing.
pub(in crate::client) fn refuse_without_dump(
    transport: &Transport,
    event_id: Uuid,
    lost: &Lost,
) -> Refused {
    transport.refuse(event_id, ERROR, lost.reason);
    Refused {
        status: lost.status(),
        detail: Cow::Owned(format!("the minidump is left out: {lost}")),
        unsent_id: None,
    }
}

fn refuse_malformed(transport: &Transport, error: &EventError) -> Refused {
    let reason = match error.kind {
        EventErrorKind::TooLarge => DiscardReason::TooLarge,
        EventErrorKind::OutOfMemory => DiscardReason::InternalSdkError,
        _ => DiscardReason::Invalid,
    };
    transport.refuse(Uuid::NIL, ERROR, reason);
    Refused::malformed(error)
}
