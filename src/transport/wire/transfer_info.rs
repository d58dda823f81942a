//! Transfer information: what libcurl knows of a transfer, as far as its end is judged by it.
//!
//! Asked by [`super::curl_client`]. Calls libcurl for what the `curl` crate has no method for.

use std::ffi::{c_double, c_long};

use super::http::Response;

/// The status of the answer; 0 without one.
pub(in crate::transport) fn status_of(code: Result<u32, curl::Error>) -> u16 {
    code.ok()
        .and_then(|code| u16::try_from(code).ok())
        .unwrap_or(0)
}

/// True if libcurl ends a transfer so when its connection has ended, by a close, a reset or GOAWAY.
pub(in crate::transport) fn is_of_connection(code: curl_sys::CURLcode) -> bool {
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
pub(in crate::transport) fn is_farewell(response: &Response, handle: *mut curl_sys::CURL) -> bool {
    response.status == 408 && connections_made(handle) == 0
}

/// True if libcurl has noted when the request went out.
pub(in crate::transport) fn has_pretransfer_time(handle: *mut curl_sys::CURL) -> bool {
    let mut seconds: c_double = 0.0;
    // SAFETY: the callers' handle is valid and this information is a `double`.
    unsafe {
        curl_sys::curl_easy_getinfo(
            handle,
            curl_sys::CURLINFO_PRETRANSFER_TIME,
            &raw mut seconds,
        )
    };
    seconds > 0.0
}

/// Connections that libcurl made for a transfer; none if it went out on one that was kept.
pub(in crate::transport) fn connections_made(handle: *mut curl_sys::CURL) -> c_long {
    let mut count: c_long = 0;
    // SAFETY: the callers' handle is valid and this information is a `long`.
    unsafe { curl_sys::curl_easy_getinfo(handle, curl_sys::CURLINFO_NUM_CONNECTS, &raw mut count) };
    count
}
