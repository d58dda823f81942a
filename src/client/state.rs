//! The one process-wide state: the current client, and the order of init and close.
//!
//! Reading is wait-free and works in a forked child, where any lock may be held for ever by a thread that was not
//! copied: state made under another fork generation is never locked, only read, and replaced by a copy of our own.
//!
//! Lock order: `Lifecycle::turn` is outermost; it is held while a client stops or starts, never while a capture runs.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicI8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwapOption, Guard};

use super::Client;
use super::capture::refused::{NOT_INITIALISED, Refused, Status};
use super::options::Options;
use super::start::{self, Started, tell_refusal};
use crate::base::callout::{self, Forked, Kind};
use crate::base::diagnostics::Severity;
use crate::base::lock::{lock, try_lock};
use crate::base::process;
use crate::base::stack;
use crate::transport::is_worker_thread;

static CLIENT: ArcSwapOption<Client> = ArcSwapOption::const_empty();
/// Why a forked child has no client although its parent had one; until the next init or close.
static NOT_ADOPTED: ArcSwapOption<Refused> = ArcSwapOption::const_empty();
/// Whether an earlier run had crashed at the last init: -1 before the first.
static CRASHED_LAST_RUN: AtomicI8 = AtomicI8::new(-1);
/// The lifecycle of the process that loaded the library: no allocation, since it is never freed.
static FIRST: Lifecycle = Lifecycle::new(0, false);
/// That of a forked child.
static CHILD: ArcSwapOption<Lifecycle> = ArcSwapOption::const_empty();

/// One at a time may start or stop a client, in each generation of the process.
#[derive(Debug)]
struct Lifecycle {
    generation: u32,
    turn: Mutex<()>,
    has_exit_hook: AtomicBool,
}

impl Lifecycle {
    const fn new(generation: u32, has_exit_hook: bool) -> Self {
        Self {
            generation,
            turn: Mutex::new(()),
            has_exit_hook: AtomicBool::new(has_exit_hook),
        }
    }
}

/// The lifecycle of this generation.
#[derive(Debug)]
enum Found {
    First,
    Child(Arc<Lifecycle>),
}

impl Deref for Found {
    type Target = Lifecycle;

    fn deref(&self) -> &Lifecycle {
        match self {
            Self::First => &FIRST,
            Self::Child(lifecycle) => lifecycle,
        }
    }
}

/// The current client of this process, not of its parent.
pub(crate) fn current() -> Option<Guard<Option<Arc<Client>>>> {
    let client = CLIENT.load();
    match client.as_ref() {
        None => None,
        Some(found) if found.generation == process::fork_generation() => Some(client),
        Some(_) => {
            drop(client);
            adopt();
            let client = CLIENT.load();
            client
                .as_ref()
                .is_some_and(|found| found.generation == process::fork_generation())
                .then_some(client)
        }
    }
}

/// Runs `action` with the current client, if there is one.
pub(crate) fn with_client<T>(action: impl FnOnce(&Client) -> T) -> Option<T> {
    let client = current()?;
    client.as_deref().map(action)
}

/// The answer where [`with_client`] found none.
pub(crate) fn absence() -> Refused {
    NOT_ADOPTED
        .load()
        .as_deref()
        .map_or(NOT_INITIALISED, Refused::clone)
}

/// Replaces the current client by a new one (LIF-2); what the host should know comes back as a warning.
pub(crate) fn init(options: Options) -> Result<Option<String>, String> {
    stack::check_room_to_start()?;
    let lifecycle = lifecycle();
    let _turn = take_turn(&lifecycle)
        .inspect_err(|reason| tell_refusal(&start::diagnostics(&options), reason))?;
    stop_current();
    let Started { client, warning } = Client::start(options)?;
    let has_crashed = client.client_files.has_crashed();
    CRASHED_LAST_RUN.store(i8::from(has_crashed), Ordering::Relaxed);
    let client = Arc::new(client);
    CLIENT.store(Some(Arc::clone(&client)));
    NOT_ADOPTED.store(None);
    stop_at_exit(&lifecycle);
    if client.diagnostics().speak() == Err(Forked) {
        // In the child it is inherited like any other.
        std::mem::forget(client);
    }
    Ok(warning)
}

/// Whether an earlier run had crashed at the last init; `None` before the first.
pub(crate) fn crashed_last_run() -> Option<bool> {
    match CRASHED_LAST_RUN.load(Ordering::Relaxed) {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// Stops the current client; returns how many envelopes were not sent.
pub(crate) fn close() -> u64 {
    let lifecycle = lifecycle();
    match take_turn(&lifecycle) {
        Ok(_turn) => {
            NOT_ADOPTED.store(None);
            stop_current()
        }
        Err(_) => 0,
    }
}

/// Waits until what is queued now has left. 0 if it has or there is nothing to wait for, 1 if not, or what the host's
/// transport answered.
pub(crate) fn flush(timeout: Duration) -> i32 {
    // The client is kept alive by a pointer of its own: a close in another thread may end it meanwhile.
    let client = current().and_then(|client| client.as_ref().map(Arc::clone));
    client.map_or(0, |client| client.flush(timeout))
}

/// Runs the work of the library on this thread, see [`Client::poll`]; why nothing was run as a text.
pub(crate) fn poll(longest: Duration) -> Result<Option<Duration>, Cow<'static, str>> {
    // Kept alive by a pointer of its own, as in a flush.
    let client = current().and_then(|client| client.as_ref().map(Arc::clone));
    let client = client.ok_or_else(|| absence().detail)?;
    let due = client.poll(longest);
    due.map_err(|error| Cow::Owned(error.to_string()))
}

/// Writes a line of diagnostics, if a client wants it.
pub(crate) fn log(severity: Severity, text: std::fmt::Arguments<'_>) {
    if let Some(client) = CLIENT
        .load()
        .as_ref()
        .filter(|client| client.generation == process::fork_generation())
    {
        client.diagnostics().log(severity, text);
    }
}

fn stop_current() -> u64 {
    let Some(client) = CLIENT.load_full() else {
        return 0;
    };
    if client.generation != process::fork_generation() {
        // The parent's: its worker does not exist here, and what it queued is not ours to send.
        std::mem::forget(client);
        CLIENT.store(None);
        return 0;
    }
    // Captures find it closing until it has stopped, so that each is answered and booked.
    let stopped = client.stop();
    if stopped == Err(Forked) {
        // A callback forked; thread, locks and files are the parent's.
        std::mem::forget(client);
    }
    CLIENT.store(None);
    stopped.unwrap_or(0)
}

/// On the worker thread nobody waits for a turn: whoever has it may be waiting for the worker. Nor in a callback or a
/// logger, which may run below a close or an init on this very thread.
fn take_turn(lifecycle: &Lifecycle) -> Result<std::sync::MutexGuard<'_, ()>, String> {
    let callbacks = [Kind::Outcome, Kind::Logger, Kind::Transport];
    if is_worker_thread() || callbacks.into_iter().any(callout::is_inside) {
        return try_lock(&lifecycle.turn)
            .ok_or_else(|| "another thread is starting or stopping the library".to_owned());
    }
    Ok(lock(&lifecycle.turn))
}

/// The lifecycle of this generation. One that was inherited is left alone, for ever: its lock may be held.
fn lifecycle() -> Found {
    let generation = process::fork_generation();
    if generation == FIRST.generation {
        return Found::First;
    }
    loop {
        let found = CHILD.load();
        if let Some(lifecycle) = found.as_ref().filter(|it| it.generation == generation) {
            return Found::Child(Arc::clone(lifecycle));
        }
        // Exit handlers are inherited, too.
        let parent = found.as_deref().unwrap_or(&FIRST);
        let has_exit_hook = parent.has_exit_hook.load(Ordering::Relaxed);
        let fresh = Arc::new(Lifecycle::new(generation, has_exit_hook));
        let previous = CHILD.compare_and_swap(&found, Some(fresh));
        if let Some(inherited) = previous.as_ref() {
            std::mem::forget(Arc::clone(inherited));
        }
    }
}

/// In a forked child: a client with the options and scope of the parent's, which is abandoned as it is. Freeing it
/// would free handles that a thread was using when the process forked.
fn adopt() {
    let lifecycle = lifecycle();
    let Ok(_turn) = take_turn(&lifecycle) else {
        return;
    };
    let Some(inherited) = CLIENT.load_full() else {
        return;
    };
    if inherited.generation == process::fork_generation() {
        return;
    }
    let ours = match Client::inherit(&inherited) {
        Ok(client) => Some(Arc::new(client)),
        Err(error) => {
            NOT_ADOPTED.store(Some(Arc::new(Refused {
                status: Status::Disabled,
                detail: Cow::Owned(format!(
                    "the library could not start in this forked child ({error}); call sentry_init() to try again"
                )),
                unsent_id: None,
            })));
            None
        }
    };
    std::mem::forget(inherited);
    CLIENT.store(ours);
}

/// libcurl's TLS library cleans up in an exit handler of its own, registered when libcurl was initialised, before
/// this one; handlers run in reverse order, so the worker has stopped by then.
fn stop_at_exit(lifecycle: &Lifecycle) {
    if !lifecycle.has_exit_hook.swap(true, Ordering::AcqRel) {
        process::at_exit(stop_before_exit);
    }
}

/// What a host that forgot to close gets: the same stop, with the same time-out.
fn stop_before_exit() {
    /// Longest wait for another thread that is closing already.
    const PATIENCE: Duration = Duration::from_millis(500);
    if is_worker_thread() || CLIENT.load().is_none() {
        return;
    }
    // In a child that never used it this only lets go of the parent's client: nothing would send what came later.
    let lifecycle = lifecycle();
    let start = Instant::now();
    // `exit` may have been called by a callback below a close on this very thread: waiting for ever would be for ever.
    while start.elapsed() < PATIENCE {
        if let Some(_turn) = try_lock(&lifecycle.turn) {
            stop_current();
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
