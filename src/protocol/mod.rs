//! Protocol: what goes on the wire, as pure data. No I/O, no threads, no "now".
//!
//! Decides how a DSN is read, what an event must look like and how it is trimmed, how envelopes and client reports
//! are written, what rate-limit headers mean, which categories and discard reasons exist, and which names servers refuse.
//! Entry points: [`dsn::Dsn`], [`event::Event`], [`envelope::Envelope`], [`rate_limit`], [`client_report`].
//! May use: `value`, `base`.

pub(crate) mod attributes;
pub(crate) mod category;
pub(crate) mod check_in;
pub(crate) mod client_report;
pub(crate) mod discard;
pub(crate) mod dsn;
pub(crate) mod envelope;
pub(crate) mod event;
pub(crate) mod http_date;
pub(crate) mod level;
pub(crate) mod log;
pub(crate) mod names;
pub(crate) mod rate_limit;
pub(crate) mod rebase;
pub(crate) mod session;
pub(crate) mod too_large;
pub(crate) mod trace;
