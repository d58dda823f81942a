//! Transfer: a handle of libcurl that makes one request after the other, and what libcurl asks it meanwhile.
//!
//! Entry point: [`Transfer`]. May use: `connection`, `exchange`, `libcurl`, `settings`.

use std::ffi::{c_int, c_long};
use std::os::fd::RawFd;

use super::connection;
use super::exchange::Exchange;
use super::http::Request;
use super::libcurl::easy::Easy;
use super::libcurl::error::Error;
use super::libcurl::handler::Handler;
use super::libcurl::options::{Number, Text};
use super::lookup;
use super::proxy::ProxyUrl;
use super::socket::{Ends, Sockets};
use crate::transport::settings::Settings;

/// Receive buffer of a transfer; answers are short.
const RECEIVE_BUFFER: c_long = 4 * 1024;
/// Send buffer of a transfer: one or two packets' worth below the usual event.
const SEND_BUFFER: c_long = 16 * 1024;
/// Bodies up to this size are handed to libcurl whole; it sends them in one go with the headers. It copies them for that,
/// and the send buffer it does not need then has the same size.
const WHOLE_BODY: usize = 16 * 1024;

/// A handle, used again and again.
pub(super) struct Transfer {
    pub(super) easy: Easy<Exchange>,
    pub(super) shape: Shape,
}

/// What the headers and the URL of a handle were made for; saves making them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    redirected_to: Option<String>,
    with_auth: bool,
    is_gzip: bool,
    may_be_http2: bool,
}

impl Transfer {
    /// A handle with everything that is the same for all requests, and connections among these sockets.
    pub(super) fn new(settings: &Settings, sockets: &Sockets) -> Result<Self, Error> {
        let mut easy = Easy::new(Exchange::new(sockets.clone()))?;
        let handle = easy.handle_mut();
        handle.set_number(Number::POST, 1)?;
        connection::apply(handle, settings)?;
        connection::set_connect_timeout(handle, settings.connect_timeout)?;
        connection::set_transfer_timeout(handle, settings.transfer_timeout)?;
        handle.prefer(Number::BUFFER_SIZE, RECEIVE_BUFFER);
        handle.prefer(Number::UPLOAD_BUFFER_SIZE, SEND_BUFFER);
        let shape = Shape {
            redirected_to: None,
            with_auth: true,
            is_gzip: false,
            may_be_http2: true,
        };
        let mut transfer = Self { easy, shape };
        transfer.set_headers(settings)?;
        Ok(transfer)
    }

    /// Takes the next request.
    pub(super) fn prepare(
        &mut self,
        settings: &Settings,
        request: Request,
        may_be_http2: bool,
    ) -> Result<(), Error> {
        let length = request.body_len();
        let shape = Shape {
            redirected_to: request.redirected_to,
            with_auth: request.with_auth,
            is_gzip: request.is_gzip,
            may_be_http2,
        };
        if self.shape != shape {
            self.shape = shape;
            let url = self.shape.url(settings);
            let handle = self.easy.handle_mut();
            handle.set_text(Text::URL, url.as_bytes())?;
            connection::set_http_version(handle, settings, may_be_http2)?;
            self.set_headers(settings)?;
        }
        let looks_for_input = self.shape.is_plain(settings);
        let exchange = self.easy.handler_mut();
        exchange.begin(request.body, looks_for_input);
        // Only asking for the body piece by piece lets a libcurl that tells nothing be kept from sending it twice.
        let tells_begin = self.easy.asks_to_send();
        self.easy.set_body(length, |exchange| {
            exchange.whole_body(WHOLE_BODY).filter(|_| tells_begin)
        })
    }

    fn set_headers(&mut self, settings: &Settings) -> Result<(), Error> {
        let auth = format!("X-Sentry-Auth: {}", settings.auth);
        let lines = [
            self.shape.with_auth.then_some(auth.as_str()),
            Some("Content-Type: application/x-sentry-envelope"),
            self.shape.is_gzip.then_some("Content-Encoding: gzip"),
            // AUTH-11
            Some("Expect:"),
        ];
        let lines = lines.into_iter().flatten();
        self.easy.handle_mut().set_headers(lines)
    }
}

impl Shape {
    fn url<'a>(&'a self, settings: &'a Settings) -> &'a str {
        self.redirected_to.as_ref().unwrap_or(&settings.endpoint)
    }

    /// True if requests go there without TLS, on the whole way.
    fn is_plain(&self, settings: &Settings) -> bool {
        let is_https = ProxyUrl::new(&settings.proxy).is_https();
        self.url(settings).starts_with("http://") && !is_https
    }
}

impl Handler for Exchange {
    fn open_socket(&mut self, family: c_int, kind: c_int, protocol: c_int) -> Option<RawFd> {
        self.sockets().open(family, kind, protocol)
    }

    fn may_look_up(&mut self) -> bool {
        lookup::may_begin()
    }

    fn may_send(&mut self, own_port: c_int, server_port: c_int) -> bool {
        self.about_to_send(Ends::new(own_port, server_port))
    }

    fn read(&mut self, into: &mut [u8]) -> usize {
        self.fill(into)
    }

    fn header(&mut self, line: &[u8]) -> bool {
        self.note_header(line)
    }

    fn body(&mut self, data: &[u8]) -> bool {
        self.note_body(data)
    }
}
