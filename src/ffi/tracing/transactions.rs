//! Transactions: handles that know their place in a trace. They are not recorded in this version.

#![expect(
    unused_variables,
    reason = "the names are those of the header; nothing is recorded yet"
)]

use std::ffi::{c_char, c_void};

use super::context::sentry_transaction_context_t;
use super::spans::{sentry_span_t, start_child};
use super::{sentry_iter_headers_function_t, sentry_span_status_arg, tell_headers};
use crate::base::uuid::Uuid;
use crate::ffi::guard;
use crate::ffi::scopes::sentry_scope_t;
use crate::ffi::types::sentry_uuid_t;
use crate::ffi::values::{sentry_value_t, take};
use crate::protocol::trace::Position;

/// What `sentry_transaction_t` names.
pub struct sentry_transaction_s {
    position: Position,
}

/// A piece of work from its beginning to its end, the root of spans. Tracing is not enabled in this version: it knows its
/// place in the trace, for `sentry_transaction_iter_headers`, and is never sent.
///
/// Made by `sentry_transaction_start`, ended by `sentry_transaction_finish` or `sentry_transaction_discard`.
/// Threads: any, several at once; the one that ends it must be the last.
pub type sentry_transaction_t = sentry_transaction_s;

/// Starts a transaction. Tracing is not enabled in this version: it is only a place in the trace,
/// and the sampler is not called.
///
/// Ownership: takes `tx_ctx` and `custom_sampling_ctx`; the transaction is the caller's, end it with
/// `sentry_transaction_finish` or `sentry_transaction_discard`.
/// Null: NULL for a NULL `tx_ctx`; `custom_sampling_ctx` is taken all the same.
/// Threads: any, several at once.
/// Blocks: never.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_start(
    tx_ctx: *mut sentry_transaction_context_t,
    custom_sampling_ctx: sentry_value_t,
) -> *mut sentry_transaction_t {
    // SAFETY: as our caller promises: NULL or a handle given away, a reference given away.
    unsafe { sentry_transaction_start_ts(tx_ctx, custom_sampling_ctx, 0) }
}

/// `sentry_transaction_start` of one that began at a given time.
///
/// Arguments: `timestamp` in microseconds since 1970.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_start_ts(
    tx_ctx: *mut sentry_transaction_context_t,
    custom_sampling_ctx: sentry_value_t,
    timestamp: u64,
) -> *mut sentry_transaction_t {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as our caller promises: a reference given away.
        drop(unsafe { take(custom_sampling_ctx) });
        if tx_ctx.is_null() {
            return std::ptr::null_mut();
        }
        // SAFETY: as our caller promises: a handle of ours that is given away.
        let context = unsafe { Box::from_raw(tx_ctx) };
        Box::into_raw(Box::new(sentry_transaction_t {
            position: context.position.clone(),
        }))
    })
}

/// Ends a transaction. Tracing is not enabled in this version: nothing is sent.
///
/// Ownership: takes `tx`.
/// Null: ignored.
/// Threads: nobody else may use the handle.
/// Blocks: never.
/// Returns: the nil id.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_finish(tx: *mut sentry_transaction_t) -> sentry_uuid_t {
    guard(Uuid::NIL.into(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
        unsafe { end(tx) };
        Uuid::NIL.into()
    })
}

/// `sentry_transaction_finish` of one that ended at a given time.
///
/// Arguments: `timestamp` in microseconds since 1970.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_finish_ts(
    tx: *mut sentry_transaction_t,
    timestamp: u64,
) -> sentry_uuid_t {
    guard(Uuid::NIL.into(), || {
        // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
        unsafe { end(tx) };
        Uuid::NIL.into()
    })
}

/// Ends a transaction that is not to be sent.
///
/// Ownership: takes `tx`.
/// Null: ignored.
/// Threads: nobody else may use the handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_discard(tx: *mut sentry_transaction_t) {
    // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
    guard((), || unsafe { end(tx) });
}

/// Calls a function with each header that tells another program of this transaction.
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
pub unsafe extern "C" fn sentry_transaction_iter_headers(
    tx: *mut sentry_transaction_t,
    callback: sentry_iter_headers_function_t,
    userdata: *mut c_void,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        if let Some(handle) = unsafe { tx.as_ref() } {
            // SAFETY: as our caller promises.
            unsafe { tell_headers(&handle.position, callback, userdata) };
        }
    });
}

/// Sets how this transaction ended. Tracing is not enabled in this version: it is not kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_status(
    tx: *mut sentry_transaction_t,
    status: sentry_span_status_arg,
) {
    // Nothing is recorded.
}

/// Binds a transaction to the process. Tracing is not enabled in this version: events keep the trace of the process.
///
/// Ownership: `tx` stays the caller's.
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_transaction_object(tx: *mut sentry_transaction_t) {
    // Nothing is recorded.
}

/// Binds a transaction to a scope. Tracing is not enabled in this version: events keep the trace of the process.
///
/// Ownership: `tx` stays the caller's.
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_transaction_object(
    scope: *mut sentry_scope_t,
    tx: *mut sentry_transaction_t,
) {
    // Nothing is recorded.
}

/// Starts a span within this transaction. Tracing is not enabled in this version: the span is only a place in the trace.
///
/// Arguments: `operation`, which kind of work; `description`, what it is.
/// Ownership: the span is the caller's; end it with `sentry_span_finish` or `sentry_span_discard`.
/// Null: NULL for a NULL `parent`; the texts may be NULL.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_start_child(
    parent: *mut sentry_transaction_t,
    operation: *const c_char,
    description: *const c_char,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    let position = unsafe { parent.as_ref() }.map(|parent| &parent.position);
    start_child(position)
}

/// `sentry_transaction_start_child` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_start_child_n(
    parent: *mut sentry_transaction_t,
    operation: *const c_char,
    operation_len: usize,
    description: *const c_char,
    description_len: usize,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    let position = unsafe { parent.as_ref() }.map(|parent| &parent.position);
    start_child(position)
}

/// `sentry_transaction_start_child` that began at a given time.
///
/// Arguments: `timestamp` in microseconds since 1970.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_start_child_ts(
    parent: *mut sentry_transaction_t,
    operation: *const c_char,
    description: *const c_char,
    timestamp: u64,
) -> *mut sentry_span_t {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    let position = unsafe { parent.as_ref() }.map(|parent| &parent.position);
    start_child(position)
}

/// `sentry_transaction_start_child` with lengths that began at a given time.
///
/// Arguments: lengths in bytes, without terminator; `timestamp` in microseconds since 1970.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_start_child_ts_n(
    parent: *mut sentry_transaction_t,
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

/// Sets a tag of this transaction. Tracing is not enabled in this version: it is not kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_tag(
    transaction: *mut sentry_transaction_t,
    tag: *const c_char,
    value: *const c_char,
) {
    // Nothing is recorded.
}

/// `sentry_transaction_set_tag` with a length for each text.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_tag_n(
    transaction: *mut sentry_transaction_t,
    tag: *const c_char,
    tag_len: usize,
    value: *const c_char,
    value_len: usize,
) {
    // Nothing is recorded.
}

/// Removes a tag of this transaction. Tracing is not enabled in this version: it is not kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_remove_tag(
    transaction: *mut sentry_transaction_t,
    tag: *const c_char,
) {
    // Nothing is recorded.
}

/// `sentry_transaction_remove_tag` with a length for each text.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_remove_tag_n(
    transaction: *mut sentry_transaction_t,
    tag: *const c_char,
    tag_len: usize,
) {
    // Nothing is recorded.
}

/// Sets data of this transaction. Tracing is not enabled in this version: it is not kept.
///
/// Ownership: takes `value`.
/// Null: ignored; `value` is taken all the same.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_data(
    transaction: *mut sentry_transaction_t,
    key: *const c_char,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: a reference given away.
    guard((), || drop(unsafe { take(value) }));
}

/// `sentry_transaction_set_data` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_data_n(
    transaction: *mut sentry_transaction_t,
    key: *const c_char,
    key_len: usize,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: a reference given away.
    guard((), || drop(unsafe { take(value) }));
}

/// Removes data of this transaction. Tracing is not enabled in this version: none was kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_remove_data(
    transaction: *mut sentry_transaction_t,
    key: *const c_char,
) {
    // Nothing is recorded.
}

/// `sentry_transaction_remove_data` with a length.
///
/// Arguments: `key_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_remove_data_n(
    transaction: *mut sentry_transaction_t,
    key: *const c_char,
    key_len: usize,
) {
    // Nothing is recorded.
}

/// Sets the name of this transaction. Tracing is not enabled in this version: it is not kept.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_name(
    transaction: *mut sentry_transaction_t,
    name: *const c_char,
) {
    // Nothing is recorded.
}

/// `sentry_transaction_set_name` with a length.
///
/// Arguments: `name_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_name_n(
    transaction: *mut sentry_transaction_t,
    name: *const c_char,
    name_len: usize,
) {
    // Nothing is recorded.
}

/// # Safety
/// `tx` is NULL or a handle of ours that is given away.
unsafe fn end(tx: *mut sentry_transaction_t) {
    if !tx.is_null() {
        // SAFETY: as our caller promises.
        drop(unsafe { Box::from_raw(tx) });
    }
}
