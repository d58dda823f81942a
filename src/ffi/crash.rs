//! Crashes: whether an earlier run ended in one, and those that the host caught itself.

use std::ffi::c_int;

use super::types::sentry_ucontext_t;
use super::unwind::context;
use super::{guard, status};
use crate::client::capture::crash_event;
use crate::client::state;

/// Tells whether an earlier run crashed, as it was at the last `sentry_init`.
///
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: 1 or 0, also after `sentry_close` and after `sentry_clear_crashed_last_run`; -1 before the first `sentry_init`
/// of the process.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_get_crashed_last_run() -> c_int {
    guard(-1, || state::crashed_last_run().map_or(-1, c_int::from))
}

/// Forgets that an earlier run crashed, for the next `sentry_init`.
///
/// Threads: any, several at once.
/// Blocks: for the removal of one file.
/// Returns: 0, also when there is nothing to forget; 1 when not initialised or when the file cannot be removed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_clear_crashed_last_run() -> c_int {
    guard(1, || {
        let cleared = state::with_client(|client| client.clear_crashed_last_run());
        c_int::from(!cleared.unwrap_or(false))
    })
}

/// Reports a crash that a signal handler of the host caught, as a fatal event with the stack and registers of the thread
/// it hit, and returns.
///
/// This version installs no signal handlers of its own; the event takes the way of any other, `before_send` included, and
/// is sent by the worker: call `sentry_flush` before the process ends.
///
/// Arguments: `uctx` as the handler was called; a `user_context` that is NULL leaves the stack out.
/// Ownership: nothing changes hands; read during the call only.
/// Null: does nothing, and so does a call before `sentry_init`.
/// Threads: any. Needs memory and locks that are not safe in a signal handler: a signal that came inside of `malloc` may
/// wait for ever.
/// Blocks: as `sentry_get_modules_list`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_handle_exception(uctx: *const sentry_ucontext_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a struct that lives during the call.
        let Some(found) = (unsafe { uctx.as_ref() }) else {
            return;
        };
        // SAFETY: as our caller promises, what it points to lives during the call, or is NULL.
        let (context, siginfo) = unsafe { (context(uctx), found.siginfo.as_ref()) };
        let code = siginfo.map(|it| it.si_code);
        let captured = state::with_client(|client| {
            client.capture_value(&mut crash_event::new(found.signum, code, context), None)
        });
        if let Some(result) = captured {
            status::answer_noting(result.map(|captured| captured.left_out));
        }
    });
}
