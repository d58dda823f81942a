//! Options beyond the compatible part: the queue and how it is emptied.
//!
//! Each setter refuses what makes no sense with a status and a text. Time-outs and retries stand in `retry.rs`.
//! Entry points: the exported functions. May use: `options::access`, `client::options`.

use std::ffi::c_int;

use super::options::access::{
    get_choice, get_flag, get_signed, get_small, get_unsigned, set_choice, set_flag, set_whole,
};
use super::options::handle::sentry_options_t;
use super::types::{
    sentry_compression_arg, sentry_compression_t, sentry_queue_overflow_arg,
    sentry_queue_overflow_t, sentry_status_t,
};
use crate::client::options::row;

pub mod retry;

/// Sets the most envelopes the queue holds.
///
/// Arguments: `items` 1 to 10,000,000 envelopes, or -1 for no bound but `queue_max_bytes`; default 1000.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_queue_max_items(
    opts: *mut sentry_options_t,
    items: i64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::queue_max_items, i128::from(items)) }
}

/// Gets the most envelopes the queue holds.
///
/// Null: 0 for a NULL `opts`.
/// Returns: the count, -1 for no bound.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_queue_max_items(opts: *const sentry_options_t) -> i64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_signed(opts, &row::queue_max_items) }
}

/// Sets the most bytes the queue holds, counting all that its envelopes own.
///
/// Arguments: `bytes` 65,536 to 1,099,511,627,775; default 16,777,216.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_queue_max_bytes(
    opts: *mut sentry_options_t,
    bytes: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::queue_max_bytes, i128::from(bytes)) }
}

/// Gets the most bytes the queue holds.
///
/// Null: 0 for a NULL `opts`.
/// Returns: bytes.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_queue_max_bytes(opts: *const sentry_options_t) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::queue_max_bytes) }
}

/// Sets which envelope goes when the queue is full.
///
/// Arguments: `overflow`; default `SENTRY_QUEUE_OVERFLOW_DROP_NEWEST`.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_queue_overflow(
    opts: *mut sentry_options_t,
    overflow: sentry_queue_overflow_arg,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::queue_overflow, overflow) }
}

/// Gets which envelope goes when the queue is full.
///
/// Null: `SENTRY_QUEUE_OVERFLOW_DROP_NEWEST` for a NULL `opts`.
/// Returns: the way set.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_queue_overflow(
    opts: *const sentry_options_t,
) -> sentry_queue_overflow_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    match unsafe { get_choice(opts, &row::queue_overflow, 0) } {
        1 => sentry_queue_overflow_t::SENTRY_QUEUE_OVERFLOW_DROP_OLDEST,
        2 => sentry_queue_overflow_t::SENTRY_QUEUE_OVERFLOW_DROP_LOWEST_PRIORITY,
        3 => sentry_queue_overflow_t::SENTRY_QUEUE_OVERFLOW_SPILL,
        _ => sentry_queue_overflow_t::SENTRY_QUEUE_OVERFLOW_DROP_NEWEST,
    }
}

/// Sets the longest a capture may wait for room in the queue.
///
/// Arguments: `timeout_ms` 0 to 60,000 milliseconds; default 0, which never waits.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_queue_block_timeout_ms(
    opts: *mut sentry_options_t,
    timeout_ms: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::queue_block_timeout, i128::from(timeout_ms)) }
}

/// Gets the longest a capture may wait for room.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_queue_block_timeout_ms(
    opts: *const sentry_options_t,
) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::queue_block_timeout) }
}

/// Sets whether accepted envelopes survive the death of the process, for instance by SIGKILL. The next start with the same
/// database directory takes them over; one that was being sent may arrive twice, with the same event id.
///
/// Each accepted envelope is also written to a file of the run, as large as `queue_max_bytes` and 2 % more, made by
/// `sentry_init`; that costs a capture three system calls, none of which waits for the disk by itself. Without a usable database directory it has no effect, and the
/// diagnostics say so. A power failure may cost what the kernel had not written yet. Logs and metrics are not covered while
/// they wait for others to share an envelope with, at most five seconds; the next start counts them.
///
/// Arguments: `durable` 0 or not; default 0.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_queue_durable(
    opts: *mut sentry_options_t,
    durable: c_int,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::queue_durable, durable) }
}

/// Gets whether accepted envelopes survive the death of the process.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_queue_durable(opts: *const sentry_options_t) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::queue_durable) }
}

/// Sets whether the library does without a thread of its own. Then nothing is sent until the program calls `sentry_poll`,
/// `sentry_flush` or `sentry_close`, and it is sent by the calling thread. For event loops, servers that fork, and devices
/// without threads. libcurl may still start a thread to look a name up. Before libcurl 7.87 a lookup that hangs is waited
/// for when its request ends: then `sentry_poll`, `sentry_flush` and `sentry_close` take as long as the system's resolver.
///
/// Arguments: `threadless` 0 or not; default 0.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_threadless(
    opts: *mut sentry_options_t,
    threadless: c_int,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::threadless, threadless) }
}

/// Gets whether the library does without a thread of its own.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_threadless(opts: *const sentry_options_t) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::threadless) }
}

/// Sets how long an accepted envelope in a durable queue may wait to be brought to the disk, where it survives a power
/// failure as well. The library's own thread does it, and only when something was accepted since.
///
/// Arguments: `interval_ms` 0 to 3,600,000 milliseconds; default 0, which leaves it to the kernel (usually half a minute).
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_queue_sync_ms(
    opts: *mut sentry_options_t,
    interval_ms: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::queue_sync, i128::from(interval_ms)) }
}

/// Gets how long an accepted envelope in a durable queue may wait to be brought to the disk.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds; 0 leaves it to the kernel.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_queue_sync_ms(opts: *const sentry_options_t) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::queue_sync) }
}

/// Sets how long repeats of an error are counted rather than sent.
///
/// The first of equal events is sent; others within the window are refused with `SENTRY_STATUS_IGNORED` and counted as
/// `duplicate`. At the end of a window in which others came the first goes once more, under an id of its own and with the
/// context `duplicates`: how many they were, and when they were first and last seen. Equal are events of one fingerprint; without
/// one, of the same logger, types of exceptions, innermost five frames and message, by its template if it has one. The 32
/// failures that were reported last are known, each for a window.
///
/// Arguments: `window_ms` 0 to 86,400,000 milliseconds; default 0, which sends them all.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dedupe_window_ms(
    opts: *mut sentry_options_t,
    window_ms: u64,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::dedupe_window, i128::from(window_ms)) }
}

/// Gets how long repeats of an error are counted rather than sent.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds; 0 when they are all sent.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_dedupe_window_ms(opts: *const sentry_options_t) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::dedupe_window) }
}

/// Sets the most requests that run at a time.
///
/// Arguments: `requests` 1 to 32; default 1.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_max_requests_in_flight(
    opts: *mut sentry_options_t,
    requests: i32,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::max_requests_in_flight, i128::from(requests)) }
}

/// Gets the most requests that run at a time.
///
/// Null: 0 for a NULL `opts`.
/// Returns: the count.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_max_requests_in_flight(
    opts: *const sentry_options_t,
) -> i32 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_small(opts, &row::max_requests_in_flight) }
}

/// Sets how request bodies are compressed.
///
/// Arguments: `compression`; default `SENTRY_COMPRESSION_GZIP`. A build without gzip has and accepts
/// `SENTRY_COMPRESSION_NONE` only.
/// Null: a NULL `opts` is refused.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` when refused, then the option is unchanged and
/// `sentry_last_error_message()` says what is allowed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_compression(
    opts: *mut sentry_options_t,
    compression: sentry_compression_arg,
) -> sentry_status_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_choice(opts, &row::compression, compression) }
}

/// Gets how request bodies are compressed.
///
/// Null: `SENTRY_COMPRESSION_NONE` for a NULL `opts`.
/// Returns: the way set.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_compression(
    opts: *const sentry_options_t,
) -> sentry_compression_t {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    match unsafe { get_choice(opts, &row::compression, 0) } {
        1 => sentry_compression_t::SENTRY_COMPRESSION_GZIP,
        _ => sentry_compression_t::SENTRY_COMPRESSION_NONE,
    }
}

#[cfg(test)]
mod tests;
