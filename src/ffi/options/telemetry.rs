//! Options, compatible part: traces, logs and metrics.
//!
//! Entry points: the exported functions. May use: `access`, `text`, `client::options`.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use super::access::{get_flag, get_share, get_unsigned, set_flag, set_share, set_text, set_whole};
use super::handle::{sentry_options_t, store};
use crate::client::options::hooks::TracesSampler;
use crate::client::options::row;
use crate::ffi::guard;
use crate::ffi::text;
use crate::ffi::tracing::context::sentry_transaction_context_t;
use crate::ffi::values::{give, sentry_value_t};
use crate::ffi::values_access::borrowed;
use crate::telemetry::context::TransactionContext;
use crate::value::tree::Value;

/// Decides which share of transactions like this one are sent.
///
/// Called on the thread that starts a transaction, without any lock held; it may call every function of the library, and it
/// must not throw or `longjmp`. `transaction_ctx` and `custom_sampling_ctx` are valid until it returns and stay the library's;
/// `parent_sampled` is NULL without a decision of the program that began the trace, else it points to 0 or 1.
/// It returns 0.0 to 1.0; what is beyond is cut to that. If it returns NaN, it counts as not set for this transaction.
pub type sentry_traces_sampler_function = Option<
    unsafe extern "C" fn(
        transaction_ctx: *const sentry_transaction_context_t,
        custom_sampling_ctx: sentry_value_t,
        parent_sampled: *const c_int,
        user_data: *mut c_void,
    ) -> f64,
>;

/// Sets the function that decides which share of transactions are sent: before the program that began the trace and
/// `traces_sample_rate`, but not before `sentry_transaction_context_set_sampled`.
///
/// Arguments: `callback` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
/// Ownership: `user_data` stays the caller's.
/// Null: a NULL `callback` unsets it; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_traces_sampler(
    opts: *mut sentry_options_t,
    callback: sentry_traces_sampler_function,
    user_data: *mut c_void,
) {
    guard((), || {
        let sampler = callback.map(|function| {
            Arc::new(SamplerFunction {
                function,
                user_data,
            }) as Arc<dyn TracesSampler>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { store(opts, |options| options.traces_sampler = sampler) };
    });
}

/// Sets the share of transactions that are sent. All transactions of a trace are sent or none.
///
/// Without it and without a function of `sentry_options_set_traces_sampler` tracing is off: traces go on and are passed on,
/// and leave the decision to others. 0.0 is a decision: what begins here is not sent, and others are told so.
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

/// Sets how many finished spans a transaction holds. Those that are finished later are counted as `buffer_overflow`.
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

/// Sets the organisation of the project, which the trace header of envelopes and `baggage` name.
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

/// Sets whether a trace goes on only if both sides name the same organisation. A trace of another organisation never goes on;
/// without this one does if only one side is known.
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

/// Sets whether logs are sent.
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

/// Sets whether the first variable argument of a log call is an object of attributes, see `sentry_log_trace`.
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

/// Sets whether each line of `sentry_log_message`, and so of the adapters for syslog, GLib, spdlog and Qt, is sent as a log
/// besides what `event_level` and `breadcrumb_level` make of it.
///
/// Arguments: `send_log_messages` 0 or not; default 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_send_log_messages(
    opts: *mut sentry_options_t,
    send_log_messages: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::send_log_messages, send_log_messages) };
}

/// Gets whether each line of `sentry_log_message` is sent as a log.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_send_log_messages(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::send_log_messages) }
}

/// Sets whether metrics are sent.
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

#[derive(Debug)]
struct SamplerFunction {
    function: unsafe extern "C" fn(
        *const sentry_transaction_context_t,
        sentry_value_t,
        *const c_int,
        *mut c_void,
    ) -> f64,
    user_data: *mut c_void,
}

// SAFETY: the host promises that function and pointer may be used from any thread; the pointer is only handed back.
unsafe impl Send for SamplerFunction {}
// SAFETY: as above; the documentation says that calls may be concurrent.
unsafe impl Sync for SamplerFunction {}

impl TracesSampler for SamplerFunction {
    fn call(&self, context: &TransactionContext, custom: &Value, parent: Option<bool>) -> f64 {
        let handle = sentry_transaction_context_t::of(context);
        let parent = parent.map(c_int::from);
        let parent = parent.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let custom = borrowed(give(custom.clone()));
        // SAFETY: the host gave us the function for this; all pointers outlive the call, and the caller keeps the value.
        unsafe { (self.function)(&raw const handle, custom, parent, self.user_data) }
    }
}
