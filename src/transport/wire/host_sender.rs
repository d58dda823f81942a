//! Senders that end in the host: [`HostSender`] hands over whole envelopes, [`HostHttp`] makes requests through an HTTP
//! client of the host. Both block the worker's thread while the host works.
//!
//! Decides what an envelope and a request look like to the host, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use super::host::{HostClient, HostRequest, HostResponse, HostTransport};
use super::http::{Answer, Completion, Failure, HttpClient, InFlight, Request, Response, Segment};
use super::redirect;
use super::sender::{Outgoing, Sender};
use crate::base::callout::{self, Forked, Kind};
use crate::base::timestamp::Timestamp;
use crate::protocol::envelope::{HeaderFields, Item, ItemKind};
use crate::transport::shared::Shared;
use crate::transport::worker::retry::Cause;

/// What ended while it was started, until the worker asks for it.
#[derive(Debug)]
struct Ended {
    shared: Arc<Shared>,
    completions: Vec<Completion>,
}

impl Ended {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            completions: Vec::new(),
        }
    }

    fn add(&mut self, ticket: u64, result: Result<Answer, Failure>) {
        self.completions.push(Completion { ticket, result });
    }
}

impl InFlight for Ended {
    fn has_room(&self) -> bool {
        true
    }

    /// Hands over what has ended; without any, sleeps until the worker is woken.
    fn wait(&mut self, at_most: Duration, ended: &mut Vec<Completion>) {
        if self.completions.is_empty() {
            self.shared.wake.sleep(at_most);
        }
        self.end_answered(ended);
    }

    fn end_answered(&mut self, ended: &mut Vec<Completion>) {
        ended.append(&mut self.completions);
    }

    fn cancel(&mut self, ticket: u64) {
        self.completions.retain(|it| it.ticket != ticket);
    }
}

/// Hands envelopes to a transport of the host, or drops them where it wants none.
#[derive(Debug)]
pub(crate) struct HostSender {
    host: Option<Arc<dyn HostTransport>>,
    ended: Ended,
}

impl HostSender {
    /// A sender to `host`; without one, to nowhere.
    pub(crate) fn new(shared: Arc<Shared>, host: Option<Arc<dyn HostTransport>>) -> Self {
        Self {
            host,
            ended: Ended::new(shared),
        }
    }
}

impl Sender for HostSender {
    fn start(
        &mut self,
        ticket: u64,
        outgoing: Outgoing<'_>,
    ) -> Result<Result<(), Failure>, Forked> {
        let Some(host) = &self.host else {
            self.ended.add(ticket, Ok(Answer::Dropped));
            return Ok(Ok(()));
        };
        // Not copied: the worker, its only owner, has no use for it once the host has it.
        let mut envelope = outgoing
            .envelope
            .map(std::mem::take)
            .map(Arc::unwrap_or_clone)
            .unwrap_or_default();
        if let Some(payload) = outgoing.report {
            envelope.push(Item::new(ItemKind::ClientReport, payload));
        }
        let shared = &self.ended.shared;
        let sent_at = Timestamp::new(shared.clock.wall());
        envelope.keep_headers(&HeaderFields {
            dsn: Some(&*shared.settings.dsn).filter(|dsn| !dsn.is_empty()),
            sdk: Some(&shared.settings.sdk),
            sent_at: Some(sent_at.as_str()),
        });
        let taken = callout::answer(Kind::Transport, || host.send(envelope))?;
        let answer = taken.map_or(Answer::Dropped, |()| Answer::Taken);
        self.ended.add(ticket, Ok(answer));
        Ok(Ok(()))
    }

    fn in_flight(&self) -> &dyn InFlight {
        &self.ended
    }

    fn in_flight_mut(&mut self) -> &mut dyn InFlight {
        &mut self.ended
    }
}

/// Makes requests through an HTTP client of the host.
#[derive(Debug)]
pub(crate) struct HostHttp {
    host: Arc<dyn HostClient>,
    ended: Ended,
}

impl HostHttp {
    /// A client that is `host`.
    pub(crate) fn new(shared: Arc<Shared>, host: Arc<dyn HostClient>) -> Self {
        Self {
            host,
            ended: Ended::new(shared),
        }
    }

    fn request(&self, request: Request) -> HostRequest {
        let settings = &self.ended.shared.settings;
        let body = whole(request.body);
        let mut headers = Vec::with_capacity(4);
        if request.with_auth {
            headers.push(("x-sentry-auth", settings.auth.clone()));
        }
        headers.push(("content-type", "application/x-sentry-envelope".to_owned()));
        if request.is_gzip {
            headers.push(("content-encoding", "gzip".to_owned()));
        }
        headers.push(("content-length", body.len().to_string()));
        HostRequest {
            url: request
                .redirected_to
                .unwrap_or_else(|| settings.endpoint.clone()),
            headers,
            body,
        }
    }
}

impl HttpClient for HostHttp {
    fn start(&mut self, ticket: u64, request: Request) -> Result<Result<(), Failure>, Forked> {
        let request = self.request(request);
        let url = request.url.clone();
        let mut response = HostResponse::default();
        let send = || self.host.send(request, &mut response);
        let is_answered = callout::answer(Kind::Transport, send)?.unwrap_or(false);
        let result = judge(&url, is_answered, response);
        self.ended.add(ticket, result.map(Answer::Http));
        Ok(Ok(()))
    }

    fn in_flight(&self) -> &dyn InFlight {
        &self.ended
    }

    fn in_flight_mut(&mut self) -> &mut dyn InFlight {
        &mut self.ended
    }
}

/// The body in one piece; the usual one is that already.
fn whole(mut body: Vec<Segment>) -> Vec<u8> {
    if body.len() == 1
        && let Some(Segment::Bytes(bytes)) = body.pop_if(|it| matches!(it, Segment::Bytes(_)))
    {
        return bytes;
    }
    let length = body.iter().map(|segment| segment.bytes().len());
    let mut bytes = Vec::with_capacity(length.fold(0, usize::saturating_add));
    for segment in &body {
        bytes.extend_from_slice(segment.bytes());
    }
    bytes
}

/// What the host's word means. No answer counts as a failed connect: only the client knows better, and the usual reason
/// is that there is no network.
fn judge(url: &str, is_answered: bool, response: HostResponse) -> Result<Response, Failure> {
    let failure = |detail: String| Failure {
        cause: Cause::Connect,
        detail,
    };
    if !is_answered {
        let detail = "the host's HTTP client got no answer";
        return Err(failure(detail.to_owned()));
    }
    let status = match response.status {
        // It says that all went well and does not say how.
        0 => 200,
        told => u16::try_from(told)
            .ok()
            .filter(|status| (100..=999).contains(status))
            .ok_or_else(|| failure(format!("{told} from the host's client is no HTTP status")))?,
    };
    let location = response.location.as_deref();
    Ok(Response {
        status,
        location: location.map(|location| redirect::absolute(url, location)),
        rate_limits: response.rate_limits,
        retry_after: response.retry_after,
        date: response.date,
        explanation: None,
    })
}
