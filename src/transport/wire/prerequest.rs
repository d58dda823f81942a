//! Pre-request: what libcurl says when a connection stands and the request is about to go out on it.
//!
//! Three things hang on that. Whether a failure counts as a failed connect or as a failed answer. That libcurl sends each
//! request once: on a kept connection that turns out to be dead it would send it again by itself, as an attempt that nobody
//! counts and `retries` does not bound. And that nothing is sent on a kept connection whose server has said something
//! unasked: it may be the announcement that the server gives it up, and would be taken for the answer. Entry points:
//! [`install`], [`Begin`]. Calls libcurl.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use curl::easy::Easy2;

use super::socket::Ends;
use crate::base::panic::contained;

/// `CURLOPT_PREREQFUNCTION` (libcurl 7.80).
const FUNCTION: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_FUNCTIONPOINT + 312;
/// `CURLOPT_PREREQDATA`.
const DATA: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_OBJECTPOINT + 313;

/// What `CURLOPT_PREREQFUNCTION` takes. Arguments: data, addresses of the server and of this end, their ports.
type Callback = extern "C" fn(*mut c_void, *mut c_char, *mut c_char, c_int, c_int) -> c_int;

/// What is known of the begin of a request; on the heap, where libcurl's callback finds it.
#[derive(Debug, Default)]
pub(crate) struct Begin {
    times: AtomicU32,
    ends: AtomicU32,
    looks_for_input: AtomicBool,
    has_found_input: AtomicBool,
}

impl Begin {
    /// For the next request. If `looks_for_input`, nothing is sent on a kept connection with something to read: that needs
    /// a connection on which servers say nothing by themselves, so one without TLS.
    pub(crate) fn reset(&self, looks_for_input: bool) {
        self.times.store(0, Ordering::Relaxed);
        self.ends.store(0, Ordering::Relaxed);
        self.looks_for_input
            .store(looks_for_input, Ordering::Relaxed);
        self.has_found_input.store(false, Ordering::Relaxed);
    }

    /// How often libcurl was about to send the request, and could.
    pub(crate) fn times(&self) -> u32 {
        self.times.load(Ordering::Relaxed)
    }

    /// True if nothing was sent because of something to read.
    pub(crate) fn has_found_input(&self) -> bool {
        self.has_found_input.load(Ordering::Relaxed)
    }

    /// The connection on which it went out.
    pub(crate) fn ends(&self) -> Option<Ends> {
        Ends::from_number(self.ends.load(Ordering::Relaxed))
    }

    /// True if the request may go out on this connection.
    fn about_to_send(&self, ends: Option<Ends>) -> bool {
        if let Some(ends) = ends {
            self.ends.store(ends.number(), Ordering::Relaxed);
            let is_kept = ends.carries_request();
            let looks = self.times() == 0 && self.looks_for_input.load(Ordering::Relaxed);
            if looks && is_kept && ends.has_input() {
                self.has_found_input.store(true, Ordering::Relaxed);
                return false;
            }
        }
        self.times.fetch_add(1, Ordering::Relaxed) == 0
    }
}

/// Lets `begin` know when a request of this handle is about to be sent, and lets libcurl send it once. False if this
/// libcurl knows nothing of it. It must live as long as the handle.
pub(crate) fn install<H>(easy: &Easy2<H>, begin: &Arc<Begin>) -> bool {
    let callback: Callback = about_to_send;
    // SAFETY: the handle is valid. The callback has the type that the option asks for. Versions that do not know the
    // options say so and change nothing.
    let codes = unsafe {
        [
            curl_sys::curl_easy_setopt(easy.raw(), FUNCTION, callback),
            curl_sys::curl_easy_setopt(easy.raw(), DATA, Arc::as_ptr(begin)),
        ]
    };
    codes == [curl_sys::CURLE_OK; 2]
}

extern "C" fn about_to_send(
    begin: *mut c_void,
    _server: *mut c_char,
    _own: *mut c_char,
    server_port: c_int,
    own_port: c_int,
) -> c_int {
    // SAFETY: `install` set it, and it lives as long as the handle.
    let begin = unsafe { &*begin.cast::<Begin>() };
    // No panic crosses libcurl: nothing is sent then.
    let may_go = contained(|| begin.about_to_send(Ends::new(own_port, server_port)));
    // 0 is `CURL_PREREQFUNC_OK`, 1 is `CURL_PREREQFUNC_ABORT`.
    c_int::from(!may_go.unwrap_or(false))
}
