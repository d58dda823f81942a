//! What is bound to a scope: the transaction or the span that events captured with it belong to (TRACE-19).
//!
//! Entry point: [`Active`]. May use: `transaction`, `span`, `value`, `base`.

use std::sync::Arc;

use super::span::Span;
use super::transaction::{Position, Transaction};
use crate::base::memory::Buffer;
use crate::value::json::write as json;
use crate::value::shared::members::Members;

/// A transaction or a span.
#[derive(Debug, Clone)]
pub(crate) enum Active {
    /// A transaction.
    Transaction(Arc<Transaction>),
    /// A span.
    Span(Arc<Span>),
}

impl Active {
    /// Its place in the trace.
    pub(crate) fn position(&self) -> &Position {
        match self {
            Self::Transaction(transaction) => transaction.position(),
            Self::Span(span) => span.position(),
        }
    }

    /// The transaction, or the one that the span is a part of.
    pub(crate) fn transaction(&self) -> &Arc<Transaction> {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Span(span) => span.transaction(),
        }
    }

    /// The context `trace` of events, as JSON.
    pub(crate) fn context(&self) -> String {
        let (operation, description, told) = match self {
            Self::Transaction(transaction) => (transaction.operation(), None, transaction.told()),
            Self::Span(span) => (span.operation(), span.description(), span.told()),
        };
        let (status, data) = told.unwrap_or_default();
        context(self.position(), operation, description, status, &data)
    }
}

/// The context `trace` of this place, as JSON; without memory for it an empty text, which is remembered.
pub(crate) fn context(
    position: &Position,
    operation: &str,
    description: Option<&str>,
    status: Option<&str>,
    data: &Members,
) -> String {
    /// Ids, keys and the usual operation.
    const USUAL: usize = 256;
    let mut out = Buffer::with_room(USUAL);
    out.push(b'{');
    let mut text = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            json::key(&mut out, key);
            json::string(&mut out, value);
        }
    };
    text("trace_id", Some(position.trace_id.simple().as_str()));
    text("span_id", Some(position.span_id.as_str()));
    let parent = position.parent_span_id;
    text("parent_span_id", parent.as_ref().map(|id| id.as_str()));
    text("op", (!operation.is_empty()).then_some(operation));
    text("description", description);
    text("status", status);
    if !data.is_empty() {
        json::key(&mut out, "data");
        out.push(b'{');
        out.extend_from_slice(data.json().as_bytes());
        out.push(b'}');
    }
    out.push(b'}');
    json::into_text(out)
}
