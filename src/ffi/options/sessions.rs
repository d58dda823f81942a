//! Options, compatible part: sessions, consent, and what stays on disk.
//!
//! Entry points: the exported functions. May use: `access`, `client::options`.

use std::ffi::c_int;

use super::access::{get_choice, get_flag, set_choice, set_flag, set_whole};
use super::handle::sentry_options_t;
use crate::client::options::row;

/// Sets whether a session starts with `sentry_init`; it needs a release.
///
/// Arguments: `val` 0 or not; default 1.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_auto_session_tracking(
    opts: *mut sentry_options_t,
    val: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::auto_session_tracking, val) };
}

/// Gets whether a session starts with `sentry_init`.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_auto_session_tracking(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::auto_session_tracking) }
}

/// Sets whether nothing is sent before the user has consented, see `sentry_user_consent_give`. Decided when something is
/// captured; the answer is final.
///
/// Arguments: `val` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_require_user_consent(
    opts: *mut sentry_options_t,
    val: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::require_user_consent, val) };
}

/// Gets whether nothing is sent before the user has consented.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_require_user_consent(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::require_user_consent) }
}

/// Sets which envelopes stay on disk as copies that are never sent: none, those that were given up, or all.
///
/// Arguments: `mode` of `sentry_cache_keep_t`, negative numbers count as `SENTRY_CACHE_KEEP_OFFLINE`,
/// larger ones as `SENTRY_CACHE_KEEP_ALWAYS`; default `SENTRY_CACHE_KEEP_NONE`.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_cache_keep(opts: *mut sentry_options_t, mode: c_int) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::cache_keep, mode) };
}

/// Gets which envelopes stay on disk.
///
/// Null: `SENTRY_CACHE_KEEP_NONE` for a NULL `opts`.
/// Returns: the mode.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_cache_keep(opts: *const sentry_options_t) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_choice(opts, &row::cache_keep, 0) }
}

/// Sets how many envelopes may lie on disk, waiting or kept. The oldest go first, counted as
/// `SENTRY_DISCARD_CACHE_OVERFLOW`.
///
/// Arguments: `items` in envelopes; 0 means no bound; default 30.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_cache_max_items(
    opts: *mut sentry_options_t,
    items: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::cache_max_items, items as i128) };
}

/// Sets how many bytes of envelopes may lie on disk, waiting or kept. The oldest go first, counted as
/// `SENTRY_DISCARD_CACHE_OVERFLOW`.
///
/// Arguments: `bytes` in bytes; 0 means no bound; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_cache_max_size(
    opts: *mut sentry_options_t,
    bytes: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::cache_max_size, bytes as i128) };
}

/// Sets how long envelopes may lie on disk. Older ones go, counted as `SENTRY_DISCARD_CACHE_OVERFLOW`.
///
/// Arguments: `seconds` in seconds; 0 and less mean for ever; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_cache_max_age(
    opts: *mut sentry_options_t,
    seconds: libc::time_t,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::cache_max_age, i128::from(seconds.max(0))) };
}

/// Sets whether envelopes that the network gave up are kept on disk and tried again, also by later runs.
///
/// Arguments: `enabled` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_http_retry(
    opts: *mut sentry_options_t,
    enabled: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::http_retry, enabled) };
}

/// Gets whether envelopes that could not be sent are kept on disk and tried again, also by later runs.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_http_retry(opts: *const sentry_options_t) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::http_retry) }
}

/// Sets whether attachments of more than 100 MiB are sent for themselves. Stored; without effect in this version.
///
/// Arguments: `enable_large_attachments` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_enable_large_attachments(
    opts: *mut sentry_options_t,
    enable_large_attachments: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe {
        set_flag(
            opts,
            &row::enable_large_attachments,
            enable_large_attachments,
        )
    };
}

/// Gets whether attachments of more than 100 MiB are sent for themselves.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_enable_large_attachments(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::enable_large_attachments) }
}
