//! What the worker asks of an HTTP client, so that it can be tested without one.

use std::sync::Arc;
use std::time::Duration;

use crate::base::callout::Forked;
use crate::base::debug::named_in_debug;
use crate::protocol::envelope::Envelope;
use crate::transport::worker::retry::Cause;

/// One piece of a request body.
#[derive(Debug, Clone)]
pub(crate) enum Segment {
    /// Bytes made for this request.
    Bytes(Vec<u8>),
    /// A piece of the payload of an item, not copied.
    Piece {
        /// Holds it.
        envelope: Arc<Envelope>,
        /// Which item.
        item: usize,
        /// Which piece of it.
        piece: usize,
    },
}

impl Segment {
    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Piece {
                envelope,
                item,
                piece,
            } => {
                let item = envelope.items().nth(*item);
                item.and_then(|item| item.payload.pieces().nth(*piece))
                    .unwrap_or_default()
            }
        }
    }
}

/// One POST.
#[derive(Debug)]
pub(crate) struct Request {
    /// Where to, if not to the DSN's endpoint.
    pub(crate) redirected_to: Option<String>,
    /// False when the target must not see our key (AUTH-13).
    pub(crate) with_auth: bool,
    /// The body.
    pub(crate) body: Vec<Segment>,
    /// True if the body is compressed.
    pub(crate) is_gzip: bool,
}

impl Request {
    /// Bytes of the body.
    pub(crate) fn body_len(&self) -> usize {
        self.body
            .iter()
            .map(|segment| segment.bytes().len())
            .fold(0, usize::saturating_add)
    }
}

/// What a server said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Response {
    /// HTTP status.
    pub(crate) status: u16,
    /// `X-Sentry-Rate-Limits`.
    pub(crate) rate_limits: Option<String>,
    /// `Retry-After`.
    pub(crate) retry_after: Option<String>,
    /// `Date`: what the server takes for now.
    pub(crate) date: Option<String>,
    /// `X-Sentry-Error`, or the start of the body of a refusal.
    pub(crate) explanation: Option<String>,
    /// Absolute target of a redirect.
    pub(crate) location: Option<String>,
}

/// How a request ended, if not by failing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A server answered.
    Http(Response),
    /// A transport of the host took the envelope; what becomes of it from here on is the host's.
    Taken,
    /// The host wants nothing to leave; the envelope is gone.
    Dropped,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// [`Cause::Connect`], [`Cause::Read`] or [`Cause::Stale`].
    pub(crate) cause: Cause,
    /// For diagnostics; no credentials.
    pub(crate) detail: String,
}

/// A request that ended.
#[derive(Debug)]
pub(crate) struct Completion {
    /// As given to [`HttpClient::start`].
    pub(crate) ticket: u64,
    /// The answer, or why there is none.
    pub(crate) result: Result<Answer, Failure>,
}

/// What was started and has not ended, whatever carries it.
pub(crate) trait InFlight {
    /// True if another may begin. An answer whose body is still read takes up a place after its completion.
    fn has_room(&self) -> bool;

    /// Moves on what is under way, for at most `at_most` or until something happens; adds what ended.
    fn wait(&mut self, at_most: Duration, ended: &mut Vec<Completion>);

    /// Ends those whose answer is known although its body is not at its end; adds them.
    fn end_answered(&mut self, ended: &mut Vec<Completion>);

    /// Ends one without an answer.
    fn cancel(&mut self, ticket: u64);
}

/// Runs requests side by side on the thread that calls it.
pub(crate) trait HttpClient: Send {
    /// Begins a request. A failure is an attempt that failed.
    fn start(&mut self, ticket: u64, request: Request) -> Result<Result<(), Failure>, Forked>;

    /// The requests under way.
    fn in_flight(&self) -> &dyn InFlight;

    /// The same, to be moved on.
    fn in_flight_mut(&mut self) -> &mut dyn InFlight;
}

named_in_debug!(HttpClient);
