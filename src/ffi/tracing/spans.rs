//! Spans: handles that know their place in a trace. They are not recorded in this version.

#![expect(
    unused_variables,
    reason = "the names are those of the header; nothing is recorded yet"
)]

use std::ffi::{c_char, c_void};

use super::{sentry_iter_headers_function_t, sentry_span_status_arg, tell_headers};
use crate::ffi::guard;
use crate::ffi::scopes::sentry_scope_t;
use crate::ffi::values::{sentry_value_t, take};
use crate::protocol::trace::Position;

/// What `sentry_span_t` names.
pub struct sentry_span_s {
    position: Position,
}

/// A part of a transaction. Tracing is not enabled in this version: it knows its place in the trace, for
/// `sentry_span_iter_headers`, and is never sent.
///
/// Made by `sentry_transaction_start_child` or `sentry_span_start_child`, ended by `sentry_span_finish` or
/// `sentry_span_discard`; it may outlive what it is a part of.
/// Threads: any, several at once; the one that ends it must be the last.
pub type sentry_span_t = sentry_span_s;

/// Starts a span within this span. Tracing is not enabled in this version: the span is only a place in the trace.
///
/// Arguments: `operation`, which kind of work; `description`, what it is.
/// Ownership: the span is the caller's; end it with `sentry_span_finish` or `sentry_span_discard`.
/// Null: NULL for a NULL `parent`; the texts may be NULL.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_start_child(
    parent: *mut sentry_span_t,
    operation: *const c_char,
    description: *const c_char,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    let position = unsafe { parent.as_ref() }.map(|parent| &parent.position);
    start_child(position)
}

/// `sentry_span_start_child` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_start_child_n(
    parent: *mut sentry_span_t,
    operation: *const c_char,
    operation_len: usize,
    description: *const c_char,
    description_len: usize,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    let position = unsafe { parent.as_ref() }.map(|parent| &parent.position);
    start_child(position)
}

/// `sentry_span_start_child` that began at a given time.
///
/// Arguments: `timestamp` in microseconds since 1970.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_start_child_ts(
    parent: *mut sentry_span_t,
    operation: *const c_char,
    description: *const c_char,
    timestamp: u64,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    let position = unsafe { parent.as_ref() }.map(|parent| &parent.position);
    start_child(position)
}

/// `sentry_span_start_child` with lengths that began at a given time.
///
/// Arguments: lengths in bytes, without terminator; `timestamp` in microseconds since 1970.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_start_child_ts_n(
    parent: *mut sentry_span_t,
    operation: *const c_char,
    operation_len: usize,
    description: *const c_char,
    description_len: usize,
    timestamp: u64,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    let position = unsafe { parent.as_ref() }.map(|parent| &parent.position);
    start_child(position)
}

/// Ends a span. Tracing is not enabled in this version: nothing is sent.
///
/// Ownership: takes `span`.
/// Null: ignored.
/// Threads: nobody else may use the handle.
/// Blocks: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_finish(span: *mut sentry_span_t) {
    // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
    guard((), || unsafe { end(span) });
}

/// `sentry_span_finish` of one that ended at a given time.
///
/// Arguments: `timestamp` in microseconds since 1970.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_finish_ts(span: *mut sentry_span_t, timestamp: u64) {
    // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
    guard((), || unsafe { end(span) });
}

/// Ends a span that is not to be sent.
///
/// Ownership: takes `span`.
/// Null: ignored.
/// Threads: nobody else may use the handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_discard(span: *mut sentry_span_t) {
    // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
    guard((), || unsafe { end(span) });
}

/// Calls a function with each header that tells another program of this span.
///
/// These are `sentry-trace`, and `traceparent` with the option `propagate_traceparent`. Without a decision whether the trace
/// is sent, by `sentry_transaction_context_set_sampled` or the program before, they leave it to the receiver. `baggage`
/// comes with a later version.
///
/// Arguments: `callback` and the pointer it gets back.
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_iter_headers(
    span: *mut sentry_span_t,
    callback: sentry_iter_headers_function_t,
    userdata: *mut c_void,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        if let Some(handle) = unsafe { span.as_ref() } {
            // SAFETY: as our caller promises.
            unsafe { tell_headers(&handle.position, callback, userdata) };
        }
    });
}

/// Sets how this span ended. Tracing is not enabled in this version: it is not kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_set_status(
    span: *mut sentry_span_t,
    status: sentry_span_status_arg,
) {
    // Nothing is recorded.
}

/// Binds a span to the process. Tracing is not enabled in this version: events keep the trace of the process.
///
/// Ownership: `span` stays the caller's.
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_span(span: *mut sentry_span_t) {
    // Nothing is recorded.
}

/// Binds a span to a scope. Tracing is not enabled in this version: events keep the trace of the process.
///
/// Ownership: `span` stays the caller's.
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_span(
    scope: *mut sentry_scope_t,
    span: *mut sentry_span_t,
) {
    // Nothing is recorded.
}

/// Sets a tag of this span. Tracing is not enabled in this version: it is not kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_set_tag(
    span: *mut sentry_span_t,
    tag: *const c_char,
    value: *const c_char,
) {
    // Nothing is recorded.
}

/// `sentry_span_set_tag` with a length for each text.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_set_tag_n(
    span: *mut sentry_span_t,
    tag: *const c_char,
    tag_len: usize,
    value: *const c_char,
    value_len: usize,
) {
    // Nothing is recorded.
}

/// Removes a tag of this span. Tracing is not enabled in this version: it is not kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_remove_tag(span: *mut sentry_span_t, tag: *const c_char) {
    // Nothing is recorded.
}

/// `sentry_span_remove_tag` with a length for each text.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_remove_tag_n(
    span: *mut sentry_span_t,
    tag: *const c_char,
    tag_len: usize,
) {
    // Nothing is recorded.
}

/// Sets data of this span. Tracing is not enabled in this version: it is not kept.
///
/// Ownership: takes `value`.
/// Null: ignored; `value` is taken all the same.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_set_data(
    span: *mut sentry_span_t,
    key: *const c_char,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: a reference given away.
    guard((), || drop(unsafe { take(value) }));
}

/// `sentry_span_set_data` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_set_data_n(
    span: *mut sentry_span_t,
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: a reference given away.
    guard((), || drop(unsafe { take(value) }));
}

/// Removes data of this span. Tracing is not enabled in this version: none was kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_remove_data(span: *mut sentry_span_t, key: *const c_char) {
    // Nothing is recorded.
}

/// `sentry_span_remove_data` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_remove_data_n(
    span: *mut sentry_span_t,
    key: *const c_char,
    key_len: usize,
) {
    // Nothing is recorded.
}

/// A span below this place; NULL below none.
pub(super) fn start_child(parent: Option<&Position>) -> *mut sentry_span_t {
    guard(std::ptr::null_mut(), || {
        parent.map_or(std::ptr::null_mut(), |parent| {
            Box::into_raw(Box::new(sentry_span_t {
                position: parent.child(),
            }))
        })
    })
}

/// # Safety
/// `span` is NULL or a handle of ours that is given away.
unsafe fn end(span: *mut sentry_span_t) {
    if !span.is_null() {
        // SAFETY: as our caller promises.
        drop(unsafe { Box::from_raw(span) });
    }
}
