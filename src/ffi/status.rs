//! Status: what a status means, in words, and the last error of the thread.

use std::borrow::Cow;
use std::ffi::{CStr, c_char};

use super::text::TextError;
use super::types::{sentry_status_arg, sentry_status_t};
use super::{error, guard};
use crate::client::capture::refused::{Refused, Status};
use crate::protocol::event::LeftOut;

/// The number for the outside.
impl From<Status> for sentry_status_t {
    fn from(status: Status) -> Self {
        match status {
            Status::QueueFull => Self::SENTRY_STATUS_QUEUE_FULL,
            Status::Disabled | Status::NoDsn => Self::SENTRY_STATUS_DISABLED,
            Status::InvalidArgument => Self::SENTRY_STATUS_INVALID_ARGUMENT,
            Status::InvalidJson => Self::SENTRY_STATUS_INVALID_JSON,
            Status::TooLarge => Self::SENTRY_STATUS_TOO_LARGE,
            Status::RateLimited => Self::SENTRY_STATUS_RATE_LIMITED,
            Status::SampledOut => Self::SENTRY_STATUS_SAMPLED_OUT,
            Status::Ignored => Self::SENTRY_STATUS_IGNORED,
            Status::ShuttingDown => Self::SENTRY_STATUS_SHUTTING_DOWN,
            Status::WorkerThread => Self::SENTRY_STATUS_WORKER_THREAD,
            Status::DroppedByHook => Self::SENTRY_STATUS_DROPPED_BY_HOOK,
            Status::NoConsent => Self::SENTRY_STATUS_NO_CONSENT,
            Status::OutOfMemory => Self::SENTRY_STATUS_OUT_OF_MEMORY,
        }
    }
}

/// Why an export did not do what it was asked: what the client refused, or what it never came to see.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What happened.
    pub(crate) status: sentry_status_t,
    /// Why, and what to do.
    pub(crate) detail: Cow<'static, str>,
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self {
            status: refused.status.into(),
            detail: refused.detail,
        }
    }
}

impl Fault {
    /// An argument that makes no sense.
    pub(crate) const fn invalid(detail: &'static str) -> Self {
        Self {
            status: sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT,
            detail: Cow::Borrowed(detail),
        }
    }

    /// An argument that is no usable text.
    pub(crate) fn of_text(name: &str, error: TextError) -> Self {
        Self {
            status: match error {
                TextError::OutOfMemory => sentry_status_t::SENTRY_STATUS_OUT_OF_MEMORY,
                _ => sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT,
            },
            detail: Cow::Owned(format!("{name}: {error}")),
        }
    }
}

/// The status of a result; keeps or clears the last error of the thread.
pub(crate) fn answer(result: Result<(), impl Into<Fault>>) -> sentry_status_t {
    match result {
        Ok(()) => {
            error::clear();
            sentry_status_t::SENTRY_STATUS_OK
        }
        Err(fault) => {
            let Fault { status, detail } = fault.into();
            error::fail(status, detail)
        }
    }
}

/// As [`answer`], for what was accepted in part: then the last error of the thread says what was left out.
pub(crate) fn answer_noting(result: Result<LeftOut, impl Into<Fault>>) -> sentry_status_t {
    match result {
        Ok(left_out) if !left_out.is_empty() => {
            error::fail(sentry_status_t::SENTRY_STATUS_OK, left_out)
        }
        result => answer(result.map(|_| ())),
    }
}

/// Describes a status in English.
///
/// Arguments: `status`, any number; unknown ones get a text that says so.
/// Ownership: the text is static; do not free it.
/// Threads: any; async-signal-safe.
/// Returns: never NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_status_message(status: sentry_status_arg) -> *const c_char {
    message(status).as_ptr()
}

fn message(status: i32) -> &'static CStr {
    match status {
        0 => c"accepted",
        1 => c"the queue is full",
        2 => c"the library is not initialised or has no usable DSN",
        3 => c"invalid argument",
        4 => c"invalid JSON",
        5 => c"too large",
        6 => c"the server asked for a pause",
        7 => c"sampled out",
        8 => c"dropped by a hook",
        9 => c"ignored by a pattern of ignore_errors",
        10 => c"no user consent",
        11 => c"shutting down",
        12 => c"out of memory",
        13 => c"called on the library's own thread",
        14 => c"internal error",
        _ => c"unknown status",
    }
}

/// Says why the last failed call of this thread failed, and what to do about it; or what of an event, a breadcrumb or
/// feedback was left out although the rest was accepted.
///
/// Functions that return a status, and `sentry_init` and `sentry_options_new_from_json`, set it when they fail and
/// clear it when they succeed with all they were given.
///
/// Ownership: the library's; valid until the next call on the same thread.
/// Threads: any; each has its own text.
/// Returns: UTF-8, empty if there was no failure; never NULL.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_last_error_message() -> *const c_char {
    guard(c"".as_ptr(), error::last_error_ptr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_status_has_a_text_of_its_own() {
        let texts: HashSet<_> = (0..=14).map(message).collect();
        assert_eq!(texts.len(), 15);
        assert!(!texts.contains(message(15)));
        assert_eq!(message(-1), message(1000));
    }
}
