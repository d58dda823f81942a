//! Transactions: started, described, bound and ended.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::context::sentry_transaction_context_t;
use super::spans::{sentry_span_t, start_child};
use super::{
    note_room, sentry_iter_headers_function_t, sentry_span_status_arg, status_name, tell_headers,
    text,
};
use crate::base::uuid::Uuid;
use crate::client::{state, tracing};
use crate::ffi::guard;
use crate::ffi::scopes::sentry_scope_t;
use crate::ffi::text::c_str_len;
use crate::ffi::types::sentry_uuid_t;
use crate::ffi::values::{sentry_value_t, take};
use crate::telemetry::active::Active;
use crate::telemetry::facts::data_of;
use crate::telemetry::span::Parent;
use crate::telemetry::transaction::Transaction;

/// What `sentry_transaction_t` names: an [`Arc`] of a `Transaction` as a pointer.
pub struct sentry_transaction_s {
    _opaque: [u8; 0],
}

/// A piece of work from its beginning to its end, the root of spans.
///
/// Made by `sentry_transaction_start`, ended by `sentry_transaction_finish` or `sentry_transaction_discard`. It belongs to the
/// process that started it: in a forked child it is only a place in the trace, and is never sent.
/// Threads: any, several at once; the one that ends it must be the last.
pub type sentry_transaction_t = sentry_transaction_s;

/// Starts a transaction.
///
/// Whether it is sent is decided now, for it and all its spans: by `sentry_transaction_context_set_sampled`; else by the
/// function of `sentry_options_set_traces_sampler`; else as the program decided that began the trace; else by
/// `traces_sample_rate`. The rate decides the same for all transactions of a trace. With neither a rate nor a function nothing is sent,
/// and the decision of the other program is passed on. One that is not sent can be used all the same; it is counted as
/// `sample_rate` when it ends, if a rate or a function was set.
///
/// Ownership: takes `tx_ctx` and `custom_sampling_ctx`, which the function of `sentry_options_set_traces_sampler` is shown;
/// the transaction is the caller's, end it with `sentry_transaction_finish` or `sentry_transaction_discard`.
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
    guard(std::ptr::null_mut(), || unsafe {
        start(tx_ctx, custom_sampling_ctx, None)
    })
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
    // SAFETY: as our caller promises: NULL or a handle given away, a reference given away.
    guard(std::ptr::null_mut(), || unsafe {
        start(tx_ctx, custom_sampling_ctx, Some(timestamp))
    })
}

/// # Safety
/// `tx_ctx` is NULL or a handle of ours, and it and a reference of `custom` are given away.
unsafe fn start(
    tx_ctx: *mut sentry_transaction_context_t,
    custom: sentry_value_t,
    timestamp: Option<u64>,
) -> *mut sentry_transaction_t {
    // SAFETY: as our caller promises.
    let custom = unsafe { take(custom) };
    if tx_ctx.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: as our caller promises.
    let handle = unsafe { Box::from_raw(tx_ctx) };
    let started = tracing::start(&handle.context, &custom, timestamp);
    started.map_or(std::ptr::null_mut(), |transaction| {
        Arc::into_raw(transaction).cast_mut().cast()
    })
}

/// Ends a transaction, and sends it if that was decided at its start.
///
/// It is sent with the data of the scope of the process, but its attachments, and with the spans that were finished before it,
/// at most `max_spans`, and of more than 1 MiB the newest; spans that are missing are counted. The function of
/// `sentry_options_set_before_transaction` sees it before; `before_send` and `sample_rate` do not concern it. It is unbound
/// from the process. Later events of the process belong to its trace, unless `sentry_set_trace`, `sentry_regenerate_trace` or
/// the environment chose another one.
///
/// Ownership: takes `tx`.
/// Null: ignored.
/// Threads: nobody else may use the handle.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Returns: the id that it is sent under; the nil id if it is not sent.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_finish(tx: *mut sentry_transaction_t) -> sentry_uuid_t {
    // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
    guard(Uuid::NIL.into(), || unsafe { finish(tx, None) })
}

/// `sentry_transaction_finish` of one that ended at a given time.
///
/// Arguments: `timestamp` in microseconds since 1970; one before the start stands for the start.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_finish_ts(
    tx: *mut sentry_transaction_t,
    timestamp: u64,
) -> sentry_uuid_t {
    // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
    guard(Uuid::NIL.into(), || unsafe { finish(tx, Some(timestamp)) })
}

/// # Safety
/// `tx` is NULL or a handle of ours that is given away.
unsafe fn finish(tx: *mut sentry_transaction_t, timestamp: Option<u64>) -> sentry_uuid_t {
    // SAFETY: as our caller promises.
    let transaction = unsafe { taken(tx) };
    let id = transaction.and_then(|transaction| tracing::finish(&transaction, timestamp));
    id.unwrap_or(Uuid::NIL).into()
}

/// Ends a transaction that is not to be sent. It is unbound from the process, and not counted.
///
/// Ownership: takes `tx`.
/// Null: ignored.
/// Threads: nobody else may use the handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_discard(tx: *mut sentry_transaction_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
        if let Some(transaction) = unsafe { taken(tx) } {
            tracing::discard(&transaction);
        }
    });
}

/// Calls a function with each header that tells another program of this transaction.
///
/// These are `sentry-trace`; `baggage`, if the library runs with a DSN and unless the trace came without one; and `traceparent`
/// with the option `propagate_traceparent`. What `baggage` says no longer changes afterwards. A request that has a `baggage`
/// already keeps it: put a comma and this value behind it. Without a decision whether the trace is sent `sentry-trace` leaves
/// that to the receiver.
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
        if let Some(transaction) = unsafe { held(tx) } {
            let headers = tracing::headers(&transaction, transaction.position());
            // SAFETY: as our caller promises.
            unsafe { tell_headers(headers, callback, userdata) };
        }
    });
}

/// Sets how this transaction ended; without it, `ok`. A number that is no status unsets it.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_status(
    tx: *mut sentry_transaction_t,
    status: sentry_span_status_arg,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        if let Some(transaction) = unsafe { held(tx) } {
            transaction.change(|facts| facts.status = status_name(status));
        }
    });
}

/// Binds a transaction to the process: later events belong to it, until it ends or something else is bound.
///
/// Ownership: `tx` stays the caller's; the process keeps a reference of its own.
/// Null: unbinds what is bound, also a span.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_set_transaction_object(tx: *mut sentry_transaction_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours.
        let active = unsafe { held(tx) }.map(Active::Transaction);
        state::with_client(|client| client.scope().bind(active));
    });
}

/// Binds a transaction to a scope: events captured with it belong to the transaction, also after its end, until something
/// else is bound.
///
/// Ownership: `tx` stays the caller's; the scope keeps a reference of its own.
/// Null: a NULL `tx` unbinds what is bound, also a span; a NULL `scope` is ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_set_transaction_object(
    scope: *mut sentry_scope_t,
    tx: *mut sentry_transaction_t,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or handles of ours.
        let (scope, transaction) = unsafe { (scope.as_ref(), held(tx)) };
        if let Some(scope) = scope {
            scope.scope.bind(transaction.map(Active::Transaction));
        }
    });
}

/// Starts a span within this transaction.
///
/// Arguments: `operation`, which kind of work, cut to 512 bytes; `description`, what it is, cut to 8 KiB.
/// Ownership: the span is the caller's; end it with `sentry_span_finish` or `sentry_span_discard`.
/// Null: NULL for a NULL `parent`; the texts may be NULL.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: the span; NULL if the transaction has ended, or holds `max_spans` finished spans already, which is counted.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_start_child(
    parent: *mut sentry_transaction_t,
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
    let texts = (operation, operation_len, description, description_len);
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe { child(parent, texts, None) }
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
    let texts = (operation, operation_len, description, description_len);
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe { child(parent, texts, Some(timestamp)) }
}

/// # Safety
/// `parent` is NULL or a handle of ours, and the texts are NULL or have that many readable bytes.
unsafe fn child(
    parent: *mut sentry_transaction_t,
    texts: (*const c_char, usize, *const c_char, usize),
    timestamp: Option<u64>,
) -> *mut sentry_span_t {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as our caller promises.
        let transaction = unsafe { held(parent) };
        let parent = transaction.as_ref().map(Parent::Transaction);
        // SAFETY: as our caller promises.
        unsafe { start_child(parent, texts, timestamp) }
    })
}

/// Sets a tag of this transaction.
///
/// Arguments: `tag`; `value`, cut to 200 bytes at the end of a character. All tags have 64 KiB, and what is beyond is left out.
/// Ownership: the texts are copied.
/// Null: a NULL handle or `tag` is ignored; a NULL `value` removes the tag.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_tag(
    transaction: *mut sentry_transaction_t,
    tag: *const c_char,
    value: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe {
        sentry_transaction_set_tag_n(transaction, tag, c_str_len(tag), value, c_str_len(value))
    }
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
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (transaction, tag, value) = unsafe {
            (
                held(transaction),
                text(tag, tag_len),
                text(value, value_len),
            )
        };
        if let (Some(transaction), Some(tag)) = (transaction, tag) {
            note_room(transaction.change(|facts| facts.set_tag(&tag, value.as_deref())));
        }
    });
}

/// Removes a tag of this transaction.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_remove_tag(
    transaction: *mut sentry_transaction_t,
    tag: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_transaction_remove_tag_n(transaction, tag, c_str_len(tag)) }
}

/// `sentry_transaction_remove_tag` with a length.
///
/// Arguments: `tag_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_remove_tag_n(
    transaction: *mut sentry_transaction_t,
    tag: *const c_char,
    tag_len: usize,
) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (transaction, tag) = unsafe { (held(transaction), text(tag, tag_len)) };
        if let (Some(transaction), Some(tag)) = (transaction, tag) {
            transaction.change(|facts| facts.remove_tag(&tag));
        }
    });
}

/// Sets data of this transaction, which stands in its context `trace`.
///
/// Arguments: `value`, as it is now, within the limits of one value of extra data of events. All data have 64 KiB, and what is
/// beyond is left out. The context as a whole has 8 KiB.
/// Ownership: the key is copied; takes `value`.
/// Null: ignored; `value` is taken all the same.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_data(
    transaction: *mut sentry_transaction_t,
    key: *const c_char,
    value: sentry_value_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated, a reference given away.
    unsafe { sentry_transaction_set_data_n(transaction, key, c_str_len(key), value) }
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
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes, a reference given away.
        let (transaction, key, value) =
            unsafe { (held(transaction), text(key, key_len), take(value)) };
        if let (Some(transaction), Some(key)) = (transaction, key)
            && transaction.is_recording()
        {
            // Written before the lock is taken.
            let json = data_of(&key, &value);
            note_room(transaction.change(|facts| facts.set_data(&key, &json?)));
        }
    });
}

/// Removes data of this transaction.
///
/// Null: ignored.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_remove_data(
    transaction: *mut sentry_transaction_t,
    key: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_transaction_remove_data_n(transaction, key, c_str_len(key)) }
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
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (transaction, key) = unsafe { (held(transaction), text(key, key_len)) };
        if let (Some(transaction), Some(key)) = (transaction, key) {
            transaction.change(|facts| facts.remove_data(&key));
        }
    });
}

/// Sets the name of this transaction. What `sentry_transaction_iter_headers` has told already keeps the old one.
///
/// Arguments: `name`, cut to 200 characters when it is sent; empty, it is sent as `<unlabeled transaction>`.
/// Ownership: the text is copied.
/// Null: a NULL handle is ignored; a NULL text is empty.
/// Threads: any, several at once.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_set_name(
    transaction: *mut sentry_transaction_t,
    name: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_transaction_set_name_n(transaction, name, c_str_len(name)) }
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
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
        let (transaction, name) = unsafe { (held(transaction), text(name, name_len)) };
        if let Some(transaction) = transaction {
            transaction.set_name(&name.unwrap_or_default());
        }
    });
}

/// The transaction behind a handle, which stays the caller's.
///
/// # Safety
/// `tx` is NULL or a handle of ours that has not been given away.
unsafe fn held(tx: *const sentry_transaction_t) -> Option<Arc<Transaction>> {
    if tx.is_null() {
        return None;
    }
    let pointer: *const Transaction = tx.cast();
    // SAFETY: as our caller promises: it came from `Arc::into_raw`, and the handle's reference is still there.
    Some(unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    })
}

/// The transaction behind a handle that is given away.
///
/// # Safety
/// `tx` is NULL or a handle of ours that is given away.
unsafe fn taken(tx: *mut sentry_transaction_t) -> Option<Arc<Transaction>> {
    let pointer: *const Transaction = tx.cast();
    // SAFETY: as our caller promises: it came from `Arc::into_raw`, and its reference is ours now.
    (!tx.is_null()).then(|| unsafe { Arc::from_raw(pointer) })
}
