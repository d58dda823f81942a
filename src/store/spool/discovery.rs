//! Discovery: which files there are at the start, what earlier runs left, and what other processes changed meanwhile.
//!
//! The directory is listed once, and again only when its time stamp says that somebody else was there. Files are read
//! one by one, between other work, to learn what is in them. May use: the rest of the room.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::index::{Content, Entry, State};
use super::name::Name;
use super::{CACHE, Moment, Notice, Spool, Ticket, Unreadable, Which};
use crate::base::file::is_temporary_name;
use crate::store::directory::Directory;
use crate::store::run::OldRun;

/// Most files of a directory that are known at a time. More are found by later starts; without an end to it, a cache
/// without caps could fill the memory.
const MOST_KNOWN: usize = 10_000;
/// A file that is being written does not take that long; its writer has died.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Changes whenever a file in a directory comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    directory: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    fn of(directory: &Directory) -> Option<Self> {
        let found = std::fs::symlink_metadata(directory.path()).ok()?;
        Some(Self {
            directory: found.ino(),
            seconds: found.mtime(),
            nanoseconds: found.mtime_nsec(),
        })
    }
}

impl Spool {
    /// Looks at the cache, if somebody changed it. What lies there at the first look is for us to send; what comes later
    /// belongs to the process that wrote it.
    pub(crate) fn look(&mut self, moment: Moment) {
        let cache = match &self.cache {
            Some(cache) => Some(cache.clone()),
            None => self.run.database().existing_child(CACHE).ok(),
        };
        let stamp = cache.as_ref().and_then(Stamp::of);
        if self.has_looked && stamp == self.stamp {
            return;
        }
        self.cache = cache.filter(|_| stamp.is_some());
        self.stamp = stamp;
        match self.cache.clone() {
            Some(cache) => self.list(&cache, moment),
            None => self.forget_missing(&HashSet::new(), true),
        }
        self.has_looked = true;
        // Other options, or another process with other options, may have allowed more. A file that cannot be removed is
        // met again at the next writing.
        let _ = self.make_room(Which::Cache, None, moment);
    }

    fn list(&mut self, cache: &Directory, moment: Moment) {
        // Unreadable for now: nothing is known to have gone.
        let Ok(names) = cache.names() else { return };
        let mut present = HashSet::new();
        for text in names {
            let Some(name) = Name::parse(&text) else {
                remove_abandoned(cache, &text);
                continue;
            };
            if self.waiting.knows(&name) {
                present.insert(name);
            } else if self.waiting.len() < MOST_KNOWN {
                let is_to_be_sent = name.retry.is_some() && !self.has_looked;
                if self.found(Which::Cache, cache, name, is_to_be_sent, moment) {
                    present.insert(name);
                }
            }
        }
        self.forget_missing(&present, false);
    }

    /// Adds a file that was found; false if it is none.
    fn found(
        &mut self,
        which: Which,
        directory: &Directory,
        name: Name,
        is_to_be_sent: bool,
        moment: Moment,
    ) -> bool {
        let Ok(found) = directory.metadata(name.to_string()) else {
            return false;
        };
        if !found.is_file() {
            return false;
        }
        let born = found.modified().map_or(moment.millis, millis);
        let entry = Entry {
            name,
            bytes: found.len(),
            // What was there before us has waited long enough.
            due: moment.now,
            state: if is_to_be_sent {
                State::Unread
            } else {
                State::Resting
            },
        };
        let key = self.index_mut(which).add(born, entry);
        if is_to_be_sent {
            self.unread.push_back(Ticket { which, key });
        }
        true
    }

    fn forget_missing(&mut self, present: &HashSet<Name>, is_cache_gone: bool) {
        for key in self.waiting.keys() {
            let is_missing = self.waiting.get(key).is_some_and(|entry| {
                entry.state != State::Sending && !present.contains(&entry.name)
            });
            let gone = if is_missing {
                self.waiting.remove(key)
            } else {
                None
            };
            if let Some(State::Waiting(content)) = gone.map(|entry| entry.state) {
                self.notices.push(match is_cache_gone {
                    true => Notice::Vanished(content.tallies),
                    false => Notice::TakenOver(content),
                });
            }
        }
    }

    /// Takes the envelopes of a run whose process has gone into the own run, to be sent from there.
    pub(crate) fn take_over(&mut self, old: &OldRun, moment: Moment) {
        let Ok(names) = old.directory().names() else {
            return;
        };
        for text in names {
            let Some(name) = Name::parse(&text) else {
                continue;
            };
            let is_file = old
                .directory()
                .metadata(&text)
                .is_ok_and(|found| found.is_file());
            if !is_file || self.carried.len() >= MOST_KNOWN {
                continue;
            }
            let mut ours = name;
            while self.run.directory().metadata(ours.to_string()).is_ok() {
                ours = name.with_fresh_id();
            }
            let to = self.run.directory().join(ours.to_string());
            if std::fs::rename(old.directory().join(&text), to).is_ok() {
                let run = self.run.directory().clone();
                self.found(Which::Run, &run, ours, true, moment);
            }
        }
        // The bound is on what is there together; what cannot be removed now is met again.
        let _ = self.make_room(Which::Run, None, moment);
    }

    /// Looks into the next file that nobody has looked into; false if there is none.
    pub(crate) fn read_next(&mut self) -> bool {
        let Some(ticket) = self.unread.pop_front() else {
            return false;
        };
        let index = self.index(ticket.which);
        let Some(entry) = index
            .get(ticket.key)
            .filter(|entry| entry.state == State::Unread)
        else {
            return true;
        };
        let name = entry.name.to_string();
        match self.read(ticket.which, &name) {
            Ok(Some(envelope)) => {
                let tallies: Vec<_> = envelope.tallies().collect();
                self.notices.push(Notice::Adopted(tallies.clone()));
                let content = Content {
                    tallies,
                    is_adopted: true,
                };
                self.set_state(ticket, State::Waiting(content));
            }
            Ok(None) => {
                self.index_mut(ticket.which).remove(ticket.key);
            }
            Err(Unreadable::Damaged) => {
                self.index_mut(ticket.which).remove(ticket.key);
                // Only who removes it counts it.
                if self.remove_file(ticket.which, &name).unwrap_or(false) {
                    self.notices.push(Notice::Damaged(None));
                }
            }
            Err(Unreadable::Foreign | Unreadable::Io) => self.set_state(ticket, State::Resting),
        }
        true
    }

    /// True while there are files that nobody has looked into.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    fn set_state(&mut self, ticket: Ticket, to: State) {
        if let Some(state) = self.index_mut(ticket.which).state(ticket.key) {
            *state = to;
        }
    }

    /// After a change of our own: the next look need not list for that.
    pub(super) fn remember_stamp(&mut self) {
        self.stamp = self.cache.as_ref().and_then(Stamp::of);
    }
}

fn remove_abandoned(cache: &Directory, name: &str) {
    let is_abandoned = is_temporary_name(name)
        && cache.metadata(name).is_ok_and(|found| {
            let age = found.modified().ok().and_then(|at| at.elapsed().ok());
            found.is_file() && age.is_some_and(|age| age > ABANDONED)
        });
    if is_abandoned {
        // Somebody else's business if it fails.
        let _ = cache.remove(name);
    }
}

/// Milliseconds since 1970.
pub(crate) fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
