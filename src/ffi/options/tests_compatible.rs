//! Tests of the options for sessions, disk, crashes, telemetry and other platforms: defaults, range, round trip, NULL.

use std::ffi::{c_char, c_int};
use std::ptr;
use std::time::Duration;

use super::crashes::*;
use super::handle::{give, read, sentry_options_t};
use super::platforms::*;
use super::sentry_options_free;
use super::sessions::*;
use super::telemetry::*;
use crate::client::options::{Backend, CacheKeep, MinidumpMode, Options};

type SetFlag = unsafe extern "C" fn(*mut sentry_options_t, c_int);
type GetFlag = unsafe extern "C" fn(*const sentry_options_t) -> c_int;

/// Runs `body` with options of defaults alone.
fn with(body: impl FnOnce(*mut sentry_options_t)) {
    let handle = give(Options::default());
    body(handle);
    // SAFETY: given up once.
    unsafe { sentry_options_free(handle) };
}

fn options(handle: *const sentry_options_t) -> Options {
    // SAFETY: the handle is alive and of this thread.
    unsafe { read(handle, None, |options| Some(options.clone())) }.unwrap()
}

/// Flags with setter, getter and default.
#[expect(deprecated, reason = "deprecated functions still work")]
const FLAGS: [(SetFlag, GetFlag, c_int); 11] = [
    (
        sentry_options_set_auto_session_tracking,
        sentry_options_get_auto_session_tracking,
        1,
    ),
    (
        sentry_options_set_require_user_consent,
        sentry_options_get_require_user_consent,
        0,
    ),
    (
        sentry_options_set_symbolize_stacktraces,
        sentry_options_get_symbolize_stacktraces,
        0,
    ),
    (
        sentry_options_set_http_retry,
        sentry_options_get_http_retry,
        0,
    ),
    (
        sentry_options_set_enable_large_attachments,
        sentry_options_get_enable_large_attachments,
        0,
    ),
    (
        sentry_options_set_propagate_traceparent,
        sentry_options_get_propagate_traceparent,
        0,
    ),
    (
        sentry_options_set_strict_trace_continuation,
        sentry_options_get_strict_trace_continuation,
        0,
    ),
    (
        sentry_options_set_enable_logs,
        sentry_options_get_enable_logs,
        1,
    ),
    (
        sentry_options_set_logs_with_attributes,
        sentry_options_get_logs_with_attributes,
        0,
    ),
    (
        sentry_options_set_enable_metrics,
        sentry_options_get_enable_metrics,
        1,
    ),
    (
        sentry_options_set_enable_app_hang_tracking,
        sentry_options_get_enable_app_hang_tracking,
        0,
    ),
];

#[test]
fn flags_have_their_default_and_become_0_or_1() {
    for (set, get, default) in FLAGS {
        with(|handle| {
            // SAFETY: the handle is alive; NULL is allowed.
            unsafe {
                assert_eq!(get(handle), default);
                for (given, kept) in [(0, 0), (7, 1), (-1, 1), (c_int::MIN, 1)] {
                    set(handle, given);
                    assert_eq!(get(handle), kept, "{given}");
                }
                set(ptr::null_mut(), 1);
                assert_eq!(get(ptr::null()), 0);
            }
        });
    }
}

#[test]
fn modes_are_cut_to_their_range() {
    with(|handle| {
        // SAFETY: the handle is alive; NULL is allowed.
        unsafe {
            assert_eq!(sentry_options_get_crash_reporting_mode(handle), 2);
            assert_eq!(sentry_options_get_crash_upload_mode(handle), 0);
            assert_eq!(sentry_options_get_handler_strategy(handle), 0);
            assert_eq!(sentry_options_get_cache_keep(handle), 0);
            sentry_options_set_crash_reporting_mode(handle, -5);
            sentry_options_set_crash_upload_mode(handle, 9);
            sentry_options_set_handler_strategy(handle, 1);
            sentry_options_set_minidump_mode(handle, 3);
            assert_eq!(sentry_options_get_crash_reporting_mode(handle), 0);
            assert_eq!(sentry_options_get_crash_upload_mode(handle), 1);
            assert_eq!(sentry_options_get_handler_strategy(handle), 1);
            assert_eq!(options(handle).minidump_mode, MinidumpMode::Full);
            for (given, kept) in [(-1, 1), (c_int::MIN, 1), (0, 0), (2, 2), (3, 2), (1, 1)] {
                sentry_options_set_cache_keep(handle, given);
                assert_eq!(sentry_options_get_cache_keep(handle), kept, "{given}");
            }
            assert_eq!(options(handle).cache_keep, CacheKeep::Offline);
            sentry_options_set_cache_keep(ptr::null_mut(), 1);
            assert_eq!(sentry_options_get_crash_reporting_mode(ptr::null()), 2);
            assert_eq!(sentry_options_get_cache_keep(ptr::null()), 0);
        }
    });
}

#[test]
fn bounds_of_the_disk_are_taken_away_with_0() {
    with(|handle| {
        let before = options(handle);
        assert_eq!(
            (before.cache_max_items, before.cache_max_age),
            (Some(30), None)
        );
        // SAFETY: the handle is alive.
        unsafe {
            sentry_options_set_cache_max_items(handle, 0);
            sentry_options_set_cache_max_size(handle, usize::MAX);
            sentry_options_set_cache_max_age(handle, 60);
        }
        let spool = options(handle);
        assert_eq!(spool.cache_max_items, None);
        assert_eq!(spool.cache_max_size, Some(usize::MAX as u64));
        assert_eq!(spool.cache_max_age, Some(Duration::from_secs(60)));
        // SAFETY: the handle is alive.
        unsafe { sentry_options_set_cache_max_age(handle, -60) };
        assert_eq!(options(handle).cache_max_age, None);
    });
}

#[test]
fn short_app_hang_timeouts_are_raised_with_a_warning() {
    with(|handle| {
        // SAFETY: the handle is alive.
        unsafe {
            assert_eq!(sentry_options_get_app_hang_timeout(handle), 5000);
            sentry_options_set_app_hang_timeout(handle, 999);
            assert_eq!(sentry_options_get_app_hang_timeout(handle), 1000);
            assert_eq!(options(handle).notices.count(), 1);
            sentry_options_set_app_hang_timeout(handle, u64::MAX);
            assert_eq!(sentry_options_get_app_hang_timeout(handle), u64::MAX);
            assert_eq!(options(handle).notices.count(), 0);
        }
    });
}

#[test]
fn traces_have_a_share_and_a_bound() {
    with(|handle| {
        // SAFETY: the handle is alive; NULL is allowed.
        unsafe {
            assert_eq!(sentry_options_get_traces_sample_rate(handle), 0.0);
            assert_eq!(sentry_options_get_max_spans(handle), 1000);
            sentry_options_set_traces_sample_rate(handle, 2.0);
            assert_eq!(sentry_options_get_traces_sample_rate(handle), 1.0);
            sentry_options_set_traces_sample_rate(handle, f64::NAN);
            assert_eq!(sentry_options_get_traces_sample_rate(handle), 0.0);
            sentry_options_set_max_spans(handle, 0);
            assert_eq!(sentry_options_get_max_spans(handle), 0);
            sentry_options_set_org_id(handle, c"4711".as_ptr());
            assert_eq!(options(handle).org_id.as_deref(), Some("4711"));
            sentry_options_set_org_id_n(handle, ptr::null(), 0);
            assert_eq!(options(handle).org_id, None);
            assert_eq!(sentry_options_get_traces_sample_rate(ptr::null_mut()), 0.0);
            assert_eq!(sentry_options_get_max_spans(ptr::null_mut()), 0);
        }
    });
}

type SetPath = unsafe extern "C" fn(*mut sentry_options_t, *const c_char);

#[test]
fn programs_are_paths_and_no_backend_is_no_crash_handler() {
    with(|handle| {
        assert_eq!(options(handle).backend, Backend::Default);
        let setters: [SetPath; 2] = [
            sentry_options_set_handler_path,
            sentry_options_set_external_crash_reporter_path,
        ];
        for set in setters {
            // SAFETY: the handle is alive, the text terminated; NULL is allowed.
            unsafe {
                set(handle, c"/bin/\xff".as_ptr());
                set(ptr::null_mut(), c"/bin/x".as_ptr());
            }
        }
        // SAFETY: the handle is alive; NULL is allowed.
        unsafe {
            sentry_options_set_handler_path_n(handle, ptr::null(), 0);
            sentry_options_set_backend(handle, ptr::null_mut());
            sentry_options_set_backend(ptr::null_mut(), ptr::null_mut());
        }
        let crash = options(handle);
        assert_eq!(crash.handler_path, None);
        let path = crash.external_crash_reporter_path.unwrap();
        assert_eq!(path.as_os_str().as_encoded_bytes(), b"/bin/\xff");
        assert_eq!(crash.backend, Backend::None);
    });
}

#[test]
fn what_belongs_to_other_platforms_changes_nothing() {
    with(|handle| {
        let before = format!("{:?}", options(handle));
        // SAFETY: the handle is alive; NULL is allowed.
        unsafe {
            for handle in [handle, ptr::null_mut()] {
                sentry_options_set_attach_screenshot(handle, 1);
                sentry_options_set_before_screenshot(handle, None, ptr::null_mut());
                sentry_options_set_attach_session_replay(handle, 1);
                sentry_options_set_session_replay_duration(handle, u32::MAX);
                sentry_options_set_system_crash_reporter_enabled(handle, 1);
                sentry_options_set_crashpad_wait_for_upload(handle, 1);
                sentry_options_set_crashpad_limit_stack_capture_to_sp(handle, 1);
                sentry_options_set_traces_sampler(handle, None, ptr::null_mut());
            }
        }
        assert_eq!(format!("{:?}", options(handle)), before);
    });
}
