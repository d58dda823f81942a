//! Events as values: constructors with the documented keys, and what is added to an event.

use std::ffi::c_char;

use super::types::sentry_level_arg;
use super::values::{NULL, give, look, sentry_value_t, take};
use super::{guard, text};
use crate::client::construct;
use crate::protocol::level::Level;

/// Makes an event with a fresh id and the time.
///
/// Ownership: one reference, the caller's.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_value_new_event() -> sentry_value_t {
    guard(NULL, || give(construct::event()))
}

/// Makes an event with a message.
///
/// Arguments: `level`, unknown numbers count as info; `logger`, the part that speaks; `text`, the message.
/// Ownership: texts are copied; one reference, the caller's.
/// Null: a NULL text leaves its key out.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_message_event(
    level: sentry_level_arg,
    logger: *const c_char,
    text: *const c_char,
) -> sentry_value_t {
    // SAFETY: as our caller promises: NULL or terminated texts.
    unsafe {
        sentry_value_new_message_event_n(
            level,
            logger,
            text::c_str_len(logger),
            text,
            text::c_str_len(text),
        )
    }
}

/// `sentry_value_new_message_event` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_message_event_n(
    level: sentry_level_arg,
    logger: *const c_char,
    logger_len: usize,
    text: *const c_char,
    text_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let logger = unsafe { text::usable_bytes(logger, logger_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let text = unsafe { text::usable_bytes(text, text_len) };
        let level = Level::from_number(level).unwrap_or(Level::Info);
        give(construct::message_event(level, logger, text))
    })
}

/// Makes an exception.
///
/// Arguments: `kind`, its type; `value`, what it says.
/// Ownership: texts are copied; one reference, the caller's.
/// Null: a NULL text becomes null.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_exception(
    kind: *const c_char,
    value: *const c_char,
) -> sentry_value_t {
    // SAFETY: as our caller promises: NULL or terminated texts.
    unsafe {
        sentry_value_new_exception_n(kind, text::c_str_len(kind), value, text::c_str_len(value))
    }
}

/// `sentry_value_new_exception` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_exception_n(
    kind: *const c_char,
    kind_len: usize,
    value: *const c_char,
    value_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let kind = unsafe { text::usable_bytes(kind, kind_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let value = unsafe { text::usable_bytes(value, value_len) };
        give(construct::exception(kind, value))
    })
}

/// Makes a thread of an event.
///
/// Arguments: `id`, unique within the event; `name`.
/// Ownership: texts are copied; one reference, the caller's.
/// Null: a NULL name leaves its key out.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_thread(id: u64, name: *const c_char) -> sentry_value_t {
    // SAFETY: as our caller promises: NULL or terminated texts.
    unsafe { sentry_value_new_thread_n(id, name, text::c_str_len(name)) }
}

/// `sentry_value_new_thread` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_thread_n(
    id: u64,
    name: *const c_char,
    name_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let name = unsafe { text::usable_bytes(name, name_len) };
        give(construct::thread(id, name))
    })
}

/// Makes a user.
///
/// Arguments: an empty `id` counts as one; other empty texts are left out.
/// Ownership: texts are copied; one reference, the caller's.
/// Null: a NULL text leaves its key out.
/// Threads: any.
/// Returns: null when nothing was given.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_user(
    id: *const c_char,
    username: *const c_char,
    email: *const c_char,
    ip_address: *const c_char,
) -> sentry_value_t {
    // SAFETY: as our caller promises: NULL or terminated texts.
    unsafe {
        sentry_value_new_user_n(
            id,
            text::c_str_len(id),
            username,
            text::c_str_len(username),
            email,
            text::c_str_len(email),
            ip_address,
            text::c_str_len(ip_address),
        )
    }
}

/// `sentry_value_new_user` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_user_n(
    id: *const c_char,
    id_len: usize,
    username: *const c_char,
    username_len: usize,
    email: *const c_char,
    email_len: usize,
    ip_address: *const c_char,
    ip_address_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let id = unsafe { text::usable_bytes(id, id_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let username = unsafe { text::usable_bytes(username, username_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let email = unsafe { text::usable_bytes(email, email_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let ip_address = unsafe { text::usable_bytes(ip_address, ip_address_len) };
        give(construct::user(id, username, email, ip_address))
    })
}

/// Makes an attribute of a log or metric: a value with its type and unit.
///
/// Arguments: `value`, a boolean, number, text, or a list of such; `unit`, any text, see `SENTRY_UNIT_…`.
/// Ownership: takes `value`, also when it fails; one reference, the caller's.
/// Null: a NULL `unit` leaves its key out.
/// Threads: any.
/// Returns: null for values that attributes cannot have.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_attribute(
    value: sentry_value_t,
    unit: *const c_char,
) -> sentry_value_t {
    // SAFETY: as our caller promises: a valid value, NULL or a terminated text.
    unsafe { sentry_value_new_attribute_n(value, unit, text::c_str_len(unit)) }
}

/// `sentry_value_new_attribute` with a length.
///
/// Arguments: `unit_len` in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_attribute_n(
    value: sentry_value_t,
    unit: *const c_char,
    unit_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: a reference given away, NULL or that many readable bytes.
        let (value, unit) = unsafe { (take(value), text::usable_bytes(unit, unit_len)) };
        give(construct::attribute(value, unit))
    })
}

/// Adds an exception to an event, behind those it has.
///
/// Ownership: takes `exception`; the event stays the caller's.
/// Null: an event that is no object, or is frozen, stays as it is.
/// Threads: one at a time for each event.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_event_add_exception(
    event: sentry_value_t,
    exception: sentry_value_t,
) {
    guard((), || {
        // SAFETY: as our caller promises: valid values, one reference of `exception` given away.
        let (event, exception) = unsafe { (look(event), take(exception)) };
        construct::add_to(&event, "exception", exception);
    });
}

/// Adds a thread to an event, behind those it has.
///
/// Ownership: takes `thread`; the event stays the caller's.
/// Null: an event that is no object, or is frozen, stays as it is.
/// Threads: one at a time for each event.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_event_add_thread(event: sentry_value_t, thread: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises: valid values, one reference of `thread` given away.
        let (event, thread) = unsafe { (look(event), take(thread)) };
        construct::add_to(&event, "threads", thread);
    });
}
