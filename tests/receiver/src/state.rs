//! What the receiver knows and what it is told to do.
//!
//! Decides which reply is next and what is recorded of each request. Entry points: [`State`] (read by tests) and
//! [`Shared`] (its lock and its change notification). Uses requests and replies; no sockets except to wake connections.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::reply::Reply;
use crate::request::{Received, Request};
use crate::socket::Signal;

/// Everything a receiver recorded so far, seen at one instant.
#[derive(Debug, Default)]
pub struct State {
    requests: Vec<Request>,
    events: Vec<Value>,
    violations: Vec<String>,
    connections: u64,
    hanging: usize,
    open: BTreeMap<u64, Arc<Signal>>,
    script: VecDeque<Reply>,
    default_reply: Option<Reply>,
    releases: u64,
    is_stopping: bool,
    accepts_any_request: bool,
}

impl State {
    /// The requests in the order in which they were read, incomplete ones included.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The payloads of all event items in the order in which they were read.
    pub fn events(&self) -> &[Value] {
        &self.events
    }

    /// What was wrong with the requests, one sentence each that starts with the number of the requirement.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.open.len()
    }

    /// How many connections hang at this instant because their reply says so.
    pub fn hanging(&self) -> usize {
        self.hanging
    }

    /// How many scripted replies were not used yet.
    pub fn replies_left(&self) -> usize {
        self.script.len()
    }

    /// The numbers of the open connections.
    pub(crate) fn open_numbers(&self) -> impl Iterator<Item = u64> {
        self.open.keys().copied()
    }

    /// Takes the next reply.
    fn take_reply(&mut self) -> Turn {
        let scripted = self.script.pop_front();
        let reply = scripted
            .or_else(|| self.default_reply.clone())
            .unwrap_or_else(Reply::ok);
        Turn {
            reply,
            releases: self.releases,
        }
    }
}

/// A reply and the count of releases when it was taken: a later release ends its waits.
pub(crate) struct Turn {
    pub(crate) reply: Reply,
    pub(crate) releases: u64,
}

/// The state, its lock, and the notification of its changes.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    /// Locks the state. A test that panicked while it held the lock leaves a readable state behind.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes everyone who waits for a change.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `condition` holds or the time is over; says whether it holds.
    pub(crate) fn wait_until(
        &self,
        timeout: Duration,
        mut condition: impl FnMut(&State) -> bool,
    ) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.lock();
        loop {
            if condition(&state) {
                return true;
            }
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::MAX,
            };
            if left.is_zero() {
                return false;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    pub(crate) fn extend_script(&self, replies: impl IntoIterator<Item = Reply>) {
        let replies: Vec<Reply> = replies.into_iter().collect();
        self.change(|state| state.script.extend(replies));
    }

    pub(crate) fn set_default(&self, reply: Reply) {
        self.change(|state| state.default_reply = Some(reply));
    }

    pub(crate) fn accept_any_request(&self) {
        self.change(|state| state.accepts_any_request = true);
    }

    /// Ends every wait that a reply taken before now asked for.
    pub(crate) fn release(&self) {
        self.change(|state| {
            state.releases = state.releases.saturating_add(1);
            state.open.values().for_each(|signal| signal.wake());
        });
    }

    /// Closes every open connection.
    pub(crate) fn drop_connections(&self) {
        self.change(|state| state.open.values().for_each(|signal| signal.end()));
    }

    /// Closes every open connection and every one that is still to come.
    pub(crate) fn stop(&self) {
        self.change(|state| {
            state.is_stopping = true;
            state.open.values().for_each(|signal| signal.end());
        });
    }

    /// Gives a new connection its number. A connection that comes during the stop is ended at once.
    pub(crate) fn register(&self, signal: &Arc<Signal>) -> u64 {
        self.change(|state| {
            state.connections = state.connections.saturating_add(1);
            state.open.insert(state.connections, Arc::clone(signal));
            if state.is_stopping {
                signal.end();
            }
            state.connections
        })
    }

    pub(crate) fn unregister(&self, connection: u64) {
        self.change(|state| state.open.remove(&connection));
    }

    /// Takes the next reply if it takes effect before a byte of the request is read.
    pub(crate) fn take_reply_before_reading(&self) -> Option<Turn> {
        self.change(|state| {
            let next = state.script.front().or(state.default_reply.as_ref());
            next.is_some_and(Reply::is_before_reading)
                .then(|| state.take_reply())
        })
    }

    pub(crate) fn take_reply(&self) -> Turn {
        self.change(State::take_reply)
    }

    pub(crate) fn is_released(&self, turn: &Turn) -> bool {
        self.lock().releases != turn.releases
    }

    pub(crate) fn set_hanging(&self, hangs: bool) {
        self.change(|state| {
            state.hanging = if hangs {
                state.hanging.saturating_add(1)
            } else {
                state.hanging.saturating_sub(1)
            };
        });
    }

    /// Records a request; returns its place for [`Shared::set_answered`].
    pub(crate) fn record(&self, received: Received) -> usize {
        let (request, violations) = received.finish();
        let envelope = request.envelope.clone();
        let events = envelope
            .iter()
            .flat_map(|envelope| envelope.items_of("event"))
            .filter_map(|item| item.json());
        let events: Vec<Value> = events.collect();
        self.change(|state| {
            let place = state.requests.len();
            state.requests.push(request);
            state.events.extend(events);
            // What is no HTTP is wrong for every kind of request.
            let kept = violations
                .into_iter()
                .filter(|text| !state.accepts_any_request || text.starts_with("HTTP"));
            state
                .violations
                .extend(kept.map(|text| format!("{text} (request {place})")));
            place
        })
    }

    pub(crate) fn set_answered(&self, place: usize, status: Option<u16>) {
        self.change(|state| {
            if let Some(request) = state.requests.get_mut(place) {
                request.answered = status;
            }
        });
    }

    pub(crate) fn add_violation(&self, violation: String) {
        self.change(|state| state.violations.push(violation));
    }
}
