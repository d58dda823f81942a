//! Sender: the last step out of the library, whatever the way out is.
//!
//! The worker decides what leaves and when, and what an answer means; a sender carries it. [`HttpSender`] makes a
//! request of it for an HTTP client; [`super::host_sender`] hands it to the host as it is.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::encode::Encoder;
use super::http::{Failure, HttpClient, InFlight};
use crate::base::callout::Forked;
use crate::base::debug::named_in_debug;
use crate::protocol::envelope::Envelope;
use crate::transport::shared::Shared;

/// What is to leave now.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    /// The envelope, if not only a report; a sender that gives it away takes it out.
    pub(crate) envelope: Option<&'a mut Arc<Envelope>>,
    /// Payload of a client report that is sent with it, or alone.
    pub(crate) report: Option<Vec<u8>>,
    /// Where to, if not to the DSN's endpoint, and whether our key may be seen there.
    pub(crate) redirect: Option<(String, bool)>,
}

/// Sends envelopes on the thread that calls it, side by side if it can.
pub(crate) trait Sender: Send {
    /// Begins with an envelope. A failure is an attempt that failed.
    fn start(&mut self, ticket: u64, outgoing: Outgoing<'_>)
    -> Result<Result<(), Failure>, Forked>;

    /// What is under way.
    fn in_flight(&self) -> &dyn InFlight;

    /// The same, to be moved on.
    fn in_flight_mut(&mut self) -> &mut dyn InFlight;
}

named_in_debug!(Sender);

/// Makes requests of envelopes.
#[derive(Debug)]
pub(crate) struct HttpSender {
    shared: Arc<Shared>,
    encoder: Encoder,
    client: Box<dyn HttpClient>,
}

impl HttpSender {
    /// A sender through `client`.
    pub(crate) fn new(shared: Arc<Shared>, client: Box<dyn HttpClient>) -> Self {
        Self {
            encoder: Encoder::new(&shared.settings),
            shared,
            client,
        }
    }
}

impl Sender for HttpSender {
    fn start(
        &mut self,
        ticket: u64,
        outgoing: Outgoing<'_>,
    ) -> Result<Result<(), Failure>, Forked> {
        let envelope = outgoing.envelope.as_deref();
        let request =
            self.encoder
                .encode(&self.shared, envelope, outgoing.report, outgoing.redirect);
        let size = u64::try_from(request.body_len()).unwrap_or(u64::MAX);
        self.shared.traffic.bytes.fetch_add(size, Ordering::Relaxed);
        self.client.start(ticket, request)
    }

    fn in_flight(&self) -> &dyn InFlight {
        self.client.in_flight()
    }

    fn in_flight_mut(&mut self) -> &mut dyn InFlight {
        self.client.in_flight_mut()
    }
}
