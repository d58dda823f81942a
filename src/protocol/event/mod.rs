//! Events: what was captured, read from what the host gave, completed from the scope, and written within the limits of
//! servers (EVT-1 … EVT-19, EXC-1, STK-3, STK-5, BC-3, BC-4, SCO-2).
//!
//! Decides what is an event, what is filled in, what wins where event and scope both say something, and what is trimmed
//! away and in which order. What needs no change is copied as it stands.
//! Entry points: [`Event`], [`within_limits`] for what scopes hold, [`breadcrumb::parse`], [`host_view`].
//! May use: `value`, `base`, [`super::level`], [`super::names`], [`super::trace`].

mod bound;
pub(crate) mod breadcrumb;
mod breadcrumbs;
mod contexts;
mod error;
mod field;
mod free_form;
pub(crate) mod host_view;
mod left_out;
mod likeness;
mod limits;
mod parts;
mod read;
mod request;
mod scope_data;
mod stack;
mod tags;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_recorded;
mod text;
mod time;
pub(crate) mod trail;
mod transaction;
mod write;
mod writer;

pub(crate) use error::{EventError, EventErrorKind};
pub(crate) use left_out::LeftOut;
pub(crate) use parts::{Parts, Spans};
pub(crate) use read::Event;
pub(crate) use scope_data::{merged_within_limits, within_limits};
pub(crate) use time::{micros_of, time_of};
pub(crate) use transaction::spans_in;
pub(crate) use writer::Written;
