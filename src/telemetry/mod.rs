//! Telemetry: transactions and spans while they are recorded, which of them are sent, and how a trace is told to other
//! programs; logs and metrics while they are collected.
//!
//! Decides what a transaction holds and what it loses when it holds too much, the sampling decision, and what goes into
//! `sentry-trace`, `baggage` and the trace header of envelopes. It sends nothing and knows no client: who starts and
//! finishes transactions hands in what is to be known, and who collects queues what is full or due.
//! Entry points: [`transaction::Transaction`], [`span::Span`], [`context::TransactionContext`], [`trace::Trace`],
//! [`batch::Batch`].
//! May use: `protocol`, `value`, `base`.

pub(crate) mod active;
pub(crate) mod baggage;
pub(crate) mod batch;
pub(crate) mod context;
pub(crate) mod facts;
pub(crate) mod finished_spans;
pub(crate) mod propagation;
pub(crate) mod sampling;
pub(crate) mod sampling_context;
pub(crate) mod span;
pub(crate) mod timeline;
pub(crate) mod trace;
pub(crate) mod transaction;
