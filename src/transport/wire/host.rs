//! Host: transports and HTTP clients that the host brings along, as this room sees them.
//!
//! Decides what is asked of them and where an envelope leaves the library ([`Destination`]). The queue, its bounds, the books
//! and the worker's thread stay in front of each. No lock of this room is held while the host runs.

use std::sync::Arc;
use std::time::Duration;

use crate::base::callout::{self, Forked, Kind};
use crate::base::debug::named_in_debug;
use crate::protocol::envelope::Envelope;

/// Where envelopes leave the library.
#[derive(Debug, Clone)]
pub(crate) enum Destination {
    /// Through libcurl, to the server of the DSN.
    Curl,
    /// Through an HTTP client of the host, to the server of the DSN.
    HostClient(Arc<dyn HostClient>),
    /// To a transport of the host, which needs no DSN.
    HostTransport(Arc<dyn HostTransport>),
    /// Nowhere: everything is discarded and counted as ignored.
    Nowhere,
}

impl Destination {
    /// True if it leads to the server of the DSN.
    pub(crate) fn needs_dsn(&self) -> bool {
        matches!(self, Self::Curl | Self::HostClient(_))
    }

    /// True if there is a server that a client report alone is worth a request for. A transport of the host gets
    /// reports only with what goes anyway.
    pub(crate) fn takes_reports_alone(&self) -> bool {
        self.needs_dsn()
    }

    /// Asks the host's transport to send what it holds itself; 0 if it has, or if there is none.
    pub(crate) fn flush(&self, timeout: Duration) -> i32 {
        match self {
            // A function of the host that calls `sentry_flush` would be called by that again, without an end.
            Self::HostTransport(host) if !callout::is_inside(Kind::Transport) => {
                callout::call(Kind::Transport, || host.flush(timeout)).unwrap_or(1)
            }
            _ => 0,
        }
    }

    /// The time is over and the worker is still inside a request: asks the host's HTTP client to end it.
    pub(crate) fn interrupt(&self) -> Result<(), Forked> {
        match self {
            // Whether it does shows when the worker returns.
            Self::HostClient(host) => {
                callout::answer(Kind::Transport, || host.interrupt()).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Ends the host's transport, for which `timeout` is left; what it answers if that is a failure.
    pub(crate) fn shutdown(&self, timeout: Duration) -> Result<Option<i32>, Forked> {
        match self {
            Self::HostTransport(host) => {
                let answer = callout::answer(Kind::Transport, || host.shutdown(timeout))?;
                Ok(answer.filter(|answer| *answer != 0))
            }
            _ => Ok(None),
        }
    }
}

/// A transport of the host: takes whole envelopes.
pub(crate) trait HostTransport: Send + Sync {
    /// Takes an envelope; called on the worker's thread only, one at a time.
    fn send(&self, envelope: Envelope);

    /// Sends what it holds itself; what the host answered, 0 for success. On any thread.
    fn flush(&self, timeout: Duration) -> i32;

    /// Ends; called once, while or after the last `send`. What the host answered, 0 for success.
    fn shutdown(&self, timeout: Duration) -> i32;
}

named_in_debug!(HostTransport);

/// A request for an HTTP client of the host.
#[derive(Debug)]
pub(crate) struct HostRequest {
    /// Absolute, with its port.
    pub(crate) url: String,
    /// In the order in which they are sent.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// What the host's HTTP client reports of an answer.
#[derive(Debug, Default)]
pub(crate) struct HostResponse {
    /// HTTP status; 0 if the client told none.
    pub(crate) status: i32,
    /// `X-Sentry-Rate-Limits`.
    pub(crate) rate_limits: Option<String>,
    /// `Retry-After`.
    pub(crate) retry_after: Option<String>,
    /// `Date`.
    pub(crate) date: Option<String>,
    /// `Location`.
    pub(crate) location: Option<String>,
}

/// An HTTP client of the host.
pub(crate) trait HostClient: Send + Sync {
    /// Makes a request and waits for the answer; false if there is none. Called on the worker's thread only, one at a
    /// time.
    fn send(&self, request: HostRequest, response: &mut HostResponse) -> bool;

    /// Ends the request under way; called at most once, from another thread, at the deadline of a shutdown.
    fn interrupt(&self);
}

named_in_debug!(HostClient);
