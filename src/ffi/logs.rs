//! Structured logs: the interface, which answers that they are not enabled in this version.

use std::ffi::c_char;

use super::capture_value::end_if_one_shot;
use super::guard;
use super::scopes::sentry_scope_t;
use super::types::sentry_level_arg;
use super::values::{sentry_value_t, take};

/// What became of a log line.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum log_return_value_t {
    /// Queued.
    SENTRY_LOG_RETURN_SUCCESS = 0,
    /// The hook dropped it.
    SENTRY_LOG_RETURN_DISCARD = 1,
    /// The buffers are full.
    SENTRY_LOG_RETURN_FAILED = 2,
    /// Logs are off, or the library is not initialised. The only answer of this version.
    SENTRY_LOG_RETURN_DISABLED = 3,
}

/// Logs a line with attributes. Structured logs are not enabled in this version: nothing is kept or sent; see
/// `sentry_log_message` for breadcrumbs and events.
///
/// Arguments: `level`; `body`, the line as it is; `attributes`, an object, see `sentry_value_new_attribute`, or null.
/// Ownership: takes `attributes`, whatever the answer.
/// Null: a NULL `body` is as good as any.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: `SENTRY_LOG_RETURN_DISABLED`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log(
    level: sentry_level_arg,
    body: *const c_char,
    attributes: sentry_value_t,
) -> log_return_value_t {
    // SAFETY: as our caller promises: a reference given away; no scope.
    unsafe { sentry_scope_capture_log(std::ptr::null_mut(), level, body, attributes) }
}

/// Logs a line with attributes and those of a scope. Structured logs are not enabled in this version: nothing is kept or
/// sent.
///
/// Arguments: as `sentry_log`.
/// Ownership: takes `attributes`, and ends a scope of `sentry_local_scope_new`, whatever the answer.
/// Null: a NULL `scope` is as `sentry_log`.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: `SENTRY_LOG_RETURN_DISABLED`.
/// Since: 0.1
#[unsafe(no_mangle)]
#[expect(unused_variables, reason = "the names are those of the header")]
pub unsafe extern "C" fn sentry_scope_capture_log(
    scope: *mut sentry_scope_t,
    level: sentry_level_arg,
    body: *const c_char,
    attributes: sentry_value_t,
) -> log_return_value_t {
    const DISABLED: log_return_value_t = log_return_value_t::SENTRY_LOG_RETURN_DISABLED;
    guard(DISABLED, || {
        // SAFETY: as our caller promises: a reference given away, NULL or a handle of ours.
        unsafe {
            drop(take(attributes));
            end_if_one_shot(scope);
        }
        DISABLED
    })
}
