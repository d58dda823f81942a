//! Options, compatible part: crashes, how stacks are shown, and threads that stand still.
//!
//! Entry points: the exported functions. May use: `access`, `text`, `client::options`.

use std::ffi::{c_char, c_int};

use super::access::{
    get_choice, get_flag, get_unsigned, set_choice, set_flag, set_text, set_whole,
};
use super::handle::sentry_options_t;
use crate::client::options::{Backend, row};
use crate::ffi::text;
use crate::ffi::types::{
    sentry_crash_reporting_mode_arg, sentry_crash_upload_mode_arg, sentry_handler_strategy_arg,
    sentry_minidump_mode_arg,
};

/// What `sentry_backend_t` names.
pub struct sentry_backend_s {
    _never: std::convert::Infallible,
}

/// What catches crashes. There is one, built in; no function makes another.
///
/// `sentry_options_set_backend` with NULL turns it off.
/// Threads: nothing to share.
pub type sentry_backend_t = sentry_backend_s;

/// Sets what catches crashes. Stored; without effect in this version.
///
/// Arguments: `backend` is NULL: crashes are not caught; default: they are.
/// Ownership: nothing changes hands; there is no backend to hand over.
/// Null: see Arguments; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_backend(
    opts: *mut sentry_options_t,
    backend: *mut sentry_backend_t,
) {
    let backend = match backend.is_null() {
        true => Backend::None,
        false => Backend::Default,
    };
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::backend, backend as c_int) };
}

/// Sets whether diagnostics go on after a crash. Stored; without effect in this version.
///
/// Arguments: `enabled` 0 or not; default 1.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_logger_enabled_when_crashed(
    opts: *mut sentry_options_t,
    enabled: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::logger_enabled_when_crashed, enabled) };
}

/// Sets whether frames that lack them get the names of their functions in this process, as far as it exports them.
///
/// The look-up waits for the loader while another thread loads a library.
///
/// Arguments: `val` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_symbolize_stacktraces(
    opts: *mut sentry_options_t,
    val: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::symbolize_stacktraces, val) };
}

/// Gets whether frames get the names of their functions in this process.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_symbolize_stacktraces(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::symbolize_stacktraces) }
}

/// Sets the program that reports crashes from outside. Stored; without effect in this version.
///
/// Arguments: `path` in bytes of the file system; default none.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_handler_path(
    opts: *mut sentry_options_t,
    path: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_handler_path_n(opts, path, text::c_str_len(path)) }
}

/// Like `sentry_options_set_handler_path`, with a length.
///
/// Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_handler_path_n(
    opts: *mut sentry_options_t,
    path: *const c_char,
    path_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::handler_path, path, path_len) };
}

/// Sets the program that gets the report of a crash instead of the server. Stored; without effect in this version.
///
/// Arguments: `path` in bytes of the file system; default none.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_external_crash_reporter_path(
    opts: *mut sentry_options_t,
    path: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_external_crash_reporter_path_n(opts, path, text::c_str_len(path)) }
}

/// Like `sentry_options_set_external_crash_reporter_path`, with a length.
///
/// Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_external_crash_reporter_path_n(
    opts: *mut sentry_options_t,
    path: *const c_char,
    path_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::external_crash_reporter_path, path, path_len) };
}

/// Sets how much memory a minidump holds. Stored; without effect in this version.
///
/// Arguments: `mode` of `sentry_minidump_mode_t`, numbers beyond its range count as its nearest end; default
/// `SENTRY_MINIDUMP_MODE_SMART`.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_minidump_mode(
    opts: *mut sentry_options_t,
    mode: sentry_minidump_mode_arg,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::minidump_mode, mode) };
}

/// Sets what a crash is reported as. Stored; without effect in this version.
///
/// Arguments: `mode` of `sentry_crash_reporting_mode_t`, numbers beyond its range count as its nearest end; default
/// `SENTRY_CRASH_REPORTING_MODE_NATIVE_WITH_MINIDUMP`.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_crash_reporting_mode(
    opts: *mut sentry_options_t,
    mode: sentry_crash_reporting_mode_arg,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::crash_reporting_mode, mode) };
}

/// Gets what a crash is reported as.
///
/// Null: `SENTRY_CRASH_REPORTING_MODE_NATIVE_WITH_MINIDUMP` for a NULL `opts`.
/// Returns: the mode.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_crash_reporting_mode(
    opts: *const sentry_options_t,
) -> sentry_crash_reporting_mode_arg {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_choice(opts, &row::crash_reporting_mode, 2) }
}

/// Sets when a crash is uploaded. Stored; without effect in this version.
///
/// Arguments: `mode` of `sentry_crash_upload_mode_t`, numbers beyond its range count as its nearest end; default
/// `SENTRY_CRASH_UPLOAD_MODE_SYNC`.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_crash_upload_mode(
    opts: *mut sentry_options_t,
    mode: sentry_crash_upload_mode_arg,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::crash_upload_mode, mode) };
}

/// Gets when a crash is uploaded.
///
/// Null: `SENTRY_CRASH_UPLOAD_MODE_SYNC` for a NULL `opts`.
/// Returns: the mode.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_crash_upload_mode(
    opts: *const sentry_options_t,
) -> sentry_crash_upload_mode_arg {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_choice(opts, &row::crash_upload_mode, 0) }
}

/// Sets when the handlers that were there before ours run. Stored; without effect in this version.
///
/// Arguments: `handler_strategy` of `sentry_handler_strategy_t`, numbers beyond its range count as its nearest end;
/// default `SENTRY_HANDLER_STRATEGY_DEFAULT`.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_handler_strategy(
    opts: *mut sentry_options_t,
    handler_strategy: sentry_handler_strategy_arg,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::handler_strategy, handler_strategy) };
}

/// Gets when the handlers that were there before ours run.
///
/// Null: `SENTRY_HANDLER_STRATEGY_DEFAULT` for a NULL `opts`.
/// Returns: the mode.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_handler_strategy(
    opts: *const sentry_options_t,
) -> sentry_handler_strategy_arg {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_choice(opts, &row::handler_strategy, 0) }
}

/// Sets whether a thread that gives no heartbeat is reported. Stored; without effect in this version.
///
/// Arguments: `enable` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_enable_app_hang_tracking(
    opts: *mut sentry_options_t,
    enable: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::enable_app_hang_tracking, enable) };
}

/// Gets whether a thread that gives no heartbeat is reported.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_enable_app_hang_tracking(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::enable_app_hang_tracking) }
}

/// Sets how long a thread may give no heartbeat. Stored; without effect in this version.
///
/// Arguments: `app_hang_timeout` in milliseconds, at least 1000, less is raised to that; default 5000.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_app_hang_timeout(
    opts: *mut sentry_options_t,
    app_hang_timeout: u64,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::app_hang_timeout, i128::from(app_hang_timeout)) };
}

/// Gets how long a thread may give no heartbeat.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_app_hang_timeout(opts: *const sentry_options_t) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::app_hang_timeout) }
}
