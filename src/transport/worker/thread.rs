//! The worker's thread: a loop around [`Worker::step`], deaf to the host's signals, that survives panics.

use std::cell::Cell;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::{Step, Worker};
use crate::base::callout::Forked;
use crate::base::cancellation;
use crate::base::panic::contained;
use crate::base::process::{self, BlockedSignals};
use crate::base::random;
use crate::transport::shared::Shared;
use crate::transport::wire::curl_client::CurlClient;
use crate::transport::wire::host::Destination;
use crate::transport::wire::host_sender::{HostHttp, HostSender};
use crate::transport::wire::http::HttpClient;
use crate::transport::wire::libcurl::error::Error;
use crate::transport::wire::sender::{HttpSender, Sender};
use crate::transport::worker::wishes::Phase;

/// Enough for a TLS handshake and the host's callback; only what is touched becomes memory.
const STACK: usize = 1024 * 1024;
/// Pause after a panic, so that one that comes back cannot take a core.
const AFTER_PANIC: Duration = Duration::from_millis(100);

thread_local! {
    /// The fork generation of which this thread is the worker: a copy of the thread in a child is none.
    static WORKER_OF: Cell<Option<u32>> = const { Cell::new(None) };
}

/// The calling thread is the worker's while this lives.
#[derive(Debug)]
pub(super) struct OnWorker {
    before: Option<u32>,
}

impl OnWorker {
    /// From here on.
    pub(super) fn begin() -> Self {
        Self {
            before: WORKER_OF.replace(Some(process::fork_generation())),
        }
    }
}

impl Drop for OnWorker {
    fn drop(&mut self) {
        WORKER_OF.set(self.before);
    }
}

/// True where the worker runs: callbacks run there, and what libcurl logs through the host.
pub(crate) fn is_worker_thread() -> bool {
    let worker_of = WORKER_OF.try_with(Cell::get).unwrap_or(None);
    worker_of.is_some_and(|generation| generation == process::fork_generation())
}

/// Starts the thread, and returns when it can send. Signals are blocked meanwhile, and so in the new thread and in resolver threads it starts.
pub(crate) fn spawn(shared: Arc<Shared>) -> std::io::Result<JoinHandle<()>> {
    let _blocked = BlockedSignals::for_this_thread();
    let other = Arc::clone(&shared);
    let mut thread = Builder::new().stack_size(STACK);
    let name = system_name(&shared.settings.thread_name);
    if !name.is_empty() {
        thread = thread.name(name.to_owned());
    }
    let thread = thread.spawn(move || {
        let _on_worker = OnWorker::begin();
        // A callback of the host could ask for the end of the thread it runs on.
        cancellation::disable();
        // A panic outside `step` (making or freeing handles) must not keep a shutdown waiting.
        let has_run = contained(|| run(&other));
        if has_run != Ok(Err(Forked)) {
            ended(&other);
        }
    })?;
    if shared.wishes.wait_for_opening() == Phase::Exited {
        // It ended without a client: libcurl had no memory or no descriptors for one.
        let _ = thread.join();
        return Err(no_client());
    }
    Ok(thread)
}

/// Why there is no worker.
pub(super) fn no_client() -> std::io::Error {
    std::io::Error::other("libcurl cannot be set up; are descriptors or memory used up?")
}

/// The worker has ended: tells those who wait for that.
pub(super) fn ended(shared: &Shared) {
    let told = contained(|| {
        if shared.wishes.ends_alone() {
            shared.end_host(Duration::ZERO)?;
        }
        shared.account.tell_noted()?;
        shared.diagnostics.speak()
    });
    if told != Ok(Err(Forked)) {
        shared.wishes.reach(Phase::Exited);
    }
}

/// What of a name the system keeps: 15 bytes, none of them NUL.
fn system_name(name: &str) -> &str {
    const MOST: usize = 15;
    let name = name.split('\0').next().unwrap_or_default();
    let ends = name
        .char_indices()
        .map(|(at, letter)| at.saturating_add(letter.len_utf8()));
    let end = ends.take_while(|end| *end <= MOST).last().unwrap_or(0);
    name.get(..end).unwrap_or_default()
}

fn run(shared: &Arc<Shared>) -> Result<(), Forked> {
    // Without a worker the starter hears nothing, and says so.
    let Ok(mut worker) = worker_of(shared) else {
        return Ok(());
    };
    loop {
        match contained(|| worker.step()) {
            Ok(Ok(Step::Continue)) => {}
            Ok(Ok(Step::Finished)) => return Ok(()),
            // The callback forked and came back: neither connections nor queue belong to this copy of the thread.
            Ok(Err(Forked)) => {
                std::mem::forget(worker);
                return Err(Forked);
            }
            Err(message) => {
                worker.recover(&message);
                std::thread::sleep(AFTER_PANIC);
            }
        }
    }
}

/// A worker with the sender that the settings ask for.
pub(super) fn worker_of(shared: &Arc<Shared>) -> Result<Worker, Error> {
    let sender = sender_of(shared)?;
    shared.wishes.reach(Phase::Starting);
    Ok(Worker::new(Arc::clone(shared), sender, random::next_unit))
}

/// The sender that the settings ask for.
fn sender_of(shared: &Arc<Shared>) -> Result<Box<dyn Sender>, Error> {
    let ours = || Arc::clone(shared);
    let http = |client: Box<dyn HttpClient>| -> Box<dyn Sender> {
        Box::new(HttpSender::new(ours(), client))
    };
    Ok(match shared.settings.destination.clone() {
        Destination::Curl => http(Box::new(CurlClient::new(ours())?)),
        Destination::HostClient(host) => http(Box::new(HostHttp::new(ours(), host))),
        Destination::HostTransport(host) => Box::new(HostSender::new(ours(), Some(host))),
        Destination::Nowhere => Box::new(HostSender::new(ours(), None)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thread_names_are_cut_to_what_the_system_keeps() {
        assert_eq!(system_name("sentry-http"), "sentry-http");
        assert_eq!(system_name("fifteen-bytes-and-more"), "fifteen-bytes-a");
        assert_eq!(system_name("fourteen bytesé"), "fourteen bytes");
        assert_eq!(system_name("up to\0here"), "up to");
        assert_eq!(system_name(""), "");
    }
}
