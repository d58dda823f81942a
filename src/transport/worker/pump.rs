//! The pump: a worker without a thread of its own, which runs on the threads that the host lends it, one at a time.
//!
//! A thread is lent by `sentry_poll`, and by a flush or a close while they wait. Each turn runs [`Worker::act`] and
//! [`Worker::rest`] once. Meanwhile that thread is what the library's own thread is otherwise: callbacks run on it, what
//! they capture or close is treated as on that thread, and no signal of the host is delivered to it, nor to a thread that
//! libcurl starts. So that the host's signals do not wait long, a turn lasts [`LONGEST_TURN`] at most.
//!
//! The worker is taken out of its place for a turn and no lock is held: a callback may fork, and its child finds no worker
//! here, as it finds no thread otherwise.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::due::Next;
use super::thread::{self, OnWorker};
use super::{Step, Worker};
use crate::base::callout::Forked;
use crate::base::lock::{lock, wait_until};
use crate::base::panic::contained;
use crate::base::process::{BlockedPipeSignal, BlockedSignals};
use crate::transport::shared::Shared;

/// Longest time that signals of the host wait for the end of a turn.
const LONGEST_TURN: Duration = Duration::from_millis(50);
/// How often somebody who waits looks whether another thread has done what is waited for.
const LOOK: Duration = Duration::from_millis(10);

/// Where the worker is.
#[derive(Debug)]
enum Place {
    /// Here.
    Here(Box<Worker>),
    /// Out, on a thread that runs it.
    Out,
    /// Nowhere: everything is settled, or this is a forked child.
    Gone,
}

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The worker ran; what it will do next.
    Ran(Next),
    /// Another thread runs it.
    Taken,
    /// There is no worker any more.
    Ended,
}

/// A worker and the place where it waits to be run.
#[derive(Debug)]
pub(crate) struct Pump {
    shared: Arc<Shared>,
    place: Mutex<Place>,
    changed: Condvar,
}

impl Pump {
    /// A worker that can send.
    pub(crate) fn new(shared: Arc<Shared>) -> std::io::Result<Self> {
        let made = contained(|| thread::worker_of(&shared));
        let Ok(Ok(worker)) = made else {
            return Err(thread::no_client());
        };
        Ok(Self {
            shared,
            place: Mutex::new(Place::Here(Box::new(worker))),
            changed: Condvar::new(),
        })
    }

    /// Runs the worker until nothing more is to be done now or `longest` is over; what it will do next.
    pub(crate) fn run(&self, longest: Duration) -> Result<Turn, Forked> {
        let start = Instant::now();
        let left = || longest.saturating_sub(start.elapsed());
        loop {
            let turn = self.turn(&mut |next| next.within(left()).unwrap_or_default())?;
            let Turn::Ran(next) = turn else {
                return Ok(turn);
            };
            let left = left();
            if left.is_zero() || next.within(left).is_none() {
                return Ok(turn);
            }
        }
    }

    /// Runs the worker until `done` says so or `deadline` has passed; true if `done`. Another thread may do that as well.
    pub(crate) fn run_until(
        &self,
        deadline: Instant,
        done: &mut dyn FnMut() -> bool,
    ) -> Result<bool, Forked> {
        loop {
            if done() {
                return Ok(true);
            }
            let left = || deadline.saturating_duration_since(Instant::now());
            if left().is_zero() {
                return Ok(false);
            }
            let turn = self.turn(&mut |_| match done() {
                true => Duration::ZERO,
                false => left(),
            })?;
            match turn {
                Turn::Ran(_) => {}
                Turn::Taken => self.wait_for_turn(left().min(LOOK)),
                Turn::Ended => return Ok(done()),
            }
        }
    }

    /// One step of the worker, with a wait of at most `patience` of what it is going to do.
    fn turn(&self, patience: &mut dyn FnMut(Next) -> Duration) -> Result<Turn, Forked> {
        let taken = {
            let mut place = lock(&self.place);
            match std::mem::replace(&mut *place, Place::Out) {
                Place::Here(worker) => worker,
                Place::Out => return Ok(Turn::Taken),
                Place::Gone => {
                    *place = Place::Gone;
                    return Ok(Turn::Ended);
                }
            }
        };
        let mut worker = taken;
        let _lent = Lent::begin();
        let ran = loop {
            let ran = contained(std::panic::AssertUnwindSafe(|| {
                if worker.act()? == Step::Finished {
                    return Ok((Step::Finished, Next::default()));
                }
                // After a close by a callback nobody else ends the worker.
                let at_most = match self.shared.wishes.ends_alone() {
                    true => LONGEST_TURN,
                    false => patience(worker.next()).min(LONGEST_TURN),
                };
                worker.rest(at_most)?;
                Ok((Step::Continue, worker.next()))
            }));
            let ran = ran.unwrap_or_else(|message| {
                worker.recover(&message);
                // So that a panic that comes back cannot take a core.
                std::thread::sleep(LOOK);
                let at_once = Next {
                    due: Some(Duration::ZERO),
                    is_busy: false,
                };
                Ok((Step::Continue, at_once))
            });
            let goes_on = matches!(ran, Ok((Step::Continue, _)));
            if !goes_on || !self.shared.wishes.ends_alone() {
                break ran;
            }
        };
        match ran {
            Ok((Step::Continue, next)) => {
                self.put(Place::Here(worker));
                Ok(Turn::Ran(next))
            }
            Ok((Step::Finished, _)) => {
                let _ = contained(std::panic::AssertUnwindSafe(|| drop(worker)));
                // First: who finds that it is gone expects the end to be told.
                thread::ended(&self.shared);
                self.put(Place::Gone);
                Ok(Turn::Ended)
            }
            // Neither connections nor queue belong to this process, and the lock may be held by a thread that is not here.
            Err(Forked) => {
                std::mem::forget(worker);
                Err(Forked)
            }
        }
    }

    fn put(&self, now: Place) {
        *lock(&self.place) = now;
        self.changed.notify_all();
    }

    fn wait_for_turn(&self, at_most: Duration) {
        let until = Instant::now().checked_add(at_most);
        let is_free = |place: &mut Place| !matches!(place, Place::Out);
        wait_until(
            &self.place,
            &self.changed,
            until.unwrap_or_else(Instant::now),
            is_free,
        );
    }
}

/// A thread of the host is the worker's while this lives.
struct Lent {
    _on_worker: OnWorker,
    // In this order: what takes a pending SIGPIPE back does so while it is still blocked.
    _signals: BlockedSignals,
    _pipe: BlockedPipeSignal,
}

impl Lent {
    fn begin() -> Self {
        let pipe = BlockedPipeSignal::for_this_thread();
        Self {
            _on_worker: OnWorker::begin(),
            _signals: BlockedSignals::for_this_thread(),
            _pipe: pipe,
        }
    }
}
