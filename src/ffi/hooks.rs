//! Hooks: functions of the host that see, change or drop what is captured.

use std::ffi::c_void;
use std::ptr::with_exposed_provenance_mut;
use std::sync::Arc;

use super::envelopes::sentry_envelope_t;
use super::guard;
use super::options::handle::store;
use super::options::{configure_hook, sentry_options_t};
use super::types::sentry_ucontext_t;
use super::values::{give, sentry_value_t, take};
use crate::client::options::hooks::{CrashHook, CrashSite, EnvelopeHook, ValueHook};
use crate::protocol::envelope::Envelope;
use crate::value::tree::Value;

/// Sees an event before it is sampled and queued.
///
/// Called on the capturing thread, without any lock held; it may call every function of the library, also capture: then
/// it is called within itself, at most four levels deep, and what is captured deeper counts as dropped by it. It
/// owns `event`, complete with the data of the scope, and gives back the event to be sent, this one or another; null
/// drops it, and then the function has to `sentry_value_decref` what it was given. `hint` is always NULL. It must not
/// throw or `longjmp`.
///
/// `message` is an object with `formatted`; `breadcrumbs` is a list, `tags` and `extra` are objects, also when they are
/// empty. All that the function changes is sent so. An id, a time, a level or a platform that is missing or cannot be used
/// afterwards is as it was before, a breadcrumb without a time gets that of the capture; nothing else is filled in again.
pub type sentry_event_function_t = Option<
    unsafe extern "C" fn(
        event: sentry_value_t,
        hint: *mut c_void,
        user_data: *mut c_void,
    ) -> sentry_value_t,
>;

/// Sees a breadcrumb before it is kept; rules as for `sentry_event_function_t`. It has a time, and keeps it if the function
/// loses it.
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
            Arc::new(ValueFunction {
                function,
                user_data,
            }) as Arc<dyn ValueHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { configure_hook(opts, |options| &mut options.before_breadcrumb, hook) };
    });
}

/// Sees a transaction before it is queued; rules as for `sentry_event_function_t`.
pub type sentry_transaction_function_t = Option<
    unsafe extern "C" fn(transaction: sentry_value_t, user_data: *mut c_void) -> sentry_value_t,
>;

/// Sees a log before it is queued; rules as for `sentry_event_function_t`.
pub type sentry_before_send_log_function_t =
    Option<unsafe extern "C" fn(log: sentry_value_t, user_data: *mut c_void) -> sentry_value_t>;

/// Sees a metric before it is queued; rules as for `sentry_event_function_t`.
pub type sentry_before_send_metric_function_t =
    Option<unsafe extern "C" fn(metric: sentry_value_t, user_data: *mut c_void) -> sentry_value_t>;

/// Sees the event of a crash.
///
/// Called once, while the crashed thread stands still; `uctx` is valid until it returns. It owns `event` and gives back
/// the event to be kept; null drops it. It should do as little as a signal handler may.
pub type sentry_crash_function_t = Option<
    unsafe extern "C" fn(
        uctx: *const sentry_ucontext_t,
        event: sentry_value_t,
        user_data: *mut c_void,
    ) -> sentry_value_t,
>;

/// Sees what an earlier run left behind when it crashed.
///
/// Called once per crash, on the thread that calls `sentry_init`, before the envelope is queued; `envelope` is valid
/// until it returns and must not be freed. It must not need a running library.
pub type sentry_crashed_last_run_function_t =
    Option<unsafe extern "C" fn(envelope: *const sentry_envelope_t, user_data: *mut c_void)>;

/// Sets the function that sees each transaction before it is queued. One that it drops is counted as `before_send`, and so are
/// spans that it takes out.
///
/// Arguments: `func` and the pointer it gets back; `data` must stay valid until `sentry_close` has returned.
/// Ownership: `data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_before_transaction(
    opts: *mut sentry_options_t,
    func: sentry_transaction_function_t,
    data: *mut c_void,
) {
    guard((), || {
        let hook = func.map(|function| {
            Arc::new(ValueFunction {
                function,
                user_data: data,
            }) as Arc<dyn ValueHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { store(opts, |options| options.before_transaction = hook) };
    });
}

/// Sets the function that sees each log before it is collected. It may change it; one that it answers with null is not sent.
/// `body`, `level`, `timestamp` and `trace_id` stay as they were where it takes them out.
///
/// Arguments: `func` and the pointer it gets back; `data` must stay valid until `sentry_close` has returned.
/// Ownership: `data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_before_send_log(
    opts: *mut sentry_options_t,
    func: sentry_before_send_log_function_t,
    data: *mut c_void,
) {
    guard((), || {
        let hook = func.map(|function| {
            Arc::new(ValueFunction {
                function,
                user_data: data,
            }) as Arc<dyn ValueHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { store(opts, |options| options.before_send_log = hook) };
    });
}

/// Sets the function that sees each metric before it is collected. It may change it; one that it answers with null is not
/// sent. `type`, `name`, `value`, `timestamp` and `trace_id` stay as they were where it takes them out.
///
/// Arguments: `func` and the pointer it gets back; `data` must stay valid until `sentry_close` has returned.
/// Ownership: `data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_before_send_metric(
    opts: *mut sentry_options_t,
    func: sentry_before_send_metric_function_t,
    data: *mut c_void,
) {
    guard((), || {
        let hook = func.map(|function| {
            Arc::new(ValueFunction {
                function,
                user_data: data,
            }) as Arc<dyn ValueHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { store(opts, |options| options.before_send_metric = hook) };
    });
}

/// Sets the function that sees the event of a crash, in place of `before_send`. Stored; without effect in this
/// version.
///
/// Arguments: `func` and the pointer it gets back; `data` must stay valid until `sentry_close` has returned.
/// Ownership: `data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_on_crash(
    opts: *mut sentry_options_t,
    func: sentry_crash_function_t,
    data: *mut c_void,
) {
    guard((), || {
        let hook = func.map(|function| {
            Arc::new(CrashFunction {
                function,
                user_data: data,
            }) as Arc<dyn CrashHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { store(opts, |options| options.on_crash = hook) };
    });
}

/// Sets the function that sees what an earlier run left behind when it crashed. Stored; without effect in this
/// version.
///
/// Arguments: `func` and the pointer it gets back; `user_data` must stay valid until `sentry_close` has returned.
/// Ownership: `user_data` stays the caller's.
/// Null: a NULL `func` unsets it; a NULL `opts` is ignored.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_on_crashed_last_run(
    opts: *mut sentry_options_t,
    func: sentry_crashed_last_run_function_t,
    user_data: *mut c_void,
) {
    guard((), || {
        let hook = func.map(|function| {
            Arc::new(EnvelopeFunction {
                function,
                user_data,
            }) as Arc<dyn EnvelopeHook>
        });
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { store(opts, |options| options.on_crashed_last_run = hook) };
    });
}

#[derive(Debug)]
struct EventFunction {
    function: unsafe extern "C" fn(sentry_value_t, *mut c_void, *mut c_void) -> sentry_value_t,
    user_data: *mut c_void,
}

#[derive(Debug)]
struct ValueFunction {
    function: unsafe extern "C" fn(sentry_value_t, *mut c_void) -> sentry_value_t,
    user_data: *mut c_void,
}

#[derive(Debug)]
struct CrashFunction {
    function: unsafe extern "C" fn(
        *const sentry_ucontext_t,
        sentry_value_t,
        *mut c_void,
    ) -> sentry_value_t,
    user_data: *mut c_void,
}

#[derive(Debug)]
struct EnvelopeFunction {
    function: unsafe extern "C" fn(*const sentry_envelope_t, *mut c_void),
    user_data: *mut c_void,
}

// SAFETY: the host promises that function and pointer may be used from any thread; the pointer is only handed back.
unsafe impl Send for EventFunction {}
// SAFETY: as above; the documentation says that calls may be concurrent.
unsafe impl Sync for EventFunction {}
// SAFETY: as for `EventFunction`.
unsafe impl Send for ValueFunction {}
// SAFETY: as for `EventFunction`.
unsafe impl Sync for ValueFunction {}

// SAFETY: as for `EventFunction`.
unsafe impl Send for CrashFunction {}
// SAFETY: as for `EventFunction`.
unsafe impl Sync for CrashFunction {}
// SAFETY: as for `EventFunction`.
unsafe impl Send for EnvelopeFunction {}
// SAFETY: as for `EventFunction`.
unsafe impl Sync for EnvelopeFunction {}

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

impl ValueHook for ValueFunction {
    fn call(&self, value: Value) -> Value {
        // SAFETY: as for `EventFunction`.
        unsafe { take((self.function)(give(value), self.user_data)) }
    }
}

impl CrashHook for CrashFunction {
    fn call(&self, site: CrashSite, event: Value) -> Value {
        let context = sentry_ucontext_t {
            signum: site.signal,
            siginfo: with_exposed_provenance_mut(site.siginfo),
            user_context: with_exposed_provenance_mut(site.context),
        };
        // SAFETY: as for `EventFunction`; the context outlives the call.
        unsafe {
            take((self.function)(
                &raw const context,
                give(event),
                self.user_data,
            ))
        }
    }
}

impl EnvelopeHook for EnvelopeFunction {
    fn call(&self, envelope: Envelope) {
        let envelope = sentry_envelope_t::from(envelope);
        // SAFETY: the host gave us the function for this; the envelope outlives the call.
        unsafe { (self.function)(&raw const envelope, self.user_data) };
    }
}
