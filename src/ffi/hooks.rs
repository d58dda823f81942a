//! Hooks: functions of the host that see, change or drop what is captured.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard;
use super::options::{configure_hook, sentry_options_t};
use super::values::{give, sentry_value_t, take};
use crate::client::hooks::ValueHook;
use crate::value::dynamic::Value;

/// Sees an event before it is sampled and queued.
///
/// Called on the capturing thread, without any lock held; it may call every function of the library, also capture: then
/// it is called within itself, at most four levels deep, and what is captured deeper counts as dropped by it. It
/// owns `event`, complete with the data of the scope, and gives back the event to be sent, this one or another; null
/// drops it, and then the function has to `sentry_value_decref` what it was given. `hint` is always NULL. It must not
/// throw or `longjmp`.
pub type sentry_event_function_t = Option<
    unsafe extern "C" fn(
        event: sentry_value_t,
        hint: *mut c_void,
        user_data: *mut c_void,
    ) -> sentry_value_t,
>;

/// Sees a breadcrumb before it is kept; rules as for `sentry_event_function_t`.
pub type sentry_before_breadcrumb_function_t = Option<
    unsafe extern "C" fn(breadcrumb: sentry_value_t, user_data: *mut c_void) -> sentry_value_t,
>;

/// Sets the function that sees each event before it is sampled and queued.
///
/// Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
/// Ownership: `user_data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_before_send(
    opts: *mut sentry_options_t,
    func: sentry_event_function_t,
    user_data: *mut c_void,
) {
    guard((), || {
        let hook = func.map(|function| {
            Arc::new(EventFunction {
                function,
                user_data,
            }) as Arc<dyn ValueHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { configure_hook(opts, |options| &mut options.before_send, hook) };
    });
}

/// Sets the function that sees each breadcrumb before it is kept.
///
/// Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
/// Ownership: `user_data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_before_breadcrumb(
    opts: *mut sentry_options_t,
    func: sentry_before_breadcrumb_function_t,
    user_data: *mut c_void,
) {
    guard((), || {
        let hook = func.map(|function| {
            Arc::new(BreadcrumbFunction {
                function,
                user_data,
            }) as Arc<dyn ValueHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { configure_hook(opts, |options| &mut options.before_breadcrumb, hook) };
    });
}

#[derive(Debug)]
struct EventFunction {
    function: unsafe extern "C" fn(sentry_value_t, *mut c_void, *mut c_void) -> sentry_value_t,
    user_data: *mut c_void,
}

#[derive(Debug)]
struct BreadcrumbFunction {
    function: unsafe extern "C" fn(sentry_value_t, *mut c_void) -> sentry_value_t,
    user_data: *mut c_void,
}

// SAFETY: the host promises that function and pointer may be used from any thread; the pointer is only handed back.
unsafe impl Send for EventFunction {}
// SAFETY: as above; the documentation says that calls may be concurrent.
unsafe impl Sync for EventFunction {}
// SAFETY: as for `EventFunction`.
unsafe impl Send for BreadcrumbFunction {}
// SAFETY: as for `EventFunction`.
unsafe impl Sync for BreadcrumbFunction {}

impl ValueHook for EventFunction {
    fn call(&self, value: Value) -> Value {
        // SAFETY: the host gave us the function for this; it takes the value and gives one back that is ours.
        unsafe {
            take((self.function)(
                give(value),
                std::ptr::null_mut(),
                self.user_data,
            ))
        }
    }
}

impl ValueHook for BreadcrumbFunction {
    fn call(&self, value: Value) -> Value {
        // SAFETY: as for `EventFunction`.
        unsafe { take((self.function)(give(value), self.user_data)) }
    }
}
