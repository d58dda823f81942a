//! The probe behind the self-test: makes the connection an envelope would take, and sends nothing over it.
//!
//! It runs on a thread of its own, one at a time, since a name server that never answers can hold a thread past every
//! time-out. The caller waits until its deadline, then tells the thread to end, and so does closing the library.
//! Entry point: [`Prober`]. May use: `connection`, `proxy`, `settings`, `base`.

use std::ffi::c_long;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::connection::{self, error_text};
use super::exchange::Exchange;
use super::libcurl::easy::{Easy, Handle};
use super::libcurl::error::Error;
use super::libcurl::multi::{Added, Waker};
use super::libcurl::options::{Number, NumberInfo, TextInfo, TimeInfo};
use super::lookup;
use super::pool::new_multi;
use super::proxy::ProxyUrl;
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
    control: Arc<Control>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The fork generation it was made in.
    generation: u32,
}

/// What the prober and the thread of a probe share: where the probe stands, and whether it is to end. Lock order:
/// `Prober::thread` before `state`.
#[derive(Debug, Default)]
struct Control {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// No further probe begins.
    is_closed: bool,
    is_running: bool,
    /// Counts the probes.
    number: u64,
    /// The running probe is to end.
    is_cancelled: bool,
    /// Wakes the running probe.
    waker: Option<Waker>,
    /// Of the probe that ended last, until its caller takes them.
    findings: Option<Findings>,
}

impl Control {
    /// Ends the probe with this number if it is still running; without a number ends any, and lets no other begin.
    fn cancel(&self, number: Option<u64>) {
        let mut state = lock(&self.state);
        if number.is_some_and(|number| number != state.number) {
            return;
        }
        state.is_closed |= number.is_none();
        state.is_cancelled = true;
        // A probe that has not set its waker yet reads the flag after it has.
        if let Some(waker) = &state.waker {
            waker.wake();
        }
    }

    fn is_cancelled(&self) -> bool {
        lock(&self.state).is_cancelled
    }

    /// Waits for the findings of the probe with this number.
    fn findings(&self, number: u64, patience: Duration) -> Option<Findings> {
        let now = Instant::now();
        let latest = now.checked_add(patience).unwrap_or(now);
        let mut findings = None;
        wait_until(&self.state, &self.changed, latest, |state| {
            if state.number == number {
                findings = state.findings.take();
            }
            findings.is_some()
        });
        findings
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
            control: Arc::default(),
            thread: Mutex::default(),
            generation: process::fork_generation(),
        }
    }

    /// Connects within `timeout`.
    pub(crate) fn run(&self, settings: &Settings, timeout: Duration) -> Findings {
        let timeout = timeout.clamp(SHORTEST, LONGEST);
        let number = match self.begin(settings.clone(), timeout) {
            Ok(number) => number,
            Err(why) => return Findings::failed(why),
        };
        let patience = timeout.saturating_add(GRACE);
        self.control.findings(number, patience).unwrap_or_else(|| {
            self.control.cancel(Some(number));
            Findings::failed(format!("no result after {} ms", timeout.as_millis()))
        })
    }

    fn begin(&self, settings: Settings, timeout: Duration) -> Result<u64, String> {
        let mut thread = lock(&self.thread);
        let number = {
            let mut state = lock(&self.control.state);
            if state.is_closed {
                return Err("the library is closing".to_owned());
            }
            if state.is_running {
                return Err("another self-test is running; wait until it has ended".to_owned());
            }
            (state.is_running, state.is_cancelled) = (true, false);
            state.findings = None;
            state.number = state.number.saturating_add(1);
            state.number
        };
        if let Some(ended) = thread.take() {
            // It has nothing left to do but return.
            let _ = ended.join();
        }
        let control = Arc::clone(&self.control);
        let _blocked = BlockedSignals::for_this_thread();
        let started = Builder::new()
            .name("sentry-probe".to_owned())
            .spawn(move || {
                cancellation::disable();
                let found = contained(|| probe(&settings, timeout, &control));
                {
                    let mut state = lock(&control.state);
                    (state.is_running, state.waker) = (false, None);
                    // The caller may have gone.
                    state.findings = Some(found.unwrap_or_else(Findings::failed));
                }
                control.changed.notify_all();
            });
        match started {
            Ok(started) => {
                *thread = Some(started);
                Ok(number)
            }
            Err(error) => {
                lock(&self.control.state).is_running = false;
                Err(format!("no thread for the test: {error}"))
            }
        }
    }

    /// Ends the running probe and refuses later ones; does not wait.
    pub(crate) fn cancel(&self) {
        if self.generation == process::fork_generation() {
            self.control.cancel(None);
        }
    }

    /// Waits for the thread until `deadline`; true if there is none any more.
    pub(crate) fn join(&self, deadline: Instant) -> bool {
        if self.generation != process::fork_generation() {
            // A callback forked; thread and locks are the parent's.
            return false;
        }
        let has_ended = |state: &mut State| !state.is_running;
        if !wait_until(
            &self.control.state,
            &self.control.changed,
            deadline,
            has_ended,
        ) {
            return false;
        }
        if let Some(ended) = lock(&self.thread).take() {
            let _ = ended.join();
        }
        true
    }
}

fn probe(settings: &Settings, timeout: Duration, control: &Control) -> Findings {
    if let Err(error) = descriptor::are_free(DESCRIPTORS) {
        return Findings::failed(format!(
            "a connection needs {DESCRIPTORS} free descriptors, and there are fewer: {error}"
        ));
    }
    if let Some(lack) = connection::lack(settings) {
        return Findings::failed(lack);
    }
    connect(settings, timeout, control).unwrap_or_else(Findings::failed)
}

/// Makes the connection, or says why none was begun.
fn connect(settings: &Settings, timeout: Duration, control: &Control) -> Result<Findings, String> {
    let multi = Rc::new(new_multi().map_err(|error| error.to_string())?);
    lock(&control.state).waker = Some(multi.waker().clone());
    let text = |error: Error| error_text(&error, settings);
    let mut easy = Easy::new(Exchange::default()).map_err(text)?;
    configure(easy.handle_mut(), settings, timeout).map_err(text)?;
    let mut transfer = multi.add(easy).map_err(|error| error.to_string())?;
    let error = wait(&mut transfer, settings, control).err();
    Ok(findings(transfer.easy().handle(), settings, error))
}

/// Returns when the connection stands, or why there is none.
fn wait(
    transfer: &mut Added<Exchange>,
    settings: &Settings,
    control: &Control,
) -> Result<(), String> {
    let multi = Rc::clone(transfer.multi());
    loop {
        if control.is_cancelled() {
            return Err("cancelled: the library was closed meanwhile".to_owned());
        }
        let running = lookup::named(|| multi.perform()).map_err(|error| error.to_string())?;
        if let Some((_, code)) = multi.next_end() {
            let result = transfer.easy_mut().handle_mut().result(code);
            return result.map_err(|error| {
                lookup::take_refusal().unwrap_or_else(|| error_text(&error, settings))
            });
        }
        if running == 0 {
            return Err("libcurl ended without a result".to_owned());
        }
        multi.poll(LOOK).map_err(|error| error.to_string())?;
    }
}

fn findings(transfer: &Handle, settings: &Settings, error: Option<String>) -> Findings {
    Findings {
        resolved_after: transfer.time(TimeInfo::NAME_LOOKUP),
        connected_after: transfer.time(TimeInfo::CONNECT),
        secured_after: transfer.time(TimeInfo::APP_CONNECT),
        address: transfer
            .text(TextInfo::PRIMARY_IP)
            .filter(|text| !text.is_empty()),
        reached: error.is_none().then(|| reached_by(transfer, settings)),
        error,
    }
}

/// With `CONNECT_ONLY` libcurl makes no request, and so an HTTP proxy is not asked for a plain server.
fn reached_by(transfer: &Handle, settings: &Settings) -> Reached {
    let proxy = ProxyUrl::new(&settings.proxy);
    let is_tunnelled = settings.endpoint.starts_with("https") || !proxy.is_http();
    if settings.proxy.is_empty() || is_tunnelled {
        return Reached::Server;
    }
    let is_exempt = !settings.no_proxy.is_empty()
        && match transfer.number(NumberInfo::USED_PROXY) {
            Some(used_proxy) => used_proxy == 0,
            // The port tells, or nothing does.
            None => transfer
                .number(NumberInfo::PRIMARY_PORT)
                .is_some_and(|port| port != c_long::from(proxy.port())),
        };
    if is_exempt {
        Reached::Server
    } else {
        Reached::Proxy
    }
}

fn configure(easy: &mut Handle, settings: &Settings, timeout: Duration) -> Result<(), Error> {
    connection::apply(easy, settings)?;
    easy.set_number(Number::CONNECT_ONLY, 1)?;
    connection::set_connect_timeout(easy, settings.connect_timeout.min(timeout))?;
    connection::set_transfer_timeout(easy, timeout)
}
