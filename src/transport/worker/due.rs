//! Due: everything that the worker does by itself, in one list: what is due when, and so how long it waits at most.
//!
//! A task is due at an instant. It is due at none while it depends on what ends a wait in any case: an envelope, a wish of
//! another thread, the end of a request. Nothing may be due now that [`Worker::run`] then does not do, or the worker
//! would spin. To add a task: a variant, its place in [`Task::ALL`], when it is due and what it does.

use std::time::{Duration, Instant};

use super::Worker;
use crate::base::callout::Forked;
use crate::transport::worker::wake::{NAP, Wanted};

/// What the worker does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Run what the client asked for.
    ClientTasks,
    /// Bring the copies of a durable queue to the disk.
    SyncCopies,
    /// Save the numbers of the account.
    SaveCounts,
    /// Take over some of what dead runs left.
    TakeOver,
    /// Look at the spool for a flush.
    LookAgain,
    /// Find out what lies in the spool.
    Discover,
    /// Send the next file of the spool.
    SendFile,
    /// Queue what the client has collected.
    Batches,
    /// Send what waits in memory.
    Send,
    /// Put on disk what a queue that is nearly full can spare.
    Spill,
    /// Send a client report alone.
    Report,
}

/// What the worker is going to do when it is let.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Next {
    /// In what time it has something to do; none while that depends on others.
    pub(crate) due: Option<Duration>,
    /// Something is under way, to which an answer may come at any time.
    pub(crate) is_busy: bool,
}

impl Next {
    /// How long to wait for it if there are `left` at most; none if it does not come so soon.
    pub(crate) fn within(self, left: Duration) -> Option<Duration> {
        match self.is_busy {
            true => Some(left),
            false => self.due.filter(|due| *due <= left),
        }
    }
}

impl Task {
    /// In the order of a step.
    const ALL: [Self; 11] = [
        Self::ClientTasks,
        Self::SyncCopies,
        Self::SaveCounts,
        Self::TakeOver,
        Self::LookAgain,
        Self::Discover,
        Self::SendFile,
        Self::Batches,
        Self::Send,
        Self::Spill,
        Self::Report,
    ];
}

impl Worker {
    /// Does everything that is due.
    pub(super) fn run_due(&mut self) -> Result<(), Forked> {
        self.look_at_counts();
        for task in Task::ALL {
            let now = self.shared.clock.now();
            if self.due(task, now).is_some_and(|due| due <= now) {
                self.run(task)?;
                self.tell_host()?;
            }
        }
        Ok(())
    }

    fn due(&self, task: Task, now: Instant) -> Option<Instant> {
        match task {
            Task::ClientTasks => self.shared.wishes.wants_client_tasks().then_some(now),
            Task::SyncCopies => self.sync_due(now),
            Task::SaveCounts => self.save_due(),
            Task::TakeOver => self.has_runs_to_take_over().then_some(now),
            Task::LookAgain => self.is_look_due().then_some(now),
            Task::Discover => self.discovery_due(now),
            Task::SendFile => self.file_due(now),
            Task::Batches => self.shared.backing.batches.as_ref()?.due(),
            Task::Send => self.send_due(now),
            Task::Spill => self.can_spill().then_some(now),
            Task::Report => self.report_due(now),
        }
    }

    fn run(&mut self, task: Task) -> Result<(), Forked> {
        match task {
            Task::ClientTasks => self.run_client_tasks(),
            Task::SyncCopies => self.sync_copies(),
            Task::SaveCounts => self.contain(Self::save_counts),
            Task::TakeOver => self.take_over(),
            Task::LookAgain => self.contain(Self::look_again),
            Task::Discover => self.contain(Self::discover_some),
            Task::SendFile => self.send_file()?,
            Task::Batches => self.contain(Self::queue_batches),
            Task::Send => self.start_transfers()?,
            Task::Spill => self.spill_some(),
            Task::Report => {
                self.start_report()?;
            }
        }
        Ok(())
    }

    /// When the worker has something to do that nothing else tells it of.
    fn next_due(&self, now: Instant) -> Option<Instant> {
        let tasks = Task::ALL.into_iter().map(|task| self.due(task, now));
        let has_news = self.shared.account.has_untold() || self.shared.diagnostics.has_lines();
        let ends = [
            has_news.then_some(now),
            self.stop.map(|stop| stop.deadline),
            self.last_round_until().filter(|until| *until > now),
            // Until then captures do not wake the worker, and from then on they must again.
            self.circuit.blocked_until(now),
        ];
        tasks.chain(ends).flatten().min()
    }

    fn longest_wait(&self) -> Duration {
        let now = self.shared.clock.now();
        let longest = self.shared.wake.longest_sleep();
        self.next_due(now).map_or(longest, |due| {
            longest.min(due.saturating_duration_since(now))
        })
    }

    /// What the worker is going to do.
    pub(super) fn next(&mut self) -> Next {
        self.look_at_counts();
        let now = self.shared.clock.now();
        let due = match self.ended.is_empty() {
            true => self.next_due(now),
            false => Some(now),
        };
        Next {
            due: due.map(|due| due.saturating_duration_since(now)),
            is_busy: !self.active.is_empty() || !self.sender.in_flight().has_room(),
        }
    }

    /// Waits until something happens or is due, at most `longest`.
    pub(super) fn wait(&mut self, longest: Duration) {
        let mut at_most = Duration::ZERO;
        if self.ended.is_empty() && !longest.min(self.longest_wait()).is_zero() {
            let nap = self.announce_wait();
            // What came since it was looked for is seen here; what comes from here on ends the wait.
            at_most = longest.min(nap).min(self.longest_wait());
        }
        self.sender.in_flight_mut().wait(at_most, &mut self.ended);
        self.shared.wake.awake();
    }

    /// Says what is to end the wait that follows, and how long it may be for that.
    fn announce_wait(&mut self) -> Duration {
        let takes_work = self.has_free_slot();
        let nap = takes_work.then(|| self.nap_left()).flatten();
        self.shared.wake.announce(match nap {
            Some(_) => Wanted::URGENT_WORK,
            None if takes_work || self.spills() => Wanted::TASK.and(Wanted::WORK),
            None => Wanted::TASK,
        });
        nap.unwrap_or(Duration::MAX)
    }

    /// How long captures need not wake the worker, because it has taken an envelope a moment ago.
    fn nap_left(&mut self) -> Option<Duration> {
        /// The least that a wait can be told.
        const SHORTEST: Duration = Duration::from_millis(1);
        let now = self.shared.clock.now();
        if std::mem::take(&mut self.has_taken) {
            self.naps_until = now.checked_add(NAP).unwrap_or(now);
        }
        let left = self.naps_until.saturating_duration_since(now);
        (left >= SHORTEST).then_some(left)
    }
}
