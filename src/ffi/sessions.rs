//! Sessions: release health.

use super::guard;
use super::types::sentry_session_status_arg;
use crate::client::state;
use crate::protocol::session::SessionStatus;

/// How a session ended.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_session_status_t {
    /// It goes on as far as anybody knows; the server waits for more.
    SENTRY_SESSION_STATUS_OK = 0,
    /// The program crashed.
    SENTRY_SESSION_STATUS_CRASHED = 1,
    /// The program was ended from outside.
    SENTRY_SESSION_STATUS_ABNORMAL = 2,
    /// The program ended.
    SENTRY_SESSION_STATUS_EXITED = 3,
}

/// Starts a session: one use of the program, which the server counts as healthy, errored or crashed.
///
/// One that is running ends first, as by `sentry_end_session`. Without a release, from `sentry_options_set_release` or
/// `sentry_set_release`, nothing starts. Release and environment stay those of this moment, the user until the server has
/// heard of the session. Unless `auto_session_tracking` is off, `sentry_init` starts one.
///
/// Threads: any, several at once; on the library's own thread nothing happens.
/// Blocks: never, unless a session ends and `queue_block_timeout_ms` is set; the file that outlives the process is written by the library's own thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_start_session() {
    guard((), || {
        state::with_client(|client| client.start_session());
    });
}

/// Ends the running session as `SENTRY_SESSION_STATUS_EXITED`, and sends it. `sentry_close` does so, too.
///
/// Threads: any, several at once; on the library's own thread nothing happens.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_end_session() {
    guard((), || {
        state::with_client(|client| client.end_session(SessionStatus::Exited));
    });
}

/// Ends the running session with a status, and sends it.
///
/// Arguments: `status`; an unknown number is ignored, and the session goes on.
/// Threads: any, several at once; on the library's own thread nothing happens.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_end_session_with_status(status: sentry_session_status_arg) {
    guard((), || {
        let status = match status {
            0 => SessionStatus::Ok,
            1 => SessionStatus::Crashed,
            2 => SessionStatus::Abnormal,
            3 => SessionStatus::Exited,
            _ => return,
        };
        state::with_client(|client| client.end_session(status));
    });
}
