//! Feedback: what users of the host write.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use super::capture_value::{self, end_if_one_shot};
use super::hints::{self, sentry_hint_t};
use super::options::{configure_feedback_hook, sentry_options_t};
use super::scopes::sentry_scope_t;
use super::types::sentry_uuid_t;
use super::values::{NULL, give, sentry_value_t, take};
use super::{guard, text};
use crate::base::lock::lock;
use crate::base::uuid::Uuid;
use crate::client::capture::attachments::Attachments;
use crate::client::options::hooks::FeedbackHook;
use crate::client::{construct, state};
use crate::value::tree::Value;

/// Sees feedback before it is queued.
///
/// Called on the capturing thread, without any lock held; it may call every function of the library, within the bounds
/// of `sentry_event_function_t`. It owns `feedback`, an event with what the user wrote in `contexts.feedback`, and gives
/// back the event to be sent, this one or another; null drops it, and then the function has to `sentry_value_decref` what
/// it was given. `hint` is never NULL, belongs to the library and ends with the capture; the function may attach to it,
/// and must not give it to a capture. It must not throw or `longjmp`.
pub type sentry_before_send_feedback_function_t = Option<
    unsafe extern "C" fn(
        feedback: sentry_value_t,
        hint: *mut sentry_hint_t,
        user_data: *mut c_void,
    ) -> sentry_value_t,
>;

/// Sets the function that sees each feedback before it is queued.
///
/// Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
/// Ownership: `user_data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_before_send_feedback(
    opts: *mut sentry_options_t,
    func: sentry_before_send_feedback_function_t,
    user_data: *mut c_void,
) {
    guard((), || {
        let hook = func.map(|function| {
            Arc::new(FeedbackFunction {
                function,
                user_data,
            }) as Arc<dyn FeedbackHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { configure_feedback_hook(opts, hook) };
    });
}

/// Makes feedback.
///
/// Arguments: `message`, which must not be empty when it is captured, at most 4096 characters (what is longer is cut
/// then); `contact_email` and `name` of the user; `associated_event_id`, the event that the user writes about.
/// Ownership: everything is copied; one reference, the caller's.
/// Null: what is NULL is left out.
/// Threads: any.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_feedback(
    message: *const c_char,
    contact_email: *const c_char,
    name: *const c_char,
    associated_event_id: *const sentry_uuid_t,
) -> sentry_value_t {
    // SAFETY: as our caller promises: NULL or terminated texts, NULL or an id.
    unsafe {
        sentry_value_new_feedback_n(
            message,
            text::c_str_len(message),
            contact_email,
            text::c_str_len(contact_email),
            name,
            text::c_str_len(name),
            associated_event_id,
        )
    }
}

/// `sentry_value_new_feedback` with lengths.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_feedback_n(
    message: *const c_char,
    message_len: usize,
    contact_email: *const c_char,
    contact_email_len: usize,
    name: *const c_char,
    name_len: usize,
    associated_event_id: *const sentry_uuid_t,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let message = unsafe { text::usable_bytes(message, message_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let contact_email = unsafe { text::usable_bytes(contact_email, contact_email_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let name = unsafe { text::usable_bytes(name, name_len) };
        // SAFETY: as our caller promises: NULL or an id.
        let event = unsafe { associated_event_id.as_ref() };
        let event = event.map(|id| Uuid::from(*id));
        give(construct::feedback(message, contact_email, name, event))
    })
}

/// Captures feedback: what a user wrote, with the data and attachments of the scope, and without breadcrumbs.
///
/// `before_send_feedback` sees it; it is never sampled out.
///
/// Arguments: `user_feedback`, see `sentry_value_new_feedback`.
/// Ownership: takes `user_feedback`.
/// Threads: any, several at once; not from a signal handler.
/// Blocks: never, unless `queue_block_timeout_ms` is set, or files are attached, which are read.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_feedback(user_feedback: sentry_value_t) {
    // SAFETY: as our caller promises: a valid value; no scope and no hint.
    unsafe { capture(ptr::null_mut(), user_feedback, ptr::null_mut()) };
}

/// `sentry_capture_feedback` with what is attached to `hint`.
///
/// Ownership: takes `user_feedback` and `hint`, whatever happens.
/// Null: a NULL `hint` is as an empty one.
/// Threads: any, several at once.
/// Blocks: as `sentry_capture_feedback`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_feedback_with_hint(
    user_feedback: sentry_value_t,
    hint: *mut sentry_hint_t,
) {
    // SAFETY: as our caller promises: a valid value, NULL or a handle of ours; no scope.
    unsafe { capture(ptr::null_mut(), user_feedback, hint) };
}

/// Captures feedback with a scope and a hint: the attachments of the hint come first, then those of the scope, then
/// those of the process.
///
/// Ownership: takes `user_feedback` and `hint`, and ends a scope of `sentry_local_scope_new`, whatever the answer.
/// Null: a NULL `scope` or `hint` is as an empty one.
/// Threads: any, several at once.
/// Blocks: as `sentry_capture_feedback`.
/// Returns: the id of the feedback, also when nothing is sent for want of consent or of a usable DSN; the nil id when it
/// was not accepted for another reason, and `sentry_last_error_message` says why.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_scope_capture_feedback(
    scope: *mut sentry_scope_t,
    user_feedback: sentry_value_t,
    hint: *mut sentry_hint_t,
) -> sentry_uuid_t {
    // SAFETY: as our caller promises: NULL or handles of ours, a valid value.
    unsafe { capture(scope, user_feedback, hint) }
}

/// Makes a user report, the older form of feedback. Deprecated: see `sentry_value_new_feedback`.
///
/// Arguments: `uuid` of the event that the user writes about; `name` and `email` of the user; `comments`.
/// Ownership: everything is copied; one reference, the caller's.
/// Null: without `uuid` null; what else is NULL is left out.
/// Threads: any.
/// Since: 0.1
#[deprecated(note = "use sentry_value_new_feedback")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_user_feedback(
    uuid: *const sentry_uuid_t,
    name: *const c_char,
    email: *const c_char,
    comments: *const c_char,
) -> sentry_value_t {
    #[expect(deprecated, reason = "the twin is deprecated as well")]
    // SAFETY: as our caller promises: NULL or an id, NULL or terminated texts.
    unsafe {
        sentry_value_new_user_feedback_n(
            uuid,
            name,
            text::c_str_len(name),
            email,
            text::c_str_len(email),
            comments,
            text::c_str_len(comments),
        )
    }
}

/// `sentry_value_new_user_feedback` with lengths. Deprecated.
///
/// Arguments: lengths in bytes, without terminator.
/// Since: 0.1
#[deprecated(note = "use sentry_value_new_feedback")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_value_new_user_feedback_n(
    uuid: *const sentry_uuid_t,
    name: *const c_char,
    name_len: usize,
    email: *const c_char,
    email_len: usize,
    comments: *const c_char,
    comments_len: usize,
) -> sentry_value_t {
    guard(NULL, || {
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let name = unsafe { text::usable_bytes(name, name_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let email = unsafe { text::usable_bytes(email, email_len) };
        // SAFETY: as our caller promises: NULL or that many readable bytes.
        let comments = unsafe { text::usable_bytes(comments, comments_len) };
        // SAFETY: as our caller promises: NULL or an id.
        let Some(id) = (unsafe { uuid.as_ref() }) else {
            return NULL;
        };
        give(construct::user_report((*id).into(), name, email, comments))
    })
}

/// Captures a user report, the older form of feedback. Deprecated: see `sentry_capture_feedback`.
///
/// It goes out as it is: no scope, no attachments, no hook.
///
/// Arguments: `user_report`, see `sentry_value_new_user_feedback`; an `event_id` that is none is replaced.
/// Ownership: takes `user_report`.
/// Threads: any, several at once.
/// Blocks: never, unless `queue_block_timeout_ms` is set.
/// Since: 0.1
#[deprecated(note = "use sentry_capture_feedback")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_capture_user_feedback(user_report: sentry_value_t) {
    guard((), || {
        // SAFETY: as our caller promises: a reference given away.
        let report = unsafe { take(user_report) };
        let captured = state::with_client(|client| client.capture_user_report(&report));
        let captured = captured.unwrap_or_else(|| Err(state::absence()));
        capture_value::id_or_nil(captured, &report);
    });
}

/// Captures feedback, with a scope and a hint or without.
///
/// # Safety
/// `feedback` is valid and one of its references is given away; `hint` is NULL or a handle of ours and given away;
/// `scope` is NULL or a handle of ours, given away if it is for one capture.
unsafe fn capture(
    scope: *mut sentry_scope_t,
    feedback: sentry_value_t,
    hint: *mut sentry_hint_t,
) -> sentry_uuid_t {
    guard(Uuid::NIL.into(), || {
        // SAFETY: as our caller promises.
        let (feedback, hint, shared) =
            unsafe { (take(feedback), hints::take(hint), scope.as_ref()) };
        let captured = state::with_client(|client| {
            client.capture_feedback(&feedback, &hint, shared.map(|it| &it.scope))
        });
        let captured = captured.unwrap_or_else(|| Err(state::absence()));
        if let (Some(id), Some(scope)) = (capture_value::captured_id(&captured), shared) {
            *lock(&scope.last_event_id) = id;
        }
        // SAFETY: as our caller promises; `shared` is not used any more.
        unsafe { end_if_one_shot(scope) };
        capture_value::id_or_nil(captured, &Value::Null)
    })
}

#[derive(Debug)]
struct FeedbackFunction {
    function:
        unsafe extern "C" fn(sentry_value_t, *mut sentry_hint_t, *mut c_void) -> sentry_value_t,
    user_data: *mut c_void,
}

// SAFETY: the host promises that function and pointer may be used from any thread; the pointer is only handed back.
unsafe impl Send for FeedbackFunction {}
// SAFETY: as above; the documentation says that calls may be concurrent.
unsafe impl Sync for FeedbackFunction {}

impl FeedbackHook for FeedbackFunction {
    fn call(&self, feedback: Value, hint: &Attachments) -> Value {
        // SAFETY: the host gave us the function for this; it takes the value and gives one back that is ours. The hint
        // lives during the call.
        unsafe {
            take((self.function)(
                give(feedback),
                hints::lend(hint),
                self.user_data,
            ))
        }
    }
}
