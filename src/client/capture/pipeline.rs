//! Events on their way from the host to the queue: read here, and sent through the [steps](super::steps) of all kinds.
//!
//! Also what the host queues as an envelope, and its log messages.

use std::sync::Arc;
use std::time::SystemTime;

use super::hooks::Returned;
use super::ignore::IgnoreRules;
use super::kind::Kind;
use super::refused::{DISABLED, FORKED, Loss, Refused, Status, WORKER_THREAD};
use super::steps::{Capture, Captured, Content, Payload, submit, would_feed_back};
use super::symbols;
use crate::base::diagnostics::MARK;
use crate::base::lock::try_lock;
use crate::base::memory;
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::client::scope::Scope;
use crate::client::tables;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::Envelope;
use crate::protocol::event::breadcrumb;
use crate::protocol::event::{Event, EventError, Parts, Written};
use crate::protocol::level::Level;
use crate::value::tree::Value;

impl Client {
    /// Captures an event given as JSON text; returns its id.
    ///
    /// `scope` stands between the event and the scope of the process.
    pub(crate) fn capture_json(
        &self,
        json: &str,
        scope: Option<&Scope>,
    ) -> Result<Captured, Refused> {
        let capture = self.begin(Kind::Event, scope)?;
        let mut event = Event::empty();
        let read = event.read_json(json);
        capture.event(&mut event, read)
    }

    /// Captures an event given as a value, which may be frozen.
    pub(crate) fn capture_value(
        &self,
        event: &mut Value,
        scope: Option<&Scope>,
    ) -> Result<Captured, Refused> {
        let capture = self.begin(Kind::Event, scope)?;
        if event.is_object() {
            capture.answer_early(|| (event_id_in(event), level_in(event)))?;
        }
        let mut read = Event::empty();
        let result = read.read_value(event);
        capture.event(&mut read, result)
    }

    /// Captures a message (PIPE-8).
    pub(crate) fn capture_message(
        &self,
        level: Level,
        logger: Option<&str>,
        text: &str,
    ) -> Result<Uuid, Refused> {
        let capture = self.begin(Kind::Message, None)?;
        capture.answer_early(|| (None, Some(level)))?;
        let mut event = Event::empty();
        event.set_message(level, logger, text);
        let captured = capture.run(&event, None);
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
        self.log_line(level, logger, text);
        if self.is_inherited() {
            // The line was shown to a hook that forked.
            return Err(FORKED);
        }
        let result = if level >= self.options.event_level {
            self.capture_message(level, logger, text).map(|_| ())
        } else {
            Ok(())
        };
        if self.is_inherited() {
            // The event was told to a callback that forked: the scope is the parent's.
            return Err(FORKED);
        }
        if let Err(refused) = &result
            && refused.status == Status::NoConsent
        {
            // A later event would carry the breadcrumb, and the answer is that nothing is sent.
            return result;
        }
        // After the event: an event does not carry itself as a breadcrumb.
        if level >= self.options.breadcrumb_level && self.options.max_breadcrumbs > 0 {
            let now = SystemTime::now();
            let crumb = breadcrumb::new_log(now, level, logger, text);
            // A crumb that the hook drops, or that finds no memory, is no failure of the message.
            if let Ok(crumb) = crumb {
                let _ = self.keep_breadcrumb(crumb);
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
            Some(event_id) => match queued {
                Ok(()) => self.conclude(event_id, None),
                Err(refused) => return Err(self.conclude_refused(event_id, None, refused)),
            },
            None => queued?,
        }
        Ok(())
    }

    /// Without waiting: a callback may have forked, and then nobody opens the lock. Two that are accepted at once are
    /// both the last.
    pub(in crate::client) fn note_last(&self, event_id: Uuid) {
        if let Some(mut last) = try_lock(&self.last_event_id) {
            *last = event_id;
        }
    }
}

impl Capture<'_> {
    /// An event, and whether it could be read.
    fn event(
        &self,
        event: &mut Event<'_>,
        read: Result<(), EventError>,
    ) -> Result<Captured, Refused> {
        // What is no event has no id.
        read.map_err(|error| self.refuse(Uuid::NIL, error.into()))?;
        if self.client.options.symbolize_stacktraces {
            event.change_stacks(symbols::added);
        }
        self.run(event, None)
    }
}

impl Content for Event<'_> {
    fn event_id(&self) -> Option<Uuid> {
        self.id().filter(|id| !id.is_nil())
    }

    fn level(&self) -> Option<Level> {
        Event::level(self)
    }

    fn likeness(&self) -> Option<u64> {
        Event::likeness(self)
    }

    fn is_ignored(&self, rules: &IgnoreRules) -> bool {
        if rules.is_empty() {
            return false;
        }
        self.logger()
            .is_some_and(|logger| rules.matches(logger.as_ref()))
            || self.exceptions().any(|exception| {
                rules.matches_exception(exception.kind.as_deref(), exception.module.as_deref())
            })
    }

    fn write(
        &self,
        capture: &Capture<'_>,
        event_id: Uuid,
        timestamp: SystemTime,
    ) -> Result<Payload, Loss> {
        let client = capture.client;
        let global = memory::watch(|| client.scope.snapshot())?;
        let fields = Arc::clone(&global.fields);
        let snapshot = match capture.scope {
            Some(scope) => memory::watch(|| scope.snapshot().within(global))?,
            None => global,
        };
        let has_frames = self.has_native_frames();
        let modules = has_frames.then(|| tables::MODULES.kept()).flatten();
        let images = modules.map(|modules| modules.json());
        let active = self.active(capture);
        let in_trace = active
            .as_ref()
            .map(|active| snapshot.contexts_in(active))
            .transpose()?;
        let parts = Parts {
            event_id,
            timestamp,
            level: snapshot.level,
            user_id: client.installation_id_for(&snapshot),
            fields: &snapshot.fields,
            tags: &snapshot.tags,
            contexts: in_trace.as_ref().unwrap_or(&snapshot.contexts),
            extra: &snapshot.extra,
            breadcrumbs: &snapshot.breadcrumbs,
            max_breadcrumbs: client.options.max_breadcrumbs,
            images: images.as_ref(),
            spans: None,
        };
        let written = Event::write(self, &parts)?;
        Ok(Payload::new(client, written, active.as_deref(), &fields))
    }

    fn write_returned(
        &self,
        returned: &mut Returned<'_>,
        event_id: Uuid,
        timestamp: SystemTime,
    ) -> Result<(Uuid, Level, Written), Loss> {
        let event = returned.event()?;
        let event_id = Content::event_id(&event).unwrap_or(event_id);
        // The scope is in it already; what the hook took out stays out.
        let parts = Parts {
            timestamp,
            ..Parts::bare(event_id)
        };
        let written = Event::write(&event, &parts)?;
        let level = Event::level(&event).unwrap_or(Level::Error);
        Ok((event_id, level, written))
    }
}

/// The id in a value, if it is one.
pub(crate) fn event_id_in(event: &Value) -> Option<Uuid> {
    let given = event.get_key(b"event_id")?;
    let text = memory::utf8(given.as_text()?).ok()?;
    Uuid::parse_strict(text).filter(|id| !id.is_nil())
}

/// The level in a value, if it is one.
fn level_in(event: &Value) -> Option<Level> {
    let given = event.get_key(b"level")?;
    Level::from_name(memory::utf8(given.as_text()?).ok()?)
}
