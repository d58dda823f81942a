//! Pre-request: what libcurl says when a connection stands and the request is about to go out on it.
//!
//! Two things hang on that: whether a failure counts as a failed connect or as a failed answer, and that libcurl sends
//! each request once. On a kept connection that turns out to be dead libcurl would send it again by itself, as an attempt
//! that nobody counts and `retries` does not bound. Entry point: [`install`]. Calls libcurl.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use curl::easy::Easy2;

/// `CURLOPT_PREREQFUNCTION` (libcurl 7.80).
const FUNCTION: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_FUNCTIONPOINT + 312;
/// `CURLOPT_PREREQDATA`.
const DATA: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_OBJECTPOINT + 313;

/// `CURLOPT_PREREQFUNCTION` in its own words: data, addresses of the server and of this end, their ports.
type Callback = extern "C" fn(*mut c_void, *mut c_char, *mut c_char, c_int, c_int) -> c_int;

/// Lets `counter` count how often a request of this handle was about to be sent, and lets libcurl send it once. False if
/// this libcurl knows nothing of it. The counter must live as long as the handle.
pub(crate) fn install<H>(easy: &Easy2<H>, counter: &Arc<AtomicU32>) -> bool {
    let callback: Callback = about_to_send;
    // SAFETY: the handle is valid. The callback has the type that the option asks for. Versions that do not know the
    // options say so and change nothing.
    let codes = unsafe {
        [
            curl_sys::curl_easy_setopt(easy.raw(), FUNCTION, callback),
            curl_sys::curl_easy_setopt(easy.raw(), DATA, Arc::as_ptr(counter)),
        ]
    };
    codes == [curl_sys::CURLE_OK; 2]
}

extern "C" fn about_to_send(
    counter: *mut c_void,
    _server: *mut c_char,
    _own: *mut c_char,
    _server_port: c_int,
    _own_port: c_int,
) -> c_int {
    // SAFETY: `install` set the counter, which lives as long as the handle.
    let counter = unsafe { &*counter.cast::<AtomicU32>() };
    // 0 is `CURL_PREREQFUNC_OK`, 1 is `CURL_PREREQFUNC_ABORT`.
    c_int::from(counter.fetch_add(1, Ordering::Relaxed) > 0)
}
