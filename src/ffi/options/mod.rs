//! Options, compatible part: making and ending them, what is sent, and the library itself.
//!
//! The sections next to this one: `network` (the way to the server), `events` (what becomes an event), `sessions`
//! (sessions, consent, what stays on disk), `crashes`, `telemetry` (traces, logs, metrics), `platforms` (without effect),
//! `options_delivery` (queue), `options_delivery/retry` (time-outs and retries), `options_json`.
//! Entry points: the exported functions. May use: `handle`, `text`, `client::options`.

use std::ffi::{OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::ptr;

use super::guard;
use super::text;
use super::types::{sentry_level_arg, sentry_status_t};
use crate::client::options::{Options, level_from_number};
use handle::{configure, configure_text, give, read, read_text, store, store_text, take};

pub use handle::sentry_options_t;
pub(crate) use handle::{
    configure_feedback_hook, configure_hook, configure_outcome, lend, take_options,
};

pub mod attachments;
pub mod crashes;
pub mod events;
pub(crate) mod handle;
pub mod network;
pub mod platforms;
pub mod sessions;
pub mod telemetry;

/// A path as the caller wrote it; paths need not be UTF-8.
fn path_from(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// Makes options with their defaults.
///
/// Values of the environment variables `SENTRY_DSN`, `SENTRY_RELEASE`, `SENTRY_ENVIRONMENT`, `SENTRY_DEBUG`,
/// `SENTRY_SAMPLE_RATE` and `SENTRY_TRACES_SAMPLE_RATE` are already in place; setters replace them.
///
/// Ownership: the options are the caller's, until `sentry_init` takes them or `sentry_options_free` ends them.
/// Threads: any thread; no other thread may change the environment meanwhile.
/// Returns: the options; NULL when the library failed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_options_new() -> *mut sentry_options_t {
    guard(ptr::null_mut(), || give(Options::new()))
}

/// Ends options that were not given to `sentry_init`.
///
/// Ownership: takes `opts`.
/// Null: NULL is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_free(opts: *mut sentry_options_t) {
    guard((), || {
        // SAFETY: the caller gives up a handle of ours, or passes NULL.
        drop(unsafe { take(opts) });
    });
}

/// Sets the DSN: scheme, key, host and project of the server.
///
/// Arguments: `dsn` is `https://<key>@<host>[:<port>][/<path>]/<project>` in UTF-8, read at init; default
/// `SENTRY_DSN`. What is not UTF-8 leaves the option unset. Without a usable DSN the library is disabled.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dsn(opts: *mut sentry_options_t, dsn: *const c_char) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_dsn_n(opts, dsn, text::c_str_len(dsn)) }
}

/// Like `sentry_options_set_dsn`, with a length.
///
/// Arguments: `dsn_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dsn_n(
    opts: *mut sentry_options_t,
    dsn: *const c_char,
    dsn_len: usize,
) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
        let dsn = unsafe { text::optional_bytes(dsn, dsn_len) };
        let dsn = dsn.and_then(|dsn| dsn.map(text::strict).transpose());
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
        unsafe {
            configure(opts, |options| match dsn {
                Ok(dsn) => {
                    options.set_dsn(dsn);
                    Ok(())
                }
                Err(error) => Err(options.refuse_dsn(&error.to_string())),
            })
        };
    });
}

/// Gets the DSN as it was set, also an unusable one.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_dsn(opts: *const sentry_options_t) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read_text(opts, |texts| &texts.dsn) }
    })
}

/// Sets the share of events that are sent.
///
/// Arguments: `sample_rate` 0.0 to 1.0, cut to that range; NaN is 1.0; default `SENTRY_SAMPLE_RATE`, else 1.0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_sample_rate(
    opts: *mut sentry_options_t,
    sample_rate: f64,
) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
        unsafe { store(opts, |options| options.set_sample_rate_clamped(sample_rate)) };
    });
}

/// Gets the share of events that are sent.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 0.0 to 1.0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_sample_rate(opts: *const sentry_options_t) -> f64 {
    guard(0.0, || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read(opts, 0.0, |options| options.sample_rate) }
    })
}

/// Sets the version of the program.
///
/// Arguments: `release`, best `package@version`, at most 200 bytes, without control characters, `/` and `\`; default
/// `SENTRY_RELEASE`. At init a longer one is cut and one with other characters left out.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_release(
    opts: *mut sentry_options_t,
    release: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_release_n(opts, release, text::c_str_len(release)) }
}

/// Like `sentry_options_set_release`, with a length.
///
/// Arguments: `release_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_release_n(
    opts: *mut sentry_options_t,
    release: *const c_char,
    release_len: usize,
) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
        unsafe { store_text(opts, release, release_len, Options::set_release) };
    });
}

/// Gets the version of the program.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_release(
    opts: *const sentry_options_t,
) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read_text(opts, |texts| &texts.release) }
    })
}

/// Sets the name of the deployment the program runs in.
///
/// Arguments: `environment`, at most 64 bytes, without blanks, control characters, `/` and `\`; default
/// `SENTRY_ENVIRONMENT`, else `production`. At init a longer one is cut and one with other characters left out.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_environment(
    opts: *mut sentry_options_t,
    environment: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_environment_n(opts, environment, text::c_str_len(environment)) }
}

/// Like `sentry_options_set_environment`, with a length.
///
/// Arguments: `environment_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_environment_n(
    opts: *mut sentry_options_t,
    environment: *const c_char,
    environment_len: usize,
) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
        unsafe { store_text(opts, environment, environment_len, Options::set_environment) };
    });
}

/// Gets the name of the deployment.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_environment(
    opts: *const sentry_options_t,
) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read_text(opts, |texts| &texts.environment) }
    })
}

/// Sets what tells builds of one release apart.
///
/// Arguments: `dist`, at most 64 bytes of `A-Z a-z 0-9 _ . -`; default none. At init a longer one is cut and one with
/// other characters left out.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dist(opts: *mut sentry_options_t, dist: *const c_char) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_dist_n(opts, dist, text::c_str_len(dist)) }
}

/// Like `sentry_options_set_dist`, with a length.
///
/// Arguments: `dist_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_dist_n(
    opts: *mut sentry_options_t,
    dist: *const c_char,
    dist_len: usize,
) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
        unsafe { store_text(opts, dist, dist_len, Options::set_dist) };
    });
}

/// Gets what tells builds of one release apart.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_dist(opts: *const sentry_options_t) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read_text(opts, |texts| &texts.dist) }
    })
}

/// Sets the name of the SDK on the wire, and with it the user agent.
///
/// Arguments: `sdk_name`, not empty and without control characters; default `libsentry.native`.
/// Ownership: the text is copied.
/// Null: NULL is refused, for both.
/// Returns: 0, or 1 when refused; the option is then unchanged and `sentry_last_error_message()` says why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_sdk_name(
    opts: *mut sentry_options_t,
    sdk_name: *const c_char,
) -> c_int {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_sdk_name_n(opts, sdk_name, text::c_str_len(sdk_name)) }
}

/// Like `sentry_options_set_sdk_name`, with a length.
///
/// Arguments: `sdk_name_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL is refused, for both.
/// Returns: 0, or 1 when refused; the option is then unchanged and `sentry_last_error_message()` says why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_sdk_name_n(
    opts: *mut sentry_options_t,
    sdk_name: *const c_char,
    sdk_name_len: usize,
) -> c_int {
    guard(1, || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
        let status = unsafe {
            configure_text(opts, sdk_name, sdk_name_len, |options, name| match name {
                Some(name) => {
                    let name = text::lossy(name).map_err(|error| error.to_string())?;
                    options.set_sdk_name(&name)
                }
                None => Err("sdk_name: NULL is refused; the option cannot be unset".to_owned()),
            })
        };
        c_int::from(status != sentry_status_t::SENTRY_STATUS_OK)
    })
}

/// Gets the name of the SDK.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_sdk_name(
    opts: *const sentry_options_t,
) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read_text(opts, |texts| &texts.sdk_name) }
    })
}

/// Gets the user agent, `<sdk_name>/<version>`.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_user_agent(
    opts: *const sentry_options_t,
) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read_text(opts, |texts| &texts.user_agent) }
    })
}

/// Sets whether the library writes diagnostics to stderr.
///
/// Arguments: `debug` 0 or not; default `SENTRY_DEBUG`, else 0.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_debug(opts: *mut sentry_options_t, debug: c_int) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
        unsafe { store(opts, |options| options.debug = debug != 0) };
    });
}

/// Gets whether diagnostics are written.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_debug(opts: *const sentry_options_t) -> c_int {
    guard(0, || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read(opts, 0, |options| c_int::from(options.debug)) }
    })
}

/// Sets the least level of diagnostics that are written.
///
/// Arguments: `level`; unknown numbers are ignored; default `SENTRY_LEVEL_DEBUG`.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_logger_level(
    opts: *mut sentry_options_t,
    level: sentry_level_arg,
) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
        unsafe {
            configure(opts, |options| {
                options.logger_level = level_from_number("logger_level", level)?;
                Ok::<(), String>(())
            })
        };
    });
}

/// Sets how many breadcrumbs are kept, the newest.
///
/// Arguments: `max_breadcrumbs` in breadcrumbs; 0 keeps none; default 100. Whatever the number, at most 1 MiB of text is
/// kept.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_max_breadcrumbs(
    opts: *mut sentry_options_t,
    max_breadcrumbs: usize,
) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
        unsafe { store(opts, |options| options.max_breadcrumbs = max_breadcrumbs) };
    });
}

/// Gets how many breadcrumbs are kept.
///
/// Null: 0 for a NULL `opts`.
/// Returns: the count.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_max_breadcrumbs(
    opts: *const sentry_options_t,
) -> usize {
    guard(0, || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
        unsafe { read(opts, 0, |options| options.max_breadcrumbs) }
    })
}

/// Sets the directory for what must outlive the process. Several processes may share it.
///
/// It is made at init if it is not there, private to its owner. One that cannot be used leaves everything in memory; then
/// `sentry_init` succeeds all the same, and `sentry_stats_t` says so.
///
/// Arguments: `path` in bytes of the file system, relative to the working directory at init; empty: everything stays in
/// memory, no file is made or read. Default: `.sentry-native` in the working directory.
/// Ownership: the text is copied.
/// Null: NULL is as empty; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_database_path(
    opts: *mut sentry_options_t,
    path: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_database_path_n(opts, path, text::c_str_len(path)) }
}

/// Like `sentry_options_set_database_path`, with a length.
///
/// Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_database_path_n(
    opts: *mut sentry_options_t,
    path: *const c_char,
    path_len: usize,
) {
    guard((), || {
        // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
        unsafe {
            configure_text(opts, path, path_len, |options, path| {
                options.set_database_path(path.map(path_from));
                Ok(())
            })
        };
    });
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_compatible;
