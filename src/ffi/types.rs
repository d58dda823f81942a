//! Types: enums and structs of the header that more than one section uses.
//!
//! C passes enums as integers, and any integer can arrive. So functions take the alias `…_arg`, an `int` that the
//! header shows as the enum, and convert it with a match.

use std::ffi::{c_char, c_int};

/// What `sentry_level_t` names.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_level_e {
    /// Finer than debug; events show it as `debug`.
    SENTRY_LEVEL_TRACE = -2,
    /// For developers.
    SENTRY_LEVEL_DEBUG = -1,
    /// Normal operation.
    SENTRY_LEVEL_INFO = 0,
    /// Something unexpected that was handled.
    SENTRY_LEVEL_WARNING = 1,
    /// Something failed.
    SENTRY_LEVEL_ERROR = 2,
    /// The program cannot go on.
    SENTRY_LEVEL_FATAL = 3,
}

/// How much an event, a breadcrumb or a line of diagnostics matters.
pub type sentry_level_t = sentry_level_e;

/// Answer of functions that can fail. Success is 0; numbers are never used again for another meaning.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_status_t {
    /// Accepted.
    SENTRY_STATUS_OK = 0,
    /// The queue has no room: the server is slow or cannot be reached. Counted as `queue_overflow`.
    SENTRY_STATUS_QUEUE_FULL = 1,
    /// Before `sentry_init`, after `sentry_close`, or without a usable DSN. Nothing is counted.
    SENTRY_STATUS_DISABLED = 2,
    /// NULL, a number out of range, or a text that cannot be what the function needs.
    SENTRY_STATUS_INVALID_ARGUMENT = 3,
    /// The text is no JSON, or not the JSON that was expected; the error message names the byte.
    SENTRY_STATUS_INVALID_JSON = 4,
    /// Over a size limit even after trimming.
    SENTRY_STATUS_TOO_LARGE = 5,
    /// The server asked for a pause that is not over.
    SENTRY_STATUS_RATE_LIMITED = 6,
    /// Left out by `sample_rate`.
    SENTRY_STATUS_SAMPLED_OUT = 7,
    /// A hook of the host dropped it.
    SENTRY_STATUS_DROPPED_BY_HOOK = 8,
    /// A pattern of `ignore_errors` matches.
    SENTRY_STATUS_IGNORED = 9,
    /// The user has not consented; this is never sent, even if consent is given later.
    SENTRY_STATUS_NO_CONSENT = 10,
    /// `sentry_close` has begun.
    SENTRY_STATUS_SHUTTING_DOWN = 11,
    /// No memory.
    SENTRY_STATUS_OUT_OF_MEMORY = 12,
    /// Called on the library's own thread, or about its own diagnostics, where it would feed back on itself.
    SENTRY_STATUS_WORKER_THREAD = 13,
    /// A bug in the library, contained; `debug` shows it.
    SENTRY_STATUS_INTERNAL_ERROR = 14,
}

/// What `sentry_uuid_t` names.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct sentry_uuid_s {
    /// The bytes.
    pub bytes: [c_char; 16],
}

/// A UUID: 16 bytes, most significant first. All zero is the nil id, which stands for "none".
pub type sentry_uuid_t = sentry_uuid_s;

/// Which envelope goes when the queue is full.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_queue_overflow_t {
    /// The new envelope is refused.
    SENTRY_QUEUE_OVERFLOW_DROP_NEWEST = 0,
    /// The oldest envelope of the lowest priority present goes, but none that matters more than the new one.
    SENTRY_QUEUE_OVERFLOW_DROP_OLDEST = 1,
    /// An envelope that matters less than the new one goes; if there is none, the new one is refused.
    SENTRY_QUEUE_OVERFLOW_DROP_LOWEST_PRIORITY = 2,
    /// From three quarters on, the library's thread writes what matters least to the database directory, oldest first, to be
    /// sent later within the caps of the cache. A capture never writes: what comes faster than the disk takes it is
    /// refused. Without a usable directory as `SENTRY_QUEUE_OVERFLOW_DROP_NEWEST`.
    SENTRY_QUEUE_OVERFLOW_SPILL = 3,
}

/// How request bodies are compressed.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_compression_t {
    /// Not at all.
    SENTRY_COMPRESSION_NONE = 0,
    /// gzip.
    SENTRY_COMPRESSION_GZIP = 1,
}

/// When the signal handlers that were there before ours run.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_handler_strategy_t {
    /// After ours.
    SENTRY_HANDLER_STRATEGY_DEFAULT = 0,
    /// Before ours, for runtimes that turn signals into exceptions of their own.
    SENTRY_HANDLER_STRATEGY_CHAIN_AT_START = 1,
}

/// How much memory a minidump holds.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_minidump_mode_t {
    /// Stacks.
    SENTRY_MINIDUMP_MODE_STACK_ONLY = 0,
    /// Stacks and what they point to.
    SENTRY_MINIDUMP_MODE_SMART = 1,
    /// All.
    SENTRY_MINIDUMP_MODE_FULL = 2,
}

/// What a crash is reported as.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_crash_reporting_mode_t {
    /// A minidump.
    SENTRY_CRASH_REPORTING_MODE_MINIDUMP = 0,
    /// An event with stacks.
    SENTRY_CRASH_REPORTING_MODE_NATIVE = 1,
    /// An event with stacks, and a minidump.
    SENTRY_CRASH_REPORTING_MODE_NATIVE_WITH_MINIDUMP = 2,
}

/// When a crash is uploaded.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_crash_upload_mode_t {
    /// Before the crashed process ends.
    SENTRY_CRASH_UPLOAD_MODE_SYNC = 0,
    /// After it.
    SENTRY_CRASH_UPLOAD_MODE_ASYNC = 1,
}

/// Which envelopes stay on disk.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_cache_keep_t {
    /// None.
    SENTRY_CACHE_KEEP_NONE = 0,
    /// Those that could not be sent.
    SENTRY_CACHE_KEEP_OFFLINE = 1,
    /// Those, and a copy of those that were sent.
    SENTRY_CACHE_KEEP_ALWAYS = 2,
}

/// What `sentry_ucontext_t` names.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sentry_ucontext_s {
    /// Number of the signal.
    pub signum: c_int,
    /// What the system says about it.
    pub siginfo: *mut libc::siginfo_t,
    /// Registers of the thread it hit.
    pub user_context: *mut libc::ucontext_t,
}

/// What the system tells about a crash.
pub type sentry_ucontext_t = sentry_ucontext_s;

/// Flags of minidumps on another platform; nothing here takes them.
pub type sentry_minidump_flags_t = u32;

/// A `sentry_level_t` as it arrives.
pub type sentry_level_arg = c_int;
/// A `sentry_status_t` as it arrives.
pub type sentry_status_arg = c_int;
/// A `sentry_queue_overflow_t` as it arrives.
pub type sentry_queue_overflow_arg = c_int;
/// A `sentry_compression_t` as it arrives.
pub type sentry_compression_arg = c_int;
/// A `sentry_category_t` as it arrives.
pub type sentry_category_arg = c_int;
/// A `sentry_session_status_t` as it arrives.
pub type sentry_session_status_arg = c_int;
/// A `sentry_discard_reason_t` as it arrives.
pub type sentry_discard_reason_arg = c_int;

/// A `sentry_handler_strategy_t` as it arrives and leaves.
pub type sentry_handler_strategy_arg = c_int;
/// A `sentry_minidump_mode_t` as it arrives.
pub type sentry_minidump_mode_arg = c_int;
/// A `sentry_crash_reporting_mode_t` as it arrives and leaves.
pub type sentry_crash_reporting_mode_arg = c_int;
/// A `sentry_crash_upload_mode_t` as it arrives and leaves.
pub type sentry_crash_upload_mode_arg = c_int;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::level::Level;

    #[test]
    fn levels_have_the_numbers_of_the_inside() {
        for (outside, inside) in [
            (sentry_level_t::SENTRY_LEVEL_TRACE, Level::Trace),
            (sentry_level_t::SENTRY_LEVEL_DEBUG, Level::Debug),
            (sentry_level_t::SENTRY_LEVEL_INFO, Level::Info),
            (sentry_level_t::SENTRY_LEVEL_WARNING, Level::Warning),
            (sentry_level_t::SENTRY_LEVEL_ERROR, Level::Error),
            (sentry_level_t::SENTRY_LEVEL_FATAL, Level::Fatal),
        ] {
            assert_eq!(Level::from_number(outside as i32), Some(inside));
        }
    }
}
