//! The probe behind the self-test: makes the connection an envelope would take, and sends nothing over it.
//!
//! It runs on a thread of its own, one at a time, since a name server that never answers can hold a thread past every
//! time-out. The caller waits until its deadline, then tells the thread to end, and so does closing the library.
//! Entry point: [`Prober`]. May use: `connection`, `proxy`, `settings`, `base`.

use std::ffi::{c_int, c_long};
use std::os::fd::RawFd;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use curl::easy::{Easy2, Handler};
use curl::multi::{Easy2Handle, Multi, MultiWaker};

use super::connection::{self, error_text};
use super::lookup;
use super::pool::new_multi;
use super::proxy::ProxyUrl;
use super::socket;
use crate::base::cancellation;
use crate::base::descriptor;
use crate::base::lock::{lock, wait_until};
use crate::base::panic::contained;
use crate::base::process::{self, BlockedSignals};
use crate::transport::settings::Settings;

/// To libcurl 0 means no limit.
const SHORTEST: Duration = Duration::from_millis(1);
/// Longer times may be more than libcurl can count.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the caller waits beyond its time-out, for libcurl to say where it stands then.
const GRACE: Duration = Duration::from_millis(40);
/// Longest pause between two looks at the transfer; it is woken when it shall end.
const LOOK: Duration = Duration::from_secs(1);
/// What libcurl opens at a time: a pair to wake it, a pair to be woken by a name lookup, a socket.
const DESCRIPTORS: usize = 5;
/// `CURLINFO_USED_PROXY` (libcurl 8.7).
const USED_PROXY: curl_sys::CURLINFO = curl_sys::CURLINFO_LONG + 66;

/// How far a connection got, and how long each part took since its start.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Findings {
    /// Name found.
    pub(crate) resolved_after: Option<Duration>,
    /// TCP connection made.
    pub(crate) connected_after: Option<Duration>,
    /// TLS connection made; stays empty for http.
    pub(crate) secured_after: Option<Duration>,
    /// Address of the server, or of the proxy.
    pub(crate) address: Option<String>,
    /// What stands at the other end; none after an error.
    pub(crate) reached: Option<Reached>,
    /// Why it ended early.
    pub(crate) error: Option<String>,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// The server, perhaps through a tunnel.
    Server,
    /// An HTTP proxy, which would be told of the server only with a request.
    Proxy,
}

/// Runs probes, one at a time, until it is closed.
#[derive(Debug)]
pub(crate) struct Prober {
    board: Arc<Board>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The fork generation it was made in.
    generation: u32,
}

/// What the prober and its thread share. Lock order: `Prober::thread` before `state`.
#[derive(Debug, Default)]
struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_closed: bool,
    is_running: bool,
    /// Counts the probes.
    number: u64,
    /// Ends the running probe.
    is_cancelled: bool,
    waker: Option<MultiWaker>,
}

impl Board {
    /// Ends the running probe, if it is this one; without a number it is, and there will be no other.
    fn cancel(&self, number: Option<u64>) {
        let mut state = lock(&self.state);
        if number.is_some_and(|number| number != state.number) {
            return;
        }
        state.is_closed |= number.is_none();
        state.is_cancelled = true;
        // A probe that has no waker yet looks at the flag after it has left one.
        if let Some(waker) = &state.waker {
            let _ = waker.wakeup();
        }
    }

    fn is_cancelled(&self) -> bool {
        lock(&self.state).is_cancelled
    }
}

impl Findings {
    fn failed(error: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
            ..Self::default()
        }
    }
}

impl Prober {
    /// One that has nothing to do.
    pub(crate) fn new() -> Self {
        Self {
            board: Arc::default(),
            thread: Mutex::default(),
            generation: process::fork_generation(),
        }
    }

    /// Connects within `timeout`.
    pub(crate) fn run(&self, settings: &Settings, timeout: Duration) -> Findings {
        let timeout = timeout.clamp(SHORTEST, LONGEST);
        let (number, receiver) = match self.begin(settings.clone(), timeout) {
            Ok(begun) => begun,
            Err(why) => return Findings::failed(why),
        };
        let patience = timeout.saturating_add(GRACE);
        receiver.recv_timeout(patience).unwrap_or_else(|_| {
            self.board.cancel(Some(number));
            Findings::failed(format!("no result after {} ms", timeout.as_millis()))
        })
    }

    fn begin(
        &self,
        settings: Settings,
        timeout: Duration,
    ) -> Result<(u64, mpsc::Receiver<Findings>), String> {
        let mut thread = lock(&self.thread);
        let number = {
            let mut state = lock(&self.board.state);
            if state.is_closed {
                return Err("the library is closing".to_owned());
            }
            if state.is_running {
                return Err("another self-test is running; wait until it has ended".to_owned());
            }
            (state.is_running, state.is_cancelled) = (true, false);
            state.number = state.number.saturating_add(1);
            state.number
        };
        if let Some(ended) = thread.take() {
            // It has nothing left to do but return.
            let _ = ended.join();
        }
        let (sender, receiver) = mpsc::channel();
        let board = Arc::clone(&self.board);
        let _blocked = BlockedSignals::for_this_thread();
        let started = Builder::new()
            .name("sentry-probe".to_owned())
            .spawn(move || {
                cancellation::disable();
                let found = contained(|| probe(&settings, timeout, &board));
                {
                    let mut state = lock(&board.state);
                    (state.is_running, state.waker) = (false, None);
                }
                board.changed.notify_all();
                // The caller may have gone.
                let _ = sender.send(found.unwrap_or_else(Findings::failed));
            });
        match started {
            Ok(started) => {
                *thread = Some(started);
                Ok((number, receiver))
            }
            Err(error) => {
                lock(&self.board.state).is_running = false;
                Err(format!("no thread for the test: {error}"))
            }
        }
    }

    /// Ends the running probe and refuses later ones; does not wait.
    pub(crate) fn cancel(&self) {
        if self.generation == process::fork_generation() {
            self.board.cancel(None);
        }
    }

    /// Waits for the thread until `deadline`; true if there is none any more.
    pub(crate) fn join(&self, deadline: Instant) -> bool {
        if self.generation != process::fork_generation() {
            // A callback forked; thread and locks are the parent's.
            return false;
        }
        let has_ended = |state: &mut State| !state.is_running;
        if !wait_until(&self.board.state, &self.board.changed, deadline, has_ended) {
            return false;
        }
        if let Some(ended) = lock(&self.thread).take() {
            let _ = ended.join();
        }
        true
    }
}

/// Takes nothing and prints nothing.
#[derive(Debug)]
struct Silent;

impl Handler for Silent {
    fn open_socket(&mut self, family: c_int, kind: c_int, protocol: c_int) -> Option<RawFd> {
        socket::open(family, kind, protocol)
    }
}

fn probe(settings: &Settings, timeout: Duration, board: &Board) -> Findings {
    if let Err(error) = descriptor::are_free(DESCRIPTORS) {
        return Findings::failed(format!(
            "a connection needs {DESCRIPTORS} free descriptors, and there are fewer: {error}"
        ));
    }
    if let Some(lack) = connection::lack(settings) {
        return Findings::failed(lack);
    }
    let multi = new_multi();
    lock(&board.state).waker = Some(multi.waker());
    let mut easy = Easy2::new(Silent);
    let handle = match configure(&mut easy, settings, timeout) {
        Ok(()) => multi.add2(easy).map_err(|error| error.to_string()),
        Err(error) => Err(error_text(&error, settings)),
    };
    match handle {
        Ok(handle) => {
            let error = connect(&multi, &handle, settings, board);
            findings(&handle, settings, error)
        }
        Err(error) => Findings::failed(error),
    }
}

/// Returns why there is no connection.
fn connect(
    multi: &Multi,
    handle: &Easy2Handle<Silent>,
    settings: &Settings,
    board: &Board,
) -> Option<String> {
    loop {
        if board.is_cancelled() {
            return Some("cancelled: the library was closed meanwhile".to_owned());
        }
        let running = match lookup::named(|| multi.perform()) {
            Ok(running) => running,
            Err(error) => return Some(error.to_string()),
        };
        let mut result = None;
        multi.messages(|message| result = message.result_for2(handle).or(result.take()));
        match result {
            Some(Ok(())) => return None,
            Some(Err(error)) => {
                let refusal = lookup::take_refusal();
                return Some(refusal.unwrap_or_else(|| error_text(&error, settings)));
            }
            None if running == 0 => return Some("libcurl ended without a result".to_owned()),
            None => {}
        }
        if let Err(error) = multi.poll(&mut [], LOOK) {
            return Some(error.to_string());
        }
    }
}

fn findings(handle: &Easy2Handle<Silent>, settings: &Settings, error: Option<String>) -> Findings {
    let reached = |time: Result<Duration, curl::Error>| time.ok().filter(|time| !time.is_zero());
    Findings {
        resolved_after: reached(handle.namelookup_time()),
        connected_after: reached(handle.connect_time()),
        secured_after: reached(handle.appconnect_time()),
        address: handle
            .primary_ip()
            .ok()
            .flatten()
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        reached: error.is_none().then(|| reached_by(handle, settings)),
        error,
    }
}

/// With `connect_only` libcurl makes no request, and so an HTTP proxy is not asked for a plain server.
fn reached_by(handle: &Easy2Handle<Silent>, settings: &Settings) -> Reached {
    let proxy = ProxyUrl::new(&settings.proxy);
    let is_tunnelled = settings.endpoint.starts_with("https") || !proxy.is_http();
    if settings.proxy.is_empty() || is_tunnelled {
        return Reached::Server;
    }
    let is_exempt = !settings.no_proxy.is_empty() && {
        let mut used_proxy: c_long = 0;
        // SAFETY: the handle is valid and this information is a `long`; versions that do not know it say so.
        let code =
            unsafe { curl_sys::curl_easy_getinfo(handle.raw(), USED_PROXY, &raw mut used_proxy) };
        match code {
            curl_sys::CURLE_OK => used_proxy == 0,
            // The port tells, or nothing does.
            _ => handle.primary_port().is_ok_and(|port| port != proxy.port()),
        }
    };
    if is_exempt {
        Reached::Server
    } else {
        Reached::Proxy
    }
}

fn configure(
    easy: &mut Easy2<Silent>,
    settings: &Settings,
    timeout: Duration,
) -> Result<(), curl::Error> {
    connection::apply(easy, settings)?;
    easy.connect_only(true)?;
    connection::set_connect_timeout(easy, settings.connect_timeout.min(timeout))?;
    easy.timeout(timeout)
}
