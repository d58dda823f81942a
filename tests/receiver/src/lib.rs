//! A scripted local server that speaks the ingestion protocol.
//!
//! Decides what a test server answers, when, and how badly; records every request it read; and holds each of them
//! against the protocol, so that a test asserts on the bytes that arrived. Entry points: [`Receiver`] (the server),
//! [`Reply`] (one scripted answer), and [`deaf_port`], [`closed_port`], [`silent_port`] for addresses where no server
//! can be reached. May use the standard library, JSON, gzip and the C library's `poll`; nothing of the library under test.
//!
//! ```
//! use receiver::{Receiver, Reply};
//!
//! let receiver = Receiver::start();
//! receiver.script([Reply::status(503), Reply::ok().with_header("X-Sentry-Rate-Limits", "60:error:org")]);
//! assert!(receiver.dsn().starts_with("http://publickey@127.0.0.1:"));
//! assert!(receiver.violations().is_empty());
//! ```

mod check;
mod connection;
mod door;
mod envelope;
mod http;
mod ports;
mod receiver;
mod reply;
mod request;
mod socket;
mod spelling;
mod state;

pub use envelope::{Envelope, Item};
pub use ports::{ClosedPort, DeafPort, SilentPort, closed_port, deaf_port, silent_port};
pub use receiver::Receiver;
pub use reply::Reply;
pub use request::Request;
pub use state::State;

/// The public key in every DSN of a [`Receiver`].
pub const PUBLIC_KEY: &str = "publickey";
/// The project id in every DSN of a [`Receiver`].
pub const PROJECT_ID: &str = "42";
