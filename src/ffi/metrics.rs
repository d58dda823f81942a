//! Metrics: the interface, which answers that they are not enabled in this version.

#![expect(
    unused_variables,
    reason = "the names are those of the header; nothing is done with most arguments yet"
)]

use std::ffi::{c_char, c_int};

use super::capture_value::end_if_one_shot;
use super::guard;
use super::scopes::sentry_scope_t;
use super::values::{NULL, sentry_value_t, take};

/// What became of a metric.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_metrics_result_t {
    /// Queued.
    SENTRY_METRICS_RESULT_SUCCESS = 0,
    /// The hook dropped it.
    SENTRY_METRICS_RESULT_DISCARD = 1,
    /// The buffers are full.
    SENTRY_METRICS_RESULT_FAILED = 2,
    /// Metrics are off, or the library is not initialised. The only answer of this version.
    SENTRY_METRICS_RESULT_DISABLED = 3,
}

/// What a metric measures.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_metric_type_t {
    /// How often something happened.
    SENTRY_METRIC_COUNT = 0,
    /// A figure that goes up and down.
    SENTRY_METRIC_GAUGE = 1,
    /// A figure whose distribution matters.
    SENTRY_METRIC_DISTRIBUTION = 2,
}

/// A `sentry_metric_type_t` as it arrives.
pub type sentry_metric_type_arg = c_int;

/// Counts something. Metrics are not enabled in this version: nothing is kept or sent.
///
/// Arguments: `name`; `value`, how many; `attributes`, an object, see `sentry_value_new_attribute`, or null.
/// Ownership: takes `attributes`, whatever the answer.
/// Null: a NULL `name` is as good as any.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: `SENTRY_METRICS_RESULT_DISABLED`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_metrics_count(
    name: *const c_char,
    value: i64,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    // SAFETY: as our caller promises: a reference given away; no scope, no value.
    unsafe { refuse(std::ptr::null_mut(), NULL, attributes) }
}

/// Notes a figure that goes up and down. Metrics are not enabled in this version: nothing is kept or sent.
///
/// Arguments: `name`; `value`; `unit`, one of the `SENTRY_UNIT_…` texts or any other; `attributes` as for
/// `sentry_metrics_count`.
/// Ownership: takes `attributes`, whatever the answer.
/// Null: NULL texts are as good as any.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: `SENTRY_METRICS_RESULT_DISABLED`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_metrics_gauge(
    name: *const c_char,
    value: f64,
    unit: *const c_char,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    // SAFETY: as our caller promises: a reference given away; no scope, no value.
    unsafe { refuse(std::ptr::null_mut(), NULL, attributes) }
}

/// Notes a figure whose distribution matters. Metrics are not enabled in this version: nothing is kept or sent.
///
/// Arguments: as for `sentry_metrics_gauge`.
/// Ownership: takes `attributes`, whatever the answer.
/// Null: NULL texts are as good as any.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: `SENTRY_METRICS_RESULT_DISABLED`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_metrics_distribution(
    name: *const c_char,
    value: f64,
    unit: *const c_char,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    // SAFETY: as our caller promises: a reference given away; no scope, no value.
    unsafe { refuse(std::ptr::null_mut(), NULL, attributes) }
}

/// Captures a metric of any kind with a scope. Metrics are not enabled in this version: nothing is kept or sent.
///
/// Arguments: `type`; `value`, a number; the others as for `sentry_metrics_gauge`.
/// Ownership: takes `value` and `attributes`, and ends a scope of `sentry_local_scope_new`, whatever the answer.
/// Null: NULL pointers are as good as any.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: `SENTRY_METRICS_RESULT_DISABLED`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_capture_metric(
    scope: *mut sentry_scope_t,
    r#type: sentry_metric_type_arg,
    name: *const c_char,
    value: sentry_value_t,
    unit: *const c_char,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    // SAFETY: as our caller promises: references given away, NULL or a handle of ours.
    unsafe { refuse(scope, value, attributes) }
}

/// Takes what was given away and answers.
///
/// # Safety
/// One reference of each value is given away; `scope` is NULL or a handle of ours, given away if it is for one capture.
unsafe fn refuse(
    scope: *mut sentry_scope_t,
    value: sentry_value_t,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    const DISABLED: sentry_metrics_result_t =
        sentry_metrics_result_t::SENTRY_METRICS_RESULT_DISABLED;
    guard(DISABLED, || {
        // SAFETY: as our caller promises.
        unsafe {
            drop((take(value), take(attributes)));
            end_if_one_shot(scope);
        }
        DISABLED
    })
}
