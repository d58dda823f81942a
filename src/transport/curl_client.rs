//! The HTTP client: libcurl's multi interface on the worker thread.
//!
//! Handles are kept and used again, so that connections, TLS sessions and HTTP/2 streams are. Every transfer has a
//! connect, a silence and a total time-out; what a server may answer is bounded. With [`super::connection`] this is what
//! calls C in the room: for options that the `curl` crate has no method for.

use std::ffi::{c_double, c_int, c_long};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use curl::easy::{Easy2, Handler, List, ReadError, SeekResult, WriteError};
use curl::multi::{Easy2Handle, Multi, WaitFd};

use super::close_on_exec::close_pair_on_exec;
use super::connection::{self, error_text, set_number};
use super::exchange::Exchange;
use super::http::{Answer, Completion, Failure, HttpClient, Request};
use super::retry::Cause;
use super::shared::Shared;
use crate::base::descriptor::with_standard_taken;

/// Receive buffer of a transfer; answers are short.
const RECEIVE_BUFFER: usize = 4 * 1024;
/// Send buffer of a transfer: one or two packets' worth below the usual event.
const SEND_BUFFER: c_long = 16 * 1024;
/// Bodies up to this size are handed to libcurl whole; it sends them in one go with the headers. It copies them once
/// more for that, and the send buffer it does not need then has the same size.
const WHOLE_BODY: usize = 16 * 1024;

/// See the module.
pub(crate) struct CurlClient {
    multi: Multi,
    shared: Arc<Shared>,
    idle: Vec<Transfer>,
    running: Vec<Running>,
}

/// What the headers and the URL of a handle were made for; saves making them again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    redirected_to: Option<String>,
    with_auth: bool,
    is_gzip: bool,
}

struct Transfer {
    easy: Easy2<Exchange>,
    shape: Shape,
}

struct Running {
    ticket: u64,
    handle: Easy2Handle<Exchange>,
    shape: Shape,
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
        let mut multi = with_standard_taken(Multi::new);
        close_wake_up_on_exec(&multi);
        let most = shared.settings.max_requests_in_flight;
        // Each of these is an optimisation: without it transfers still work.
        let _ = multi.pipelining(false, true);
        let _ = multi.set_max_host_connections(most);
        let _ = multi.set_max_connects(most);
        Self {
            multi,
            shared,
            idle: Vec::new(),
            running: Vec::new(),
        }
    }

    /// A handle with everything that is the same for all requests.
    fn new_transfer(&self) -> Result<Transfer, curl::Error> {
        let settings = &self.shared.settings;
        let mut easy = Easy2::new(Exchange::default());
        easy.post(true)?;
        connection::apply(&mut easy, settings)?;
        easy.connect_timeout(settings.connect_timeout)?;
        easy.timeout(settings.transfer_timeout)?;
        easy.buffer_size(RECEIVE_BUFFER)?;
        set_number(&mut easy, curl_sys::CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER);
        let shape = Shape {
            redirected_to: None,
            with_auth: true,
            is_gzip: false,
        };
        easy.http_headers(self.headers(&shape)?)?;
        Ok(Transfer { easy, shape })
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
        let mut transfer = match self.idle.pop() {
            Some(transfer) => transfer,
            None => self.new_transfer()?,
        };
        let length = request.body_len();
        let shape = Shape {
            redirected_to: request.redirected_to,
            with_auth: request.with_auth,
            is_gzip: request.is_gzip,
        };
        if transfer.shape != shape {
            let endpoint = &self.shared.settings.endpoint;
            transfer
                .easy
                .url(shape.redirected_to.as_ref().unwrap_or(endpoint))?;
            transfer.easy.http_headers(self.headers(&shape)?)?;
            transfer.shape = shape;
        }
        transfer
            .easy
            .post_field_size(u64::try_from(length).unwrap_or(u64::MAX))?;
        transfer.easy.get_mut().begin(request.body);
        if let Some(body) = transfer.easy.get_ref().whole_body(WHOLE_BODY) {
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

    fn collect(&mut self, ended: &mut Vec<Completion>) {
        let mut results = Vec::new();
        self.multi.messages(|message| {
            for running in &self.running {
                if let Some(result) = message.result_for2(&running.handle) {
                    results.push((running.ticket, result));
                }
            }
        });
        for (ticket, result) in results {
            let error = result.err();
            let text = error.map(|error| error_text(&error, &self.shared.settings));
            self.finish(ticket, text, ended);
        }
    }

    /// Notes which transfers have got their connection: libcurl does not ask for a body that it was given whole.
    fn note_connections(&mut self) {
        for running in &mut self.running {
            if running.handle.get_ref().is_connected() {
                continue;
            }
            let mut seconds: c_double = 0.0;
            // SAFETY: the handle is valid and this information is a `double`.
            unsafe {
                curl_sys::curl_easy_getinfo(
                    running.handle.raw(),
                    curl_sys::CURLINFO_PRETRANSFER_TIME,
                    &raw mut seconds,
                )
            };
            if seconds > 0.0 {
                running.handle.get_mut().note_connected();
            }
        }
    }

    /// Lets libcurl do what it can do now.
    fn perform(&mut self, ended: &mut Vec<Completion>) {
        let _ = self.multi.perform();
        self.note_connections();
        self.collect(ended);
    }

    /// Ends transfers whose server has been silent for too long (libcurl counts silence in whole seconds only).
    fn end_silent(&mut self, ended: &mut Vec<Completion>) {
        let (now, limit) = (Instant::now(), self.shared.settings.read_timeout);
        let is_silent = |running: &&Running| {
            running
                .handle
                .get_ref()
                .silence(now)
                .is_some_and(|silence| silence >= limit)
        };
        while let Some(ticket) = self
            .running
            .iter()
            .find(is_silent)
            .map(|running| running.ticket)
        {
            let text = format!(
                "no data from the server for {} ms (read_timeout_ms)",
                limit.as_millis()
            );
            self.finish(ticket, Some(text), ended);
        }
    }

    fn until_silent(&self) -> Option<Duration> {
        let (now, limit) = (Instant::now(), self.shared.settings.read_timeout);
        let left =
            |running: &Running| Some(limit.saturating_sub(running.handle.get_ref().silence(now)?));
        self.running.iter().filter_map(left).min()
    }

    fn finish(&mut self, ticket: u64, error: Option<String>, ended: &mut Vec<Completion>) {
        let Some((mut easy, shape)) = self.detach(ticket) else {
            return;
        };
        let status = easy
            .response_code()
            .ok()
            .and_then(|code| u16::try_from(code).ok())
            .unwrap_or(0);
        let location = easy.redirect_url().ok().flatten().map(str::to_owned);
        // libcurl notes this time when the connection stands and the request goes out on it. With HTTP/2 a server can
        // end the exchange before libcurl has asked for the first byte of the body.
        let has_begun = easy.pretransfer_time().is_ok_and(|at| !at.is_zero());
        let exchange = easy.get_mut();
        let result = match (exchange.take_response(status, location), error) {
            // An answer counts once its headers are complete, whatever happens to the body (HTTP-1: it may be ignored).
            (Some(response), _) => Ok(Answer::Http(response)),
            (None, error) => Err(Failure {
                cause: if has_begun || exchange.is_connected() {
                    Cause::Read
                } else {
                    Cause::Connect
                },
                detail: error.unwrap_or_else(|| {
                    "the server ended the connection without an answer".to_owned()
                }),
            }),
        };
        exchange.reset();
        self.idle.push(Transfer { easy, shape });
        ended.push(Completion { ticket, result });
    }

    fn detach(&mut self, ticket: u64) -> Option<(Easy2<Exchange>, Shape)> {
        let place = self
            .running
            .iter()
            .position(|running| running.ticket == ticket)?;
        let running = self.running.swap_remove(place);
        let easy = self.multi.remove2(running.handle).ok()?;
        Some((easy, running.shape))
    }
}

impl HttpClient for CurlClient {
    fn start(&mut self, ticket: u64, request: Request) -> Result<(), Failure> {
        let transfer = self.prepare(request).map_err(|error| Failure {
            cause: Cause::Connect,
            detail: error_text(&error, &self.shared.settings),
        })?;
        let handle = self.multi.add2(transfer.easy).map_err(|error| Failure {
            cause: Cause::Connect,
            detail: error.to_string(),
        })?;
        self.running.push(Running {
            ticket,
            handle,
            shape: transfer.shape,
        });
        Ok(())
    }

    fn wait(&mut self, at_most: Duration, ended: &mut Vec<Completion>) {
        // The first call starts what was added and often ends what is done: then there is nothing to wait for.
        self.perform(ended);
        if !ended.is_empty() {
            return;
        }
        let timeout = self
            .until_silent()
            .map_or(at_most, |left| at_most.min(left));
        let mut wake = [WaitFd::new()];
        for wake in &mut wake {
            wake.set_fd(self.shared.wake.descriptor());
            wake.poll_on_read(true);
        }
        if timeout > Duration::ZERO && self.multi.wait(&mut wake, timeout).is_err() {
            // Out of memory or descriptors: breathe instead of spinning.
            std::thread::sleep(timeout.min(Duration::from_millis(50)));
        }
        if wake.iter().any(WaitFd::received_read) {
            self.shared.wake.swallow();
        }
        self.perform(ended);
        self.end_silent(ended);
    }

    fn end_answered(&mut self, ended: &mut Vec<Completion>) {
        let is_answered = |running: &&Running| running.handle.get_ref().is_answered();
        while let Some(ticket) = self
            .running
            .iter()
            .find(is_answered)
            .map(|running| running.ticket)
        {
            self.finish(ticket, None, ended);
        }
    }

    fn cancel(&mut self, ticket: u64) {
        if let Some((mut easy, shape)) = self.detach(ticket) {
            easy.get_mut().reset();
            self.idle.push(Transfer { easy, shape });
        }
    }
}

/// The host's programs must not inherit the pair of descriptors behind `curl_multi_wakeup`.
fn close_wake_up_on_exec(multi: &Multi) {
    // A call that the linker binds to the libcurl of this handle: another one in the process may have the same names.
    let waker = multi.waker();
    close_pair_on_exec(|| waker.wakeup().is_ok());
}

impl Handler for Exchange {
    fn open_socket(&mut self, family: c_int, kind: c_int, protocol: c_int) -> Option<RawFd> {
        connection::open_socket(family, kind, protocol)
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        Ok(self.fill(into))
    }

    fn seek(&mut self, whence: std::io::SeekFrom) -> SeekResult {
        match whence {
            std::io::SeekFrom::Start(at) if self.rewind(at) => SeekResult::Ok,
            _ => SeekResult::Fail,
        }
    }

    fn header(&mut self, line: &[u8]) -> bool {
        self.note_header(line)
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        // Taking less than offered ends the transfer.
        Ok(if self.note_body(data) { data.len() } else { 0 })
    }
}
