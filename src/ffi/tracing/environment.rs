//! The trace of the process for other programs: as headers, and as variables of the environment of child processes.

use std::ffi::c_void;

use super::{sentry_iter_headers_function_t, tell, tell_headers};
use crate::client::tracing::process_headers;
use crate::ffi::guard;

/// Calls a function with each header that tells another program of what this one is doing.
///
/// That is the span or the transaction that is bound with `sentry_set_span` or `sentry_set_transaction_object`, else the trace
/// of the process. The headers are those of `sentry_transaction_iter_headers`; without a decision whether the trace is sent
/// `sentry-trace` leaves it to the receiver.
///
/// Arguments: `callback` and the pointer it gets back.
/// Null: ignored.
/// Threads: any, several at once.
/// Blocks: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_trace_iter_headers(
    callback: sentry_iter_headers_function_t,
    userdata: *mut c_void,
) {
    guard((), || {
        if let Some(headers) = process_headers() {
            // SAFETY: as our caller promises: a function that takes this pointer.
            unsafe { tell_headers(headers, callback, userdata) };
        }
    });
}

/// Calls a function with each variable of the environment that lets a child process go on with the trace.
///
/// These are `SENTRY_TRACE` and `SENTRY_BAGGAGE`, with what `sentry_trace_iter_headers` tells in `sentry-trace` and `baggage`.
/// A program that uses this library, or another SDK that knows these variables, reads them when it starts. The library never
/// changes an environment: add them to the list that is given to `execve` or `posix_spawn`.
///
/// Arguments: `callback` and the pointer it gets back.
/// Null: ignored.
/// Threads: any, several at once.
/// Blocks: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_trace_iter_environment(
    callback: sentry_iter_headers_function_t,
    userdata: *mut c_void,
) {
    guard((), || {
        if let Some(headers) = process_headers() {
            // SAFETY: as our caller promises: a function that takes this pointer.
            unsafe {
                tell(
                    c"SENTRY_TRACE",
                    Some(headers.sentry_trace),
                    callback,
                    userdata,
                );
                tell(c"SENTRY_BAGGAGE", headers.baggage, callback, userdata);
            }
        }
    });
}
