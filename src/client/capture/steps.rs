//! The steps between a call of the host and the queue, the same for each [`Kind`], in the order of PIPE-1.
//!
//! Ignore patterns → scope → hook → session → sampling → consent → rate limit → room → queue. Nothing here does I/O or
//! waits, except for attached files, and for room in the queue if the host asked for that. What is not accepted is booked
//! with exactly one reason, and the outcome callback hears the id that it would have been sent under.
//!
//! Early answers. Sampling, consent, rate limit and room need nothing of a capture but its id and its level. Where neither
//! a hook nor an ignore pattern has to see it, they are asked before anything is built ([`Capture::answer_early`]), and
//! once more when it is to be built. A defect comes before them if it shows without building: JSON text is always read
//! first, and so is the kind of a value. It comes after them if only the written event shows it: too large, or no memory.
//! A session hears of an error that is refused early, as it does of one that is refused later (PIPE-2).

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::attachments::Attachments;
use super::attachments::gather::Dump;
use super::hooks::{Hook, Returned};
use super::ignore::IgnoreRules;
use super::kind::{Kind, Properties};
use super::refused::{DISABLED, Loss, QUEUE_FULL, Refused, Status, WORKER_THREAD};
use crate::base::diagnostics::{Severity, is_speaking};
use crate::base::memory::{self, OutOfMemory};
use crate::base::random;
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::client::consent::NO_CONSENT;
use crate::client::repeats::{Compared, Kept, Repeats};
use crate::client::scope::{FieldList, Scope};
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::{self, Envelope, Item};
use crate::protocol::event::host_view;
use crate::protocol::event::{LeftOut, Written};
use crate::protocol::level::Level;
use crate::telemetry::active::Active;
use crate::transport::queue::Refusal;
use crate::transport::queue::permit::Permit;
use crate::transport::{Transport, is_worker_thread};
use crate::value::tree::Value;

/// True where a capture may be the consequence of another one, and the cause of the next: on the worker thread, and in
/// the host's logger of diagnostics, on whatever thread it is called.
pub(in crate::client) fn would_feed_back() -> bool {
    is_worker_thread() || is_speaking()
}

/// What was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    /// The id it is sent under.
    pub(crate) id: Uuid,
    /// What of it is not sent, because no server takes it.
    pub(crate) left_out: LeftOut,
}

/// What is sent of a capture.
#[derive(Debug)]
pub(in crate::client) struct Payload {
    /// The bytes of its item.
    pub(super) bytes: envelope::Payload,
    /// The trace in the header of its envelope.
    pub(super) trace: Option<Arc<str>>,
    /// What it lost because no server takes it.
    pub(super) left_out: LeftOut,
    /// How many spans it holds; none where that means nothing.
    pub(super) spans: Option<u64>,
}

impl Payload {
    /// An event as it was written. The header's trace is the event's: that of `active` if the event is in its trace, else one
    /// that says what the scope of the process says now, which is in `fields`.
    pub(super) fn new(
        client: &Client,
        written: Written,
        active: Option<&Active>,
        fields: &FieldList,
    ) -> Self {
        let is_active = |active: &&Active| Some(active.position().trace_id) == written.trace_id;
        let trace = match active.filter(is_active) {
            Some(active) => {
                let context = client
                    .fields
                    .sampling_context_of(active.transaction(), fields);
                context.and_then(|context| context.json())
            }
            None => client.fields.trace_header(written.trace_id, fields),
        };
        Self {
            trace,
            bytes: written.payload.into(),
            left_out: written.left_out,
            spans: written.spans,
        }
    }
}

/// What a capture is made from, once that has been read.
pub(super) trait Content {
    /// The id that it brings along.
    fn event_id(&self) -> Option<Uuid>;

    /// The level that it brings along.
    fn level(&self) -> Option<Level> {
        None
    }

    /// By what it is the same as others, see [`Event::likeness`](crate::protocol::event::Event::likeness).
    fn likeness(&self) -> Option<u64> {
        None
    }

    /// True if a pattern of `ignore_errors` matches.
    fn is_ignored(&self, _rules: &IgnoreRules) -> bool {
        false
    }

    /// What is attached to it alone.
    fn attachments(&self) -> Option<&Attachments> {
        None
    }

    /// The transaction that it is, or the transaction or span that is bound where it is captured.
    fn active(&self, capture: &Capture<'_>) -> Option<Arc<Active>> {
        capture.client.active(capture.scope)
    }

    /// Writes it, complete with the scopes of `capture`.
    fn write(
        &self,
        capture: &Capture<'_>,
        event_id: Uuid,
        timestamp: SystemTime,
    ) -> Result<Payload, Loss>;

    /// Writes what the hook gave back; its id and its level. Only for kinds that have a hook.
    fn write_returned(
        &self,
        _returned: &mut Returned<'_>,
        _event_id: Uuid,
        _timestamp: SystemTime,
    ) -> Result<(Uuid, Level, Written), Loss> {
        Err(Loss::invalid("this kind has no hook"))
    }
}

/// What a hook has seen and let pass.
struct Seen {
    event_id: Uuid,
    level: Level,
    payload: Payload,
}

/// One call of the host that captures something.
#[derive(Debug)]
pub(in crate::client) struct Capture<'a> {
    pub(super) client: &'a Client,
    pub(super) transport: &'a Transport,
    pub(super) kind: Kind,
    properties: Properties,
    /// Stands between what is captured and the scope of the process.
    pub(super) scope: Option<&'a Scope>,
    is_sampled_out: bool,
    /// Spans that are lost with it, if it is one of spans.
    pub(super) lost_spans: Cell<Option<u64>>,
    /// By what later events are the same as this one, if they are counted then.
    likeness: Cell<Option<u64>>,
}

impl Client {
    /// Begins a capture, unless nothing can be captured here; an answer without an id, since nothing was looked at yet.
    pub(super) fn begin<'a>(
        &'a self,
        kind: Kind,
        scope: Option<&'a Scope>,
    ) -> Result<Capture<'a>, Refused> {
        self.begin_with(kind, scope, None)
    }

    /// As [`Client::begin`], for something that is lost together with so many spans.
    pub(super) fn begin_with<'a>(
        &'a self,
        kind: Kind,
        scope: Option<&'a Scope>,
        lost_spans: Option<u64>,
    ) -> Result<Capture<'a>, Refused> {
        let transport = self.transport.as_ref().ok_or(DISABLED)?;
        let properties = kind.properties();
        if would_feed_back() {
            refuse(
                transport,
                Uuid::NIL,
                (kind, lost_spans),
                DiscardReason::WorkerThread,
            );
            return Err(WORKER_THREAD);
        }
        // PIPE-5: 1.0 keeps all, 0.0 none.
        let rate = self.options.sample_rate;
        let is_sampled_out = properties.is_sampled && rate < 1.0 && random::next_unit() >= rate;
        Ok(Capture {
            client: self,
            transport,
            kind,
            properties,
            scope,
            is_sampled_out,
            lost_spans: Cell::new(lost_spans),
            likeness: Cell::new(None),
        })
    }

    pub(super) fn say_left_out(&self, what: std::fmt::Arguments<'_>, left_out: &LeftOut) {
        self.diagnostics
            .log(Severity::Warning, format_args!("{what}: {left_out}"));
    }
}

impl Capture<'_> {
    /// Answers before anything is built if the capture is refused whatever it holds. `known` is its id and its level.
    pub(super) fn answer_early(
        &self,
        known: impl FnOnce() -> (Option<Uuid>, Option<Level>),
    ) -> Result<(), Refused> {
        let is_ignorable = self.properties.can_be_ignored && !self.client.ignore.is_empty();
        if is_ignorable || self.kind.hook(&self.client.options).is_some() {
            return Ok(());
        }
        let Err(loss) = self.check(self.transport.permit()) else {
            return Ok(());
        };
        let (event_id, level) = known();
        let event_id = event_id.unwrap_or_else(Uuid::new_v4);
        self.with_session(self.level_or_scope(level), || {
            Err(self.refuse(event_id, loss))
        })
    }

    /// All the steps, for what has been read. One with a `dump` is about that, and goes nowhere without it.
    pub(super) fn run(
        &self,
        content: &dyn Content,
        dump: Option<Dump<'_>>,
    ) -> Result<Captured, Refused> {
        let event_id = content.event_id().unwrap_or_else(Uuid::new_v4);
        if self.properties.can_be_ignored && content.is_ignored(&self.client.ignore) {
            let detail = "a pattern of ignore_errors matches";
            let loss = Loss::new(DiscardReason::EventProcessor, Status::Ignored, detail);
            return Err(self.refuse(event_id, loss));
        }
        self.compare(event_id, content)?;
        let result = self.run_first(event_id, content, dump);
        if let (Err(_), Some(likeness), Some(repeats)) =
            (&result, self.likeness.get(), self.repeats())
        {
            repeats.forget(likeness);
        }
        result
    }

    fn repeats(&self) -> Option<&Repeats> {
        let is_compared = self.properties.can_be_ignored;
        self.client.batches.repeats.as_ref().filter(|_| is_compared)
    }

    /// What is kept of an event whose repeats are counted.
    fn first_of(&self, envelope: &Envelope) -> Option<(u64, Kept)> {
        let likeness = self.likeness.get()?;
        Some((likeness, Kept::of(envelope)?))
    }

    /// Refuses a repeat of an error that was sent a moment ago, and counts it.
    fn compare(&self, event_id: Uuid, content: &dyn Content) -> Result<(), Refused> {
        let Some(repeats) = self.repeats() else {
            return Ok(());
        };
        let likeness = content.likeness();
        self.likeness.set(likeness);
        let times = (Instant::now(), SystemTime::now());
        match likeness.map(|likeness| repeats.compare(likeness, event_id, times)) {
            None | Some(Compared::First) => Ok(()),
            Some(Compared::Repeat) => {
                self.with_session(self.level_or_scope(content.level()), || {
                    let detail =
                        "an equal event was sent a moment ago; it is counted, see dedupe_window_ms";
                    let loss = Loss::new(DiscardReason::Duplicate, Status::Ignored, detail);
                    Err(self.refuse(event_id, loss))
                })
            }
        }
    }

    fn run_first(
        &self,
        event_id: Uuid,
        content: &dyn Content,
        dump: Option<Dump<'_>>,
    ) -> Result<Captured, Refused> {
        match self.kind.hook(&self.client.options) {
            // The payload is made last: an event that is left out costs nothing.
            None => self.with_session(self.level_or_scope(content.level()), || {
                self.send(event_id, None, content, dump)
            }),
            Some(hook) => self.run_shown(&hook, content, event_id, dump),
        }
    }

    /// The steps behind a hook. A function of its own, so that others do not need its room on the stack.
    #[inline(never)]
    fn run_shown(
        &self,
        hook: &Hook<'_>,
        content: &dyn Content,
        event_id: Uuid,
        dump: Option<Dump<'_>>,
    ) -> Result<Captured, Refused> {
        let seen = self.show(hook, content, event_id)?;
        self.with_session(seen.level, || {
            self.send(seen.event_id, Some(seen.payload), content, dump)
        })
    }

    /// Books what is not accepted; the answer to the host.
    pub(super) fn refuse(&self, event_id: Uuid, loss: Loss) -> Refused {
        let lost = (self.kind, self.lost_spans.get());
        refuse(self.transport, event_id, lost, loss.reason);
        let client = self.client;
        client.conclude_refused(event_id, self.scope, loss.refused)
    }

    fn level_or_scope(&self, level: Option<Level>) -> Level {
        level.unwrap_or_else(|| self.scope.unwrap_or(&self.client.scope).level())
    }

    /// Runs the steps behind the hook. PIPE-2: the session counts the error whatever becomes of it now, and hears of its
    /// first error also if it is not sent.
    fn with_session<T>(
        &self,
        level: Level,
        steps: impl FnOnce() -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let is_error = self.properties.session.counts() && level >= Level::Error;
        let was_healthy = is_error && self.client.note_error();
        let result = steps();
        if result.is_err() && was_healthy {
            self.client.send_session_update();
        }
        result
    }

    /// Shows the payload to the hook, and writes what comes back.
    fn show(
        &self,
        hook: &Hook<'_>,
        content: &dyn Content,
        event_id: Uuid,
    ) -> Result<Seen, Refused> {
        let refuse = |loss: Loss| self.refuse(event_id, loss);
        let timestamp = SystemTime::now();
        let payload = content.write(self, event_id, timestamp).map_err(refuse)?;
        let no_memory = |error: OutOfMemory| refuse(error.into());
        let shown = payload.bytes.try_whole().map_err(no_memory)?;
        let shown = memory::utf8(&shown).unwrap_or_default();
        let value = host_view::show_own(hook.subject(), shown).ok_or(OutOfMemory);
        let value = hook.call(value.map_err(no_memory)?, content.attachments())?;
        if matches!(value, Value::Null) {
            return Err(refuse(Loss {
                reason: DiscardReason::BeforeSend,
                refused: Refused::dropped_by(hook.name()),
            }));
        }
        let mut returned = Returned::new(shown, value);
        let written = content.write_returned(&mut returned, event_id, timestamp);
        let (event_id, level, written) = written.map_err(refuse)?;
        let active = content.active(self);
        let fields = self.client.scope.fields();
        let mut ready = Payload::new(self.client, written, active.as_deref(), &fields);
        ready.left_out = payload.left_out.and(ready.left_out);
        if let (Some(before), Some(after)) = (payload.spans, ready.spans) {
            self.lost_spans.set(ready.spans);
            let removed = before.saturating_sub(after);
            if removed > 0 {
                let lost = [(Category::Span, removed)];
                self.transport.refuse_part(&lost, DiscardReason::BeforeSend);
            }
        }
        Ok(Seen {
            event_id,
            level,
            payload: ready,
        })
    }

    /// Whether it may be sent with `permit`, as far as that is known without its size.
    pub(super) fn check(&self, permit: Permit) -> Result<(), Loss> {
        let category = self.properties.item.category();
        Err(if self.is_sampled_out {
            let detail = "left out by sample_rate";
            Loss::new(DiscardReason::SampleRate, Status::SampledOut, detail)
        } else if self.transport.is_surely_refused(permit) {
            Loss {
                reason: DiscardReason::NoConsent,
                refused: NO_CONSENT,
            }
        } else if self.transport.is_limited(category) {
            let detail = "the server asked for a pause";
            Loss::new(DiscardReason::RatelimitBackoff, Status::RateLimited, detail)
        } else if self.transport.is_surely_full(category) {
            Loss::new(DiscardReason::QueueOverflow, Status::QueueFull, QUEUE_FULL)
        } else {
            return Ok(());
        })
    }

    /// Queues what is captured, unless it must stay here. `payload` is made from `content` if there is none yet.
    fn send(
        &self,
        event_id: Uuid,
        payload: Option<Payload>,
        content: &dyn Content,
        dump: Option<Dump<'_>>,
    ) -> Result<Captured, Refused> {
        let refuse = |loss: Loss| self.refuse(event_id, loss);
        let permit = self.transport.permit();
        self.check(permit).map_err(refuse)?;
        let client = self.client;
        let payload = match payload {
            Some(payload) => payload,
            None => {
                let timestamp = SystemTime::now();
                content.write(self, event_id, timestamp).map_err(refuse)?
            }
        };
        let Properties { item, session, .. } = &self.properties;
        let item = match payload.spans {
            Some(spans) => Item::container(item.clone(), payload.bytes, spans),
            None => Item::new(item.clone(), payload.bytes),
        };
        let mut envelope = Envelope::of(Some(event_id), item);
        envelope.trace = payload.trace;
        let mut gathering = None;
        if self.properties.has_attachments {
            let owners = [
                content.attachments(),
                self.scope.map(Scope::attachments),
                Some(client.scope.attachments()),
            ];
            let attached = client.attach(self.transport, &mut envelope, &owners, dump);
            gathering = attached.map_err(|lost| refuse(lost.into()))?;
        }
        let update = session
            .carries()
            .then(|| client.attach_update(&mut envelope, permit))
            .flatten();
        let first = self.first_of(&envelope);
        let queued = submit(self.transport, envelope, permit);
        drop(gathering);
        client.settle_update(update, queued.is_ok());
        if let Err(refused) = queued {
            return Err(client.conclude_refused(event_id, self.scope, refused));
        }
        client.conclude(event_id, self.scope);
        if let (Some((likeness, first)), Some(repeats)) = (first, self.repeats()) {
            repeats.keep(likeness, first);
        }
        let left_out = payload.left_out;
        if !left_out.is_empty() {
            let (name, id) = (self.properties.item.name(), event_id.simple());
            client.say_left_out(format_args!("{name} {}", id.as_str()), &left_out);
        }
        Ok(Captured {
            id: event_id,
            left_out,
        })
    }
}

/// Books the loss of one thing of a kind, with the spans in it: a transaction is a span, too (REP-4).
fn refuse(
    transport: &Transport,
    event_id: Uuid,
    (kind, lost_spans): (Kind, Option<u64>),
    reason: DiscardReason,
) {
    let own = (kind.category(), 1);
    match lost_spans {
        Some(spans) => {
            let tallies = [own, (Category::Span, spans.saturating_add(1))];
            transport.refuse(event_id, &tallies, reason);
        }
        None => transport.refuse(event_id, &[own], reason),
    }
}

/// Queues an envelope; the answer if it is not taken.
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
