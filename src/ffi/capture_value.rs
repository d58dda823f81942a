//! Capture of values: events that the host built piece by piece.

use super::scopes::sentry_scope_t;
use super::types::sentry_uuid_t;
use super::values::{look, sentry_value_t, take};
use super::{guard, status};
use crate::base::lock::lock;
use crate::base::uuid::Uuid;
use crate::client::capture::pipeline::event_id_in;
use crate::client::capture::refused::{Refused, Status};
use crate::client::capture::steps::Captured;
use crate::client::state;
use crate::value::tree::Value;

/// Captures an event.
///
/// What is missing is filled in, tags, contexts, user and breadcrumbs of the scope are added, as by `sentry_capture`.
///
/// Arguments: `event`, an object, see `sentry_value_new_event`.
/// Ownership: takes `event`; one whose `type` is `transaction` stays the caller's.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Returns: the id of the event, also when nothing is sent for want of consent or of a usable DSN; the nil id when it was
/// not accepted for another reason, and `sentry_last_error_message` says why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_event(event: sentry_value_t) -> sentry_uuid_t {
    // SAFETY: as our caller promises: a valid value; no scope.
    unsafe { capture(event, std::ptr::null_mut()) }
}

/// Captures an event with a scope: what it lacks comes from `scope`, and what is missing there from the process.
///
/// Ownership: takes `event`, and ends a scope of `sentry_local_scope_new`, whatever the answer. An event whose `type` is
/// `transaction` stays the caller's, and so does the scope.
/// Null: a NULL `scope` is as `sentry_capture_event`.
/// Threads: any, several at once.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Returns: as `sentry_capture_event`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_capture_event(
    scope: *mut sentry_scope_t,
    event: sentry_value_t,
) -> sentry_uuid_t {
    // SAFETY: as our caller promises: NULL or a handle of ours, a valid value.
    unsafe { capture(event, scope) }
}

/// `sentry_scope_capture_event` with its arguments the other way round. Deprecated.
///
/// Since: 0.1
#[deprecated(note = "use sentry_scope_capture_event")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_event_with_scope(
    event: sentry_value_t,
    scope: *mut sentry_scope_t,
) -> sentry_uuid_t {
    // SAFETY: as our caller promises: NULL or a handle of ours, a valid value.
    unsafe { capture(event, scope) }
}

/// Captures an event, with a scope or without.
///
/// # Safety
/// `event` is valid and one of its references is given away; `scope` is NULL or a handle of ours, given away if it is
/// for one capture.
unsafe fn capture(event: sentry_value_t, scope: *mut sentry_scope_t) -> sentry_uuid_t {
    guard(Uuid::NIL.into(), || {
        // SAFETY: as our caller promises: a valid value.
        let looked = unsafe { look(event) };
        if is_transaction(&looked) {
            return Uuid::NIL.into();
        }
        // SAFETY: as our caller promises: a reference given away, NULL or a handle of ours.
        let (mut event, shared) = unsafe { (take(event), scope.as_ref()) };
        let result = state::with_client(|client| {
            client.capture_value(&mut event, shared.map(|it| &it.scope))
        });
        let result = result.unwrap_or_else(|| Err(state::absence()));
        if let (Some(id), Some(scope)) = (captured_id(&result), shared) {
            *lock(&scope.last_event_id) = id;
        }
        // SAFETY: as our caller promises; `shared` is not used any more.
        unsafe { end_if_one_shot(scope) };
        id_or_nil(result, &event)
    })
}

/// Ends a scope that is for one capture.
///
/// # Safety
/// `scope` is NULL or a handle of ours, given away if it is for one capture.
pub(super) unsafe fn end_if_one_shot(scope: *mut sentry_scope_t) {
    // SAFETY: as our caller promises.
    if unsafe { scope.as_ref() }.is_some_and(|scope| scope.is_one_shot) {
        // SAFETY: as our caller promises: given away.
        drop(unsafe { Box::from_raw(scope) });
    }
}

/// The id of what was captured; the nil id, and the reason as last error, if it was not accepted.
pub(super) fn id_or_nil(result: Result<Captured, Refused>, event: &Value) -> sentry_uuid_t {
    let id = match &result {
        // Hosts of the compatible interface take nil for a failure, and having no DSN is none.
        Err(refused) if refused.status == Status::NoDsn => id_of(event),
        result => captured_id(result).unwrap_or(Uuid::NIL),
    };
    status::answer_noting(result.map(|captured| captured.left_out));
    id.into()
}

/// The id of what was captured, also if it is not sent for want of consent.
pub(super) fn captured_id(result: &Result<Captured, Refused>) -> Option<Uuid> {
    match result {
        Ok(captured) => Some(captured.id),
        Err(refused) => refused.unsent_id,
    }
}

/// Gets the id of the event that was accepted last without a scope of its own; for one with, see
/// `sentry_scope_get_last_event_id`.
///
/// Threads: any.
/// Returns: the nil id before the first event and when not initialised.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_get_last_event_id() -> sentry_uuid_t {
    guard(Uuid::NIL.into(), || {
        state::with_client(|client| client.last_event_id())
            .unwrap_or(Uuid::NIL)
            .into()
    })
}

/// The id that the event would have been sent under.
fn id_of(event: &Value) -> Uuid {
    event_id_in(event).unwrap_or_else(Uuid::new_v4)
}

fn is_transaction(event: &Value) -> bool {
    event
        .get_key(b"type")
        .is_some_and(|kind| kind.as_text() == Some(b"transaction"))
}
