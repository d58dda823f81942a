//! Transports of the host: making them, their functions, and handing them to the options.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::envelopes::sentry_envelope_t;
use super::guard;
use super::http_client::HttpFunctions;
use super::options::handle::store;
use super::options::{lend, sentry_options_t};
use crate::base::callout::{self, Kind as Callee};
use crate::base::lock::try_lock;
use crate::client::options::{Options, TransportChoice, TransportFactory};
use crate::client::{Client, state};
use crate::protocol::envelope::Envelope;
use crate::transport::wire::host::{Destination, HostTransport};

/// What `sentry_transport_t` names.
pub struct sentry_transport_s {
    kind: Kind,
}

/// A transport of the host: takes envelopes in place of the built-in one, behind the queue and its bounds.
///
/// Made by `sentry_transport_new`, `sentry_new_function_transport` or `sentry_http_transport_new`, set up by
/// `sentry_transport_set_…`, given away by `sentry_options_set_transport`, or ended by `sentry_transport_free`.
/// Threads: one at a time, and set up before `sentry_init`. The functions of the host never run side by side, with two
/// exceptions: flush, which runs on the thread that calls `sentry_flush`, and shutdown when a send has not returned.
pub type sentry_transport_t = sentry_transport_s;

/// What the host brought along.
enum Kind {
    /// Functions for envelopes.
    Envelopes(Send, Mutex<Functions>),
    /// Functions for HTTP requests.
    Http(Arc<HttpFunctions>),
}

#[derive(Clone, Copy)]
enum Send {
    Owning(unsafe extern "C" fn(*mut sentry_envelope_t, *mut c_void)),
    Borrowing(unsafe extern "C" fn(*const sentry_envelope_t, *mut c_void)),
}

type WaitFunction = unsafe extern "C" fn(u64, *mut c_void) -> c_int;

#[derive(Clone, Copy)]
struct Functions {
    state: *mut c_void,
    free: Option<unsafe extern "C" fn(*mut c_void)>,
    startup: Option<unsafe extern "C" fn(*const sentry_options_t, *mut c_void) -> c_int>,
    flush: Option<WaitFunction>,
    shutdown: Option<WaitFunction>,
}

// SAFETY: the host promises that its functions and its state may be used from the threads that the documentation names;
// the pointers are only handed back.
unsafe impl std::marker::Send for sentry_transport_t {}
// SAFETY: as above; what changes is behind a lock.
unsafe impl Sync for sentry_transport_t {}

impl std::fmt::Debug for sentry_transport_t {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            Kind::Envelopes(..) => formatter.write_str("a transport of the host"),
            Kind::Http(functions) => functions.fmt(formatter),
        }
    }
}

/// Makes a transport that hands each envelope to a function of the host.
///
/// `send_func` is called on the library's thread, one call at a time, not on the thread that captured: a program that
/// must wait for it calls `sentry_flush`. Until it has returned, the envelope counts as waiting, then as delivered.
/// Losses that were not told yet ride along as an item of type `client_report`. Captures within it are refused. It must
/// not throw or `longjmp`. No DSN is needed; without one the envelopes do not name any.
///
/// Arguments: `send_func` gets the envelope and the state of `sentry_transport_set_state`.
/// Ownership: the transport is the caller's, until `sentry_options_set_transport` takes it or `sentry_transport_free`
/// ends it. Each envelope is the host's, to be ended with `sentry_envelope_free`, on any thread.
/// Null: NULL gives NULL.
/// Threads: any.
/// Returns: the transport; NULL when the library failed.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transport_new(
    send_func: Option<unsafe extern "C" fn(envelope: *mut sentry_envelope_t, state: *mut c_void)>,
) -> *mut sentry_transport_t {
    guard(ptr::null_mut(), || {
        send_func.map_or(ptr::null_mut(), |send| {
            envelopes(Send::Owning(send), ptr::null_mut())
        })
    })
}

/// Makes a transport that shows each envelope to a function of the host. Deprecated: use `sentry_transport_new`.
///
/// Arguments: `func` gets the envelope and `data`; called as the function of `sentry_transport_new`.
/// Ownership: as `sentry_transport_new`, but the envelopes stay the library's and are valid during the call. `data` stays
/// the caller's.
/// Null: a NULL `func` gives NULL.
/// Threads: any.
/// Returns: the transport; NULL when the library failed.
/// Since: 0.1
#[deprecated(note = "use sentry_transport_new")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_new_function_transport(
    func: Option<unsafe extern "C" fn(envelope: *const sentry_envelope_t, data: *mut c_void)>,
    data: *mut c_void,
) -> *mut sentry_transport_t {
    guard(ptr::null_mut(), || {
        func.map_or(ptr::null_mut(), |func| {
            envelopes(Send::Borrowing(func), data)
        })
    })
}

/// Sets the pointer that the functions of a transport get.
///
/// Ownership: `state` stays the caller's, or is ended by the function of `sentry_transport_set_free_func`.
/// Null: a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transport_set_state(
    transport: *mut sentry_transport_t,
    state: *mut c_void,
) {
    // SAFETY: passed on.
    unsafe { change(transport, |functions| functions.state = state) };
}

/// Sets the function that ends the state of a transport.
///
/// It is called exactly once, when the transport ends: by `sentry_transport_free`, by `sentry_options_free`, by
/// `sentry_init` when it fails, at the end of `sentry_close`, and never while another function of the transport runs. If
/// a send has not returned when `sentry_close` does, it is called after it, on the library's thread. In a forked child it
/// is not called for a transport of the parent.
///
/// Null: a NULL `free_func` unsets it; a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transport_set_free_func(
    transport: *mut sentry_transport_t,
    free_func: Option<unsafe extern "C" fn(state: *mut c_void)>,
) {
    // SAFETY: passed on.
    unsafe { change(transport, |functions| functions.free = free_func) };
}

/// Sets the function that starts a transport.
///
/// `sentry_init` calls it on its thread, before the library's own thread starts. Other than 0 makes `sentry_init` fail. The
/// options may be read during the call only. A forked child does not call it again.
///
/// Null: a NULL `startup_func` unsets it; a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transport_set_startup_func(
    transport: *mut sentry_transport_t,
    startup_func: Option<
        unsafe extern "C" fn(options: *const sentry_options_t, state: *mut c_void) -> c_int,
    >,
) {
    // SAFETY: passed on.
    unsafe { change(transport, |functions| functions.startup = startup_func) };
}

/// Sets the function that sends what a transport holds itself.
///
/// `sentry_flush` calls it on its thread when the queue is empty, with what is left of the time in milliseconds. What it
/// answers is the answer of `sentry_flush`; 0 means that all was sent.
///
/// Null: a NULL `flush_func` unsets it; a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transport_set_flush_func(
    transport: *mut sentry_transport_t,
    flush_func: Option<unsafe extern "C" fn(timeout: u64, state: *mut c_void) -> c_int>,
) {
    // SAFETY: passed on.
    unsafe { change(transport, |functions| functions.flush = flush_func) };
}

/// Sets the function that shuts a transport down.
///
/// `sentry_close` calls it once, on its thread when the queue is empty or the time is over, with what is left of the time
/// in milliseconds. At the end of the time a send may still be running beside it. Other than 0 is only logged.
///
/// Null: a NULL `shutdown_func` unsets it; a NULL `transport` is ignored, and so is one of `sentry_http_transport_new`.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transport_set_shutdown_func(
    transport: *mut sentry_transport_t,
    shutdown_func: Option<unsafe extern "C" fn(timeout: u64, state: *mut c_void) -> c_int>,
) {
    // SAFETY: passed on.
    unsafe { change(transport, |functions| functions.shutdown = shutdown_func) };
}

/// Sends what waits on disk now rather than when it is due; for instance when the host learns that there is a network
/// again.
///
/// Null: NULL is ignored, and so is all but a transport of `sentry_http_transport_new`. Without `http_retry` it does
/// nothing.
/// Threads: any.
/// Blocks: never; the library's own thread sends.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transport_retry(transport: *mut sentry_transport_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours that has not ended.
        let transport = unsafe { transport.as_ref() };
        if transport.is_some_and(|it| matches!(it.kind, Kind::Http(_))) {
            // Without a client there is nothing to send.
            let _ = state::with_client(Client::send_spooled);
        }
    });
}

/// Ends a transport that was not given to `sentry_options_set_transport`.
///
/// Ownership: takes `transport`; its state is ended by the function of `sentry_transport_set_free_func`.
/// Null: NULL is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_transport_free(transport: *mut sentry_transport_t) {
    guard((), || {
        // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
        drop(unsafe { take(transport) });
    });
}

/// Sets the transport.
///
/// Arguments: `transport`; NULL discards everything, counted as `ignored`: captures are accepted, and nothing leaves.
/// Ownership: takes `transport`, which can still be used for `sentry_transport_retry` until the library is closed; a
/// transport that was set before is ended.
/// Null: with NULL `opts` the transport is ended at once.
/// Threads: as all options, one at a time for each handle.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_transport(
    opts: *mut sentry_options_t,
    transport: *mut sentry_transport_t,
) {
    guard((), || {
        let set = |options: &mut Options| {
            if let TransportChoice::Own(own) = &options.transport
                && ptr::addr_eq(Arc::as_ptr(own), transport)
            {
                // It is ours already.
                return;
            }
            // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
            let own = unsafe { take(transport) };
            options.transport =
                own.map_or(TransportChoice::Nowhere, |own| TransportChoice::Own(own));
        };
        if opts.is_null() {
            // SAFETY: as our caller promises: NULL or a handle of ours that is given away.
            drop(unsafe { take(transport) });
        }
        // SAFETY: as our caller promises: NULL or a handle of ours that no other thread uses.
        unsafe { store(opts, set) };
    });
}

/// Hands a transport to the caller as a handle.
pub(super) fn give_http(functions: HttpFunctions) -> *mut sentry_transport_t {
    give(Kind::Http(Arc::new(functions)))
}

/// The HTTP client in a handle, if it is one.
///
/// # Safety
/// `transport` is NULL or a handle of ours.
pub(super) unsafe fn http_functions<'a>(
    transport: *mut sentry_transport_t,
) -> Option<&'a HttpFunctions> {
    // SAFETY: promised by the caller.
    match &unsafe { transport.as_ref() }?.kind {
        Kind::Http(functions) => Some(functions),
        Kind::Envelopes(..) => None,
    }
}

fn envelopes(send: Send, state: *mut c_void) -> *mut sentry_transport_t {
    let functions = Functions {
        state,
        free: None,
        startup: None,
        flush: None,
        shutdown: None,
    };
    give(Kind::Envelopes(send, Mutex::new(functions)))
}

/// Shared: the options, and later the worker, hold it while the caller may still point to it.
fn give(kind: Kind) -> *mut sentry_transport_t {
    Arc::into_raw(Arc::new(sentry_transport_t { kind })).cast_mut()
}

/// # Safety
/// `transport` is NULL or a handle of ours that is given away.
unsafe fn take(transport: *mut sentry_transport_t) -> Option<Arc<sentry_transport_t>> {
    // SAFETY: every handle comes from `Arc::into_raw` in `give`, and the caller gives it away once.
    (!transport.is_null()).then(|| unsafe { Arc::from_raw(transport) })
}

/// # Safety
/// `transport` is NULL or a handle of ours.
unsafe fn change(transport: *mut sentry_transport_t, set: impl FnOnce(&mut Functions)) {
    guard((), || {
        // SAFETY: promised by the caller.
        let transport = unsafe { transport.as_ref() };
        if let Some(Kind::Envelopes(_, functions)) = transport.map(|it| &it.kind)
            // Held only by another thread that changes it against the rules, or that was one of a parent process.
            && let Some(mut functions) = try_lock(functions)
        {
            set(&mut functions);
        }
    });
}

impl Drop for sentry_transport_t {
    fn drop(&mut self) {
        let Kind::Envelopes(_, functions) = &self.kind else {
            return;
        };
        let functions = try_lock(functions).map(|functions| *functions);
        if let Some(Functions {
            free: Some(free),
            state,
            ..
        }) = functions
        {
            // SAFETY: the host gave us the function for this; nothing uses the state any more.
            let _ = callout::call(Callee::Transport, || unsafe { free(state) });
        }
    }
}

impl TransportFactory for sentry_transport_t {
    fn start(self: Arc<Self>, options: &Options) -> Result<Destination, i32> {
        let (send, functions) = match &self.kind {
            Kind::Http(functions) => return functions.start(options),
            Kind::Envelopes(send, functions) => (*send, try_lock(functions).map(|it| *it)),
        };
        let functions = functions.ok_or(1)?;
        if let Some(startup) = functions.startup {
            // SAFETY: the host gave us the function for this; the options live during the call.
            let answer = lend(options, |options| unsafe {
                startup(options, functions.state)
            });
            if answer != 0 {
                return Err(answer);
            }
        }
        Ok(Destination::HostTransport(Arc::new(Started {
            send,
            functions,
            handle: self,
        })))
    }
}

/// A transport with the functions that it had at init: nothing here is ever locked, also in a forked child.
struct Started {
    send: Send,
    functions: Functions,
    /// Its end is the end of the state.
    handle: Arc<sentry_transport_t>,
}

// SAFETY: as for `sentry_transport_t`.
unsafe impl std::marker::Send for Started {}
// SAFETY: as for `sentry_transport_t`; nothing changes.
unsafe impl Sync for Started {}

impl std::fmt::Debug for Started {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.handle.fmt(formatter)
    }
}

impl Started {
    fn call(&self, function: Option<WaitFunction>, timeout: Duration) -> i32 {
        // Rounded up: a part of a millisecond is not nothing.
        let timeout = timeout.as_micros().div_ceil(1000);
        let timeout = u64::try_from(timeout).unwrap_or(u64::MAX);
        // SAFETY: the host gave us the function for this.
        function.map_or(0, |function| unsafe {
            function(timeout, self.functions.state)
        })
    }
}

impl HostTransport for Started {
    fn send(&self, envelope: Envelope) {
        let envelope = sentry_envelope_t::from(envelope);
        match self.send {
            // SAFETY: the host gave us the function for this; it owns the envelope from here on.
            Send::Owning(send) => unsafe {
                send(Box::into_raw(Box::new(envelope)), self.functions.state);
            },
            // SAFETY: the host gave us the function for this; the envelope lives during the call.
            Send::Borrowing(show) => unsafe { show(&raw const envelope, self.functions.state) },
        }
    }

    fn flush(&self, timeout: Duration) -> i32 {
        self.call(self.functions.flush, timeout)
    }

    fn shutdown(&self, timeout: Duration) -> i32 {
        self.call(self.functions.shutdown, timeout)
    }
}
