//! Options, compatible part: traces, logs and metrics.
//!
//! Entry points: the exported functions. May use: `access`, `text`, `client::options`.

use std::ffi::{c_char, c_int, c_void};

use super::access::{get_flag, get_share, get_unsigned, set_flag, set_share, set_text, set_whole};
use super::handle::sentry_options_t;
use crate::client::options::row;
use crate::ffi::text;
use crate::ffi::tracing::context::sentry_transaction_context_t;
use crate::ffi::values::sentry_value_t;

/// Decides which share of transactions like this one are sent.
///
/// Called on the thread that starts a transaction. `transaction_ctx` and `custom_sampling_ctx` are valid until it
/// returns and stay the library's; `parent_sampled` is NULL without a decision of the caller, else it points to 0 or 1.
/// It returns 0.0 to 1.0.
pub type sentry_traces_sampler_function = Option<
    unsafe extern "C" fn(
        transaction_ctx: *const sentry_transaction_context_t,
        custom_sampling_ctx: sentry_value_t,
        parent_sampled: *const c_int,
        user_data: *mut c_void,
    ) -> f64,
>;

/// Sets the function that decides which share of transactions are sent. Accepted; without effect in this version.
///
/// Arguments: `callback` and the pointer it gets back.
/// Ownership: `user_data` stays the caller's.
/// Null: NULL is allowed everywhere.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_traces_sampler(
    opts: *mut sentry_options_t,
    callback: sentry_traces_sampler_function,
    user_data: *mut c_void,
) {
    let _ = (opts, callback, user_data);
}

/// Sets the share of transactions that are sent. Stored; without effect in this version.
///
/// Arguments: `sample_rate` 0.0 to 1.0, cut to that range; NaN is 0.0; default `SENTRY_TRACES_SAMPLE_RATE`, else 0.0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_traces_sample_rate(
    opts: *mut sentry_options_t,
    sample_rate: f64,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_share(opts, &row::traces_sample_rate, sample_rate) };
}

/// Gets the share of transactions that are sent.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 0.0 to 1.0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_traces_sample_rate(opts: *mut sentry_options_t) -> f64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_share(opts, &row::traces_sample_rate) }
}

/// Sets how many finished spans a transaction holds. Stored; without effect in this version.
///
/// Arguments: `max_spans` in spans; default 1000.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_max_spans(
    opts: *mut sentry_options_t,
    max_spans: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::max_spans, max_spans as i128) };
}

/// Gets how many finished spans a transaction holds.
///
/// Null: 0 for a NULL `opts`.
/// Returns: the count.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_max_spans(opts: *mut sentry_options_t) -> usize {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    let most = unsafe { get_unsigned(opts, &row::max_spans) };
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// Sets whether `sentry_transaction_iter_headers` and `sentry_span_iter_headers` tell the header `traceparent` as well.
///
/// Arguments: `propagate_traceparent` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_propagate_traceparent(
    opts: *mut sentry_options_t,
    propagate_traceparent: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::propagate_traceparent, propagate_traceparent) };
}

/// Gets whether outgoing requests carry the header `traceparent` as well.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_propagate_traceparent(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::propagate_traceparent) }
}

/// Sets the organisation of the project, which the trace header of envelopes names.
///
/// Arguments: `org_id`; default the one in the host of the DSN, over which it wins; empty is as none.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_org_id(
    opts: *mut sentry_options_t,
    org_id: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_org_id_n(opts, org_id, text::c_str_len(org_id)) }
}

/// Like `sentry_options_set_org_id`, with a length.
///
/// Arguments: `org_id_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_org_id_n(
    opts: *mut sentry_options_t,
    org_id: *const c_char,
    org_id_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::org_id, org_id, org_id_len) };
}

/// Sets whether a trace goes on only if both sides name the same organisation. Stored; without effect in this
/// version.
///
/// Arguments: `strict_trace_continuation` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_strict_trace_continuation(
    opts: *mut sentry_options_t,
    strict_trace_continuation: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe {
        set_flag(
            opts,
            &row::strict_trace_continuation,
            strict_trace_continuation,
        )
    };
}

/// Gets whether a trace goes on only if both sides name the same organisation.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_strict_trace_continuation(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::strict_trace_continuation) }
}

/// Sets whether logs are sent. Stored; without effect in this version.
///
/// Arguments: `enable_logs` 0 or not; default 1.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[deprecated(note = "keep the default")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_enable_logs(
    opts: *mut sentry_options_t,
    enable_logs: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::enable_logs, enable_logs) };
}

/// Gets whether logs are sent.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[deprecated(note = "keep the default")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_enable_logs(opts: *const sentry_options_t) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::enable_logs) }
}

/// Sets whether the first variable argument of a log call is an object of attributes, which is taken and, in this
/// version, dropped.
///
/// Arguments: `logs_with_attributes` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_logs_with_attributes(
    opts: *mut sentry_options_t,
    logs_with_attributes: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::logs_with_attributes, logs_with_attributes) };
}

/// Gets whether the first variable argument of a log call is an object of attributes.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_logs_with_attributes(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::logs_with_attributes) }
}

/// Sets whether metrics are sent. Stored; without effect in this version.
///
/// Arguments: `enable_metrics` 0 or not; default 1.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[deprecated(note = "keep the default")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_enable_metrics(
    opts: *mut sentry_options_t,
    enable_metrics: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::enable_metrics, enable_metrics) };
}

/// Gets whether metrics are sent.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[deprecated(note = "keep the default")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_enable_metrics(opts: *const sentry_options_t) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::enable_metrics) }
}
