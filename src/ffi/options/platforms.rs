//! Options, compatible part: what belongs to other platforms. Accepted, and not kept.
//!
//! Entry points: the exported functions. May use: `handle`.

use std::ffi::{c_int, c_void};

use super::handle::sentry_options_t;
use crate::ffi::values::sentry_value_t;

/// Decides whether a screenshot is attached to an event. Never called on Linux.
pub type sentry_before_screenshot_function_t =
    Option<unsafe extern "C" fn(event: sentry_value_t, user_data: *mut c_void) -> c_int>;

/// Sets whether a screenshot is attached to crashes. Accepted; without effect on Linux.
///
/// Arguments: `val` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_attach_screenshot(
    opts: *mut sentry_options_t,
    val: c_int,
) {
    let _ = (opts, val);
}

/// Sets the function that decides whether a screenshot is attached. Accepted; without effect on Linux.
///
/// Arguments: `func` and the pointer it would get back.
/// Ownership: `user_data` stays the caller's.
/// Null: NULL is allowed everywhere.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_before_screenshot(
    opts: *mut sentry_options_t,
    func: sentry_before_screenshot_function_t,
    user_data: *mut c_void,
) {
    let _ = (opts, func, user_data);
}

/// Sets whether a recording of the screen is attached to crashes. Accepted; without effect on Linux.
///
/// Arguments: `val` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_attach_session_replay(
    opts: *mut sentry_options_t,
    val: c_int,
) {
    let _ = (opts, val);
}

/// Sets how long a recording of the screen is. Accepted; without effect on Linux.
///
/// Arguments: `duration_ms` in milliseconds; default 5000.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_session_replay_duration(
    opts: *mut sentry_options_t,
    duration_ms: u32,
) {
    let _ = (opts, duration_ms);
}

/// Sets whether the system's own crash reporter runs as well. Accepted; without effect on Linux.
///
/// Arguments: `enabled` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_system_crash_reporter_enabled(
    opts: *mut sentry_options_t,
    enabled: c_int,
) {
    let _ = (opts, enabled);
}

/// Sets whether a crashed process waits for its upload. Accepted; without effect on Linux.
///
/// Arguments: `wait_for_upload` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_crashpad_wait_for_upload(
    opts: *mut sentry_options_t,
    wait_for_upload: c_int,
) {
    let _ = (opts, wait_for_upload);
}

/// Sets whether stacks are captured from the stack pointer only. Accepted; without effect on Linux.
///
/// Arguments: `enabled` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_crashpad_limit_stack_capture_to_sp(
    opts: *mut sentry_options_t,
    enabled: c_int,
) {
    let _ = (opts, enabled);
}
