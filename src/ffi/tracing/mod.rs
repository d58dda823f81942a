//! Tracing: the trace that ties events together and is passed on in headers. Transactions and spans have handles, but
//! are not recorded in this version.
//!
//! Entry points: the exported functions. May use: `client`, `protocol::trace`.

use std::ffi::{CString, c_char, c_int, c_void};

use super::guard;
use super::text::{c_str_len, usable_bytes};
use crate::base::callout::{self, Kind};
use crate::base::uuid::Uuid;
use crate::client::scope::contexts::Trace;
use crate::client::state;
use crate::protocol::trace::{self, Position};

pub mod context;
pub mod spans;
pub mod transactions;

/// How a piece of work ended.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_span_status_t {
    /// It succeeded.
    SENTRY_SPAN_STATUS_OK = 0,
    /// It was cancelled, mostly by the caller.
    SENTRY_SPAN_STATUS_CANCELLED = 1,
    /// It is not known how.
    SENTRY_SPAN_STATUS_UNKNOWN = 2,
    /// The caller passed something that makes no sense.
    SENTRY_SPAN_STATUS_INVALID_ARGUMENT = 3,
    /// It took too long.
    SENTRY_SPAN_STATUS_DEADLINE_EXCEEDED = 4,
    /// What was asked for is not there.
    SENTRY_SPAN_STATUS_NOT_FOUND = 5,
    /// What was to be made is there already.
    SENTRY_SPAN_STATUS_ALREADY_EXISTS = 6,
    /// The caller may not do that.
    SENTRY_SPAN_STATUS_PERMISSION_DENIED = 7,
    /// Something is used up.
    SENTRY_SPAN_STATUS_RESOURCE_EXHAUSTED = 8,
    /// The system is not in the state that it needs.
    SENTRY_SPAN_STATUS_FAILED_PRECONDITION = 9,
    /// It was aborted, mostly by a conflict.
    SENTRY_SPAN_STATUS_ABORTED = 10,
    /// It went past the valid range.
    SENTRY_SPAN_STATUS_OUT_OF_RANGE = 11,
    /// Nobody has built that.
    SENTRY_SPAN_STATUS_UNIMPLEMENTED = 12,
    /// A bug, or a broken invariant.
    SENTRY_SPAN_STATUS_INTERNAL_ERROR = 13,
    /// The service is not there for the moment.
    SENTRY_SPAN_STATUS_UNAVAILABLE = 14,
    /// Data is lost or broken for good.
    SENTRY_SPAN_STATUS_DATA_LOSS = 15,
    /// The caller did not say who they are.
    SENTRY_SPAN_STATUS_UNAUTHENTICATED = 16,
}

/// A `sentry_span_status_t` as it arrives.
pub type sentry_span_status_arg = c_int;

/// Takes a header for a request to another program.
///
/// Called on the thread that asked, without any lock held, once for each header; `key` and `value` are terminated and
/// valid during the call. It may call every function of the library; it must not throw or `longjmp`.
pub type sentry_iter_headers_function_t =
    Option<unsafe extern "C" fn(key: *const c_char, value: *const c_char, userdata: *mut c_void)>;

/// Goes on with a trace that another program began: later events belong to it.
///
/// Arguments: `trace_id`, 32 hex digits, not all zero; `parent_span_id`, 16 hex digits. With another trace id nothing
/// changes, with another span id there is no parent.
/// Ownership: the texts are copied.
/// Null: a NULL `trace_id` is ignored; `parent_span_id` may be NULL.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_trace(trace_id: *const c_char, parent_span_id: *const c_char) {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe {
        sentry_set_trace_n(
            trace_id,
            c_str_len(trace_id),
            parent_span_id,
            c_str_len(parent_span_id),
        );
    }
}

/// `sentry_set_trace` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_trace_n(
    trace_id: *const c_char,
    trace_id_len: usize,
    parent_span_id: *const c_char,
    parent_span_id_len: usize,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let (id, parent) = unsafe {
            (
                usable_bytes(trace_id, trace_id_len),
                usable_bytes(parent_span_id, parent_span_id_len),
            )
        };
        let text = |bytes: Option<&[u8]>| {
            bytes
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .map(str::to_ascii_lowercase)
        };
        if let Some(id) = text(id).and_then(|id| trace::trace_id(&id)) {
            let parent = text(parent).filter(|parent| trace::is_span_id(parent));
            let trace = Trace::joining(id, parent);
            state::with_client(|client| client.set_trace(&trace));
        }
    });
}

/// Begins a new trace: later events no longer belong to that of the earlier ones.
///
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_regenerate_trace() {
    guard((), || {
        state::with_client(|client| client.set_trace(&Trace::new()));
    });
}

/// A new place in the trace of the process; in one of its own without a client.
fn position() -> Position {
    let trace_id = state::with_client(|client| client.trace_id());
    Position::new(trace_id.unwrap_or_else(Uuid::new_v4))
}

/// Calls `callback` with each header that tells another program of this place.
///
/// # Safety
/// `callback` may be called with `userdata`.
unsafe fn tell_headers(
    position: &Position,
    callback: sentry_iter_headers_function_t,
    userdata: *mut c_void,
) {
    let Some(callback) = callback else { return };
    let tell = |key: &std::ffi::CStr, value: String| {
        if let Ok(value) = CString::new(value) {
            // SAFETY: as our caller promises; both texts outlive the call.
            let _ = callout::call(Kind::Visitor, || unsafe {
                callback(key.as_ptr(), value.as_ptr(), userdata);
            });
        }
    };
    tell(c"sentry-trace", position.sentry_trace());
    let has_traceparent = state::with_client(|client| client.options().propagate_traceparent);
    if has_traceparent.unwrap_or(false) {
        tell(c"traceparent", position.traceparent());
    }
}
