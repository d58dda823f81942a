//! An HTTP client of the host behind a transport: its functions, and the requests that it is given.

use std::ffi::{CString, c_int, c_void};
use std::sync::{Arc, Mutex};

use super::options::{lend, sentry_options_t};
use crate::base::callout::{self, Kind};
use crate::base::lock::try_lock;
use crate::client::options::Options;
use crate::transport::wire::host::{Destination, HostClient, HostRequest, HostResponse};

/// An HTTP client of the host; only the host knows what is behind the pointer.
pub type sentry_http_client_t = c_void;

/// What `sentry_http_request_t` names.
pub struct sentry_http_request_s {
    pub(super) url: CString,
    pub(super) headers: Vec<(CString, CString)>,
    pub(super) body: Vec<u8>,
}

/// A request that the host's HTTP client is to make.
///
/// Given to a `sentry_http_client_send_func_t`, read by the functions `sentry_http_request_get_…`. It and everything that
/// they answer is valid during that call.
pub type sentry_http_request_t = sentry_http_request_s;

/// What `sentry_http_response_t` names.
pub struct sentry_http_response_s {
    pub(super) response: HostResponse,
}

/// What the host's HTTP client reports of an answer, by the functions `sentry_http_response_set_…`.
///
/// Given to a `sentry_http_client_send_func_t`, and valid during that call.
pub type sentry_http_response_t = sentry_http_response_s;

type SendFunction = unsafe extern "C" fn(
    *mut sentry_http_client_t,
    *mut sentry_http_request_t,
    *mut sentry_http_response_t,
) -> c_int;

type FreeFunction = unsafe extern "C" fn(*mut sentry_http_client_t);
type StartFunction =
    unsafe extern "C" fn(*mut sentry_http_client_t, *const sentry_options_t) -> c_int;
type ShutdownFunction = unsafe extern "C" fn(*mut sentry_http_client_t);

/// The functions of an HTTP client, and the client.
pub(super) struct HttpFunctions {
    client: *mut sentry_http_client_t,
    send: SendFunction,
    free: Option<FreeFunction>,
    changing: Mutex<Changing>,
}

/// What is set up before `sentry_init`.
#[derive(Clone, Copy, Default)]
pub(super) struct Changing {
    pub(super) start: Option<StartFunction>,
    pub(super) shutdown: Option<ShutdownFunction>,
}

// SAFETY: the host promises that its functions and its client may be used from the threads that the documentation names;
// the pointer is only handed back.
unsafe impl Send for HttpFunctions {}
// SAFETY: as above; what changes is behind a lock.
unsafe impl Sync for HttpFunctions {}

impl std::fmt::Debug for HttpFunctions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an HTTP client of the host")
    }
}

impl HttpFunctions {
    /// The functions for a client, to be set up further.
    pub(super) fn new(
        client: *mut sentry_http_client_t,
        send: SendFunction,
        free: Option<FreeFunction>,
    ) -> Self {
        Self {
            client,
            send,
            free,
            changing: Mutex::default(),
        }
    }

    /// Changes what can be set up, unless another thread does so against the rules, or did in a parent process.
    pub(super) fn change(&self, set: impl FnOnce(&mut Changing)) {
        if let Some(mut changing) = try_lock(&self.changing) {
            set(&mut changing);
        }
    }

    /// Starts the client.
    pub(super) fn start(self: &Arc<Self>, options: &Options) -> Result<Destination, i32> {
        let changing = try_lock(&self.changing).map(|it| *it).ok_or(1)?;
        if let Some(start) = changing.start {
            // SAFETY: the host gave us the function for this; the options live during the call.
            let answer = lend(options, |options| unsafe { start(self.client, options) });
            if answer != 0 {
                return Err(answer);
            }
        }
        Ok(Destination::HostClient(Arc::new(Started {
            shutdown: changing.shutdown,
            functions: Arc::clone(self),
        })))
    }
}

impl Drop for HttpFunctions {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the host gave us the function for this; nothing uses the client any more.
            let _ = callout::call(Kind::Transport, || unsafe { free(self.client) });
        }
    }
}

/// A client with the functions that it had at init.
#[derive(Debug)]
struct Started {
    shutdown: Option<ShutdownFunction>,
    /// Their end is the end of the client.
    functions: Arc<HttpFunctions>,
}

impl HostClient for Started {
    fn send(&self, request: HostRequest, response: &mut HostResponse) -> bool {
        // None of the texts can hold a zero: they come from a DSN, a header, or numbers.
        let text = |text: String| CString::new(text).unwrap_or_default();
        let name = |name: &'static str| CString::new(name).unwrap_or_default();
        let headers = request.headers.into_iter();
        let mut request = sentry_http_request_t {
            url: text(request.url),
            headers: headers
                .map(|(key, value)| (name(key), text(value)))
                .collect(),
            body: request.body,
        };
        let mut told = sentry_http_response_t {
            response: HostResponse::default(),
        };
        // SAFETY: the host gave us the function for this; request and response live during the call.
        let answer = unsafe {
            (self.functions.send)(self.functions.client, &raw mut request, &raw mut told)
        };
        *response = told.response;
        answer != 0
    }

    fn interrupt(&self) {
        if let Some(shutdown) = self.shutdown {
            // SAFETY: the host gave us the function for this.
            unsafe { shutdown(self.functions.client) };
        }
    }
}
