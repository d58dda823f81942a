//! Options, compatible part: making and ending them, what is sent, and the library itself.
//!
//! The sections next to this one: `network` (the way to the server), `events` (what becomes an event), `sessions`
//! (sessions, consent, what stays on disk), `crashes`, `telemetry` (traces, logs, metrics), `platforms` (without effect),
//! `options_delivery` (queue), `options_delivery/retry` (time-outs and retries), `options_json`.
//! Each setter and getter of a value is one call of `access` with the row of the option.
//! Entry points: the exported functions. May use: `access`, `handle`, `text`, `client::options`.

use std::ffi::{c_char, c_int};
use std::ptr;

use super::guard;
use super::text;
use super::types::{sentry_level_arg, sentry_status_t};
use crate::client::options::{Options, row};
use access::{
    get_flag, get_share, get_text, get_unsigned, set_choice, set_flag, set_share, set_text,
    set_whole,
};
use handle::{USER_AGENT, give, take};

pub use handle::sentry_options_t;
pub(crate) use handle::{
    configure_feedback_hook, configure_hook, configure_outcome, lend, take_options,
};

pub(crate) mod access;
#[cfg(feature = "compat")]
pub mod attachments;
#[cfg(feature = "compat")]
pub mod crashes;
pub mod events;
pub(crate) mod handle;
pub mod network;
#[cfg(feature = "compat")]
pub mod platforms;
pub mod sessions;
#[cfg(feature = "compat")]
pub mod telemetry;

/// Makes options with their defaults.
///
/// Values of the environment variables `SENTRY_DSN`, `SENTRY_RELEASE`, `SENTRY_ENVIRONMENT`, `SENTRY_DEBUG`,
/// `SENTRY_SAMPLE_RATE` and `SENTRY_TRACES_SAMPLE_RATE` are already in place; setters replace them.
///
/// Ownership: the options are the caller's, until `sentry_init` takes them or `sentry_options_free` ends them.
/// Threads: any thread; no other thread may change the environment meanwhile.
/// Returns: the options; NULL when the library failed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_options_new() -> *mut sentry_options_t {
    guard(ptr::null_mut(), || give(Options::new()))
}

/// Ends options that were not given to `sentry_init`.
///
/// Ownership: takes `opts`.
/// Null: NULL is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_free(opts: *mut sentry_options_t) {
    guard((), || {
        // SAFETY: the caller gives up a handle of ours, or passes NULL.
        drop(unsafe { take(opts) });
    });
}

/// Sets the DSN: scheme, key, host and project of the server.
///
/// Arguments: `dsn` is `https://<key>@<host>[:<port>][/<path>]/<project>` in UTF-8, read at init; default
/// `SENTRY_DSN`. What is not UTF-8 leaves the option unset. Without a usable DSN the library is disabled.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dsn(opts: *mut sentry_options_t, dsn: *const c_char) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_dsn_n(opts, dsn, text::c_str_len(dsn)) }
}

/// Like `sentry_options_set_dsn`, with a length.
///
/// Arguments: `dsn_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dsn_n(
    opts: *mut sentry_options_t,
    dsn: *const c_char,
    dsn_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::dsn, dsn, dsn_len) };
}

/// Gets the DSN as it was set, also an unusable one.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_dsn(opts: *const sentry_options_t) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::dsn.name) }
}

/// Sets the share of events that are sent.
///
/// Arguments: `sample_rate` 0.0 to 1.0, cut to that range; NaN is 1.0; default `SENTRY_SAMPLE_RATE`, else 1.0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_sample_rate(
    opts: *mut sentry_options_t,
    sample_rate: f64,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_share(opts, &row::sample_rate, sample_rate) };
}

/// Gets the share of events that are sent.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 0.0 to 1.0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_sample_rate(opts: *const sentry_options_t) -> f64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_share(opts, &row::sample_rate) }
}

/// Sets the version of the program.
///
/// Arguments: `release`, best `package@version`, at most 200 bytes, without control characters, `/` and `\`; default
/// `SENTRY_RELEASE`. At init a longer one is cut and one with other characters left out.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_release(
    opts: *mut sentry_options_t,
    release: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_release_n(opts, release, text::c_str_len(release)) }
}

/// Like `sentry_options_set_release`, with a length.
///
/// Arguments: `release_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_release_n(
    opts: *mut sentry_options_t,
    release: *const c_char,
    release_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::release, release, release_len) };
}

/// Gets the version of the program.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_release(
    opts: *const sentry_options_t,
) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::release.name) }
}

/// Sets the name of the deployment the program runs in.
///
/// Arguments: `environment`, at most 64 bytes, without blanks, control characters, `/` and `\`; default
/// `SENTRY_ENVIRONMENT`, else `production`. At init a longer one is cut and one with other characters left out.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_environment(
    opts: *mut sentry_options_t,
    environment: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_environment_n(opts, environment, text::c_str_len(environment)) }
}

/// Like `sentry_options_set_environment`, with a length.
///
/// Arguments: `environment_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_environment_n(
    opts: *mut sentry_options_t,
    environment: *const c_char,
    environment_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::environment, environment, environment_len) };
}

/// Gets the name of the deployment.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_environment(
    opts: *const sentry_options_t,
) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::environment.name) }
}

/// Sets what tells builds of one release apart.
///
/// Arguments: `dist`, at most 64 bytes of `A-Z a-z 0-9 _ . -`; default none. At init a longer one is cut and one with
/// other characters left out.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dist(opts: *mut sentry_options_t, dist: *const c_char) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_dist_n(opts, dist, text::c_str_len(dist)) }
}

/// Like `sentry_options_set_dist`, with a length.
///
/// Arguments: `dist_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dist_n(
    opts: *mut sentry_options_t,
    dist: *const c_char,
    dist_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::dist, dist, dist_len) };
}

/// Gets what tells builds of one release apart.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_dist(opts: *const sentry_options_t) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::dist.name) }
}

/// Sets the name of the SDK on the wire, and with it the user agent.
///
/// Arguments: `sdk_name`, not empty and without control characters; default `libsentry.native`.
/// Ownership: the text is copied.
/// Null: NULL is refused, for both.
/// Returns: 0, or 1 when refused; the option is then unchanged and `sentry_last_error_message()` says why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_sdk_name(
    opts: *mut sentry_options_t,
    sdk_name: *const c_char,
) -> c_int {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_sdk_name_n(opts, sdk_name, text::c_str_len(sdk_name)) }
}

/// Like `sentry_options_set_sdk_name`, with a length.
///
/// Arguments: `sdk_name_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL is refused, for both.
/// Returns: 0, or 1 when refused; the option is then unchanged and `sentry_last_error_message()` says why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_sdk_name_n(
    opts: *mut sentry_options_t,
    sdk_name: *const c_char,
    sdk_name_len: usize,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    let status = unsafe { set_text(opts, &row::sdk_name, sdk_name, sdk_name_len) };
    c_int::from(status != sentry_status_t::SENTRY_STATUS_OK)
}

/// Gets the name of the SDK.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_sdk_name(
    opts: *const sentry_options_t,
) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::sdk_name.name) }
}

/// Gets the user agent, `<sdk_name>/<version>`.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_user_agent(
    opts: *const sentry_options_t,
) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, USER_AGENT) }
}

/// Sets whether the library writes diagnostics to stderr.
///
/// Arguments: `debug` 0 or not; default `SENTRY_DEBUG`, else 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_debug(opts: *mut sentry_options_t, debug: c_int) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::debug, debug) };
}

/// Gets whether diagnostics are written.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_debug(opts: *const sentry_options_t) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::debug) }
}

/// Sets the least level of diagnostics that are written.
///
/// Arguments: `level`; unknown numbers are ignored; default `SENTRY_LEVEL_DEBUG`.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_logger_level(
    opts: *mut sentry_options_t,
    level: sentry_level_arg,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::logger_level, level) };
}

/// Sets how many breadcrumbs are kept, the newest.
///
/// Arguments: `max_breadcrumbs` in breadcrumbs; 0 keeps none; default 100. Whatever the number, at most 1 MiB of text is
/// kept.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_max_breadcrumbs(
    opts: *mut sentry_options_t,
    max_breadcrumbs: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::max_breadcrumbs, max_breadcrumbs as i128) };
}

/// Gets how many breadcrumbs are kept.
///
/// Null: 0 for a NULL `opts`.
/// Returns: the count.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_max_breadcrumbs(
    opts: *const sentry_options_t,
) -> usize {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    let most = unsafe { get_unsigned(opts, &row::max_breadcrumbs) };
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// Sets the directory for what must outlive the process. Several processes may share it.
///
/// It is made at init if it is not there, private to its owner. One that cannot be used leaves everything in memory; then
/// `sentry_init` succeeds all the same, and `sentry_stats_t` says so.
///
/// Arguments: `path` in bytes of the file system, relative to the working directory at init; empty: everything stays in
/// memory, no file is made or read. Default: `.sentry-native` in the working directory.
/// Ownership: the text is copied.
/// Null: NULL is as empty; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_database_path(
    opts: *mut sentry_options_t,
    path: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_database_path_n(opts, path, text::c_str_len(path)) }
}

/// Like `sentry_options_set_database_path`, with a length.
///
/// Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_database_path_n(
    opts: *mut sentry_options_t,
    path: *const c_char,
    path_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::database_path, path, path_len) };
}

#[cfg(test)]
mod tests;
#[cfg(test)]
#[cfg(feature = "compat")]
mod tests_compatible;
