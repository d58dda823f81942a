//! Options beyond the compatible part: time-outs and retries.
//!
//! Entry points: the exported functions. May use: `options::access`, `client::options`.

use crate::client::options::row;
use crate::ffi::options::access::{get_small, get_unsigned, set_whole};
use crate::ffi::options::handle::sentry_options_t;
use crate::ffi::types::sentry_status_t;

/// Sets the longest that finding, reaching and greeting the server may take: DNS, TCP and TLS.
///
/// Arguments: `timeout_ms` 1 to 600,000 milliseconds; default 15,000.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_connect_timeout_ms(
    opts: *mut sentry_options_t,
    timeout_ms: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::connect_timeout, i128::from(timeout_ms)) }
}

/// Gets the longest that finding, reaching and greeting the server may take: DNS, TCP and TLS.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_connect_timeout_ms(
    opts: *const sentry_options_t,
) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::connect_timeout) }
}

/// Sets the longest silence of the server once connected.
///
/// Arguments: `timeout_ms` 1 to 600,000 milliseconds; default 15,000.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_read_timeout_ms(
    opts: *mut sentry_options_t,
    timeout_ms: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::read_timeout, i128::from(timeout_ms)) }
}

/// Gets the longest silence of the server once connected.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_read_timeout_ms(opts: *const sentry_options_t) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::read_timeout) }
}

/// Sets how often a request is tried again, all causes together.
///
/// Arguments: `attempts` after the first, 0 to 1000; default 3. A number that was set, be it 3, holds for every envelope; the
/// default holds while the server answers others, and attempts while it answers nothing do not count.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_retries(
    opts: *mut sentry_options_t,
    attempts: i32,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::retries, i128::from(attempts)) }
}

/// Gets how often a request is tried again.
///
/// Null: 0 for a NULL `opts`.
/// Returns: attempts after the first.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_retries(opts: *const sentry_options_t) -> i32 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_small(opts, &row::retries) }
}

/// Sets how often a request is tried again after a failed connect.
///
/// Arguments: `attempts` 0 to 1000, or -1 when only `retries` counts; default -1.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_retries_connect(
    opts: *mut sentry_options_t,
    attempts: i32,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::retries_connect, i128::from(attempts)) }
}

/// Gets how often a request is tried again after a failed connect.
///
/// Null: 0 for a NULL `opts`.
/// Returns: attempts, -1 when only `retries` counts.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_retries_connect(opts: *const sentry_options_t) -> i32 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_small(opts, &row::retries_connect) }
}

/// Sets how often a request is tried again after a connection that broke or fell silent.
///
/// Arguments: `attempts` 0 to 1000, or -1 when only `retries` counts; default -1.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_retries_read(
    opts: *mut sentry_options_t,
    attempts: i32,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::retries_read, i128::from(attempts)) }
}

/// Gets how often a request is tried again after a connection that broke or fell silent.
///
/// Null: 0 for a NULL `opts`.
/// Returns: attempts, -1 when only `retries` counts.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_retries_read(opts: *const sentry_options_t) -> i32 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_small(opts, &row::retries_read) }
}

/// Sets how often a request is tried again after an HTTP status that may pass.
///
/// Arguments: `attempts` 0 to 1000, or -1 when only `retries` counts; default 0.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_retries_status(
    opts: *mut sentry_options_t,
    attempts: i32,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::retries_status, i128::from(attempts)) }
}

/// Gets how often a request is tried again after an HTTP status that may pass.
///
/// Null: 0 for a NULL `opts`.
/// Returns: attempts, -1 when only `retries` counts.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_retries_status(opts: *const sentry_options_t) -> i32 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_small(opts, &row::retries_status) }
}

/// Sets how many redirects of a request are followed.
///
/// Arguments: `attempts` 0 to 1000 redirects, or -1 when only `retries` counts; default 0.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_retries_redirect(
    opts: *mut sentry_options_t,
    attempts: i32,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::retries_redirect, i128::from(attempts)) }
}

/// Gets how many redirects of a request are followed.
///
/// Null: 0 for a NULL `opts`.
/// Returns: attempts, -1 when only `retries` counts.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_retries_redirect(opts: *const sentry_options_t) -> i32 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_small(opts, &row::retries_redirect) }
}

/// Sets the base of the delay between attempts, which grows from one to the next and is spread at random.
///
/// Arguments: `backoff_ms` 1 to 3,600,000 milliseconds; default 1000.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_retry_backoff_ms(
    opts: *mut sentry_options_t,
    backoff_ms: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::retry_backoff, i128::from(backoff_ms)) }
}

/// Gets the base of the delay between attempts.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_retry_backoff_ms(opts: *const sentry_options_t) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::retry_backoff) }
}

/// Sets the longest delay between attempts, also when the server asks for more.
///
/// Arguments: `backoff_ms` 1 to 86,400,000 milliseconds, at init not below `retry_backoff_ms`; default 60,000.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_retry_backoff_max_ms(
    opts: *mut sentry_options_t,
    backoff_ms: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::retry_backoff_max, i128::from(backoff_ms)) }
}

/// Gets the longest delay between attempts.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_retry_backoff_max_ms(
    opts: *const sentry_options_t,
) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::retry_backoff_max) }
}
