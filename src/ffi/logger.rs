//! The logger: a function of the host that takes what the library says about itself.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use super::guard;
use super::options::handle::store;
use super::options::sentry_options_t;
use super::types::sentry_level_t;
use super::variadic::{libsentry_call_logger, va_list};
use crate::base::diagnostics::{Logger, Outlet, Severity};

/// Takes one line of diagnostics.
///
/// `message` is a `printf` format without a newline at its end, `args` are its arguments: use `vsnprintf`, once, or on a
/// `va_copy`. Both are valid during the call. The line begins with `libsentry: `; `sentry_log_message` refuses what
/// contains that, since a logger may pass lines to another thread.
///
/// Called only with `debug`, for lines at or above `logger_level`, and only where the host holds none of its locks: on the
/// library's own thread, and on the thread that is inside of `sentry_init` or `sentry_close`; on both at once, and not
/// from within itself. Lines of other threads wait for one of these, at most 256 and 64 KiB; what does not fit is counted, and the
/// count is a line. `sentry_flush` and `sentry_close` return after the lines of before. Without a DSN, and in a forked
/// child that cannot start the library's thread, there is `sentry_close` alone.
///
/// Captures and `sentry_log_message` are refused inside of it with `SENTRY_STATUS_WORKER_THREAD`, so that a logger whose
/// lines become events cannot go round. It may call the other functions, but during `sentry_init` and `sentry_close` it
/// must not wait for a thread that calls one of these two. It must not throw or `longjmp`, and what it waits for keeps
/// the sending waiting: a host must not hold a lock that its logger takes while it calls `sentry_init`, `sentry_flush`
/// or `sentry_close`.
pub type sentry_logger_function_t = Option<
    unsafe extern "C" fn(
        level: sentry_level_t,
        message: *const c_char,
        args: va_list,
        userdata: *mut c_void,
    ),
>;

/// Sets the function that takes diagnostics, in place of stderr.
///
/// Arguments: `func` and the pointer it gets back; `userdata` must stay valid until `sentry_close` has returned, and if a
/// call was running then, until that call has returned. No call begins after `sentry_close`: there is nothing to say.
/// Ownership: `userdata` stays the caller's.
/// Null: a NULL `func` silences diagnostics; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_logger(
    opts: *mut sentry_options_t,
    func: sentry_logger_function_t,
    userdata: *mut c_void,
) {
    guard((), || {
        let outlet = func.map_or(Outlet::Nowhere, |function| {
            Outlet::Logger(Arc::new(HostLogger { function, userdata }))
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { store(opts, |options| options.logger = outlet) };
    });
}

#[derive(Debug)]
struct HostLogger {
    function: unsafe extern "C" fn(sentry_level_t, *const c_char, va_list, *mut c_void),
    userdata: *mut c_void,
}

// SAFETY: the host promises that function and pointer may be used from any thread; the pointer is only handed back.
unsafe impl Send for HostLogger {}
// SAFETY: as above; the documentation says that calls may be concurrent.
unsafe impl Sync for HostLogger {}

impl Logger for HostLogger {
    fn write(&self, severity: Severity, text: &str) {
        // A zero byte, which no text of ours has but a text of the host's may, would hide the rest.
        let Ok(text) = CString::new(text.replace('\0', "\u{fffd}")) else {
            return;
        };
        // SAFETY: the host gave us the function for this; the format has one argument, a terminated text that outlives
        // the call.
        unsafe {
            libsentry_call_logger(
                self.function,
                self.userdata,
                sentry_level_t::from(severity),
                c"%s".as_ptr(),
                text.as_ptr(),
            );
        }
    }
}

impl From<Severity> for sentry_level_t {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Trace => Self::SENTRY_LEVEL_TRACE,
            Severity::Debug => Self::SENTRY_LEVEL_DEBUG,
            Severity::Info => Self::SENTRY_LEVEL_INFO,
            Severity::Warning => Self::SENTRY_LEVEL_WARNING,
            Severity::Error => Self::SENTRY_LEVEL_ERROR,
            Severity::Fatal => Self::SENTRY_LEVEL_FATAL,
        }
    }
}
