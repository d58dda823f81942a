//! Tests of the options for queue, time-outs and retries: each range at both ends, refusals and getters.

use std::ffi::{CStr, c_int};
use std::fmt::Debug;

use super::retry::*;
use super::*;
use crate::client::options::Options;
use crate::ffi::error::last_error_ptr;
use crate::ffi::options::handle::{give, take};

const OK: sentry_status_t = sentry_status_t::SENTRY_STATUS_OK;
const REFUSED: sentry_status_t = sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT;

type Set<T> = unsafe extern "C" fn(*mut sentry_options_t, T) -> sentry_status_t;
type Get<T> = unsafe extern "C" fn(*const sentry_options_t) -> T;
type Pair<T> = (Set<T>, Get<T>);

fn last_error() -> String {
    // SAFETY: the text is terminated and of this thread.
    let text = unsafe { CStr::from_ptr(last_error_ptr()) };
    text.to_str().unwrap().to_owned()
}

/// Checks default, accepted and refused values of one option, and that NULL is refused.
fn check<T: Copy + PartialEq + Debug>(
    name: &str,
    (set, get): Pair<T>,
    default: T,
    accepted: &[T],
    refused: &[T],
) {
    let opts = give(Options::default());
    // SAFETY: the handle is alive until it is given up, and of this thread.
    unsafe {
        assert_eq!(get(opts), default, "{name}");
        for value in accepted {
            assert_eq!(set(opts, *value), OK, "{name} {value:?}");
            assert_eq!(get(opts), *value, "{name}");
            assert_eq!(last_error(), "");
        }
        let kept = get(opts);
        for value in refused {
            assert_eq!(set(opts, *value), REFUSED, "{name} {value:?}");
            assert_eq!(get(opts), kept, "{name} {value:?}");
            assert!(
                last_error().starts_with(&format!("{name}: {value:?} is refused; allowed is ")),
                "{}",
                last_error()
            );
        }
        assert_eq!(set(std::ptr::null_mut(), default), REFUSED);
        assert_eq!(last_error(), "the options are NULL");
        get(std::ptr::null());
        drop(take(opts));
    }
}

#[test]
fn queue_options_hold_their_ranges() {
    check(
        "queue_max_items",
        (
            sentry_options_set_queue_max_items,
            sentry_options_get_queue_max_items,
        ),
        1000,
        &[1, -1, 10_000_000],
        &[0, -2, 10_000_001, i64::MIN, i64::MAX],
    );
    check(
        "queue_max_bytes",
        (
            sentry_options_set_queue_max_bytes,
            sentry_options_get_queue_max_bytes,
        ),
        16 << 20,
        &[64 << 10, (1 << 40) - 1],
        &[0, (64 << 10) - 1, 1 << 40, u64::MAX],
    );
    check(
        "queue_block_timeout_ms",
        (
            sentry_options_set_queue_block_timeout_ms,
            sentry_options_get_queue_block_timeout_ms,
        ),
        0,
        &[60_000, 0],
        &[60_001, u64::MAX],
    );
    check(
        "queue_sync_ms",
        (
            sentry_options_set_queue_sync_ms,
            sentry_options_get_queue_sync_ms,
        ),
        0,
        &[3_600_000, 0],
        &[3_600_001, u64::MAX],
    );
    check(
        "dedupe_window_ms",
        (
            sentry_options_set_dedupe_window_ms,
            sentry_options_get_dedupe_window_ms,
        ),
        0,
        &[86_400_000, 0],
        &[86_400_001, u64::MAX],
    );
    check(
        "max_requests_in_flight",
        (
            sentry_options_set_max_requests_in_flight,
            sentry_options_get_max_requests_in_flight,
        ),
        1,
        &[32, 1],
        &[0, 33, -1, i32::MIN],
    );
}

#[test]
fn time_outs_hold_their_ranges() {
    for (name, pair) in [
        (
            "connect_timeout_ms",
            (
                sentry_options_set_connect_timeout_ms as Set<u64>,
                sentry_options_get_connect_timeout_ms as Get<u64>,
            ),
        ),
        (
            "read_timeout_ms",
            (
                sentry_options_set_read_timeout_ms,
                sentry_options_get_read_timeout_ms,
            ),
        ),
    ] {
        check(name, pair, 15_000, &[1, 600_000], &[0, 600_001, u64::MAX]);
    }
}

#[test]
fn retries_hold_their_ranges() {
    check(
        "retries",
        (sentry_options_set_retries, sentry_options_get_retries),
        3,
        &[0, 1000],
        &[-1, 1001, i32::MAX],
    );
    let by_cause: [(&str, Pair<i32>, i32); 4] = [
        (
            "retries_connect",
            (
                sentry_options_set_retries_connect,
                sentry_options_get_retries_connect,
            ),
            -1,
        ),
        (
            "retries_read",
            (
                sentry_options_set_retries_read,
                sentry_options_get_retries_read,
            ),
            -1,
        ),
        (
            "retries_status",
            (
                sentry_options_set_retries_status,
                sentry_options_get_retries_status,
            ),
            0,
        ),
        (
            "retries_redirect",
            (
                sentry_options_set_retries_redirect,
                sentry_options_get_retries_redirect,
            ),
            0,
        ),
    ];
    for (name, pair, default) in by_cause {
        check(name, pair, default, &[0, 1000, -1], &[-2, 1001, i32::MIN]);
    }
}

#[test]
fn back_off_holds_its_ranges() {
    check(
        "retry_backoff_ms",
        (
            sentry_options_set_retry_backoff_ms,
            sentry_options_get_retry_backoff_ms,
        ),
        1000,
        &[1, 3_600_000],
        &[0, 3_600_001, u64::MAX],
    );
    check(
        "retry_backoff_max_ms",
        (
            sentry_options_set_retry_backoff_max_ms,
            sentry_options_get_retry_backoff_max_ms,
        ),
        60_000,
        &[1, 86_400_000],
        &[0, 86_400_001, u64::MAX],
    );
}

#[test]
fn unknown_numbers_of_enums_are_refused() {
    let opts = give(Options::default());
    // SAFETY: the handle is alive until it is given up, and of this thread.
    unsafe {
        for wrong in [-1, 4, c_int::MAX] {
            assert_eq!(sentry_options_set_queue_overflow(opts, wrong), REFUSED);
        }
        assert!(last_error().contains("DROP_OLDEST (1)"), "{}", last_error());
        assert_eq!(
            sentry_options_get_queue_overflow(opts),
            sentry_queue_overflow_t::SENTRY_QUEUE_OVERFLOW_DROP_NEWEST
        );
        assert_eq!(sentry_options_set_queue_overflow(opts, 2), OK);
        assert_eq!(
            sentry_options_get_queue_overflow(opts),
            sentry_queue_overflow_t::SENTRY_QUEUE_OVERFLOW_DROP_LOWEST_PRIORITY
        );

        assert_eq!(sentry_options_set_compression(opts, 0), OK);
        assert_eq!(sentry_options_set_compression(opts, 2), REFUSED);
        assert_eq!(
            sentry_options_get_compression(opts),
            sentry_compression_t::SENTRY_COMPRESSION_NONE
        );
        drop(take(opts));
    }
}

#[test]
fn flags_become_zero_or_one() {
    let opts = give(Options::default());
    // SAFETY: the handle is alive until it is given up, and of this thread.
    unsafe {
        assert_eq!(sentry_options_get_queue_durable(opts), 0);
        assert_eq!(sentry_options_set_queue_durable(opts, -5), OK);
        assert_eq!(sentry_options_get_queue_durable(opts), 1);
        assert_eq!(sentry_options_get_threadless(opts), 0);
        assert_eq!(sentry_options_set_threadless(opts, 2), OK);
        assert_eq!(sentry_options_get_threadless(opts), 1);
        drop(take(opts));
    }
}
