//! Spans: started, described, bound and ended.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Instant;

use super::{
    note_room, sentry_iter_headers_function_t, sentry_span_status_arg, status_name, tell_headers,
    text,
};
use crate::client::{state, tracing};
use crate::ffi::guard;
use crate::ffi::scopes::sentry_scope_t;
use crate::ffi::text::c_str_len;
use crate::ffi::values::{sentry_value_t, take};
use crate::telemetry::active::Active;
use crate::telemetry::facts::data_of;
use crate::telemetry::span::{Parent, Span};

/// What `sentry_span_t` names: an [`Arc`] of a `Span` as a pointer.
pub struct sentry_span_s {
    _opaque: [u8; 0],
}

/// A part of a transaction.
///
/// Made by `sentry_transaction_start_child` or `sentry_span_start_child`, ended by `sentry_span_finish` or
/// `sentry_span_discard`; it may outlive what it is a part of. What one thread does with a span no other thread waits for.
/// Threads: any, several at once; the one that ends it must be the last.
pub type sentry_span_t = sentry_span_s;

/// Starts a span within this span.
///
/// Arguments: `operation`, which kind of work, cut to 512 bytes; `description`, what it is, cut to 8 KiB.
/// Ownership: the span is the caller's; end it with `sentry_span_finish` or `sentry_span_discard`.
/// Null: NULL for a NULL `parent`; the texts may be NULL.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: the span, also when the transaction holds `max_spans` finished spans and no longer takes it; NULL without memory.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_start_child(
    parent: *mut sentry_span_t,
    operation: *const c_char,
    description: *const c_char,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe {
        let texts = (
            operation,
            c_str_len(operation),
            description,
            c_str_len(description),
        );
        child(parent, texts, None)
    }
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
    let texts = (operation, operation_len, description, description_len);
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe { child(parent, texts, None) }
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
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe {
        let texts = (
            operation,
            c_str_len(operation),
            description,
            c_str_len(description),
        );
        child(parent, texts, Some(timestamp))
    }
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
    let texts = (operation, operation_len, description, description_len);
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe { child(parent, texts, Some(timestamp)) }
}

/// # Safety
/// `parent` is NULL or a handle of ours, and the texts are NULL or have that many readable bytes.
unsafe fn child(
    parent: *mut sentry_span_t,
    texts: (*const c_char, usize, *const c_char, usize),
    timestamp: Option<u64>,
) -> *mut sentry_span_t {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as our caller promises.
        let span = unsafe { held(parent) };
        // SAFETY: as our caller promises.
        unsafe { start_child(span.as_deref().map(Parent::Span), texts, timestamp) }
    })
}

/// A span below a transaction or a span; NULL below none.
///
/// # Safety
/// The texts are NULL or have that many readable bytes.
pub(super) unsafe fn start_child(
    parent: Option<Parent<'_>>,
    (operation, operation_len, description, description_len): (
        *const c_char,
        usize,
        *const c_char,
        usize,
    ),
    timestamp: Option<u64>,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises.
    let (operation, description) = unsafe {
        (
            text(operation, operation_len),
            text(description, description_len),
        )
    };
    let started = parent.and_then(|parent| {
        let operation = operation.unwrap_or_default();
        Span::start(
            parent,
            &operation,
            description.as_deref(),
            timestamp,
            Instant::now(),
        )
    });
    started.map_or(std::ptr::null_mut(), |span| {
        Arc::into_raw(span).cast_mut().cast()
    })
}

/// Ends a span: it is sent with its transaction, if that is sent and has not ended yet. It is unbound from the process.
///
/// A transaction takes the first `max_spans` spans that finish, and of more than 1 MiB the newest; spans that are missing are
/// counted.
///
/// Ownership: takes `span`.
/// Null: ignored.
/// Threads: nobody else may use the handle.
/// Blocks: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_finish(span: *mut sentry_span_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
        if let Some(span) = unsafe { taken(span) } {
            tracing::finish_span(&span, None);
        }
    });
}

/// `sentry_span_finish` of one that ended at a given time.
///
/// Arguments: `timestamp` in microseconds since 1970; one before the start stands for the start.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_finish_ts(span: *mut sentry_span_t, timestamp: u64) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
        if let Some(span) = unsafe { taken(span) } {
            tracing::finish_span(&span, Some(timestamp));
        }
    });
}

/// Ends a span that is not to be sent. It is unbound from the process, and not counted.
///
/// Ownership: takes `span`.
/// Null: ignored.
/// Threads: nobody else may use the handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_discard(span: *mut sentry_span_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
        if let Some(span) = unsafe { taken(span) } {
            tracing::discard_span(&span);
        }
    });
}

/// Calls a function with each header that tells another program of this span, as `sentry_transaction_iter_headers`.
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
        if let Some(span) = unsafe { held(span) } {
            let headers = tracing::headers(span.transaction(), span.position());
            // SAFETY: as our caller promises.
            unsafe { tell_headers(headers, callback, userdata) };
        }
    });
}

/// Sets how this span ended; without it, `ok`. A number that is no status unsets it.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_set_status(
    span: *mut sentry_span_t,
    status: sentry_span_status_arg,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        if let Some(span) = unsafe { held(span) } {
            span.change(|facts| facts.status = status_name(status));
        }
    });
}

/// Binds a span to the process: later events belong to it, until it ends or something else is bound.
///
/// Ownership: `span` stays the caller's; the process keeps a reference of its own.
/// Null: unbinds what is bound, also a transaction.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_span(span: *mut sentry_span_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        let active = unsafe { held(span) }.map(Active::Span);
        state::with_client(|client| client.scope().bind(active));
    });
}

/// Binds a span to a scope: events captured with it belong to the span, also after its end, until something else is bound.
///
/// Ownership: `span` stays the caller's; the scope keeps a reference of its own.
/// Null: a NULL `span` unbinds what is bound, also a transaction; a NULL `scope` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_span(
    scope: *mut sentry_scope_t,
    span: *mut sentry_span_t,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or handles of ours.
        let (scope, span) = unsafe { (scope.as_ref(), held(span)) };
        if let Some(scope) = scope {
            scope.scope.bind(span.map(Active::Span));
        }
    });
}

/// Sets a tag of this span.
///
/// Arguments: `tag`; `value`, cut to 200 bytes at the end of a character. All tags have 64 KiB, and what is beyond is left out.
/// Ownership: the texts are copied.
/// Null: a NULL handle or `tag` is ignored; a NULL `value` removes the tag.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_set_tag(
    span: *mut sentry_span_t,
    tag: *const c_char,
    value: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_span_set_tag_n(span, tag, c_str_len(tag), value, c_str_len(value)) }
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
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (span, tag, value) =
            unsafe { (held(span), text(tag, tag_len), text(value, value_len)) };
        if let (Some(span), Some(tag)) = (span, tag) {
            note_room(span.change(|facts| facts.set_tag(&tag, value.as_deref())));
        }
    });
}

/// Removes a tag of this span.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_remove_tag(span: *mut sentry_span_t, tag: *const c_char) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_span_remove_tag_n(span, tag, c_str_len(tag)) }
}

/// `sentry_span_remove_tag` with a length.
///
/// Arguments: `tag_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_remove_tag_n(
    span: *mut sentry_span_t,
    tag: *const c_char,
    tag_len: usize,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (span, tag) = unsafe { (held(span), text(tag, tag_len)) };
        if let (Some(span), Some(tag)) = (span, tag) {
            span.change(|facts| facts.remove_tag(&tag));
        }
    });
}

/// Sets data of this span, which stands in its `data`.
///
/// Arguments: `value`, as it is now, within the limits of one value of extra data of events. All data have 64 KiB, and what is
/// beyond is left out.
/// Ownership: the key is copied; takes `value`.
/// Null: ignored; `value` is taken all the same.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_set_data(
    span: *mut sentry_span_t,
    key: *const c_char,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated, a reference given away.
    unsafe { sentry_span_set_data_n(span, key, c_str_len(key), value) }
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
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes, a reference given away.
        let (span, key, value) = unsafe { (held(span), text(key, key_len), take(value)) };
        if let (Some(span), Some(key)) = (span, key)
            && span.is_recording()
        {
            // Written before the lock is taken.
            let json = data_of(&key, &value);
            note_room(span.change(|facts| facts.set_data(&key, &json?)));
        }
    });
}

/// Removes data of this span.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_span_remove_data(span: *mut sentry_span_t, key: *const c_char) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_span_remove_data_n(span, key, c_str_len(key)) }
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
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (span, key) = unsafe { (held(span), text(key, key_len)) };
        if let (Some(span), Some(key)) = (span, key) {
            span.change(|facts| facts.remove_data(&key));
        }
    });
}

/// The span behind a handle, which stays the caller's.
///
/// # Safety
/// `span` is NULL or a handle of ours that has not been given away.
unsafe fn held(span: *const sentry_span_t) -> Option<Arc<Span>> {
    if span.is_null() {
        return None;
    }
    let pointer: *const Span = span.cast();
    // SAFETY: as our caller promises: it came from `Arc::into_raw`, and the handle's reference is still there.
    Some(unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    })
}

/// The span behind a handle that is given away.
///
/// # Safety
/// `span` is NULL or a handle of ours that is given away.
unsafe fn taken(span: *mut sentry_span_t) -> Option<Arc<Span>> {
    let pointer: *const Span = span.cast();
    // SAFETY: as our caller promises: it came from `Arc::into_raw`, and its reference is ours now.
    (!span.is_null()).then(|| unsafe { Arc::from_raw(pointer) })
}
