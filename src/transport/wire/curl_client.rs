//! The HTTP client: libcurl's multi interface on the worker thread.
//!
//! Handles are kept and used again, so that connections, TLS sessions and HTTP/2 streams are. Every transfer has a
//! connect, a silence and a total time-out; what a server may answer is bounded. An answer is handed on when its headers
//! are complete; its body is read for a moment longer, so that the connection can be kept.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::{self, error_text};
use super::end::{End, has_begun, judge, status};
use super::exchange::Exchange;
use super::http::{Answer, Completion, Failure, HttpClient, InFlight, Request};
use super::libcurl::error::Error;
use super::libcurl::multi::{Added, Multi};
use super::lookup;
use super::pool::Pool;
use super::socket::Sockets;
use super::transfer::{Shape, Transfer};
use crate::base::callout::Forked;
use crate::transport::shared::Shared;
use crate::transport::worker::retry::Cause;

/// How long the rest of an answer is waited for when its headers are complete. Ending it earlier costs the connection
/// with HTTP/1.1; waiting longer lets a server that never ends its answers keep a place.
const BODY_PATIENCE: Duration = Duration::from_millis(100);
/// Pause between two looks at transfers on connections that were given up, which happens while others run beside them.
const LOOK: Duration = Duration::from_millis(20);

/// Runs requests through libcurl.
pub(crate) struct CurlClient {
    /// The connections.
    pool: Pool,
    /// What they run on.
    sockets: Sockets,
    shared: Arc<Shared>,
    idle: Vec<Transfer>,
    running: Vec<Running>,
    /// A server that refuses streams of HTTP/2 on a new connection gets HTTP/1.1 from then on.
    refuses_streams: bool,
}

// SAFETY: every handle, the list of sockets, and every counted pointer to one of them is reachable from this value alone
// and moves with it; libcurl lets any thread use its handles, one at a time.
unsafe impl Send for CurlClient {}

struct Running {
    ticket: u64,
    transfer: Added<Exchange>,
    shape: Shape,
    started: Instant,
    /// Once the headers of the answer are complete: until when the rest is read.
    until: Option<Instant>,
    /// The answer was handed on.
    is_settled: bool,
}

impl std::fmt::Debug for CurlClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CurlClient")
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}

impl CurlClient {
    /// A client without connections.
    pub(crate) fn new(shared: Arc<Shared>) -> Result<Self, Error> {
        if let Some(lack) = connection::lack(&shared.settings) {
            shared.note_unusable(&lack);
        }
        Ok(Self {
            pool: Pool::new(shared.settings.max_requests_in_flight)?,
            sockets: Sockets::default(),
            shared,
            idle: Vec::new(),
            running: Vec::new(),
            refuses_streams: false,
        })
    }

    fn prepare(&mut self, request: Request) -> Result<Transfer, Error> {
        let settings = &self.shared.settings;
        // A handle keeps the certificates it was made with.
        let is_lasting = !settings.certificates.may_change();
        let mut transfer = match self.idle.pop().filter(|_| is_lasting) {
            Some(transfer) => transfer,
            None => Transfer::new(settings, &self.sockets)?,
        };
        transfer.prepare(settings, request, !self.refuses_streams)?;
        Ok(transfer)
    }

    fn run(&mut self, ticket: u64, transfer: Transfer) -> Result<(), Failure> {
        let multi = self.pool.current();
        let added = multi.add(transfer.easy).map_err(|error| Failure {
            cause: Cause::Connect,
            detail: error.to_string(),
        })?;
        self.running.push(Running {
            ticket,
            transfer: added,
            shape: transfer.shape,
            started: Instant::now(),
            until: None,
            is_settled: false,
        });
        Ok(())
    }

    /// Lets libcurl do what it can do now.
    fn perform(&mut self, ended: &mut Vec<Completion>) {
        for multi in self.pool.all() {
            let _ = lookup::named(|| multi.perform());
        }
        self.note_connections();
        self.collect(ended);
        self.settle_answered(ended);
        self.pool.tidy();
    }

    fn collect(&mut self, ended: &mut Vec<Completion>) {
        let mut results = Vec::new();
        for multi in self.pool.all() {
            while let Some((id, code)) = multi.next_end() {
                let mut all = self.running.iter_mut();
                if let Some(running) = all.find(|running| running.transfer.id() == id) {
                    let result = running.transfer.easy_mut().handle_mut().result(code);
                    results.push((running.ticket, result));
                }
            }
        }
        for (ticket, result) in results {
            let end = result.map_or_else(End::Failed, |()| End::Done);
            self.finish(ticket, end, ended);
        }
    }

    /// Notes which transfers have got their connection: libcurl does not ask for a body that it was given whole.
    fn note_connections(&mut self) {
        for running in &mut self.running {
            let easy = running.transfer.easy_mut();
            if !easy.handler().is_connected() && has_begun(easy) {
                easy.handler_mut().note_connected();
            }
        }
    }

    /// Hands on the answers whose headers are complete. What a refusal has to say is in its body, which is waited for.
    fn settle_answered(&mut self, ended: &mut Vec<Completion>) {
        let until = Instant::now().checked_add(BODY_PATIENCE);
        for running in &mut self.running {
            let easy = running.transfer.easy_mut();
            if running.until.is_some() || !easy.handler().is_answered() {
                continue;
            }
            running.until = until;
            let status = status(easy.handle());
            if (200..300).contains(&status)
                && let Some(response) = easy.handler_mut().take_response(status, None)
            {
                running.is_settled = true;
                ended.push(Completion {
                    ticket: running.ticket,
                    result: Ok(Answer::Http(response)),
                });
            }
        }
    }

    /// How long until this transfer is over whatever happens.
    fn time_left(&self, running: &Running, now: Instant) -> Duration {
        let settings = &self.shared.settings;
        match (running.until, running.exchange().silence(now)) {
            (Some(until), _) => until.saturating_duration_since(now),
            (None, Some(silence)) => settings.read_timeout.saturating_sub(silence),
            // libcurl ends its own attempt to connect. But a transfer may wait for the attempts of others first, one by one,
            // and version 7.88 at least forgets some that do.
            (None, None) => {
                let longest = settings.connect_timeout.saturating_mul(2);
                longest.saturating_sub(now.saturating_duration_since(running.started))
            }
        }
    }

    /// Notes of transfers that seem to be silent whether their request still moves.
    fn note_sending(&mut self) {
        let (now, distance) = (Instant::now(), self.look_distance());
        for running in &mut self.running {
            let exchange = running.exchange();
            let seems_silent = exchange.silence(now).is_some_and(|it| it >= distance);
            if seems_silent && running.is_sending() {
                let ends = exchange.beginning().ends();
                let unconfirmed = ends.and_then(|ends| self.sockets.unconfirmed(ends));
                let exchange = running.transfer.easy_mut().handler_mut();
                exchange.note_unconfirmed(unconfirmed.unwrap_or(0));
            }
        }
    }

    /// Pause between two looks at whether a request still moves.
    fn look_distance(&self) -> Duration {
        const LOOKS: u32 = 16;
        let distance = self.shared.settings.read_timeout.checked_div(LOOKS);
        distance.unwrap_or_default().max(Duration::from_millis(1))
    }

    /// Ends transfers whose server has been silent for too long (libcurl counts silence in whole seconds only), or whose
    /// answer does not end.
    fn end_overdue(&mut self, ended: &mut Vec<Completion>) {
        self.note_sending();
        let now = Instant::now();
        let is_overdue = |running: &&Running| self.time_left(running, now).is_zero();
        let overdue: Vec<(u64, bool)> = self
            .running
            .iter()
            .filter(is_overdue)
            .map(|running| (running.ticket, running.until.is_some()))
            .collect();
        for (ticket, is_answered) in overdue {
            let end = if is_answered { End::Done } else { End::Silent };
            self.finish(ticket, end, ended);
        }
        self.pool.tidy();
    }

    /// Takes a transfer away, and adds its completion unless that was handed on already.
    fn finish(&mut self, ticket: u64, end: End, ended: &mut Vec<Completion>) {
        let Some((mut transfer, multi, is_settled)) = self.detach(ticket) else {
            return;
        };
        if !is_settled && transfer.easy.handler().beginning().has_found_input() {
            // Nothing was sent on a kept connection that is of no use any more, so this is no attempt.
            self.pool.give_up(&multi);
            transfer.easy.handler_mut().begin_again();
            if let Err(failure) = self.run(ticket, transfer) {
                let result = Err(failure);
                ended.push(Completion { ticket, result });
            }
            return;
        }
        if !is_settled {
            let verdict = judge(&mut transfer.easy, end, &self.shared.settings);
            if verdict.is_connection_spent {
                self.pool.give_up(&multi);
            }
            self.refuses_streams |= verdict.refuses_streams;
            let result = verdict.result;
            ended.push(Completion { ticket, result });
        }
        transfer.easy.handler_mut().reset();
        self.idle.push(transfer);
    }

    fn detach(&mut self, ticket: u64) -> Option<(Transfer, Rc<Multi>, bool)> {
        let place = self
            .running
            .iter()
            .position(|running| running.ticket == ticket)?;
        let running = self.running.swap_remove(place);
        let multi = Rc::clone(running.transfer.multi());
        let transfer = Transfer {
            easy: running.transfer.take_back(),
            shape: running.shape,
        };
        Some((transfer, multi, running.is_settled))
    }
}

impl Running {
    fn exchange(&self) -> &Exchange {
        self.transfer.easy().handler()
    }

    /// True while the request may be on its way although libcurl has nothing more to do with it.
    fn is_sending(&self) -> bool {
        let exchange = self.exchange();
        self.until.is_none() && exchange.is_connected() && exchange.may_be_sending()
    }
}

impl HttpClient for CurlClient {
    fn start(&mut self, ticket: u64, request: Request) -> Result<Result<(), Failure>, Forked> {
        let prepared = self.prepare(request).map_err(|error| Failure {
            cause: Cause::Connect,
            detail: error_text(&error, &self.shared.settings),
        });
        Ok(prepared.and_then(|transfer| self.run(ticket, transfer)))
    }

    fn in_flight(&self) -> &dyn InFlight {
        self
    }

    fn in_flight_mut(&mut self) -> &mut dyn InFlight {
        self
    }
}

impl InFlight for CurlClient {
    fn has_room(&self) -> bool {
        self.running.len() < self.shared.settings.max_requests_in_flight
    }

    fn wait(&mut self, at_most: Duration, ended: &mut Vec<Completion>) {
        let had_room = self.has_room();
        // The first call starts what was added and often ends what is done: then there is nothing to wait for.
        self.perform(ended);
        if !ended.is_empty() || !had_room && self.has_room() {
            return;
        }
        let now = Instant::now();
        let times = self.running.iter();
        let left = times.map(|running| self.time_left(running, now)).min();
        let mut timeout = left.map_or(at_most, |left| at_most.min(left));
        if self.pool.is_split() {
            timeout = timeout.min(LOOK);
        }
        if self.running.iter().any(Running::is_sending) {
            timeout = timeout.min(self.look_distance());
        }
        let descriptors = self.shared.wake.descriptors();
        let is_readable = match timeout {
            Duration::ZERO => Ok([false; 2]),
            _ => self.pool.current().wait(descriptors, timeout),
        };
        let is_readable = is_readable.unwrap_or_else(|_| {
            // Out of memory or descriptors: breathe instead of spinning.
            std::thread::sleep(timeout.min(Duration::from_millis(50)));
            [false; 2]
        });
        self.shared.wake.polled(descriptors, is_readable);
        self.perform(ended);
        self.end_overdue(ended);
    }

    fn end_answered(&mut self, ended: &mut Vec<Completion>) {
        let is_answered = |running: &&Running| running.exchange().is_answered();
        let answered = self.running.iter().filter(is_answered);
        let tickets: Vec<u64> = answered.map(|running| running.ticket).collect();
        for ticket in tickets {
            self.finish(ticket, End::Done, ended);
        }
    }

    fn cancel(&mut self, ticket: u64) {
        if let Some((mut transfer, ..)) = self.detach(ticket) {
            transfer.easy.handler_mut().reset();
            self.idle.push(transfer);
        }
    }
}
