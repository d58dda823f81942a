//! HTTP clients of the host: the library makes the requests, decides on retries and rate limits, and the host's client
//! carries them.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use super::http_client::{
    Changing, HttpFunctions, sentry_http_client_t, sentry_http_request_t, sentry_http_response_t,
};
use super::options::sentry_options_t;
use super::transports::{give_http, http_functions, sentry_transport_t};
use super::{guard, text};
use crate::base::callout::{self, Kind};

/// Makes an HTTP client of the host; `sentry_http_transport_new` calls it once, on its thread.
pub type sentry_http_client_factory_func_t =
    Option<unsafe extern "C" fn(factory_data: *mut c_void) -> *mut sentry_http_client_t>;

/// Makes a request and waits for the answer.
///
/// Called on the library's thread, one call at a time. Answers 1 when there was an answer, which it describes in `resp`; a
/// status that it does not set counts as 200. Answers 0 when there was none: then the library retries as for a connection
/// that failed. Captures within it are refused. It must not throw or `longjmp`.
pub type sentry_http_client_send_func_t = Option<
    unsafe extern "C" fn(
        client: *mut sentry_http_client_t,
        req: *mut sentry_http_request_t,
        resp: *mut sentry_http_response_t,
    ) -> c_int,
>;

/// Makes a transport that sends through an HTTP client of the host.
///
/// Queue, compression, retries, redirects, rate limits and client reports are as with the built-in client; the time-outs,
/// the proxy and the certificates are the client's own affair.
///
/// Arguments: `factory` makes the client, at once and on this thread; `send_func` makes a request; `client_free_func`
/// ends the client, once, when the transport ends, which is on the library's thread if a request has not returned when
/// `sentry_close` does.
/// Ownership: as `sentry_transport_new`. `factory_data` stays the caller's.
/// Null: a NULL `factory` or `send_func` gives NULL; `client_free_func` may be NULL.
/// Threads: any.
/// Returns: the transport; NULL also when the factory gives NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_transport_new(
    factory: sentry_http_client_factory_func_t,
    factory_data: *mut c_void,
    send_func: sentry_http_client_send_func_t,
    client_free_func: Option<unsafe extern "C" fn(client: *mut sentry_http_client_t)>,
) -> *mut sentry_transport_t {
    guard(ptr::null_mut(), || {
        let (Some(factory), Some(send)) = (factory, send_func) else {
            return ptr::null_mut();
        };
        // SAFETY: the host gave us the function for this.
        let client = callout::call(Kind::Transport, || unsafe { factory(factory_data) });
        let client = client.unwrap_or(ptr::null_mut());
        if client.is_null() {
            return ptr::null_mut();
        }
        give_http(HttpFunctions::new(client, send, client_free_func))
    })
}

/// Sets the function that starts the HTTP client of a transport.
///
/// `sentry_init` calls it on its thread, before the library's own thread starts. Other than 0 makes `sentry_init` fail. The
/// options may be read during the call only.
///
/// Null: a NULL `start_func` unsets it; a NULL `transport` is ignored, and so is one that has no HTTP client.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_transport_set_client_start_func(
    transport: *mut sentry_transport_t,
    start_func: Option<
        unsafe extern "C" fn(
            client: *mut sentry_http_client_t,
            options: *const sentry_options_t,
        ) -> c_int,
    >,
) {
    // SAFETY: passed on.
    unsafe { change(transport, |changing| changing.start = start_func) };
}

/// Sets the function that makes the HTTP client of a transport end its request.
///
/// `sentry_close` calls it on its thread, at most once, when its time is over and a request has not returned: beside the
/// send function. That has about 40 ms to return, then `sentry_close` does.
///
/// Null: a NULL `shutdown_func` unsets it; a NULL `transport` is ignored, and so is one that has no HTTP client.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_transport_set_client_shutdown_func(
    transport: *mut sentry_transport_t,
    shutdown_func: Option<unsafe extern "C" fn(client: *mut sentry_http_client_t)>,
) {
    // SAFETY: passed on.
    unsafe { change(transport, |changing| changing.shutdown = shutdown_func) };
}

/// Gets the method of a request.
///
/// Ownership: borrowed, during the call of the send function.
/// Null: gives NULL.
/// Returns: `POST`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_request_get_method(
    req: *const sentry_http_request_t,
) -> *const c_char {
    if req.is_null() {
        return ptr::null();
    }
    c"POST".as_ptr()
}

/// Gets the URL of a request, with its port in any case.
///
/// Ownership: borrowed, during the call of the send function.
/// Null: gives NULL.
/// Returns: the text.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_request_get_url(
    req: *const sentry_http_request_t,
) -> *const c_char {
    // SAFETY: as our caller promises: NULL or a request of ours.
    unsafe { req.as_ref() }.map_or(ptr::null(), |request| request.url.as_ptr())
}

/// Counts the headers of a request.
///
/// Null: gives 0.
/// Returns: how many there are.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_request_get_header_count(
    req: *const sentry_http_request_t,
) -> usize {
    // SAFETY: as our caller promises: NULL or a request of ours.
    unsafe { req.as_ref() }.map_or(0, |request| request.headers.len())
}

/// Gets a header of a request: `x-sentry-auth`, `content-type`, `content-encoding` when compressed, `content-length`.
///
/// Arguments: `index` from 0 in the order in which they are to be sent; `key_out` and `value_out` get the texts.
/// Ownership: borrowed, during the call of the send function.
/// Null: a NULL `req` gives 0; `key_out` and `value_out` may be NULL.
/// Returns: 1; 0 when there is no such header, and then nothing is written.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_request_get_header(
    req: *const sentry_http_request_t,
    index: usize,
    key_out: *mut *const c_char,
    value_out: *mut *const c_char,
) -> c_int {
    guard(0, || {
        // SAFETY: as our caller promises: NULL or a request of ours.
        let request = unsafe { req.as_ref() };
        let Some((key, value)) = request.and_then(|request| request.headers.get(index)) else {
            return 0;
        };
        for (out, text) in [(key_out, key), (value_out, value)] {
            if !out.is_null() {
                // SAFETY: as our caller promises: room for a pointer.
                unsafe { out.write(text.as_ptr()) };
            }
        }
        1
    })
}

/// Gets the body of a request.
///
/// Arguments: `len_out` gets its length in bytes; there is no terminator.
/// Ownership: borrowed, during the call of the send function.
/// Null: a NULL `req` gives NULL and 0; `len_out` may be NULL.
/// Returns: the bytes; NULL when there are none.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_request_get_body(
    req: *const sentry_http_request_t,
    len_out: *mut usize,
) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: as our caller promises: NULL or a request of ours.
        let body = unsafe { req.as_ref() }.map_or(&[][..], |request| &request.body);
        if !len_out.is_null() {
            // SAFETY: as our caller promises: room for a size.
            unsafe { len_out.write(body.len()) };
        }
        if body.is_empty() {
            return ptr::null();
        }
        body.as_ptr().cast()
    })
}

/// Gets the path of the file that holds the body of a request. No request has one: bodies are in memory.
///
/// Arguments: `len_out` gets 0.
/// Null: gives NULL; `len_out` may be NULL.
/// Returns: NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_request_get_body_file_path(
    _req: *const sentry_http_request_t,
    len_out: *mut usize,
) -> *const c_char {
    if !len_out.is_null() {
        // SAFETY: as our caller promises: room for a size.
        unsafe { len_out.write(0) };
    }
    ptr::null()
}

/// Sets the HTTP status of an answer.
///
/// Arguments: `status_code`, 100 to 999; 0 counts as 200, and any other number as no answer.
/// Null: NULL is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_response_set_status_code(
    resp: *mut sentry_http_response_t,
    status_code: c_int,
) {
    // SAFETY: as our caller promises: NULL or a response of ours that no other thread uses.
    if let Some(response) = unsafe { resp.as_mut() } {
        response.response.status = status_code;
    }
}

/// Sets a header of an answer. Only `Retry-After`, `Date`, `X-Sentry-Rate-Limits` and `Location` matter, others
/// are ignored.
///
/// Arguments: `key` in any case; a later `value` replaces an earlier one.
/// Ownership: the texts are copied.
/// Null: a NULL `resp` or `key` is ignored; a NULL `value` removes the header.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_http_response_set_header(
    resp: *mut sentry_http_response_t,
    key: *const c_char,
    value: *const c_char,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a response of ours that no other thread uses; NULL or terminated.
        let (response, key) = unsafe { (resp.as_mut(), text::c_str_bytes(key)) };
        let (Some(response), Some(key)) = (response, key) else {
            return;
        };
        let response = &mut response.response;
        let place = match key.to_ascii_lowercase().as_slice() {
            b"retry-after" => &mut response.retry_after,
            b"date" => &mut response.date,
            b"x-sentry-rate-limits" => &mut response.rate_limits,
            b"location" => &mut response.location,
            _ => return,
        };
        // SAFETY: as our caller promises: NULL or terminated.
        let value = unsafe { text::c_str_bytes(value) };
        *place = value.map(|value| String::from_utf8_lossy(value).trim().to_owned());
    });
}

/// # Safety
/// `transport` is NULL or a handle of ours.
unsafe fn change(transport: *mut sentry_transport_t, set: impl FnOnce(&mut Changing)) {
    guard((), || {
        // SAFETY: promised by the caller.
        if let Some(functions) = unsafe { http_functions(transport) } {
            functions.change(set);
        }
    });
}
