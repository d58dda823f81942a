//! What a transaction starts with: its name, its operation, and where it comes from.

use std::ffi::{CString, c_char, c_int};

use super::text as lossy_text;
use crate::base::memory;
use crate::client::tracing::new_context;
use crate::ffi::guard;
use crate::ffi::text::{c_str_len, usable_bytes};
use crate::telemetry::context::TransactionContext;

/// What `sentry_transaction_context_t` names.
pub struct sentry_transaction_context_s {
    /// For C; the context has the same in UTF-8.
    name: CString,
    operation: CString,
    pub(super) context: TransactionContext,
}

impl sentry_transaction_context_s {
    /// A handle to show to the host.
    pub(in crate::ffi) fn of(context: &TransactionContext) -> Self {
        let for_c = |text: &str| until_zero(text.as_bytes());
        Self {
            name: for_c(&context.name),
            operation: for_c(&context.operation),
            context: context.clone(),
        }
    }
}

/// What a transaction starts with: its name, its operation, and where it comes from.
///
/// Made by `sentry_transaction_context_new`, ended by the `sentry_transaction_start` it is given to; there is no other end.
/// Threads: one at a time for each handle.
pub type sentry_transaction_context_t = sentry_transaction_context_s;

/// Makes what a transaction starts with. It gets a trace of its own, or that of the process if `sentry_set_trace`,
/// `sentry_regenerate_trace` or the variable `SENTRY_TRACE` chose one.
///
/// Arguments: `name`, what it is, cut to 200 characters; `operation`, which kind of work, for instance `http.server`.
/// Ownership: the texts are copied; the handle is the caller's until it is given to `sentry_transaction_start`.
/// Null: NULL texts are empty.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_new(
    name: *const c_char,
    operation: *const c_char,
) -> *mut sentry_transaction_context_t {
    // SAFETY: as our caller promises: NULL or terminated.
    unsafe {
        sentry_transaction_context_new_n(name, c_str_len(name), operation, c_str_len(operation))
    }
}

/// `sentry_transaction_context_new` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_new_n(
    name: *const c_char,
    name_len: usize,
    operation: *const c_char,
    operation_len: usize,
) -> *mut sentry_transaction_context_t {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let (name, operation) = unsafe { (text(name, name_len), text(operation, operation_len)) };
        let context = new_context(name.1, operation.1);
        Box::into_raw(Box::new(sentry_transaction_context_t {
            name: name.0,
            operation: operation.0,
            context,
        }))
    })
}

/// Sets the name.
///
/// Ownership: the text is copied; what `sentry_transaction_context_get_name` gave is no longer valid.
/// Null: a NULL handle is ignored; a NULL text is empty.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_name(
    tx_ctx: *mut sentry_transaction_context_t,
    name: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_transaction_context_set_name_n(tx_ctx, name, c_str_len(name)) }
}

/// `sentry_transaction_context_set_name` with a length.
///
/// Arguments: `name_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_name_n(
    tx_ctx: *mut sentry_transaction_context_t,
    name: *const c_char,
    name_len: usize,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe {
        change(tx_ctx, |handle| {
            (handle.name, handle.context.name) = text(name, name_len);
        });
    }
}

/// Gets the name.
///
/// Ownership: the text is the handle's; valid until the name is set again or the handle is given away.
/// Null: an empty text for a NULL handle.
/// Threads: one at a time for each handle.
/// Returns: the text, never NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_get_name(
    tx_ctx: *const sentry_transaction_context_t,
) -> *const c_char {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    unsafe { tx_ctx.as_ref() }.map_or(c"".as_ptr(), |context| context.name.as_ptr())
}

/// Sets the operation.
///
/// Ownership: the text is copied; what `sentry_transaction_context_get_operation` gave is no longer valid.
/// Null: a NULL handle is ignored; a NULL text is empty.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_operation(
    tx_ctx: *mut sentry_transaction_context_t,
    operation: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe { sentry_transaction_context_set_operation_n(tx_ctx, operation, c_str_len(operation)) }
}

/// `sentry_transaction_context_set_operation` with a length.
///
/// Arguments: `operation_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_operation_n(
    tx_ctx: *mut sentry_transaction_context_t,
    operation: *const c_char,
    operation_len: usize,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe {
        change(tx_ctx, |handle| {
            (handle.operation, handle.context.operation) = text(operation, operation_len);
        });
    }
}

/// Gets the operation.
///
/// Ownership: the text is the handle's; valid until the operation is set again or the handle is given away.
/// Null: an empty text for a NULL handle.
/// Threads: one at a time for each handle.
/// Returns: the text, never NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_get_operation(
    tx_ctx: *const sentry_transaction_context_t,
) -> *const c_char {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    unsafe { tx_ctx.as_ref() }.map_or(c"".as_ptr(), |context| context.operation.as_ptr())
}

/// Decides whether the transaction is sent: before the sampler, the program that began the trace, and `traces_sample_rate`.
///
/// Arguments: `sampled` 0 or not.
/// Null: ignored.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_set_sampled(
    tx_ctx: *mut sentry_transaction_context_t,
    sampled: c_int,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    unsafe {
        change(tx_ctx, |handle| {
            handle.context.sampled = Some(sampled != 0);
        });
    }
}

/// Takes back the decision of `sentry_transaction_context_set_sampled`.
///
/// Null: ignored.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_remove_sampled(
    tx_ctx: *mut sentry_transaction_context_t,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours.
    unsafe { change(tx_ctx, |handle| handle.context.sampled = None) };
}

/// Goes on with the trace of a request from another program. Call it with each of its headers.
///
/// Of `sentry-trace` come trace, parent and decision; one that cannot be read is ignored. Of `baggage` come the members that
/// begin with `sentry-`, which are passed on as they are. The trace does not go on in another organisation, see
/// `sentry_options_set_strict_trace_continuation`: then the transaction begins a new one.
///
/// Arguments: `key` and `value` of a header; only `sentry-trace` and `baggage` are read, in any case. A `sentry-trace` of more
/// than 128 bytes and a `baggage` of more than 8192 are ignored.
/// Ownership: nothing is kept.
/// Null: ignored.
/// Threads: one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_update_from_header(
    tx_ctx: *mut sentry_transaction_context_t,
    key: *const c_char,
    value: *const c_char,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated.
    unsafe {
        sentry_transaction_context_update_from_header_n(
            tx_ctx,
            key,
            c_str_len(key),
            value,
            c_str_len(value),
        );
    }
}

/// `sentry_transaction_context_update_from_header` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transaction_context_update_from_header_n(
    tx_ctx: *mut sentry_transaction_context_t,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) {
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or that many readable bytes.
    unsafe {
        change(tx_ctx, |handle| {
            let key = usable_bytes(key, key_len).map(std::str::from_utf8);
            if let (Some(Ok(key)), Some(value)) = (key, lossy_text(value, value_len)) {
                handle.context.update(key, &value);
            }
        });
    }
}

/// # Safety
/// `tx_ctx` is NULL or a handle of ours that no other thread uses.
unsafe fn change(
    tx_ctx: *mut sentry_transaction_context_t,
    action: impl FnOnce(&mut sentry_transaction_context_t),
) {
    guard((), || {
        // SAFETY: as our caller promises.
        if let Some(context) = unsafe { tx_ctx.as_mut() } {
            action(context);
        }
    });
}

/// The text for C, which ends at its first zero byte, and for us.
///
/// # Safety
/// `ptr` is NULL or has `len` readable bytes.
unsafe fn text(ptr: *const c_char, len: usize) -> (CString, String) {
    // SAFETY: as our caller promises.
    let bytes = unsafe { usable_bytes(ptr, len) };
    // Two copies; each byte that is not UTF-8 becomes three.
    let most = len.saturating_mul(4).saturating_add(1);
    let bytes = bytes.filter(|_| memory::is_there(most)).unwrap_or_default();
    let for_c = until_zero(bytes);
    let for_us = String::from_utf8_lossy(for_c.as_bytes()).into_owned();
    (for_c, for_us)
}

fn until_zero(bytes: &[u8]) -> CString {
    let until_zero = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    CString::new(until_zero).unwrap_or_default()
}
