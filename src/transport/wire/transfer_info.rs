//! Transfer information: what libcurl knows of a transfer, as far as its end is judged by it.
//!
//! Asked by [`super::curl_client`].

use super::http::Response;
use super::libcurl::easy::Handle;
use super::libcurl::options::{NumberInfo, TimeInfo};

/// The status of the answer; 0 without one.
pub(super) fn status(easy: &Handle) -> u16 {
    let code = easy.number(NumberInfo::RESPONSE_CODE);
    code.and_then(|code| u16::try_from(code).ok()).unwrap_or(0)
}

/// True if libcurl ends a transfer so when its connection has ended, by a close, a reset or GOAWAY.
pub(super) fn is_of_connection(code: curl_sys::CURLcode) -> bool {
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
pub(super) fn is_farewell(response: &Response, easy: &Handle) -> bool {
    response.status == 408 && connections_made(easy) == 0
}

/// True if libcurl has noted when the request went out.
pub(super) fn has_pretransfer_time(easy: &Handle) -> bool {
    easy.time(TimeInfo::PRETRANSFER).is_some()
}

/// Connections that libcurl made for a transfer; none if it went out on one that was kept.
pub(super) fn connections_made(easy: &Handle) -> u32 {
    let count = easy.number(NumberInfo::CONNECTS).unwrap_or(0);
    u32::try_from(count).unwrap_or(0)
}
