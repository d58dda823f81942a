//! Metrics: figures that the server adds up; collected like logs and sent a hundred at a time.

use std::ffi::{c_char, c_int};

use super::capture_value::end_if_one_shot;
use super::scopes::sentry_scope_t;
use super::text::{c_str_len, usable_bytes};
use super::types::sentry_status_t;
use super::values::{sentry_value_t, take};
use super::{guard, status};
use crate::client::capture::entries::Metric;
use crate::client::capture::refused::{Refused, Status};
use crate::client::state;
use crate::protocol::log::MetricKind;
use crate::value::tree::Value;

/// What became of a metric.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_metrics_result_t {
    /// Collected; it is sent with others.
    SENTRY_METRICS_RESULT_SUCCESS = 0,
    /// The hook dropped it.
    SENTRY_METRICS_RESULT_DISCARD = 1,
    /// It was not taken: no room, no consent, a pause that the server asked for, or an argument that makes no sense;
    /// `sentry_last_error_message` says which.
    SENTRY_METRICS_RESULT_FAILED = 2,
    /// Metrics are off, there is no usable DSN, or the library is not initialised.
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

/// Counts something.
///
/// Metrics are collected and sent when there are 100 of them, or after five seconds; each call is one entry.
///
/// Arguments: `name`; `value`, how many, also negative; `attributes` as for `sentry_log`. A metric may have 2048 bytes of JSON
/// with its attributes; a larger one is refused.
/// Ownership: takes `attributes`, whatever the answer; an object that the host still holds is not changed.
/// Null: a NULL or empty `name` is refused.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: never.
/// Returns: what became of it.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_metrics_count(
    name: *const c_char,
    value: i64,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    let value = Value::int64(value);
    // SAFETY: as our caller promises: NULL or terminated, a reference given away; no scope, no unit.
    unsafe {
        capture(
            std::ptr::null_mut(),
            MetricKind::Counter,
            (name, std::ptr::null()),
            value,
            attributes,
        )
    }
}

/// Notes a figure that goes up and down.
///
/// Arguments: `name`; `value`, finite; `unit`, one of the `SENTRY_UNIT_…` texts or any other; `attributes` as for
/// `sentry_metrics_count`.
/// Ownership: takes `attributes`, whatever the answer.
/// Null: a NULL or empty `name` is refused; `unit` may be NULL.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: what became of it.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_metrics_gauge(
    name: *const c_char,
    value: f64,
    unit: *const c_char,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    let value = Value::double(value);
    // SAFETY: as our caller promises: NULL or terminated, a reference given away; no scope.
    unsafe {
        capture(
            std::ptr::null_mut(),
            MetricKind::Gauge,
            (name, unit),
            value,
            attributes,
        )
    }
}

/// Notes a figure whose distribution matters.
///
/// Arguments: as for `sentry_metrics_gauge`.
/// Ownership: takes `attributes`, whatever the answer.
/// Null: a NULL or empty `name` is refused; `unit` may be NULL.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: what became of it.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_metrics_distribution(
    name: *const c_char,
    value: f64,
    unit: *const c_char,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    let value = Value::double(value);
    // SAFETY: as our caller promises: NULL or terminated, a reference given away; no scope.
    unsafe {
        capture(
            std::ptr::null_mut(),
            MetricKind::Distribution,
            (name, unit),
            value,
            attributes,
        )
    }
}

/// Captures a metric of any kind with a scope.
///
/// Arguments: `type`, an unknown one is refused; `value`, a finite number; the others as for `sentry_metrics_gauge`.
/// Ownership: takes `value` and `attributes`, and ends a scope of `sentry_local_scope_new`, whatever the answer.
/// Null: a NULL `scope` is none; a NULL or empty `name` is refused; `unit` may be NULL.
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: what became of it.
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
    const UNKNOWN: Refused = Refused::because(
        Status::InvalidArgument,
        "type is no member of sentry_metric_type_t",
    );
    let kind = match r#type {
        0 => MetricKind::Counter,
        1 => MetricKind::Gauge,
        2 => MetricKind::Distribution,
        _ => {
            return guard(
                sentry_metrics_result_t::SENTRY_METRICS_RESULT_FAILED,
                || {
                    // SAFETY: as our caller promises: references given away, NULL or a handle of ours.
                    unsafe {
                        drop((take(value), take(attributes)));
                        end_if_one_shot(scope);
                    }
                    answer(Err(UNKNOWN))
                },
            );
        }
    };
    // SAFETY: as our caller promises: a reference given away.
    let value = unsafe { take(value) };
    // SAFETY: as our caller promises: NULL or a handle of ours, NULL or terminated, a reference given away.
    unsafe { capture(scope, kind, (name, unit), value, attributes) }
}

/// Captures a metric of this name and unit.
///
/// # Safety
/// A reference of `attributes` is given away; `scope` is NULL or a handle of ours, given away if it is for one capture; the
/// texts are NULL or terminated.
unsafe fn capture(
    scope: *mut sentry_scope_t,
    kind: MetricKind,
    (name, unit): (*const c_char, *const c_char),
    value: Value,
    attributes: sentry_value_t,
) -> sentry_metrics_result_t {
    guard(
        sentry_metrics_result_t::SENTRY_METRICS_RESULT_DISABLED,
        || {
            // SAFETY: as our caller promises.
            unsafe {
                let attributes = take(attributes);
                let metric = Metric {
                    kind,
                    name: usable_bytes(name, c_str_len(name)).unwrap_or_default(),
                    value: &value,
                    unit: usable_bytes(unit, c_str_len(unit)),
                };
                let own = scope.as_ref().map(|it| &it.scope);
                let captured = state::with_client(|client| client.metric(metric, attributes, own));
                end_if_one_shot(scope);
                answer(captured.unwrap_or_else(|| Err(state::absence())))
            }
        },
    )
}

/// The answer to the host, with the reason as last error.
fn answer(result: Result<(), Refused>) -> sentry_metrics_result_t {
    match status::answer(result) {
        sentry_status_t::SENTRY_STATUS_OK => sentry_metrics_result_t::SENTRY_METRICS_RESULT_SUCCESS,
        sentry_status_t::SENTRY_STATUS_DROPPED_BY_HOOK => {
            sentry_metrics_result_t::SENTRY_METRICS_RESULT_DISCARD
        }
        sentry_status_t::SENTRY_STATUS_DISABLED => {
            sentry_metrics_result_t::SENTRY_METRICS_RESULT_DISABLED
        }
        _ => sentry_metrics_result_t::SENTRY_METRICS_RESULT_FAILED,
    }
}
