//! Structured logs: lines with attributes, which are collected and sent a hundred at a time.

use std::ffi::c_char;

use super::capture_value::end_if_one_shot;
use super::scopes::sentry_scope_t;
use super::text::{c_str_len, usable_bytes};
use super::types::{sentry_level_arg, sentry_status_t};
use super::values::{sentry_value_t, take};
use super::{guard, status};
use crate::client::capture::refused::Refused;
use crate::client::state;
use crate::protocol::level::Level;
use crate::value::tree::Value;

/// What became of a log line.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum log_return_value_t {
    /// Collected; it is sent with others.
    SENTRY_LOG_RETURN_SUCCESS = 0,
    /// The hook dropped it.
    SENTRY_LOG_RETURN_DISCARD = 1,
    /// It was not taken: no room, no consent, a pause that the server asked for, or an argument that makes no sense;
    /// `sentry_last_error_message` says which.
    SENTRY_LOG_RETURN_FAILED = 2,
    /// Logs are off, there is no usable DSN, or the library is not initialised.
    SENTRY_LOG_RETURN_DISABLED = 3,
}

/// Logs a line with attributes.
///
/// Lines are collected and sent when there are 100 of them or 1 MiB, or after five seconds. `sentry_flush` and `sentry_close`
/// send what is there. Lines of one thread keep their order.
///
/// Arguments: `level`, any other number is info; `body`, the line as it is; `attributes`, an object, or null. Each member is
/// one attribute: text, a boolean, a finite number, a list of these of one type, or what `sentry_value_new_attribute` made.
/// What is nothing of that is left out.
/// Ownership: takes `attributes`, whatever the answer; an object that the host still holds is not changed.
/// Null: a NULL `body` is refused.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: never.
/// Returns: what became of it.
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

/// Logs a line with attributes and those of a scope.
///
/// Arguments: as `sentry_log`. Attributes of the call win over those of `scope`, and these over those of the process.
/// Ownership: takes `attributes`, and ends a scope of `sentry_local_scope_new`, whatever the answer.
/// Null: a NULL `scope` is as `sentry_log`.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: as `sentry_log`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_capture_log(
    scope: *mut sentry_scope_t,
    level: sentry_level_arg,
    body: *const c_char,
    attributes: sentry_value_t,
) -> log_return_value_t {
    guard(log_return_value_t::SENTRY_LOG_RETURN_DISABLED, || {
        // SAFETY: as our caller promises: a reference given away, NULL or a handle of ours, NULL or terminated.
        unsafe {
            let attributes = take(attributes);
            let body = usable_bytes(body, c_str_len(body));
            let result = log(scope.as_ref(), level, body, attributes);
            end_if_one_shot(scope);
            answer(result)
        }
    })
}

fn log(
    scope: Option<&sentry_scope_t>,
    level: sentry_level_arg,
    body: Option<&[u8]>,
    attributes: Value,
) -> Result<(), Refused> {
    let level = Level::from_number(level).unwrap_or(Level::Info);
    let logged = state::with_client(|client| {
        client.log(level, body, None, attributes, scope.map(|it| &it.scope))
    });
    logged.unwrap_or_else(|| Err(state::absence()))
}

/// The answer to the host, with the reason as last error.
pub(super) fn answer(result: Result<(), Refused>) -> log_return_value_t {
    match status::answer(result) {
        sentry_status_t::SENTRY_STATUS_OK => log_return_value_t::SENTRY_LOG_RETURN_SUCCESS,
        sentry_status_t::SENTRY_STATUS_DROPPED_BY_HOOK => {
            log_return_value_t::SENTRY_LOG_RETURN_DISCARD
        }
        sentry_status_t::SENTRY_STATUS_DISABLED => log_return_value_t::SENTRY_LOG_RETURN_DISABLED,
        _ => log_return_value_t::SENTRY_LOG_RETURN_FAILED,
    }
}
