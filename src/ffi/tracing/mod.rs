//! Tracing: transactions and spans, and the trace that ties events of several programs together and is passed on in headers.
//!
//! Entry points: the exported functions. May use: `client`, `telemetry`, `protocol::trace`.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char, c_int, c_void};

use super::guard;
use super::text::{c_str_len, lossy, usable_bytes};
use crate::base::callout::{self, Kind};
use crate::base::diagnostics::Severity;
use crate::base::memory;
use crate::base::uuid::span_id;
use crate::client::state;
use crate::client::tracing::Headers;
use crate::protocol::trace;
use crate::telemetry::facts::NoRoom;
use crate::telemetry::trace::Trace;

pub mod context;
pub mod environment;
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

/// The names of the status on the wire, by their numbers (TXN-3).
const STATUS_NAMES: [&str; 17] = [
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal_error",
    "unavailable",
    "data_loss",
    "unauthenticated",
];

/// The name of a status; none for a number that is none.
fn status_name(status: sentry_span_status_arg) -> Option<&'static str> {
    let number = usize::try_from(status).ok()?;
    STATUS_NAMES.get(number).copied()
}

/// Takes a header for a request to another program, or a variable for its environment.
///
/// Called on the thread that asked, without any lock held, once for each; `key` and `value` are terminated and
/// valid during the call. It may call every function of the library; it must not throw or `longjmp`.
pub type sentry_iter_headers_function_t =
    Option<unsafe extern "C" fn(key: *const c_char, value: *const c_char, userdata: *mut c_void)>;

/// Goes on with a trace that another program began: later events and transactions belong to it.
///
/// The trace gets a new number to sample its transactions by. What else the other program said, its decision and its
/// `baggage`, is known only to transactions that get its headers, see `sentry_transaction_context_update_from_header`.
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
        let digits = |bytes: Option<&[u8]>| {
            let text = std::str::from_utf8(bytes?).ok()?;
            Some(text.to_owned())
        };
        if let Some(id) = digits(id).and_then(|id| trace::trace_id(&id)) {
            let parent = digits(parent).and_then(|parent| span_id(&parent));
            let trace = Trace::joining(id, parent);
            state::with_client(|client| client.set_trace(trace));
        }
    });
}

/// Begins a new trace: later events and transactions no longer belong to that of the earlier ones.
///
/// All transactions of a trace are sent or none is: a program that works for many requests calls this at the start of each,
/// unless it goes on with the trace of the request.
///
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_regenerate_trace() {
    guard((), || {
        let trace = Trace {
            is_managed: true,
            ..Trace::new()
        };
        state::with_client(|client| client.set_trace(trace));
    });
}

/// Calls `callback` with each header.
///
/// # Safety
/// `callback` may be called with `userdata`.
unsafe fn tell_headers(
    headers: Headers,
    callback: sentry_iter_headers_function_t,
    userdata: *mut c_void,
) {
    let told = [
        (c"sentry-trace", Some(headers.sentry_trace)),
        (c"baggage", headers.baggage),
        (c"traceparent", headers.traceparent),
    ];
    for (key, value) in told {
        // SAFETY: as our caller promises.
        unsafe { tell(key, value, callback, userdata) };
    }
}

/// Calls `callback` with a name and its value, if there is one.
///
/// # Safety
/// `callback` may be called with `userdata`.
unsafe fn tell(
    key: &CStr,
    value: Option<String>,
    callback: sentry_iter_headers_function_t,
    userdata: *mut c_void,
) {
    let is_there = |value: &String| memory::is_there(value.len().saturating_add(1));
    let value = value.filter(is_there);
    let value = value.and_then(|value| CString::new(value).ok());
    if let (Some(callback), Some(value)) = (callback, value) {
        // SAFETY: as our caller promises; both texts outlive the call.
        let _ = callout::call(Kind::Visitor, || unsafe {
            callback(key.as_ptr(), value.as_ptr(), userdata);
        });
    }
}

/// Says so when a tag or data had to be left out.
fn note_room(kept: Option<Result<(), NoRoom>>) {
    if kept == Some(Err(NoRoom)) {
        state::log(
            Severity::Warning,
            format_args!(
                "a tag or data of a transaction or a span is left out: there is no room for more"
            ),
        );
    }
}

/// A text that is there and can be read.
///
/// # Safety
/// `ptr` is NULL or has `len` readable bytes, which stay as they are for `'a`.
unsafe fn text<'a>(ptr: *const c_char, len: usize) -> Option<Cow<'a, str>> {
    // SAFETY: as our caller promises.
    lossy(unsafe { usable_bytes(ptr, len) }?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // TXN-3
    #[test]
    fn every_status_has_its_name() {
        use sentry_span_status_t::*;
        for (status, name) in [
            (SENTRY_SPAN_STATUS_OK, "ok"),
            (SENTRY_SPAN_STATUS_CANCELLED, "cancelled"),
            (SENTRY_SPAN_STATUS_UNKNOWN, "unknown"),
            (SENTRY_SPAN_STATUS_INVALID_ARGUMENT, "invalid_argument"),
            (SENTRY_SPAN_STATUS_DEADLINE_EXCEEDED, "deadline_exceeded"),
            (SENTRY_SPAN_STATUS_NOT_FOUND, "not_found"),
            (SENTRY_SPAN_STATUS_ALREADY_EXISTS, "already_exists"),
            (SENTRY_SPAN_STATUS_PERMISSION_DENIED, "permission_denied"),
            (SENTRY_SPAN_STATUS_RESOURCE_EXHAUSTED, "resource_exhausted"),
            (
                SENTRY_SPAN_STATUS_FAILED_PRECONDITION,
                "failed_precondition",
            ),
            (SENTRY_SPAN_STATUS_ABORTED, "aborted"),
            (SENTRY_SPAN_STATUS_OUT_OF_RANGE, "out_of_range"),
            (SENTRY_SPAN_STATUS_UNIMPLEMENTED, "unimplemented"),
            (SENTRY_SPAN_STATUS_INTERNAL_ERROR, "internal_error"),
            (SENTRY_SPAN_STATUS_UNAVAILABLE, "unavailable"),
            (SENTRY_SPAN_STATUS_DATA_LOSS, "data_loss"),
            (SENTRY_SPAN_STATUS_UNAUTHENTICATED, "unauthenticated"),
        ] {
            assert_eq!(status_name(status as i32), Some(name));
        }
        assert_eq!((status_name(-1), status_name(17)), (None, None));
    }
}
