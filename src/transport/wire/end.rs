//! End: what it means that a transfer has come to its end.
//!
//! Whether there is an answer, else which of the causes of a failure it was, and what becomes of the connection. Entry points:
//! [`judge`], [`has_begun`]. May use: `exchange`, `libcurl`, `settings`.

use super::connection::error_text;
use super::exchange::Exchange;
use super::http::{Answer, Failure, Response};
use super::libcurl::easy::{Easy, Handle};
use super::libcurl::error::Error;
use super::libcurl::options::{NumberInfo, TextInfo, TimeInfo};
use super::lookup;
use crate::transport::settings::Settings;
use crate::transport::worker::retry::Cause;

/// Why a transfer is over.
pub(super) enum End {
    /// libcurl says so, or its answer is known.
    Done,
    /// libcurl says what went wrong.
    Failed(Error),
    /// The server said nothing for too long.
    Silent,
}

/// What the end means.
#[derive(Debug)]
pub(super) struct Verdict {
    /// The answer, or why there is none.
    pub(super) result: Result<Answer, Failure>,
    /// Nothing new may begin on its connections.
    pub(super) is_connection_spent: bool,
    /// The server refuses streams of HTTP/2 on a new connection.
    pub(super) refuses_streams: bool,
}

impl Verdict {
    fn failed(cause: Cause, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            result: Err(Failure { cause, detail }),
            is_connection_spent: true,
            refuses_streams: false,
        }
    }
}

/// Says what the end of this transfer means; takes its answer.
pub(super) fn judge(easy: &mut Easy<Exchange>, end: End, settings: &Settings) -> Verdict {
    let status = status(easy.handle());
    let location = easy.handle().text(TextInfo::REDIRECT_URL);
    // An answer counts once its headers are complete, whatever happens to the body (HTTP-1: it may be ignored).
    if let Some(response) = easy.handler_mut().take_response(status, location) {
        return match is_farewell(&response, easy.handle()) {
            true => Verdict::failed(
                Cause::Stale,
                "the server had given up the connection (HTTP 408)",
            ),
            false => Verdict {
                result: Ok(Answer::Http(response)),
                is_connection_spent: false,
                refuses_streams: false,
            },
        };
    }
    let exchange = easy.handler();
    let times_sent = exchange.beginning().times();
    let is_connected = exchange.is_connected() || has_begun(easy);
    let code = match &end {
        End::Failed(error) => error.code(),
        End::Done | End::Silent => curl_sys::CURLE_OK,
    };
    // libcurl repeats by itself what HTTP/1.1 lost on a kept connection, and of HTTP/2 only refused streams.
    let was_to_be_repeated = times_sent > 1 || code == curl_sys::CURLE_SEND_FAIL_REWIND;
    let has_died = is_of_connection(code)
        && connections_made(easy.handle()) == 0
        && !exchange.has_begun_answer();
    if was_to_be_repeated || is_connected && has_died {
        let is_stale = connections_made(easy.handle()) <= 1;
        let cause = if is_stale { Cause::Stale } else { Cause::Read };
        let detail = "the connection ended before the request was answered";
        return Verdict {
            is_connection_spent: is_connected,
            refuses_streams: !is_stale,
            ..Verdict::failed(cause, detail)
        };
    }
    let (cause, detail) = match is_connected {
        true => (Cause::Read, describe(&end, settings)),
        false => (Cause::Connect, describe_unconnected(&end, settings)),
    };
    Verdict {
        is_connection_spent: is_connected || matches!(end, End::Silent),
        ..Verdict::failed(cause, detail)
    }
}

/// Why a request that was sent has no answer.
fn describe(end: &End, settings: &Settings) -> String {
    match end {
        End::Done => "the server ended the connection without an answer".to_owned(),
        End::Failed(error) => error_text(error, settings),
        End::Silent => format!(
            "no data from the server for {} ms (read_timeout_ms)",
            settings.read_timeout.as_millis()
        ),
    }
}

/// Why a request was not sent.
fn describe_unconnected(end: &End, settings: &Settings) -> String {
    match end {
        End::Silent => "no connection (connect_timeout_ms)".to_owned(),
        End::Failed(_) => lookup::take_refusal().unwrap_or_else(|| describe(end, settings)),
        End::Done => describe(end, settings),
    }
}

/// True if the request has gone out on a connection.
pub(super) fn has_begun(easy: &Easy<Exchange>) -> bool {
    match easy.asks_to_send() {
        true => easy.handler().beginning().times() > 0,
        // In these versions it is set when the request goes out; from 8.21 on it is set in any case.
        false => easy.handle().time(TimeInfo::PRETRANSFER).is_some(),
    }
}

/// The status of the answer; 0 without one.
pub(super) fn status(easy: &Handle) -> u16 {
    let code = easy.number(NumberInfo::RESPONSE_CODE);
    code.and_then(|code| u16::try_from(code).ok()).unwrap_or(0)
}

/// True if libcurl ends a transfer so when its connection has ended, by a close, a reset or GOAWAY.
fn is_of_connection(code: curl_sys::CURLcode) -> bool {
    matches!(
        code,
        curl_sys::CURLE_HTTP2
            | curl_sys::CURLE_PARTIAL_FILE
            | curl_sys::CURLE_GOT_NOTHING
            | curl_sys::CURLE_SEND_ERROR
            | curl_sys::CURLE_RECV_ERROR
    )
}

/// True if this says of a kept connection that the server had waited for the next request for too long. The request may
/// have crossed it; it is to be sent again on a new connection.
fn is_farewell(response: &Response, easy: &Handle) -> bool {
    response.status == 408 && connections_made(easy) == 0
}

/// Connections that libcurl made for a transfer; none if it went out on one that was kept.
fn connections_made(easy: &Handle) -> u32 {
    let count = easy.number(NumberInfo::CONNECTS).unwrap_or(0);
    u32::try_from(count).unwrap_or(0)
}
