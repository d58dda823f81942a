//! Tests of the compatible options, of those for events, and of the handle.

use std::ffi::{CStr, c_int};
use std::os::unix::ffi::OsStrExt as _;

use super::events::*;
use super::handle::{configure_outcome, read, take_options};
use super::network::*;
use super::*;
use crate::ffi::error::last_error_ptr;
use crate::ffi::options_json::{sentry_options_new_from_json, sentry_options_new_from_json_n};
use crate::ffi::types::sentry_level_t;
use crate::protocol::level::Level;

/// Options without the environment of the process, freed at the end.
struct Handle(*mut sentry_options_t);

impl Handle {
    fn new() -> Self {
        Self(give(Options::default()))
    }

    fn options(&self) -> Options {
        // SAFETY: the handle is alive and of this thread.
        unsafe { read(self.0, None, |options| Some(options.clone())) }.unwrap()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: given up once.
        unsafe { sentry_options_free(self.0) };
    }
}

/// The text behind a pointer of ours; none for NULL.
fn shown(text: *const c_char) -> Option<String> {
    // SAFETY: getters lend terminated texts or NULL.
    unsafe { text::c_str_bytes(text) }.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

fn last_error() -> String {
    shown(last_error_ptr()).unwrap()
}

type SetText = unsafe extern "C" fn(*mut sentry_options_t, *const c_char);
type SetTextN = unsafe extern "C" fn(*mut sentry_options_t, *const c_char, usize);
type GetText = unsafe extern "C" fn(*const sentry_options_t) -> *const c_char;

/// The texts that NULL clears, with setter, twin and getter.
#[expect(deprecated, reason = "the older names are tested as well")]
const TEXTS: [(SetText, SetTextN, GetText); 8] = [
    (
        sentry_options_set_transport_thread_name,
        sentry_options_set_transport_thread_name_n,
        sentry_options_get_transport_thread_name,
    ),
    (
        sentry_options_set_dsn,
        sentry_options_set_dsn_n,
        sentry_options_get_dsn,
    ),
    (
        sentry_options_set_release,
        sentry_options_set_release_n,
        sentry_options_get_release,
    ),
    (
        sentry_options_set_environment,
        sentry_options_set_environment_n,
        sentry_options_get_environment,
    ),
    (
        sentry_options_set_dist,
        sentry_options_set_dist_n,
        sentry_options_get_dist,
    ),
    (
        sentry_options_set_proxy,
        sentry_options_set_proxy_n,
        sentry_options_get_proxy,
    ),
    (
        sentry_options_set_http_proxy,
        sentry_options_set_http_proxy_n,
        sentry_options_get_http_proxy,
    ),
    (
        sentry_options_set_ca_certs,
        sentry_options_set_ca_certs_n,
        sentry_options_get_ca_certs,
    ),
];

#[test]
fn texts_are_kept_shown_and_cleared() {
    for (set, set_n, get) in TEXTS {
        let handle = Handle::new();
        // SAFETY: the handle is alive, the texts are terminated or as long as said.
        unsafe {
            set(handle.0, c"one".as_ptr());
            assert_eq!(shown(get(handle.0)).as_deref(), Some("one"));
            set_n(handle.0, c"two and more".as_ptr(), 3);
            assert_eq!(shown(get(handle.0)).as_deref(), Some("two"));
            set(handle.0, c"".as_ptr());
            assert_eq!(shown(get(handle.0)).as_deref(), Some(""));
            set(handle.0, ptr::null());
            assert_eq!(shown(get(handle.0)), None);
            set_n(handle.0, c"x".as_ptr(), 1);
            set_n(handle.0, ptr::null(), 0);
            assert_eq!(shown(get(handle.0)), None);
        }
    }
}

#[test]
fn null_with_a_length_is_refused() {
    for (set, set_n, get) in TEXTS {
        let handle = Handle::new();
        // SAFETY: the handle is alive; what is refused is not read.
        unsafe {
            set(handle.0, c"kept".as_ptr());
            set_n(handle.0, ptr::null(), 4);
            assert!(last_error().contains("NULL"), "{}", last_error());
            // The DSN is unset, so that nothing goes on to the server of the old one.
            let is_dsn = handle.options().dsn.is_none() && handle.options().notices.has("dsn");
            let expected = (!is_dsn).then_some("kept");
            assert_eq!(shown(get(handle.0)).as_deref(), expected);
            set_n(handle.0, c"x".as_ptr(), usize::MAX);
            assert!(last_error().contains("length"), "{}", last_error());
            set(handle.0, c"fine".as_ptr());
            assert_eq!(last_error(), "");
        }
    }
}

#[test]
fn null_options_are_no_crash() {
    let none = ptr::null_mut();
    // SAFETY: NULL is allowed everywhere.
    unsafe {
        for (set, set_n, get) in TEXTS {
            set(none, c"x".as_ptr());
            set_n(none, c"x".as_ptr(), 1);
            assert!(get(none).is_null());
        }
        sentry_options_free(none);
        sentry_options_set_sample_rate(none, 0.5);
        sentry_options_set_debug(none, 1);
        sentry_options_set_logger_level(none, 0);
        sentry_options_set_max_breadcrumbs(none, 1);
        sentry_options_set_database_path(none, c"x".as_ptr());
        sentry_options_set_shutdown_timeout(none, 1);
        sentry_options_set_transfer_timeout(none, 1);
        sentry_options_set_send_client_reports(none, 1);
        assert_eq!(sentry_options_set_sdk_name(none, c"x".as_ptr()), 1);
        assert_eq!(last_error(), "the options are NULL");
        assert_eq!(sentry_options_get_sample_rate(none), 0.0);
        assert_eq!(sentry_options_get_debug(none), 0);
        assert_eq!(sentry_options_get_max_breadcrumbs(none), 0);
        assert_eq!(sentry_options_get_shutdown_timeout(none), 0);
        assert_eq!(sentry_options_get_transfer_timeout(none), 0);
        assert_eq!(sentry_options_get_send_client_reports(none), 0);
        assert!(sentry_options_get_sdk_name(none).is_null());
        assert!(sentry_options_get_user_agent(none).is_null());
        assert!(sentry_options_get_ignore_errors(none).is_null());
        assert_eq!(
            sentry_options_set_event_level(none, 0),
            sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT
        );
        assert!(take(none).is_none());
        configure_outcome(none, None);
        assert!(take_options(none).on_outcome.is_none());
    }
}

#[test]
fn invalid_utf8_is_replaced_but_not_in_the_dsn() {
    let handle = Handle::new();
    let wrong = c"https://\xff@h/1".as_ptr();
    // SAFETY: the handle is alive, the text terminated.
    unsafe {
        sentry_options_set_release(handle.0, wrong);
        assert_eq!(
            shown(sentry_options_get_release(handle.0)).as_deref(),
            Some("https://\u{fffd}@h/1")
        );
        sentry_options_set_dsn(handle.0, c"https://old@h/1".as_ptr());
        sentry_options_set_dsn(handle.0, wrong);
        assert!(sentry_options_get_dsn(handle.0).is_null());
        assert!(last_error().contains("UTF-8 at byte 8"), "{}", last_error());
    }
    assert_eq!(handle.options().notices.count(), 1);
}

#[test]
fn paths_keep_their_bytes() {
    let handle = Handle::new();
    // SAFETY: the handle is alive, the text terminated.
    unsafe {
        sentry_options_set_ca_certs(handle.0, c"/\xff.pem".as_ptr());
        sentry_options_set_database_path(handle.0, c"/\xfe".as_ptr());
        let path = CStr::from_ptr(sentry_options_get_ca_certs(handle.0));
        assert_eq!(path.to_bytes(), b"/\xff.pem");
    }
    let database = handle.options().database_path.unwrap();
    assert_eq!(database.as_os_str().as_bytes(), b"/\xfe");
}

#[test]
fn a_text_lent_out_survives_changes_of_other_options() {
    let handle = Handle::new();
    // SAFETY: the handle is alive, the texts terminated.
    unsafe {
        sentry_options_set_release(handle.0, c"app@1".as_ptr());
        let lent = sentry_options_get_release(handle.0);
        sentry_options_set_dsn(handle.0, c"https://k@h/1".as_ptr());
        sentry_options_set_debug(handle.0, 1);
        sentry_options_set_release(handle.0, c"app@1".as_ptr());
        assert_eq!(sentry_options_get_release(handle.0), lent);
        assert_eq!(shown(lent).as_deref(), Some("app@1"));
    }
}

#[test]
fn the_sdk_name_makes_the_user_agent_and_cannot_be_unset() {
    let handle = Handle::new();
    // SAFETY: the handle is alive, the texts terminated or NULL.
    unsafe {
        assert_eq!(sentry_options_set_sdk_name(handle.0, c"app".as_ptr()), 0);
        let agent = shown(sentry_options_get_user_agent(handle.0)).unwrap();
        assert_eq!(agent, format!("app/{}", env!("CARGO_PKG_VERSION")));
        assert_eq!(sentry_options_set_sdk_name(handle.0, ptr::null()), 1);
        assert_eq!(sentry_options_set_sdk_name(handle.0, c"a\nb".as_ptr()), 1);
        assert_eq!(
            shown(sentry_options_get_sdk_name(handle.0)).as_deref(),
            Some("app")
        );
    }
}

#[test]
fn numbers_are_clamped_and_flags_normalised() {
    let handle = Handle::new();
    // SAFETY: the handle is alive.
    unsafe {
        for (given, kept) in [(f64::NAN, 1.0), (2.0, 1.0), (-1.0, 0.0), (0.5, 0.5)] {
            sentry_options_set_sample_rate(handle.0, given);
            assert_eq!(sentry_options_get_sample_rate(handle.0), kept);
        }
        for (given, kept) in [(0, 0), (1, 1), (-7, 1), (c_int::MAX, 1)] {
            sentry_options_set_debug(handle.0, given);
            assert_eq!(sentry_options_get_debug(handle.0), kept);
            sentry_options_set_send_client_reports(handle.0, given);
            assert_eq!(sentry_options_get_send_client_reports(handle.0), kept);
        }
        for given in [0, 1, usize::MAX] {
            sentry_options_set_max_breadcrumbs(handle.0, given);
            assert_eq!(sentry_options_get_max_breadcrumbs(handle.0), given);
        }
        for given in [0, 1, u64::MAX] {
            sentry_options_set_shutdown_timeout(handle.0, given);
            assert_eq!(sentry_options_get_shutdown_timeout(handle.0), given);
            sentry_options_set_transfer_timeout(handle.0, given);
            assert_eq!(sentry_options_get_transfer_timeout(handle.0), given);
        }
    }
}

#[test]
fn unknown_levels_change_nothing() {
    let handle = Handle::new();
    // SAFETY: the handle is alive.
    unsafe {
        sentry_options_set_logger_level(handle.0, 2);
        sentry_options_set_logger_level(handle.0, 4);
        assert!(
            last_error().starts_with("logger_level: 4"),
            "{}",
            last_error()
        );
        for (set, get) in [
            (
                sentry_options_set_event_level as unsafe extern "C" fn(_, _) -> _,
                sentry_options_get_event_level as unsafe extern "C" fn(_) -> _,
            ),
            (
                sentry_options_set_breadcrumb_level,
                sentry_options_get_breadcrumb_level,
            ),
        ] {
            assert_eq!(set(handle.0, -2), sentry_status_t::SENTRY_STATUS_OK);
            assert_eq!(get(handle.0), sentry_level_t::SENTRY_LEVEL_TRACE);
            assert_eq!(set(handle.0, 3), sentry_status_t::SENTRY_STATUS_OK);
            for wrong in [-3, 4, c_int::MIN] {
                assert_eq!(
                    set(handle.0, wrong),
                    sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT
                );
            }
            assert_eq!(get(handle.0), sentry_level_t::SENTRY_LEVEL_FATAL);
        }
    }
    assert_eq!(handle.options().logger_level, Level::Error);
}

#[test]
fn ignore_errors_is_shown_as_lines() {
    let handle = Handle::new();
    let set = |text: *const c_char| {
        // SAFETY: the handle is alive, the text terminated or NULL.
        let status = unsafe { sentry_options_set_ignore_errors(handle.0, text) };
        assert_eq!(status, sentry_status_t::SENTRY_STATUS_OK);
        // SAFETY: the handle is alive.
        shown(unsafe { sentry_options_get_ignore_errors(handle.0) })
    };
    assert_eq!(set(c"a*\n\n b \n".as_ptr()).as_deref(), Some("a*\nb"));
    assert_eq!(set(ptr::null()), None);
    // SAFETY: the handle is alive; what is refused is not read.
    let status = unsafe { sentry_options_set_ignore_errors_n(handle.0, ptr::null(), 3) };
    assert_eq!(status, sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT);
}

#[test]
fn options_come_from_json_or_say_why_not() {
    let json = c"{\"release\": \"app@1\", \"retries\": 7}";
    // SAFETY: the text is terminated.
    let handle = Handle(unsafe { sentry_options_new_from_json(json.as_ptr()) });
    assert_eq!(last_error(), "");
    assert_eq!(handle.options().retries, 7);
    // SAFETY: the handle is alive.
    let release = shown(unsafe { sentry_options_get_release(handle.0) });
    assert_eq!(release.as_deref(), Some("app@1"));

    for (wrong, reason) in [
        (&b"{\"retires\": 7}"[..], "did you mean \"retries\"?"),
        (b"{\"retries\": -1}", "retries: -1 is refused"),
        (b"{\"release\": \"\xff\"}", "not valid UTF-8 at byte 13"),
        (b"", "no valid JSON"),
    ] {
        // SAFETY: the text is as long as said.
        let none = unsafe { sentry_options_new_from_json_n(wrong.as_ptr().cast(), wrong.len()) };
        assert!(none.is_null());
        assert!(last_error().contains(reason), "{}", last_error());
    }
    // SAFETY: NULL is allowed.
    unsafe {
        assert!(sentry_options_new_from_json(ptr::null()).is_null());
        assert!(last_error().contains("NULL"), "{}", last_error());
        assert!(sentry_options_new_from_json_n(ptr::null(), 9).is_null());
    }
}

#[test]
fn options_are_taken_over_once() {
    let opts = sentry_options_new();
    assert!(!opts.is_null());
    // SAFETY: the handle is alive and given up here.
    let taken = unsafe {
        sentry_options_set_release(opts, c"mine".as_ptr());
        take(opts)
    };
    assert_eq!(taken.unwrap().release.as_deref(), Some("mine"));
}
