//! Transactions on their way from the host to the queue (TXN-1, TXN-4, TXN-5, TRACE-11).
//!
//! Decides what a transaction is sent with, and what is counted for those that are not sent and for spans that are missing.
//! It goes through the [steps](super::steps) of all kinds. Entry points: [`Client::capture_transaction`],
//! [`Client::note_sampled_out`].

use std::cell::Cell;
use std::sync::Arc;
use std::time::SystemTime;

use super::hooks::Returned;
use super::kind::Kind;
use super::refused::{Loss, Refused};
use super::steps::{Capture, Captured, Content, Payload, would_feed_back};
use crate::base::diagnostics::Severity;
use crate::base::memory::{self, Buffer};
use crate::base::uuid::Uuid;
use crate::client::Client;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::event::{Event, Parts, Spans, Written, spans_in};
use crate::protocol::level::Level;
use crate::protocol::trace;
use crate::telemetry::active::{self, Active};
use crate::telemetry::transaction::{Finished, Transaction};
use crate::value::json::rewrite::{self, Change};
use crate::value::json::{scan, write};
use crate::value::shared::members::Members;

impl Client {
    /// Captures a transaction that ended; the id it is sent under.
    pub(in crate::client) fn capture_transaction(
        &self,
        transaction: &Arc<Transaction>,
        finished: Finished,
    ) -> Result<Captured, Refused> {
        let spans = count(&finished.spans);
        let capture = self.begin_with(Kind::Transaction, None, Some(spans));
        self.note_missing_spans(&finished);
        let content = Ended {
            transaction,
            finished,
            kept: Cell::new(spans),
        };
        capture?.run(&content, None)
    }

    /// Counts a transaction that is not sent because of its sampling decision, with so many spans in it.
    pub(in crate::client) fn note_sampled_out(&self, spans: u64) {
        if let Some(transport) = &self.transport {
            let reason = if would_feed_back() {
                DiscardReason::WorkerThread
            } else {
                DiscardReason::SampleRate
            };
            let tallies = [
                (Category::Transaction, 1),
                (Category::Span, spans.saturating_add(1)),
            ];
            transport.refuse(Uuid::new_v4(), &tallies, reason);
        }
    }

    /// Counts the spans that a transaction is sent without, and says so.
    fn note_missing_spans(&self, finished: &Finished) {
        let lost = finished.lost;
        for (count, reason, why) in [
            (
                lost.overflown,
                DiscardReason::BufferOverflow,
                "it holds no more; see max_spans",
            ),
            (
                lost.unfinished,
                DiscardReason::InsufficientData,
                "they were not finished before it",
            ),
        ] {
            self.note_lost_spans(&finished.name, count, reason, why);
        }
    }

    fn note_lost_spans(&self, name: &str, count: u64, reason: DiscardReason, why: &str) {
        let Some(transport) = self.transport.as_ref().filter(|_| count > 0) else {
            return;
        };
        transport.refuse_part(&[(Category::Span, count)], reason);
        self.diagnostics.log(
            Severity::Warning,
            format_args!("transaction \"{name}\" is sent without {count} of its spans: {why}"),
        );
    }
}

/// A transaction that ended.
struct Ended<'a> {
    transaction: &'a Arc<Transaction>,
    finished: Finished,
    /// How many of its spans it is written with.
    kept: Cell<u64>,
}

impl Ended<'_> {
    /// The context `trace` of it (TRACE-19, TXN-1).
    fn context(&self) -> String {
        let facts = &self.finished.facts;
        let transaction = self.transaction;
        active::context(
            transaction.position(),
            transaction.operation(),
            None,
            Some(facts.status.unwrap_or("ok")),
            &facts.data,
        )
    }

    /// All of it but the spans, as JSON.
    fn to_json(&self) -> String {
        /// Without tags and data.
        const USUAL: usize = 512;
        let finished = &self.finished;
        let mut out = Buffer::with_room(USUAL);
        out.push(b'{');
        write::key(&mut out, "transaction");
        write::string(&mut out, &finished.name);
        trace::write_times(&mut out, finished.start, finished.end);
        if !finished.facts.tags.is_empty() {
            write::key(&mut out, "tags");
            out.push(b'{');
            out.extend_from_slice(finished.facts.tags.json().as_bytes());
            out.push(b'}');
        }
        write::key(&mut out, "contexts");
        out.extend_from_slice(b"{\"trace\":");
        out.extend_from_slice(self.context().as_bytes());
        out.extend_from_slice(b"}}");
        write::into_text(out)
    }

    /// What it has again if the hook lost it.
    fn head_to_json(&self, event_id: Uuid) -> String {
        let mut out = br#"{"level":"info","platform":"native""#.to_vec();
        write::key(&mut out, "event_id");
        write::string(&mut out, event_id.simple().as_str());
        trace::write_times(&mut out, self.finished.start, self.finished.end);
        out.push(b'}');
        write::into_text(out)
    }

    /// How many spans there were.
    fn all_spans(&self) -> u64 {
        let lost = self.finished.lost;
        count(&self.finished.spans)
            .saturating_add(lost.overflown)
            .saturating_add(lost.unfinished)
    }
}

impl Content for Ended<'_> {
    fn event_id(&self) -> Option<Uuid> {
        None
    }

    fn level(&self) -> Option<Level> {
        Some(Level::Info)
    }

    fn active(&self, _: &Capture<'_>) -> Option<Arc<Active>> {
        let transaction = Arc::clone(self.transaction);
        Some(Arc::new(Active::Transaction(transaction)))
    }

    fn write(
        &self,
        capture: &Capture<'_>,
        event_id: Uuid,
        timestamp: SystemTime,
    ) -> Result<Payload, Loss> {
        let client = capture.client;
        let snapshot = memory::watch(|| client.scope.snapshot())?;
        let json = memory::watch(|| self.to_json())?;
        // It brings its own.
        let contexts = snapshot.contexts.changed([("trace", None)])?;
        let spans = self.finished.spans.iter().map(String::as_str);
        let spans: Vec<&str> = memory::watch(|| memory::collect(spans))?;
        let parts = Parts {
            timestamp,
            user_id: client.installation_id_for(&snapshot),
            fields: &snapshot.fields,
            tags: &snapshot.tags,
            contexts: &contexts,
            extra: &snapshot.extra,
            breadcrumbs: &snapshot.breadcrumbs,
            max_breadcrumbs: client.options.max_breadcrumbs,
            spans: Some(Spans {
                json: &spans,
                all: self.all_spans(),
            }),
            ..Parts::bare(event_id)
        };
        let written = Event::parse(&json)?.write(&parts)?;
        let kept = written.spans.unwrap_or_default();
        self.kept.set(kept);
        capture.lost_spans.set(Some(kept));
        let lost = count(&spans).saturating_sub(kept);
        let why = "there is no room for them in 1 MiB";
        client.note_lost_spans(
            &self.finished.name,
            lost,
            DiscardReason::BufferOverflow,
            why,
        );
        let active = self.active(capture);
        Ok(Payload::new(
            client,
            written,
            active.as_deref(),
            &snapshot.fields,
        ))
    }

    fn write_returned(
        &self,
        returned: &mut Returned<'_>,
        event_id: Uuid,
        timestamp: SystemTime,
    ) -> Result<(Uuid, Level, Written), Loss> {
        let json = returned.json()?;
        let list = scan::entry(&json, "spans").unwrap_or_default();
        let spans: Vec<&str> = memory::watch(|| memory::collect(spans_in(list)))?;
        // The type would say that it is no event.
        let event = memory::watch(|| {
            rewrite::members_to_json(&json, |key, _| match key {
                "spans" | "type" => Change::Drop,
                _ => Change::Keep,
            })
        })?;
        let missing = self.all_spans().saturating_sub(self.kept.get());
        let mut contexts = Members::new();
        // Servers discard a transaction without it.
        contexts.set("trace", &memory::watch(|| self.context())?);
        let parts = Parts {
            timestamp,
            contexts: &contexts,
            spans: Some(Spans {
                json: &spans,
                all: count(&spans).saturating_add(missing),
            }),
            ..Parts::bare(event_id)
        };
        let shown = self.head_to_json(event_id);
        let mut event = Event::parse(&event)?;
        event.recover(&shown)?;
        let event_id = event.id().filter(|id| !id.is_nil()).unwrap_or(event_id);
        Ok((event_id, Level::Info, event.write(&parts)?))
    }
}

fn count<T>(spans: &[T]) -> u64 {
    u64::try_from(spans.len()).unwrap_or(u64::MAX)
}
