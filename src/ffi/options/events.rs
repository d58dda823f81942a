//! Options beyond the compatible part: what becomes an event or a breadcrumb.
//!
//! Entry points: the exported functions. May use: `access`, `text`, `client::options`.

use std::ffi::c_char;

use super::access::{get_level, get_text, set_choice, set_text};
use super::handle::sentry_options_t;
use crate::client::options::row;
use crate::ffi::text;
use crate::ffi::types::{sentry_level_arg, sentry_level_t, sentry_status_t};
use crate::protocol::level::Level;

/// Sets which events are dropped.
///
/// Arguments: `patterns`, one on each line, compared with the exception's type and module and with the logger; `*`
/// stands for any text; default none.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_ignore_errors(
    opts: *mut sentry_options_t,
    patterns: *const c_char,
) -> sentry_status_t {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_ignore_errors_n(opts, patterns, text::c_str_len(patterns)) }
}

/// Like `sentry_options_set_ignore_errors`, with a length.
///
/// Arguments: `patterns_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_ignore_errors_n(
    opts: *mut sentry_options_t,
    patterns: *const c_char,
    patterns_len: usize,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::ignore_errors, patterns, patterns_len) }
}

/// Gets the patterns of events that are dropped.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the patterns, one on each line; NULL when there are none.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_ignore_errors(
    opts: *const sentry_options_t,
) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::ignore_errors.name) }
}

/// Sets the least level at which `sentry_log_message` records a breadcrumb.
///
/// Arguments: `level`; default `SENTRY_LEVEL_INFO`.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_breadcrumb_level(
    opts: *mut sentry_options_t,
    level: sentry_level_arg,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::breadcrumb_level, level) }
}

/// Gets the least level at which `sentry_log_message` records a breadcrumb.
///
/// Null: `SENTRY_LEVEL_INFO` for a NULL `opts`.
/// Returns: the level.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_breadcrumb_level(
    opts: *const sentry_options_t,
) -> sentry_level_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe {
        get_level(
            opts,
            &row::breadcrumb_level,
            sentry_level_t::SENTRY_LEVEL_INFO,
        )
    }
}

/// Sets the least level at which `sentry_log_message` reports an event.
///
/// Arguments: `level`; default `SENTRY_LEVEL_ERROR`.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_event_level(
    opts: *mut sentry_options_t,
    level: sentry_level_arg,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::event_level, level) }
}

/// Gets the least level at which `sentry_log_message` reports an event.
///
/// Null: `SENTRY_LEVEL_ERROR` for a NULL `opts`.
/// Returns: the level.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_event_level(
    opts: *const sentry_options_t,
) -> sentry_level_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_level(opts, &row::event_level, sentry_level_t::SENTRY_LEVEL_ERROR) }
}

impl From<Level> for sentry_level_t {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::SENTRY_LEVEL_TRACE,
            Level::Debug => Self::SENTRY_LEVEL_DEBUG,
            Level::Info => Self::SENTRY_LEVEL_INFO,
            Level::Warning => Self::SENTRY_LEVEL_WARNING,
            Level::Error => Self::SENTRY_LEVEL_ERROR,
            Level::Fatal => Self::SENTRY_LEVEL_FATAL,
        }
    }
}
