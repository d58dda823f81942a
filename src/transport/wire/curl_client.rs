//! The HTTP client: libcurl's multi interface on the worker thread.
//!
//! Handles are kept and used again, so that connections, TLS sessions and HTTP/2 streams are. Every transfer has a
//! connect, a silence and a total time-out; what a server may answer is bounded. An answer is handed on when its headers
//! are complete; its body is read for a moment longer, so that the connection can be kept. Calls libcurl for options that
//! the `curl` crate has no method for, as do [`super::connection`], [`super::lookup`], [`super::pool`],
//! [`super::prerequest`], [`super::transfer_info`] and [`super::url`].

use std::ffi::{c_int, c_long};
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use curl::easy::{Easy2, Handler, List, ReadError, SeekResult, WriteError};
use curl::multi::{Easy2Handle, Multi, WaitFd};

use super::connection::{self, error_text, set_number};
use super::exchange::Exchange;
use super::http::{Answer, Completion, Failure, HttpClient, Request};
use super::pool::Pool;
use super::proxy::ProxyUrl;
use super::socket::Ends;
use super::transfer_info::{
    connections_made, has_pretransfer_time, is_farewell, is_of_connection, status_of,
};
use crate::transport::shared::Shared;
use crate::transport::wire::{lookup, prerequest, socket};
use crate::transport::worker::retry::Cause;

/// Receive buffer of a transfer; answers are short.
const RECEIVE_BUFFER: usize = 4 * 1024;
/// Send buffer of a transfer: one or two packets' worth below the usual event.
const SEND_BUFFER: c_long = 16 * 1024;
/// Bodies up to this size are handed to libcurl whole; it sends them in one go with the headers. It copies them once
/// more for that, and the send buffer it does not need then has the same size.
const WHOLE_BODY: usize = 16 * 1024;
/// How long the rest of an answer is waited for when its headers are complete. Ending it earlier costs the connection
/// with HTTP/1.1; waiting longer lets a server that never ends its answers keep a place.
const BODY_PATIENCE: Duration = Duration::from_millis(100);
/// Pause between two looks at transfers on connections that were given up, which happens while others run beside them.
const LOOK: Duration = Duration::from_millis(20);

/// See the module.
pub(crate) struct CurlClient {
    pool: Pool,
    shared: Arc<Shared>,
    idle: Vec<Transfer>,
    running: Vec<Running>,
    /// A server that refuses streams of HTTP/2 on a new connection gets HTTP/1.1 from then on.
    refuses_streams: bool,
}

/// What the headers and the URL of a handle were made for; saves making them again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    redirected_to: Option<String>,
    with_auth: bool,
    is_gzip: bool,
    may_be_http2: bool,
}

struct Transfer {
    easy: Easy2<Exchange>,
    shape: Shape,
    /// False with libcurl before 7.80, see [`prerequest`].
    tells_begin: bool,
}

struct Running {
    ticket: u64,
    handle: Easy2Handle<Exchange>,
    shape: Shape,
    tells_begin: bool,
    /// The connections it may use.
    multi: Rc<Multi>,
    started: Instant,
    /// Once the headers of the answer are complete: until when the rest is read.
    until: Option<Instant>,
    /// The answer was handed on.
    is_settled: bool,
}

/// Why a transfer is over.
enum End {
    /// libcurl says so, or its answer is known.
    Done,
    Failed(curl::Error),
    /// The server said nothing for too long.
    Silent,
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
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        if let Some(lack) = connection::lack(&shared.settings) {
            shared.note_unusable(&lack);
        }
        Self {
            pool: Pool::new(shared.settings.max_requests_in_flight),
            shared,
            idle: Vec::new(),
            running: Vec::new(),
            refuses_streams: false,
        }
    }

    /// A handle with everything that is the same for all requests.
    fn new_transfer(&self) -> Result<Transfer, curl::Error> {
        let settings = &self.shared.settings;
        let mut easy = Easy2::new(Exchange::default());
        easy.post(true)?;
        connection::apply(&mut easy, settings)?;
        connection::set_connect_timeout(&mut easy, settings.connect_timeout)?;
        connection::set_transfer_timeout(&mut easy, settings.transfer_timeout)?;
        easy.buffer_size(RECEIVE_BUFFER)?;
        set_number(&mut easy, curl_sys::CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER);
        let shape = Shape {
            redirected_to: None,
            with_auth: true,
            is_gzip: false,
            may_be_http2: true,
        };
        easy.http_headers(self.headers(&shape)?)?;
        let tells_begin = prerequest::install(&easy, easy.get_ref().beginning());
        Ok(Transfer {
            easy,
            shape,
            tells_begin,
        })
    }

    fn headers(&self, shape: &Shape) -> Result<List, curl::Error> {
        let mut headers = List::new();
        if shape.with_auth {
            headers.append(&format!("X-Sentry-Auth: {}", self.shared.settings.auth))?;
        }
        headers.append("Content-Type: application/x-sentry-envelope")?;
        if shape.is_gzip {
            headers.append("Content-Encoding: gzip")?;
        }
        // AUTH-11
        headers.append("Expect:")?;
        Ok(headers)
    }

    fn prepare(&mut self, request: Request) -> Result<Transfer, curl::Error> {
        // A handle keeps the certificates it was made with.
        let is_lasting = !self.shared.settings.certificates.may_change();
        let mut transfer = match self.idle.pop().filter(|_| is_lasting) {
            Some(transfer) => transfer,
            None => self.new_transfer()?,
        };
        let length = request.body_len();
        let shape = Shape {
            redirected_to: request.redirected_to,
            with_auth: request.with_auth,
            is_gzip: request.is_gzip,
            may_be_http2: !self.refuses_streams,
        };
        if transfer.shape != shape {
            let endpoint = &self.shared.settings.endpoint;
            transfer
                .easy
                .url(shape.redirected_to.as_ref().unwrap_or(endpoint))?;
            transfer.easy.http_headers(self.headers(&shape)?)?;
            connection::set_http_version(
                &mut transfer.easy,
                &self.shared.settings,
                shape.may_be_http2,
            )?;
            transfer.shape = shape;
        }
        transfer
            .easy
            .post_field_size(u64::try_from(length).unwrap_or(u64::MAX))?;
        let looks_for_input = self.is_plain(transfer.shape.redirected_to.as_deref());
        transfer.easy.get_mut().begin(request.body, looks_for_input);
        // Only asking for the body piece by piece lets a libcurl that tells nothing be kept from sending it twice.
        let whole = transfer.easy.get_ref().whole_body(WHOLE_BODY);
        if let Some(body) = whole.filter(|_| transfer.tells_begin) {
            // SAFETY: the handle is valid. The bytes belong to the exchange of this very handle, on the heap, and stay
            // there until the transfer has ended; the next one unsets them first, with `post_field_size`.
            unsafe {
                curl_sys::curl_easy_setopt(
                    transfer.easy.raw(),
                    curl_sys::CURLOPT_POSTFIELDS,
                    body.as_ptr(),
                )
            };
        }
        Ok(transfer)
    }

    /// True if requests go there without TLS, on the whole way.
    fn is_plain(&self, redirected_to: Option<&str>) -> bool {
        let settings = &self.shared.settings;
        let url = redirected_to.unwrap_or(&settings.endpoint);
        url.starts_with("http://") && !ProxyUrl::new(&settings.proxy).is_https()
    }

    fn run(&mut self, ticket: u64, transfer: Transfer) -> Result<(), Failure> {
        let multi = self.pool.current();
        let handle = multi.add2(transfer.easy).map_err(|error| Failure {
            cause: Cause::Connect,
            detail: error.to_string(),
        })?;
        self.running.push(Running {
            ticket,
            handle,
            shape: transfer.shape,
            tells_begin: transfer.tells_begin,
            multi,
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
            multi.messages(|message| {
                for running in &self.running {
                    if let Some(result) = message.result_for2(&running.handle) {
                        results.push((running.ticket, result));
                    }
                }
            });
        }
        for (ticket, result) in results {
            let end = result.map_or_else(End::Failed, |()| End::Done);
            self.finish(ticket, end, ended);
        }
    }

    /// Notes which transfers have got their connection: libcurl does not ask for a body that it was given whole.
    fn note_connections(&mut self) {
        for running in &mut self.running {
            if running.handle.get_ref().is_connected() {
                continue;
            }
            let exchange = running.handle.get_ref();
            let has_begun = match running.tells_begin {
                true => exchange.beginning().times() > 0,
                // In these versions it is set when the request goes out; from 8.21 on it is set in any case.
                false => has_pretransfer_time(running.handle.raw()),
            };
            if has_begun {
                running.handle.get_mut().note_connected();
            }
        }
    }

    /// Hands on the answers whose headers are complete. What a refusal has to say is in its body, which is waited for.
    fn settle_answered(&mut self, ended: &mut Vec<Completion>) {
        let until = Instant::now().checked_add(BODY_PATIENCE);
        for running in &mut self.running {
            if running.until.is_some() || !running.handle.get_ref().is_answered() {
                continue;
            }
            running.until = until;
            let status = status_of(running.handle.response_code());
            if (200..300).contains(&status)
                && let Some(response) = running.handle.get_mut().take_response(status, None)
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
        match (running.until, running.handle.get_ref().silence(now)) {
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
            let exchange = running.handle.get_ref();
            let seems_silent = exchange.silence(now).is_some_and(|it| it >= distance);
            if seems_silent && is_sending(running) {
                let unconfirmed = exchange.beginning().ends().and_then(Ends::unconfirmed);
                let unconfirmed = unconfirmed.unwrap_or(0);
                running.handle.get_mut().note_unconfirmed(unconfirmed);
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
        if !is_settled && transfer.easy.get_ref().beginning().has_found_input() {
            // Nothing was sent on a kept connection that is of no use any more, so this is no attempt.
            self.pool.give_up(&multi);
            transfer.easy.get_mut().begin_again();
            if let Err(failure) = self.run(ticket, transfer) {
                let result = Err(failure);
                ended.push(Completion { ticket, result });
            }
            return;
        }
        if !is_settled {
            let result = self.result_of(&mut transfer, end, &multi);
            ended.push(Completion { ticket, result });
        }
        transfer.easy.get_mut().reset();
        self.idle.push(transfer);
    }

    fn result_of(
        &mut self,
        transfer: &mut Transfer,
        end: End,
        multi: &Rc<Multi>,
    ) -> Result<Answer, Failure> {
        let easy = &mut transfer.easy;
        let status = status_of(easy.response_code());
        let location = easy.redirect_url().ok().flatten().map(str::to_owned);
        let exchange = easy.get_mut();
        // An answer counts once its headers are complete, whatever happens to the body (HTTP-1: it may be ignored).
        if let Some(response) = exchange.take_response(status, location) {
            if is_farewell(&response, easy.raw()) {
                self.pool.give_up(multi);
                return Err(Failure {
                    cause: Cause::Stale,
                    detail: "the server had given up the connection (HTTP 408)".to_owned(),
                });
            }
            return Ok(Answer::Http(response));
        }
        let is_connected = exchange.is_connected()
            || exchange.beginning().times() > 0
            || !transfer.tells_begin && has_pretransfer_time(easy.raw());
        let code = match &end {
            End::Failed(error) => error.code(),
            End::Done | End::Silent => curl_sys::CURLE_OK,
        };
        let was_to_be_repeated =
            easy.get_ref().beginning().times() > 1 || code == curl_sys::CURLE_SEND_FAIL_REWIND;
        if is_connected {
            self.pool.give_up(multi);
        }
        // libcurl repeats by itself what HTTP/1.1 lost on a kept connection, and of HTTP/2 only refused streams.
        let has_died = is_of_connection(code)
            && connections_made(easy.raw()) == 0
            && !easy.get_ref().has_begun_answer();
        if was_to_be_repeated || is_connected && has_died {
            let is_stale = connections_made(easy.raw()) <= 1;
            self.refuses_streams |= !is_stale;
            return Err(Failure {
                cause: if is_stale { Cause::Stale } else { Cause::Read },
                detail: "the connection ended before the request was answered".to_owned(),
            });
        }
        let detail = match end {
            End::Silent if !is_connected => {
                self.pool.give_up(multi);
                "no connection (connect_timeout_ms)".to_owned()
            }
            End::Silent => format!(
                "no data from the server for {} ms (read_timeout_ms)",
                self.shared.settings.read_timeout.as_millis()
            ),
            End::Failed(error) => {
                let refusal = if is_connected {
                    None
                } else {
                    lookup::take_refusal()
                };
                refusal.unwrap_or_else(|| error_text(&error, &self.shared.settings))
            }
            End::Done => "the server ended the connection without an answer".to_owned(),
        };
        Err(Failure {
            cause: if is_connected {
                Cause::Read
            } else {
                Cause::Connect
            },
            detail,
        })
    }

    fn detach(&mut self, ticket: u64) -> Option<(Transfer, Rc<Multi>, bool)> {
        let place = self
            .running
            .iter()
            .position(|running| running.ticket == ticket)?;
        let running = self.running.swap_remove(place);
        let easy = running.multi.remove2(running.handle).ok()?;
        let transfer = Transfer {
            easy,
            shape: running.shape,
            tells_begin: running.tells_begin,
        };
        Some((transfer, running.multi, running.is_settled))
    }
}

/// True while the request may be on its way although libcurl has nothing more to do with it.
fn is_sending(running: &Running) -> bool {
    let exchange = running.handle.get_ref();
    running.until.is_none() && exchange.is_connected() && exchange.may_be_sending()
}

impl HttpClient for CurlClient {
    fn start(&mut self, ticket: u64, request: Request) -> Result<(), Failure> {
        let transfer = self.prepare(request).map_err(|error| Failure {
            cause: Cause::Connect,
            detail: error_text(&error, &self.shared.settings),
        })?;
        self.run(ticket, transfer)
    }

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
        if self.running.iter().any(is_sending) {
            timeout = timeout.min(self.look_distance());
        }
        let descriptors = self.shared.wake.descriptors();
        let mut wake = descriptors.map(|descriptor| {
            let mut wake = WaitFd::new();
            wake.set_fd(descriptor);
            wake.poll_on_read(true);
            wake
        });
        let multi = self.pool.current();
        if timeout > Duration::ZERO && multi.wait(&mut wake, timeout).is_err() {
            // Out of memory or descriptors: breathe instead of spinning.
            std::thread::sleep(timeout.min(Duration::from_millis(50)));
        }
        drop(multi);
        let is_readable = wake.map(|it| it.received_read());
        self.shared.wake.polled(descriptors, is_readable);
        self.perform(ended);
        self.end_overdue(ended);
    }

    fn end_answered(&mut self, ended: &mut Vec<Completion>) {
        let is_answered = |running: &&Running| running.handle.get_ref().is_answered();
        let answered = self.running.iter().filter(is_answered);
        let tickets: Vec<u64> = answered.map(|running| running.ticket).collect();
        for ticket in tickets {
            self.finish(ticket, End::Done, ended);
        }
    }

    fn cancel(&mut self, ticket: u64) {
        if let Some((mut transfer, ..)) = self.detach(ticket) {
            transfer.easy.get_mut().reset();
            self.idle.push(transfer);
        }
    }
}

impl Handler for Exchange {
    fn open_socket(&mut self, family: c_int, kind: c_int, protocol: c_int) -> Option<RawFd> {
        socket::open(family, kind, protocol)
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        Ok(self.fill(into))
    }

    /// libcurl begins again when a kept connection turns out to be dead. That is for the worker to do, which counts.
    fn seek(&mut self, _whence: std::io::SeekFrom) -> SeekResult {
        SeekResult::Fail
    }

    fn header(&mut self, line: &[u8]) -> bool {
        self.note_header(line)
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        // Taking less than offered ends the transfer.
        Ok(if self.note_body(data) { data.len() } else { 0 })
    }
}
