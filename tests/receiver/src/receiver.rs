//! The receiver as tests hold it.
//!
//! Decides what a test can ask of the server. Entry point: [`Receiver::start`]. Uses the door and the shared state.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::door::Door;
use crate::envelope::Envelope;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::{Shared, State};
use crate::{PROJECT_ID, PUBLIC_KEY};

/// A scripted server on a free port of 127.0.0.1.
///
/// Answers 200 until told otherwise. Every method may be called from any thread at any time. When it is dropped, all
/// connections are closed and all threads have ended.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    shared: Arc<Shared>,
    entrance: Mutex<Entrance>,
}

/// The door while the receiver listens, and connection threads of doors that were closed.
#[derive(Debug, Default)]
struct Entrance {
    door: Option<Door>,
    threads: Vec<JoinHandle<()>>,
}

impl Receiver {
    /// Starts a receiver on a free port.
    ///
    /// # Panics
    /// When the system has no port, thread or descriptor left.
    pub fn start() -> Self {
        #[expect(clippy::panic, reason = "a test without its server cannot go on")]
        Self::start_on(0).unwrap_or_else(|error| panic!("the receiver cannot start: {error}"))
    }

    /// Starts a receiver on this port; 0 takes a free one.
    ///
    /// # Errors
    /// Those of the system, for instance a port that is in use.
    pub fn start_on(port: u16) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let door = Door::open(port, Arc::clone(&shared))?;
        let port = door.port();
        Ok(Self {
            port,
            shared,
            entrance: Mutex::new(Entrance {
                door: Some(door),
                threads: Vec::new(),
            }),
        })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address without a path, for instance `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address envelopes are posted to.
    pub fn envelope_url(&self) -> String {
        format!("{}/api/{PROJECT_ID}/envelope/", self.url())
    }

    /// The DSN for it.
    pub fn dsn(&self) -> String {
        format!("http://{PUBLIC_KEY}@127.0.0.1:{}/{PROJECT_ID}", self.port)
    }

    /// Appends replies to the script: each is used for one request (or accepted connection), in order.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.extend_script(replies);
    }

    /// The reply for every request that the script does not cover; also for requests to come on open connections.
    pub fn set_default(&self, reply: Reply) {
        self.shared.set_default(reply);
    }

    /// From now on only what is no HTTP counts as a violation: for requests that carry no envelopes.
    pub fn accept_any_request(&self) {
        self.shared.accept_any_request();
    }

    /// Ends all waits: what hangs goes on with its answer (200 unless the reply says otherwise), delays and drips end,
    /// endless answers are closed. Replies taken later hang again.
    pub fn release(&self) {
        self.shared.release();
    }

    /// Closes every open connection and returns when they are closed.
    pub fn drop_connections(&self) {
        let last = self.shared.lock().connections();
        self.shared.drop_connections();
        self.shared.wait_until(Duration::MAX, |state| {
            state.open_numbers().all(|number| number > last)
        });
    }

    /// Becomes unreachable: closes every connection, and the port refuses new ones until [`Receiver::listen`].
    pub fn refuse(&self) {
        let mut entrance = self.entrance();
        if let Some(door) = entrance.door.take() {
            entrance.threads.extend(door.close());
        }
        drop(entrance);
        self.drop_connections();
    }

    /// Listens again after [`Receiver::refuse`], on the same port.
    ///
    /// # Errors
    /// Those of the system, for instance when another process took the port in the meantime.
    pub fn listen(&self) -> io::Result<()> {
        let mut entrance = self.entrance();
        if entrance.door.is_none() {
            entrance.door = Some(Door::open(self.port, Arc::clone(&self.shared))?);
        }
        Ok(())
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests().to_vec()
    }

    /// All readable envelopes so far.
    pub fn envelopes(&self) -> Vec<Arc<Envelope>> {
        self.shared
            .lock()
            .requests()
            .iter()
            .filter_map(|request| request.envelope.clone())
            .collect()
    }

    /// The payloads of all events so far. An event that was sent twice is there twice.
    pub fn events(&self) -> Vec<Value> {
        self.shared.lock().events().to_vec()
    }

    /// The ids of all events so far.
    pub fn event_ids(&self) -> Vec<String> {
        let id = |event: &Value| {
            event
                .get("event_id")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        self.shared.lock().events().iter().filter_map(id).collect()
    }

    /// The ids of the events whose request was answered with a status of 200 to 299.
    pub fn accepted_event_ids(&self) -> Vec<String> {
        let state = self.shared.lock();
        let accepted = state
            .requests()
            .iter()
            .filter(|request| request.was_accepted());
        let envelopes = accepted.filter_map(|request| request.envelope.as_ref());
        let with_event = envelopes.filter(|envelope| envelope.items_of("event").next().is_some());
        with_event
            .filter_map(|envelope| envelope.event_id().map(str::to_owned))
            .collect()
    }

    /// What the client reports so far say was lost, by reason and category; reports in requests that were not accepted
    /// do not count, since the client sends their numbers again.
    pub fn reported_losses(&self) -> BTreeMap<(String, String), u64> {
        let state = self.shared.lock();
        let accepted = state
            .requests()
            .iter()
            .filter(|request| request.was_accepted());
        let envelopes = accepted.filter_map(|request| request.envelope.as_ref());
        let reports = envelopes
            .flat_map(|envelope| envelope.items_of("client_report"))
            .filter_map(|item| item.json());
        let mut losses = BTreeMap::new();
        for report in reports {
            for entry in report
                .get("discarded_events")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let text = |key: &str| {
                    entry
                        .get(key)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                let quantity = entry
                    .get("quantity")
                    .and_then(Value::as_u64)
                    .unwrap_or_default();
                let sum: &mut u64 = losses
                    .entry((text("reason"), text("category")))
                    .or_default();
                *sum = sum.saturating_add(quantity);
            }
        }
        losses
    }

    /// What was wrong with the requests so far; empty for a client that keeps to the protocol.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations().to_vec()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.lock().connections()
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.shared.lock().open_connections()
    }

    /// Waits until `count` requests were read; false when the time is over before.
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        self.wait_until(timeout, |state| state.requests().len() >= count)
    }

    /// Waits until `count` events were read; false when the time is over before.
    pub fn wait_for_events(&self, count: usize, timeout: Duration) -> bool {
        self.wait_until(timeout, |state| state.events().len() >= count)
    }

    /// Waits until the condition holds; false when the time is over before. The receiver stands still while the
    /// condition is looked at, so it must not call the receiver.
    pub fn wait_until(&self, timeout: Duration, condition: impl FnMut(&State) -> bool) -> bool {
        self.shared.wait_until(timeout, condition)
    }

    fn entrance(&self) -> MutexGuard<'_, Entrance> {
        self.entrance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.stop();
        let mut entrance = self.entrance();
        let door = entrance.door.take();
        let threads: Vec<_> = entrance
            .threads
            .drain(..)
            .chain(door.into_iter().flat_map(Door::close))
            .collect();
        drop(entrance);
        for thread in threads {
            // A connection thread that panicked has already said so on standard error.
            drop(thread.join());
        }
    }
}
