//! Life of the library: init, flush, close, and the questions about it.

use std::ffi::{c_char, c_int};
use std::ptr;
use std::time::Duration;

use super::options::{sentry_options_t, take_options};
use super::types::sentry_status_t;
use super::{error, guard, text};
use crate::client::{self_test, state};

/// Starts the library: from here on events are taken and sent by one background thread.
///
/// A running client is closed first, as by `sentry_close`. Without a DSN, or with one that cannot be used, the call
/// succeeds, the library stays disabled, and nothing is written. A value that servers refuse or that cannot be used now
/// is left out or replaced and does not keep the library from starting. What became of it, and what is wrong with the
/// DSN, `sentry_last_error_message` says after the call, as do the diagnostics; `options_adjusted` of `sentry_stats_t`
/// counts it.
///
/// Ownership: takes `options`, also when it fails.
/// Null: NULL takes the defaults and the environment.
/// Threads: any, one after the other; not from an outcome callback while another thread starts or stops the library.
/// Blocks: for closing a running client, at most its `shutdown_timeout` + 100 ms. Reads CA bundle paths and the
/// environment; makes no connection.
/// Returns: 0; 1 on failure, where nothing could be sent: the thread cannot be started, or the start function of the
/// host's transport failed. Then the library is disabled, and `sentry_last_error_message` and the diagnostics say why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_init(options: *mut sentry_options_t) -> c_int {
    guard(1, || {
        // SAFETY: as our caller promises: NULL or a handle that is ours from now on.
        let options = unsafe { take_options(options) };
        match state::init(options) {
            Ok(None) => {
                error::clear();
                0
            }
            Ok(Some(warning)) => {
                error::fail(sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT, &warning);
                0
            }
            Err(message) => {
                error::fail(sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT, &message);
                1
            }
        }
    })
}

/// Waits until everything queued so far has left the library.
///
/// Losses that were not reported yet go to the server, too. A transport of the host then flushes in what is left of the
/// time.
///
/// Arguments: `timeout` in milliseconds; 0 asks without waiting.
/// Threads: any, several at once. On the library's own thread it does not wait.
/// Blocks: at most `timeout` + 100 ms.
/// Returns: 0 when all has left or there is nothing to wait for, 1 at the time-out, or what the flush
/// function of the host's transport answered.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_flush(timeout: u64) -> c_int {
    guard(1, || state::flush(Duration::from_millis(timeout)))
}

/// Runs the work of the library on the calling thread, in a program that set the option `threadless`.
///
/// Sends what was captured, looks after requests under way and does what is due on disk, until nothing more is to be done
/// now or `max_ms` is over. The program calls it again when something was captured, and after the time it returns.
/// `sentry_flush` and `sentry_close` do the same by themselves; a capture never does. A forked child runs its own work.
///
/// Arguments: `max_ms` in milliseconds; 0, or less, does what can be done without waiting.
/// Threads: any, one at a time; not from a function that the library calls. Such functions run on the calling thread
/// meanwhile and have to return, and its signals are blocked for 50 ms at a time.
/// Blocks: at most `max_ms` + 100 ms, or as long as a transport, HTTP client or callback of the host.
/// Returns: in how many milliseconds it has to be called again at the latest; -1 when there is nothing to do until the
/// next call of another function. Both are time-outs for `poll(2)`. -2 when nothing was run: the library is not
/// initialised, closed or has a thread of its own, another thread runs its work, or it was called from within;
/// `sentry_last_error_message()` says which.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_poll(max_ms: c_int) -> c_int {
    const NOTHING_DUE: c_int = -1;
    const NOT_RUN: c_int = -2;
    guard(NOT_RUN, || {
        let longest = Duration::from_millis(u64::try_from(max_ms).unwrap_or(0));
        match state::poll(longest) {
            Ok(due) => {
                error::clear();
                // Rounded up: less than a millisecond is not yet now.
                let millis = due.map(|due| due.as_micros().div_ceil(1000));
                millis.map_or(NOTHING_DUE, |millis| {
                    c_int::try_from(millis).unwrap_or(c_int::MAX)
                })
            }
            Err(reason) => {
                error::fail(sentry_status_t::SENTRY_STATUS_DISABLED, reason);
                NOT_RUN
            }
        }
    })
}

/// Stops the library: sends what can be sent within `shutdown_timeout`, counts the rest, ends the thread.
///
/// An idle library, or one whose server is known to be out of reach, closes at once. Afterwards every call is a safe
/// no-op until the next `sentry_init`. A host that exits without it gets the same from an exit handler.
///
/// Threads: any; captures of other threads are answered with `SENTRY_STATUS_SHUTTING_DOWN` meanwhile.
/// Blocks: at most `shutdown_timeout` + 100 ms.
/// Returns: the number of envelopes that were not sent; 0 when not initialised.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_close() -> c_int {
    guard(0, || c_int::try_from(state::close()).unwrap_or(c_int::MAX))
}

/// Same as `sentry_close`.
///
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_shutdown() -> c_int {
    sentry_close()
}

/// Puts the handlers of crashes back, after something else has replaced them. There are none in this version, so this
/// does nothing.
///
/// Threads: any.
/// Returns: 0, also when not initialised.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_reinstall_backend() -> c_int {
    0
}

/// Tests the way to the server: name, connection, TLS, proxy, CA bundle. No event is sent.
///
/// Arguments: `timeout_ms` in milliseconds, for all of it.
/// Ownership: the text is the caller's; free it with `sentry_free`.
/// Threads: any, but one test at a time: another is told so; not from an outcome callback. Closing ends it.
/// Blocks: at most `timeout_ms` + 100 ms; 0 counts as 1.
/// Returns: a JSON object with `ok`, and for each step what was found; `reached` is `server`, or `proxy` where an HTTP
/// proxy would be told of the server only with a request, or null. NULL when not initialised, without DSN, or
/// without memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_self_test(timeout_ms: u64) -> *mut c_char {
    guard(ptr::null_mut(), || {
        match self_test::run(Duration::from_millis(timeout_ms)) {
            Ok(report) => text::to_malloc(&report),
            Err(refused) => {
                error::fail(refused.status.into(), &refused.detail);
                ptr::null_mut()
            }
        }
    })
}
