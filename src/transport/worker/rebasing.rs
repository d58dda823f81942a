//! Rebasing: what was recorded before somebody set the wall clock, told in the time of now.
//!
//! Entry point: [`Rebasing`]. How that is done stands in [`crate::protocol::rebase`].

use std::sync::{Arc, Mutex};

use super::wishes::Wishes;
use crate::base::clock::Clock;
use crate::base::lock::lock;
use crate::base::wall_history::WallHistory;
use crate::protocol::envelope::Envelope;
use crate::protocol::rebase;

/// How the wall clock was set since the start.
#[derive(Debug)]
pub(crate) struct Rebasing {
    clock: Arc<dyn Clock>,
    history: Mutex<WallHistory>,
    wishes: Arc<Wishes>,
}

impl Rebasing {
    /// Nobody has set the clock yet.
    pub(crate) fn new(clock: Arc<dyn Clock>, wishes: Arc<Wishes>) -> Self {
        let history = WallHistory::new(clock.since_boot(), clock.wall());
        Self {
            clock,
            history: Mutex::new(history),
            wishes,
        }
    }

    /// What of an envelope says a time of before the clock was set, in the time of now: places of items and their payloads.
    /// Only for what this run recorded: what others recorded may be of the same wrong time.
    pub(crate) fn payloads(&self, envelope: &Envelope) -> Vec<(usize, Vec<u8>)> {
        let mut history = lock(&self.history);
        if history.look(self.clock.since_boot(), self.clock.wall()) {
            // The file of the session says when it began.
            self.wishes.run_client_tasks();
        }
        if !history.has_steps() {
            return Vec::new();
        }
        let history = history.clone();
        rebase::rebased(envelope, &|stamp| history.present(stamp))
    }

    /// For a file: who reads it later knows nothing of this run's clock. None if nothing is to be changed.
    pub(crate) fn copy(&self, envelope: &Envelope) -> Option<Envelope> {
        let payloads = match envelope.was_read() {
            true => Vec::new(),
            false => self.payloads(envelope),
        };
        if payloads.is_empty() {
            return None;
        }
        let mut copy = envelope.clone();
        for (place, payload) in payloads {
            copy.replace_payload(place, payload);
        }
        Some(copy)
    }
}
