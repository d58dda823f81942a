//! Capture: events, messages, log messages.

use std::borrow::Cow;
use std::ffi::c_char;

use super::status::{Fault, answer, answer_noting};
use super::types::{sentry_level_arg, sentry_status_t, sentry_uuid_t};
use super::{guard, text};
use crate::client::capture::refused::Refused;
use crate::client::capture::steps::Captured;
use crate::client::{Client, state};
use crate::protocol::event::LeftOut;
use crate::protocol::level::Level;

const INTERNAL: sentry_status_t = sentry_status_t::SENTRY_STATUS_INTERNAL_ERROR;

/// Captures one event given as JSON text, and answers at once what became of it.
///
/// The text is the documented event payload: one object, all members optional, `message` may be a text, an object or
/// `logentry`. What is missing is filled in (id, time, level, release, environment, contexts); tags and breadcrumbs of
/// the scope are added; what is too long is shortened. Invalid UTF-8 becomes U+FFFD. A member that cannot be what its key
/// says is left out and the rest goes: `sentry_last_error_message` names it.
///
/// Arguments: `event_json`, terminated, at most 8 MiB.
/// Ownership: the text is copied.
/// Null: `event_json` is refused; `event_id` may be NULL.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Returns: `SENTRY_STATUS_OK` when queued, and the id in `event_id`; otherwise why not, and `event_id` is not
/// written. Each refusal is counted, see `sentry_get_stats`, but those of arguments that are no text, for want of memory to
/// copy it, before init, and without DSN.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture(
    event_json: *const c_char,
    event_id: *mut sentry_uuid_t,
) -> sentry_status_t {
    // SAFETY: as our caller promises: NULL or terminated text, NULL or room for an id.
    unsafe { sentry_capture_n(event_json, text::c_str_len(event_json), event_id) }
}

/// `sentry_capture` with a length.
///
/// Arguments: `event_json_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_n(
    event_json: *const c_char,
    event_json_len: usize,
    event_id: *mut sentry_uuid_t,
) -> sentry_status_t {
    guard(INTERNAL, || {
        // SAFETY: as our caller promises: NULL or `event_json_len` readable bytes.
        let json = match unsafe { required(event_json, event_json_len, "event_json") } {
            Ok(json) => json,
            Err(fault) => return answer(Err(fault)),
        };
        // SAFETY: as our caller promises: NULL or room for an id.
        unsafe { capture(event_id, |client| client.capture_json(&json, None)) }
    })
}

/// Captures a message.
///
/// Arguments: `level`; `logger`, the name of the part that speaks; `text`, shortened to 8192 characters.
/// Ownership: both texts are copied.
/// Null: `logger` and `event_id` may be NULL; `text` is refused.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Returns: as `sentry_capture`; `SENTRY_STATUS_INVALID_ARGUMENT` for an unknown level.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_message(
    level: sentry_level_arg,
    logger: *const c_char,
    text: *const c_char,
    event_id: *mut sentry_uuid_t,
) -> sentry_status_t {
    // SAFETY: as our caller promises: NULL or terminated texts, NULL or room for an id.
    unsafe {
        sentry_capture_message_n(
            level,
            logger,
            text::c_str_len(logger),
            text,
            text::c_str_len(text),
            event_id,
        )
    }
}

/// `sentry_capture_message` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_message_n(
    level: sentry_level_arg,
    logger: *const c_char,
    logger_len: usize,
    text: *const c_char,
    text_len: usize,
    event_id: *mut sentry_uuid_t,
) -> sentry_status_t {
    guard(INTERNAL, || {
        // SAFETY: as our caller promises for both texts: NULL or that many readable bytes.
        match unsafe { message(level, logger, logger_len, text, text_len) } {
            Ok((level, logger, text)) => {
                // SAFETY: as our caller promises: NULL or room for an id.
                unsafe {
                    capture(event_id, |client| {
                        let id = client.capture_message(level, logger.as_deref(), &text)?;
                        let left_out = LeftOut::default();
                        Ok(Captured { id, left_out })
                    })
                }
            }
            Err(fault) => answer(Err(fault)),
        }
    })
}

/// Takes a message from the host's logger.
///
/// It becomes an event at or above `event_level` (default error), and a breadcrumb at or above `breadcrumb_level`
/// (default info). With `send_log_messages` it is sent as a log besides. This is what logging adapters call.
///
/// Arguments: as `sentry_capture_message`.
/// Null: `logger` may be NULL; `text` is refused.
/// Threads: any, several at once. What comes from the library's own thread, from inside the function of
/// `sentry_options_set_logger`, or contains the `libsentry: ` of its lines, is refused, so that the library cannot report
/// its own reporting.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Returns: `SENTRY_STATUS_OK`, also when both thresholds are above `level`; otherwise why no event was taken. The
/// breadcrumb is kept all the same, except when the arguments are refused, without a usable DSN, and what is the library's
/// own.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log_message(
    level: sentry_level_arg,
    logger: *const c_char,
    text: *const c_char,
) -> sentry_status_t {
    // SAFETY: as our caller promises: NULL or terminated texts.
    unsafe {
        sentry_log_message_n(
            level,
            logger,
            text::c_str_len(logger),
            text,
            text::c_str_len(text),
        )
    }
}

/// `sentry_log_message` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_log_message_n(
    level: sentry_level_arg,
    logger: *const c_char,
    logger_len: usize,
    text: *const c_char,
    text_len: usize,
) -> sentry_status_t {
    guard(INTERNAL, || {
        // SAFETY: as our caller promises for both texts: NULL or that many readable bytes.
        match unsafe { message(level, logger, logger_len, text, text_len) } {
            Ok((level, logger, text)) => answer(
                state::with_client(|client| client.log_message(level, logger.as_deref(), &text))
                    .unwrap_or_else(|| Err(state::absence())),
            ),
            Err(fault) => answer(Err(fault)),
        }
    })
}

/// Runs a capture and hands its id out.
///
/// # Safety
/// `event_id` is NULL or has room for an id.
unsafe fn capture(
    event_id: *mut sentry_uuid_t,
    action: impl FnOnce(&Client) -> Result<Captured, Refused>,
) -> sentry_status_t {
    match state::with_client(action).unwrap_or_else(|| Err(state::absence())) {
        Ok(Captured { id, left_out }) => {
            if !event_id.is_null() {
                // SAFETY: as our caller promises.
                unsafe { event_id.write(id.into()) };
            }
            answer_noting(Ok::<_, Refused>(left_out))
        }
        Err(refused) => answer(Err(refused)),
    }
}

type Message<'a> = (Level, Option<Cow<'a, str>>, Cow<'a, str>);

/// # Safety
/// Both texts are NULL or have that many readable bytes.
unsafe fn message<'a>(
    level: sentry_level_arg,
    logger: *const c_char,
    logger_len: usize,
    text: *const c_char,
    text_len: usize,
) -> Result<Message<'a>, Fault> {
    let Some(level) = Level::from_number(level) else {
        return Err(Fault {
            status: sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT,
            detail: Cow::Borrowed("level: use one of the SENTRY_LEVEL_… constants"),
        });
    };
    // SAFETY: as our caller promises.
    let logger = unsafe { optional(logger, logger_len, "logger") }?;
    // SAFETY: as our caller promises.
    let text = unsafe { required(text, text_len, "text") }?;
    Ok((level, logger, text))
}

/// # Safety
/// `ptr` is NULL or has `len` readable bytes, which stay as they are during the call.
pub(crate) unsafe fn required<'a>(
    ptr: *const c_char,
    len: usize,
    name: &str,
) -> Result<Cow<'a, str>, Fault> {
    // SAFETY: as our caller promises.
    unsafe { optional(ptr, len, name) }?.ok_or_else(|| Fault {
        status: sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT,
        detail: Cow::Owned(format!("{name} is NULL")),
    })
}

/// # Safety
/// `ptr` is NULL or has `len` readable bytes, which stay as they are during the call.
pub(crate) unsafe fn optional<'a>(
    ptr: *const c_char,
    len: usize,
    name: &str,
) -> Result<Option<Cow<'a, str>>, Fault> {
    // SAFETY: as our caller promises.
    unsafe { text::optional_bytes(ptr, len) }
        .and_then(|bytes| bytes.map(text::lossy).transpose())
        .map_err(|error| Fault::of_text(name, error))
}
