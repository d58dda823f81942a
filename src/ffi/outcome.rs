//! Outcomes: the callback that hears what became of each envelope.

use std::ffi::c_void;

use super::guard;
use super::options::{configure_outcome, sentry_options_t};
use super::stats::{sentry_category_t, sentry_discard_reason_t};
use super::types::sentry_uuid_t;
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::transport::account::outcome::{Fate, Outcome, OutcomeSink};

/// What became of an envelope.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_outcome_t {
    /// The server took it.
    SENTRY_OUTCOME_DELIVERED = 0,
    /// Lost; `reason` says why.
    SENTRY_OUTCOME_DISCARDED = 1,
    /// Written to disk. A later outcome follows in this or a later run, when it is sent; what a cap removes from the disk,
    /// or somebody else, is only counted.
    SENTRY_OUTCOME_SPOOLED = 2,
}

/// One envelope and what became of it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sentry_outcome_info_t {
    /// `sizeof(sentry_outcome_info_t)` of the library; later versions append members.
    pub size: usize,
    /// The event id; nil if the envelope has none, or the event could not be read.
    pub event_id: sentry_uuid_t,
    /// What became of it.
    pub outcome: sentry_outcome_t,
    /// Why it was lost; only with `SENTRY_OUTCOME_DISCARDED`.
    pub reason: sentry_discard_reason_t,
    /// Category of its first item.
    pub category: sentry_category_t,
    /// Last HTTP status; 0 without an answer.
    pub http_status: i32,
    /// Requests made for it.
    pub attempts: u32,
}

/// Hears what became of an envelope.
///
/// Called once for each envelope, and for each item that never became one, without any lock held: on the library's thread for what was sent or given up, on
/// the capturing thread for what was refused at once, on the closing thread for what was unsent at the deadline. `info`
/// is valid during the call. Captures from the library's thread are refused. The callback must not throw or `longjmp`,
/// and while it runs nothing is sent.
pub type sentry_outcome_function_t =
    Option<unsafe extern "C" fn(info: *const sentry_outcome_info_t, user_data: *mut c_void)>;

/// Sets the function that hears what became of each envelope.
///
/// Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned, and if
/// a call was running then, until that call has returned. No call begins after `sentry_close`.
/// Ownership: `user_data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_on_outcome(
    opts: *mut sentry_options_t,
    func: sentry_outcome_function_t,
    user_data: *mut c_void,
) {
    guard((), || {
        let sink = func.map(|function| Callback {
            function,
            user_data,
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { configure_outcome(opts, sink.map(|sink| std::sync::Arc::new(sink) as _)) };
    });
}

#[derive(Debug)]
struct Callback {
    function: unsafe extern "C" fn(*const sentry_outcome_info_t, *mut c_void),
    user_data: *mut c_void,
}

// SAFETY: the host promises that function and pointer may be used from any thread; the pointer is only handed back.
unsafe impl Send for Callback {}
// SAFETY: as above; calls may be concurrent, and the documentation says on which threads.
unsafe impl Sync for Callback {}

impl OutcomeSink for Callback {
    fn outcome(&self, outcome: &Outcome) {
        let (kind, reason) = match outcome.fate {
            Fate::Delivered => (
                sentry_outcome_t::SENTRY_OUTCOME_DELIVERED,
                DiscardReason::QueueOverflow,
            ),
            Fate::Discarded(reason) => (sentry_outcome_t::SENTRY_OUTCOME_DISCARDED, reason),
            Fate::Spooled => (
                sentry_outcome_t::SENTRY_OUTCOME_SPOOLED,
                DiscardReason::QueueOverflow,
            ),
        };
        let info = sentry_outcome_info_t {
            size: size_of::<sentry_outcome_info_t>(),
            event_id: outcome.event_id.into(),
            outcome: kind,
            reason: reason.into(),
            category: outcome.category.into(),
            http_status: i32::from(outcome.http_status),
            attempts: outcome.attempts,
        };
        // SAFETY: the host gave us the function for this; `info` outlives the call.
        unsafe { (self.function)(&raw const info, self.user_data) };
    }
}

impl From<Category> for sentry_category_t {
    fn from(category: Category) -> Self {
        match category {
            Category::Error => Self::SENTRY_CATEGORY_ERROR,
            Category::Transaction => Self::SENTRY_CATEGORY_TRANSACTION,
            Category::Span => Self::SENTRY_CATEGORY_SPAN,
            Category::Session => Self::SENTRY_CATEGORY_SESSION,
            Category::Attachment => Self::SENTRY_CATEGORY_ATTACHMENT,
            Category::LogItem => Self::SENTRY_CATEGORY_LOG_ITEM,
            Category::LogByte => Self::SENTRY_CATEGORY_LOG_BYTE,
            Category::TraceMetric => Self::SENTRY_CATEGORY_TRACE_METRIC,
            Category::TraceMetricByte => Self::SENTRY_CATEGORY_TRACE_METRIC_BYTE,
            Category::Feedback => Self::SENTRY_CATEGORY_FEEDBACK,
            Category::Monitor => Self::SENTRY_CATEGORY_MONITOR,
            Category::Profile => Self::SENTRY_CATEGORY_PROFILE,
            Category::Replay => Self::SENTRY_CATEGORY_REPLAY,
            Category::Default => Self::SENTRY_CATEGORY_DEFAULT,
            Category::Internal => Self::SENTRY_CATEGORY_INTERNAL,
        }
    }
}

impl From<DiscardReason> for sentry_discard_reason_t {
    fn from(reason: DiscardReason) -> Self {
        match reason {
            DiscardReason::QueueOverflow => Self::SENTRY_DISCARD_QUEUE_OVERFLOW,
            DiscardReason::BufferOverflow => Self::SENTRY_DISCARD_BUFFER_OVERFLOW,
            DiscardReason::CacheOverflow => Self::SENTRY_DISCARD_CACHE_OVERFLOW,
            DiscardReason::RatelimitBackoff => Self::SENTRY_DISCARD_RATELIMIT_BACKOFF,
            DiscardReason::NetworkError => Self::SENTRY_DISCARD_NETWORK_ERROR,
            DiscardReason::SendError => Self::SENTRY_DISCARD_SEND_ERROR,
            DiscardReason::SampleRate => Self::SENTRY_DISCARD_SAMPLE_RATE,
            DiscardReason::BeforeSend => Self::SENTRY_DISCARD_BEFORE_SEND,
            DiscardReason::EventProcessor => Self::SENTRY_DISCARD_EVENT_PROCESSOR,
            DiscardReason::InternalSdkError => Self::SENTRY_DISCARD_INTERNAL_SDK_ERROR,
            DiscardReason::Backpressure => Self::SENTRY_DISCARD_BACKPRESSURE,
            DiscardReason::Ignored => Self::SENTRY_DISCARD_IGNORED,
            DiscardReason::InsufficientData => Self::SENTRY_DISCARD_INSUFFICIENT_DATA,
            DiscardReason::Invalid => Self::SENTRY_DISCARD_INVALID,
            DiscardReason::TooLarge => Self::SENTRY_DISCARD_TOO_LARGE,
            DiscardReason::ServerRateLimit => Self::SENTRY_DISCARD_SERVER_RATE_LIMIT,
            DiscardReason::Shutdown => Self::SENTRY_DISCARD_SHUTDOWN,
            DiscardReason::WorkerThread => Self::SENTRY_DISCARD_WORKER_THREAD,
            DiscardReason::NoConsent => Self::SENTRY_DISCARD_NO_CONSENT,
            DiscardReason::HostDied => Self::SENTRY_DISCARD_HOST_DIED,
            DiscardReason::Duplicate => Self::SENTRY_DISCARD_DUPLICATE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_are_the_places_inside() {
        for category in Category::ALL {
            assert_eq!(sentry_category_t::from(category) as usize, category.index());
        }
        for reason in DiscardReason::ALL {
            assert_eq!(
                sentry_discard_reason_t::from(reason) as usize,
                reason.index()
            );
        }
    }
}
