//! Check-ins: signs of life of scheduled jobs.

use std::ffi::{c_char, c_double, c_int};

use super::capture::required;
use super::guard;
use super::status::{Fault, answer, answer_noting};
use super::text::c_str_len;
use super::types::{sentry_status_t, sentry_uuid_t};
use crate::base::uuid::Uuid;
use crate::client::state;
use crate::protocol::check_in::CheckInStatus;

/// How a scheduled job goes, or went.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_check_in_status_t {
    /// It has begun.
    SENTRY_CHECK_IN_IN_PROGRESS = 0,
    /// It succeeded.
    SENTRY_CHECK_IN_OK = 1,
    /// It failed.
    SENTRY_CHECK_IN_ERROR = 2,
}

/// A `sentry_check_in_status_t` as it arrives.
pub type sentry_check_in_status_arg = c_int;

/// Captures a check-in: tells the server that a scheduled job has begun, or how it ended.
///
/// A job that tells both uses one id: set `check_in_id` to nil before the first call, and give it to the second as it is.
/// The server raises an issue when a job fails, takes too long, or does not come. Check-ins are not sampled and not shown to
/// a hook; release, environment and trace are added.
///
/// Arguments: `monitor_slug`, the name of the job's monitor: 1 to 50 letters, digits, hyphens and underscores, not only
/// digits; `status`; `duration` in seconds, negative if it is not known; `monitor_config`, a JSON object with which the server
/// makes the monitor or changes it, for instance
/// `{"schedule":{"type":"crontab","value":"0 3 * * *"},"checkin_margin":5,"max_runtime":30,"timezone":"Europe/Berlin"}` or
/// `{"schedule":{"type":"interval","value":10,"unit":"minute"}}`; minutes for margin and runtime. What of it no server takes
/// is left out, and `sentry_last_error_message` says so. `check_in_id`, nil for a new one, which is written there.
/// Ownership: everything is copied.
/// Null: `monitor_slug` is refused; `monitor_config` and `check_in_id` may be NULL.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Returns: as `sentry_capture`; `SENTRY_STATUS_INVALID_ARGUMENT` for a name that is none, an unknown status and a duration that
/// is not finite.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_check_in(
    monitor_slug: *const c_char,
    status: sentry_check_in_status_arg,
    duration: c_double,
    monitor_config: *const c_char,
    check_in_id: *mut sentry_uuid_t,
) -> sentry_status_t {
    guard(sentry_status_t::SENTRY_STATUS_INTERNAL_ERROR, || {
        // SAFETY: as our caller promises: NULL or terminated.
        let texts = unsafe {
            let slug = required(monitor_slug, c_str_len(monitor_slug), "monitor_slug");
            let config = match monitor_config.is_null() {
                true => Ok(None),
                false => {
                    required(monitor_config, c_str_len(monitor_config), "monitor_config").map(Some)
                }
            };
            slug.and_then(|slug| config.map(|config| (slug, config)))
        };
        let (slug, config) = match texts {
            Ok(texts) => texts,
            Err(fault) => return answer(Err(fault)),
        };
        let Some(status) = CheckInStatus::from_number(status) else {
            let fault = Fault::invalid("status is no member of sentry_check_in_status_t");
            return answer(Err(fault));
        };
        // SAFETY: as our caller promises: NULL or an id.
        let given = unsafe { check_in_id.as_ref() }.map(|id| Uuid::from(*id));
        let id = given.filter(|id| !id.is_nil());
        let captured = state::with_client(|client| {
            client.capture_check_in(id, &slug, status, Some(duration), config.as_deref())
        });
        let captured = captured.unwrap_or_else(|| Err(state::absence()));
        if let Ok(captured) = &captured
            && !check_in_id.is_null()
        {
            // SAFETY: as our caller promises: room for an id.
            unsafe { check_in_id.write(captured.id.into()) };
        }
        answer_noting(captured.map(|captured| captured.left_out))
    })
}
