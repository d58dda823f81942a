//! Capture: what happens between a call of the host and the queue.
//!
//! [`steps`] has the steps that everything goes through, in their order, and [`kind`] what each kind of capture means at each
//! of them. The other files read what the host gives and write what is sent.
//! Entry points: [`pipeline`] (events and envelopes), [`breadcrumbs`], [`feedback`], [`minidump`], [`hooks`], [`attachments`].
//! May use: the rooms that `client` may use.

pub(crate) mod attachments;
pub(crate) mod breadcrumbs;
pub(crate) mod check_in;
pub(crate) mod crash_event;
pub(crate) mod entries;
mod feedback;
pub(crate) mod hooks;
pub(crate) mod ignore;
mod kind;
pub(crate) mod minidump;
pub(crate) mod pipeline;
pub(crate) mod refused;
pub(crate) mod stacks;
pub(crate) mod steps;
pub(super) mod symbols;
mod transactions;
