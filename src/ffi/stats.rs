//! Statistics: how much waits, what was sent, what was lost and why.

use std::ffi::{CStr, c_char};

use super::types::{sentry_category_arg, sentry_discard_reason_arg, sentry_status_t};
use super::{error, guard};
use crate::client::state;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::transport::account::counts::CategoryCounts;
use crate::transport::account::stats::Stats;

/// What kind of data an item is.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_category_t {
    /// Error and message events.
    SENTRY_CATEGORY_ERROR = 0,
    /// Transactions.
    SENTRY_CATEGORY_TRANSACTION = 1,
    /// Spans.
    SENTRY_CATEGORY_SPAN = 2,
    /// Release-health sessions.
    SENTRY_CATEGORY_SESSION = 3,
    /// Attachments, in bytes.
    SENTRY_CATEGORY_ATTACHMENT = 4,
    /// Log entries.
    SENTRY_CATEGORY_LOG_ITEM = 5,
    /// Log entries, in bytes.
    SENTRY_CATEGORY_LOG_BYTE = 6,
    /// Metrics.
    SENTRY_CATEGORY_TRACE_METRIC = 7,
    /// Metrics, in bytes.
    SENTRY_CATEGORY_TRACE_METRIC_BYTE = 8,
    /// User feedback.
    SENTRY_CATEGORY_FEEDBACK = 9,
    /// Cron check-ins.
    SENTRY_CATEGORY_MONITOR = 10,
    /// Profiles.
    SENTRY_CATEGORY_PROFILE = 11,
    /// Session replays.
    SENTRY_CATEGORY_REPLAY = 12,
    /// Anything without a category of its own.
    SENTRY_CATEGORY_DEFAULT = 13,
    /// The library's own items.
    SENTRY_CATEGORY_INTERNAL = 14,
}

/// Why an item was lost. Each lost item has exactly one reason.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_discard_reason_t {
    /// The queue was full.
    SENTRY_DISCARD_QUEUE_OVERFLOW = 0,
    /// A buffer of logs, metrics or spans was full.
    SENTRY_DISCARD_BUFFER_OVERFLOW = 1,
    /// A cap of the spool removed it.
    SENTRY_DISCARD_CACHE_OVERFLOW = 2,
    /// The server had asked for a pause.
    SENTRY_DISCARD_RATELIMIT_BACKOFF = 3,
    /// Given up without an answer from the server.
    SENTRY_DISCARD_NETWORK_ERROR = 4,
    /// The server refused it (HTTP 3xx, 4xx, 5xx, except 429).
    SENTRY_DISCARD_SEND_ERROR = 5,
    /// Left out by `sample_rate`.
    SENTRY_DISCARD_SAMPLE_RATE = 6,
    /// A hook dropped it.
    SENTRY_DISCARD_BEFORE_SEND = 7,
    /// `ignore_errors` or an event processor dropped it.
    SENTRY_DISCARD_EVENT_PROCESSOR = 8,
    /// The library failed.
    SENTRY_DISCARD_INTERNAL_SDK_ERROR = 9,
    /// Down-sampled under load.
    SENTRY_DISCARD_BACKPRESSURE = 10,
    /// On a deny list.
    SENTRY_DISCARD_IGNORED = 11,
    /// Too little data to be useful.
    SENTRY_DISCARD_INSUFFICIENT_DATA = 12,
    /// Malformed.
    SENTRY_DISCARD_INVALID = 13,
    /// Over a size limit.
    SENTRY_DISCARD_TOO_LARGE = 14,
    /// The server answered 429.
    SENTRY_DISCARD_SERVER_RATE_LIMIT = 15,
    /// Unsent at the deadline of the shutdown.
    SENTRY_DISCARD_SHUTDOWN = 16,
    /// Captured on the library's own thread.
    SENTRY_DISCARD_WORKER_THREAD = 17,
    /// The user had not consented or took consent back, and it may not wait on disk. The server is never told.
    SENTRY_DISCARD_NO_CONSENT = 18,
    /// In memory when an earlier process of the host was killed or crashed; counted by the start that follows.
    SENTRY_DISCARD_HOST_DIED = 19,
    /// An equal error was sent a moment ago, and this one is counted into it; see `dedupe_window_ms`.
    SENTRY_DISCARD_DUPLICATE = 20,
}

/// Room for categories in `sentry_stats_t`; more than there are. Fixed: later versions only use more of it. Rows without a
/// category are 0.
pub const SENTRY_STATS_CATEGORIES: usize = 32;
/// Room for discard reasons in `sentry_category_stats_t`; more than there are. Fixed: later versions only use more of it.
/// Numbers without a reason are 0.
pub const SENTRY_STATS_REASONS: usize = 48;
/// Room for the text of the last error in `sentry_stats_t`, in bytes.
pub const SENTRY_STATS_ERROR_LEN: usize = 256;

/// What became of the items of one category. At any instant
/// `captured == delivered + discarded + spooled + pending`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sentry_category_stats_t {
    /// Everything handed in.
    pub captured: u64,
    /// Accepted by the server.
    pub delivered: u64,
    /// Lost, for any reason.
    pub discarded: u64,
    /// Waiting on disk.
    pub spooled: u64,
    /// Waiting in memory or on its way.
    pub pending: u64,
    /// Lost, by `sentry_discard_reason_t`.
    pub discarded_by_reason: [u64; SENTRY_STATS_REASONS],
}

/// All figures at one instant, since `sentry_init` (in a forked child: since its first call).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sentry_stats_t {
    /// Set to `sizeof(sentry_stats_t)` before the call; later versions append members.
    pub size: usize,
    /// Envelopes accepted and not yet settled.
    pub queue_items: u64,
    /// Their bytes, everything they own counted.
    pub queue_bytes: u64,
    /// The most envelopes there ever were.
    pub queue_items_peak: u64,
    /// The most bytes there ever were.
    pub queue_bytes_peak: u64,
    /// Requests made.
    pub requests: u64,
    /// Requests without an answer.
    pub requests_failed: u64,
    /// Requests that repeated an earlier attempt.
    pub retries: u64,
    /// Bytes of request bodies, as compressed.
    pub bytes_sent: u64,
    /// Client reports the server has taken.
    pub client_reports_sent: u64,
    /// Requests under way.
    pub requests_in_flight: u32,
    /// 1 while the last attempt got no answer.
    pub server_unreachable: u32,
    /// HTTP status of the last answer; 0 before the first.
    pub last_http_status: i32,
    /// 1 if the database directory cannot be used: the library runs from memory. Also 1 once a file of the library could not
    /// be written or removed there.
    pub database_unusable: u32,
    /// By `sentry_category_t`.
    pub categories: [sentry_category_stats_t; SENTRY_STATS_CATEGORIES],
    /// Why the last request without an answer failed; empty if none did.
    pub last_error: [c_char; SENTRY_STATS_ERROR_LEN],
    /// Envelopes written to the database directory.
    pub files_written: u64,
    /// Their bytes.
    pub file_bytes_written: u64,
    /// 1 if `queue_durable` is set and what is accepted would not outlive the process: there is no DSN or no usable database
    /// directory, or its log could not be made there, or failed later.
    pub queue_not_durable: u32,
    /// 0.
    pub reserved: u32,
    /// Options and variables of the environment that `sentry_init` could not take as they were; it said which.
    pub options_adjusted: u64,
}

/// Copies all figures at one instant.
///
/// Arguments: `stats`, whose `size` says how much of it the caller knows; no more is written. It may be at most 65536.
/// Members that a caller of a later version knows and this library does not are set to 0; `size` stays.
/// Null: refused.
/// Threads: any, several at once; captures wait for a few microseconds.
/// Blocks: never for I/O.
/// Returns: `SENTRY_STATUS_OK`; `SENTRY_STATUS_INVALID_ARGUMENT` for NULL or a `size` that nobody can have set on purpose;
/// `SENTRY_STATUS_DISABLED` when not initialised or without DSN, then all figures but `queue_not_durable` and
/// `options_adjusted` are 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_get_stats(stats: *mut sentry_stats_t) -> sentry_status_t {
    guard(sentry_status_t::SENTRY_STATUS_INTERNAL_ERROR, || {
        if stats.is_null() {
            return error::fail(
                sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT,
                "stats is NULL",
            );
        }
        // SAFETY: as our caller promises: at least the member `size` is readable.
        let size = unsafe { (&raw const (*stats).size).read() };
        if !(size_of::<usize>()..=MAX_SIZE).contains(&size) {
            return error::fail(
                sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT,
                "set stats->size to sizeof(sentry_stats_t) before the call",
            );
        }
        let (found, is_not_durable, adjusted) = state::with_client(|client| {
            let adjusted = client.options().notices.count();
            (client.stats(), client.is_not_durable(), adjusted)
        })
        .unwrap_or_default();
        let mut figures = convert(found.as_ref(), size);
        figures.queue_not_durable = u32::from(is_not_durable);
        figures.options_adjusted = adjusted;
        let known = size.min(size_of::<sentry_stats_t>());
        // SAFETY: as our caller promises: `size` bytes are writable, and we write no more than that.
        unsafe {
            let bytes = stats.cast::<u8>();
            bytes.copy_from_nonoverlapping((&raw const figures).cast(), known);
            bytes.add(known).write_bytes(0, size.saturating_sub(known));
        };
        if found.is_none() {
            return error::fail(
                sentry_status_t::SENTRY_STATUS_DISABLED,
                "the library is not initialised or has no usable DSN",
            );
        }
        error::clear();
        sentry_status_t::SENTRY_STATUS_OK
    })
}

/// Largest `size` of a caller, four times ours: more is no later version but a member that was never set.
const MAX_SIZE: usize = 65536;

const NOTHING: sentry_category_stats_t = sentry_category_stats_t {
    captured: 0,
    delivered: 0,
    discarded: 0,
    spooled: 0,
    pending: 0,
    discarded_by_reason: [0; SENTRY_STATS_REASONS],
};

fn convert(stats: Option<&Stats>, size: usize) -> sentry_stats_t {
    let mut figures = sentry_stats_t {
        size,
        queue_items: 0,
        queue_bytes: 0,
        queue_items_peak: 0,
        queue_bytes_peak: 0,
        requests: 0,
        requests_failed: 0,
        retries: 0,
        bytes_sent: 0,
        client_reports_sent: 0,
        requests_in_flight: 0,
        server_unreachable: 0,
        last_http_status: 0,
        database_unusable: 0,
        categories: [NOTHING; SENTRY_STATS_CATEGORIES],
        last_error: [0; SENTRY_STATS_ERROR_LEN],
        files_written: 0,
        file_bytes_written: 0,
        queue_not_durable: 0,
        reserved: 0,
        options_adjusted: 0,
    };
    let Some(stats) = stats else { return figures };
    figures.queue_items = stats.usage.items;
    figures.queue_bytes = stats.usage.bytes;
    figures.queue_items_peak = stats.peak.items;
    figures.queue_bytes_peak = stats.peak.bytes;
    figures.requests = stats.requests;
    figures.requests_failed = stats.requests_failed;
    figures.retries = stats.retries;
    figures.bytes_sent = stats.bytes_sent;
    figures.client_reports_sent = stats.reports_sent;
    figures.files_written = stats.files_written;
    figures.file_bytes_written = stats.file_bytes_written;
    figures.requests_in_flight = stats.requests_in_flight;
    figures.server_unreachable = u32::from(stats.is_unreachable);
    figures.database_unusable = u32::from(stats.is_database_unusable);
    figures.last_http_status = stats.last_status;
    for (row, counts) in figures.categories.iter_mut().zip(&stats.categories) {
        *row = category(counts);
    }
    // The last byte stays 0: the text is always terminated.
    let room = figures.last_error.len().saturating_sub(1);
    for (place, byte) in figures
        .last_error
        .iter_mut()
        .take(room)
        .zip(stats.last_error.bytes())
    {
        *place = byte as c_char;
    }
    figures
}

fn category(counts: &CategoryCounts) -> sentry_category_stats_t {
    let mut row = sentry_category_stats_t {
        captured: counts.captured,
        delivered: counts.delivered,
        discarded: counts.discarded_total(),
        spooled: counts.spooled,
        pending: counts.pending,
        ..NOTHING
    };
    for (place, count) in row.discarded_by_reason.iter_mut().zip(counts.discarded) {
        *place = count;
    }
    row
}

/// The name of a number that stands for nothing.
const UNKNOWN: &CStr = c"unknown";

/// Names a category, as client reports do.
///
/// Ownership: static; do not free it.
/// Threads: any.
/// Returns: never NULL; `unknown` for other numbers.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_category_name(category: sentry_category_arg) -> *const c_char {
    Category::from_number(category)
        .map_or(UNKNOWN, Category::c_name)
        .as_ptr()
}

/// Names a discard reason, as client reports do.
///
/// Ownership: static; do not free it.
/// Threads: any.
/// Returns: never NULL; `unknown` for other numbers.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_discard_reason_name(reason: sentry_discard_reason_arg) -> *const c_char {
    DiscardReason::from_number(reason)
        .map_or(UNKNOWN, DiscardReason::c_name)
        .as_ptr()
}

const _: () = assert!(Category::COUNT <= SENTRY_STATS_CATEGORIES);
const _: () = assert!(DiscardReason::COUNT <= SENTRY_STATS_REASONS);

#[cfg(test)]
mod tests;
