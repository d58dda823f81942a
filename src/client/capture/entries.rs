//! Logs and metrics on their way from the host into a batch: written once as JSON text, shown to the hook, collected.
//!
//! Enabled → written with the attributes of call, scopes and library → hook → consent, rate limit and room → batch (LOG-7). An
//! entry that is refused costs only itself and is booked with exactly one reason, as one entry and as its bytes (LOG-9).

use std::time::SystemTime;

use super::hooks;
use super::kind::Kind;
use super::refused::{Loss, QUEUE_FULL, Refused, Status};
use super::steps::Capture;
use crate::base::diagnostics::Severity;
use crate::base::memory::{self, Buffer, Fault};
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::client::batches::{Lane, NotTaken};
use crate::client::scope::Scope;
use crate::protocol::attributes::{Attributes, Plain};
use crate::protocol::discard::DiscardReason;
use crate::protocol::level::Level;
use crate::protocol::log::{self, MetricKind, Place};
use crate::transport::queue::Refusal;
use crate::value::json::scan;
use crate::value::json::write;
use crate::value::tree::{Member, Node, Value};

/// Most bytes of a log entry: what servers take of one.
const LARGEST_LOG: usize = 1 << 20;
/// Most bytes of a metric: a larger one would cost all of its batch (MET-5).
const LARGEST_METRIC: usize = 2048;
/// What an entry takes beyond its text, as it is counted when it is refused before it is written.
const AROUND: usize = 128;

const LOGS_OFF: Refused = Refused::because(
    Status::Disabled,
    "logs are off; see sentry_options_set_enable_logs()",
);
const NO_BODY: Refused = Refused::because(Status::InvalidArgument, "the text of the log is NULL");
const METRICS_OFF: Refused = Refused::because(
    Status::Disabled,
    "metrics are off; see sentry_options_set_enable_metrics()",
);

/// A text that the library made of a format, and what it was made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format<'a> {
    /// The format.
    pub(crate) template: &'a [u8],
    /// Its arguments.
    pub(crate) parameters: &'a [Plain<'a>],
}

/// A metric that the host captures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Metric<'a> {
    /// What it measures.
    pub(crate) kind: MetricKind,
    /// Its name.
    pub(crate) name: &'a [u8],
    /// The figure.
    pub(crate) value: &'a Value,
    /// What it is measured in.
    pub(crate) unit: Option<&'a [u8]>,
}

impl Client {
    /// Captures a log entry. `attributes` is the object of the call, if it has one.
    pub(crate) fn log(
        &self,
        level: Level,
        body: Option<&[u8]>,
        format: Option<Format<'_>>,
        attributes: Value,
        scope: Option<&Scope>,
    ) -> Result<(), Refused> {
        if !cfg!(feature = "telemetry") || !self.options.enable_logs {
            return Err(LOGS_OFF);
        }
        let body = body.ok_or(NO_BODY)?;
        let capture = self.begin(Kind::Log, scope)?;
        self.echo(level, body);
        let entry = Entry {
            capture: &capture,
            lane: &self.batches.logs,
            required: &["body", "level", "timestamp", "trace_id"],
            largest: LARGEST_LOG,
        };
        entry.run(body.len(), attributes, format, |out, place| {
            log::begin_log(out, level, body, place);
        })
    }

    /// Captures a metric.
    pub(crate) fn metric(
        &self,
        metric: Metric<'_>,
        attributes: Value,
        scope: Option<&Scope>,
    ) -> Result<(), Refused> {
        if !cfg!(feature = "telemetry") || !self.options.enable_metrics {
            return Err(METRICS_OFF);
        }
        let capture = self.begin(Kind::Metric, scope)?;
        let entry = Entry {
            capture: &capture,
            lane: &self.batches.metrics,
            required: &["timestamp", "type", "name", "value", "trace_id"],
            largest: LARGEST_METRIC,
        };
        if metric.name.is_empty() {
            return Err(entry.refuse(AROUND, Loss::invalid("a metric needs a name")));
        }
        // MET-6
        if !is_finite(metric.value) {
            let why = "the value of a metric must be a finite number";
            return Err(entry.refuse(AROUND, Loss::invalid(why)));
        }
        let own = (metric.name, metric.value, metric.unit);
        entry.run(metric.name.len(), attributes, None, |out, place| {
            log::begin_metric(out, metric.kind, own, place);
        })
    }

    /// Sends a line of the host's logger as a log, if the host wants that. The answer is that of the event or the breadcrumb.
    pub(super) fn log_line(&self, level: Level, logger: Option<&str>, text: &str) {
        if !self.options.send_log_messages {
            return;
        }
        let logger = logger.map(|logger| Value::text(logger.as_bytes()));
        let attributes = Value::with_members([("logger.name", logger)], 0);
        let _ = self.log(level, Some(text.as_bytes()), None, attributes, None);
    }

    /// LOG-11: a host that debugs sees its logs among the diagnostics.
    fn echo(&self, level: Level, body: &[u8]) {
        let severity = Severity::from(level);
        if self.diagnostics.is_enabled(severity) {
            let text = String::from_utf8_lossy(body);
            self.diagnostics.log(severity, format_args!("LOG: {text}"));
        }
    }
}

fn is_finite(value: &Value) -> bool {
    match value {
        Value::Int32(_) => true,
        Value::Node(node) => match node.as_ref() {
            Node::Int64(_) | Node::Uint64(_) => true,
            Node::Double(number) => number.is_finite(),
            Node::Text(_) | Node::List(_) | Node::Object(_) => false,
        },
        Value::Null | Value::Bool(_) => false,
    }
}

/// An entry on its way.
struct Entry<'a> {
    capture: &'a Capture<'a>,
    lane: &'a Lane,
    /// Members that it has whatever a hook does.
    required: &'a [&'a str],
    largest: usize,
}

impl Entry<'_> {
    /// All the steps, for an entry of which `own` bytes are its own text and whose beginning `begin` writes.
    fn run(
        &self,
        own: usize,
        attributes: Value,
        format: Option<Format<'_>>,
        begin: impl FnOnce(&mut Buffer, &Place<'_>),
    ) -> Result<(), Refused> {
        let hook = self.capture.kind.hook(&self.capture.client.options);
        let bytes = own.saturating_add(AROUND);
        let check = || self.capture.check(self.capture.transport.permit());
        if hook.is_none() {
            check().map_err(|loss| self.refuse(bytes, loss))?;
        }
        let given = attributes.into_members();
        let given = given.map_err(|error| self.refuse(bytes, error.into()))?;
        let written = self.write(bytes, &given, format, begin);
        let mut text = written.map_err(|loss| self.refuse(bytes, loss))?;
        if let Some(hook) = hook {
            text = self.show(&hook, text)?;
            check().map_err(|loss| self.refuse(text.len(), loss))?;
        }
        self.collect(&text)
    }

    fn write(
        &self,
        bytes: usize,
        given: &[Member],
        format: Option<Format<'_>>,
        begin: impl FnOnce(&mut Buffer, &Place<'_>),
    ) -> Result<Vec<u8>, Loss> {
        let Capture { client, scope, .. } = self.capture;
        let (trace_id, span_id) = client.active_trace(*scope);
        let place = Place {
            time: SystemTime::now(),
            trace_id,
            span_id: span_id.as_ref().map(|id| id.as_str()),
        };
        let mut left_out = 0;
        let out = memory::watch(|| {
            let global = client.scope.snapshot();
            let snapshot = scope.map(Scope::snapshot);
            let joined = snapshot.clone().map(|own| own.within(global.clone()));
            let fields = &joined.as_ref().unwrap_or(&global).fields;
            let defaults = client.default_attributes.of(fields);
            let room = defaults
                .json()
                .len()
                .saturating_add(global.attributes.json().len());
            let mut out = Buffer::with_room(bytes.saturating_add(AROUND).saturating_add(room));
            begin(&mut out, &place);
            let mut attributes = Attributes::begin(&mut out);
            left_out = attributes.given(given);
            if let Some(Format {
                template,
                parameters,
            }) = format.filter(|it| !it.parameters.is_empty())
            {
                for (at, parameter) in parameters.iter().enumerate() {
                    attributes.parameter(at, *parameter);
                }
                attributes.plain("sentry.message.template", Plain::Text(template));
            }
            if let Some(span_id) = place.span_id {
                attributes.plain(
                    "sentry.trace.parent_span_id",
                    Plain::Text(span_id.as_bytes()),
                );
            }
            if let Some(snapshot) = &snapshot {
                attributes.scope(&snapshot.attributes);
            }
            attributes.scope(&global.attributes);
            attributes.defaults(&defaults);
            attributes.end();
            log::end(&mut out);
            out
        })?;
        if left_out > 0 {
            client.diagnostics.log(
                Severity::Warning,
                format_args!("{left_out} attributes are neither text, flag, number nor a list of one of them, and are left out"),
            );
        }
        Ok(out.finish()?)
    }

    /// Shows the entry to the hook; what came back, with what must not be missing.
    fn show(&self, hook: &hooks::Hook<'_>, text: Vec<u8>) -> Result<Vec<u8>, Refused> {
        let (length, refuse) = (text.len(), |loss: Loss| self.refuse(text.len(), loss));
        let shown = memory::utf8(&text).unwrap_or_default();
        let value = Value::from_own_json(shown);
        let value = value.ok_or_else(|| refuse(Fault::OutOfMemory.into()))?;
        let returned = hook.call(value, None)?;
        if matches!(returned, Value::Null) {
            return Err(refuse(Loss {
                reason: DiscardReason::BeforeSend,
                refused: Refused::dropped_by(hook.name()),
            }));
        }
        if !returned.is_object() {
            return Err(refuse(Loss::invalid(
                "the hook gave back what is no object",
            )));
        }
        let json = returned.to_json_text();
        let json = json.map_err(|fault| self.refuse(length, fault.into()))?;
        let completed = completed(&json, shown, self.required);
        completed.map_err(|fault| self.refuse(length, fault.into()))
    }

    fn collect(&self, text: &[u8]) -> Result<(), Refused> {
        if text.len() > self.largest {
            let detail =
                "a log entry of more than 1 MiB or a metric of more than 2 KiB is not sent";
            let loss = Loss::new(DiscardReason::TooLarge, Status::TooLarge, detail);
            return Err(self.refuse(text.len(), loss));
        }
        let added = self.lane.add(self.capture.transport, text);
        added.map_err(|NotTaken { refusal, bytes }| {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            self.refuse(bytes, loss_of(refusal))
        })
    }

    /// Books an entry that is not taken; the answer to the host.
    fn refuse(&self, bytes: usize, loss: Loss) -> Refused {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let tallies = self.lane.tallies(bytes);
        self.capture
            .transport
            .refuse(Uuid::NIL, &tallies, loss.reason);
        loss.refused
    }
}

fn loss_of(refusal: Refusal) -> Loss {
    match refusal {
        Refusal::Full => Loss::new(DiscardReason::QueueOverflow, Status::QueueFull, QUEUE_FULL),
        Refusal::TooLarge => Loss::new(
            DiscardReason::TooLarge,
            Status::TooLarge,
            "larger than the queue's share for logs and metrics; raise queue_max_bytes",
        ),
        Refusal::Closed => Loss::new(
            DiscardReason::Shutdown,
            Status::ShuttingDown,
            "the library is shutting down",
        ),
        Refusal::NoConsent => Loss {
            reason: DiscardReason::NoConsent,
            refused: crate::client::consent::NO_CONSENT,
        },
        Refusal::OutOfMemory => Fault::OutOfMemory.into(),
    }
}

/// What a hook gave back, with those members of what it was shown that it must not lose.
fn completed(returned: &str, shown: &str, required: &[&str]) -> Result<Vec<u8>, Fault> {
    let mut out = Buffer::with_room(returned.len());
    out.push(b'{');
    for name in required {
        let is_there = scan::entry(returned, name).is_some_and(|json| json != "null");
        if let Some(json) = scan::entry(shown, name).filter(|_| !is_there) {
            write::key(&mut out, name);
            out.extend_from_slice(json.as_bytes());
        }
    }
    for (key, json) in scan::entries(returned) {
        let is_required = required.iter().any(|name| scan::is_key(key, name));
        if json != "null" || !is_required {
            write::separator(&mut out);
            out.extend_from_slices([key.as_bytes(), b":", json.as_bytes()]);
        }
    }
    out.push(b'}');
    out.finish()
}
