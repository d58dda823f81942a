//! The worker's thread: a loop around [`Worker::step`], deaf to the host's signals, that survives panics.

use std::cell::Cell;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::curl_client::CurlClient;
use super::shared::{Phase, Shared};
use super::worker::{Step, Worker};
use crate::base::panic::contained;
use crate::base::process::BlockedSignals;
use crate::base::random;

/// Enough for a TLS handshake and the host's callback; only what is touched becomes memory.
const STACK: usize = 1024 * 1024;
/// Pause after a panic, so that one that comes back cannot take a core.
const AFTER_PANIC: Duration = Duration::from_millis(100);

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// True on a worker thread: callbacks run there, and what libcurl logs through the host.
pub(crate) fn is_worker_thread() -> bool {
    IS_WORKER.try_with(Cell::get).unwrap_or(false)
}

/// Starts the thread. Signals are blocked meanwhile, and so in the new thread and in resolver threads it starts.
pub(crate) fn spawn(shared: Arc<Shared>) -> std::io::Result<JoinHandle<()>> {
    let _blocked = BlockedSignals::for_this_thread();
    Builder::new()
        .name("sentry-http".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            IS_WORKER.set(true);
            let told = Arc::clone(&shared);
            // A panic outside `step` (making or freeing handles) must not keep a shutdown waiting.
            let _ = contained(|| run(shared));
            told.reach(Phase::Exited);
        })
}

fn run(shared: Arc<Shared>) {
    let mut worker = Worker::new(
        Arc::clone(&shared),
        CurlClient::new(shared),
        random::next_unit,
    );
    loop {
        match contained(|| worker.step()) {
            Ok(Step::Continue) => {}
            Ok(Step::Finished) => return,
            Err(message) => {
                worker.recover(&message);
                std::thread::sleep(AFTER_PANIC);
            }
        }
    }
}
