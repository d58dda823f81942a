//! Discovery: which files there are at the start, what earlier runs left, and what other processes changed meanwhile.
//!
//! The directory is listed once, and again only when its time stamp says that somebody else was there. Files are read
//! one by one, between other work, to learn what is in them. May use: the rest of the room.

use std::collections::HashSet;
use std::time::Duration;

use super::index::{Content, Entry, State};
use super::listing::{Listed, Stamp};
use super::moment::{Moment, millis};
use super::name::Name;
use super::{CACHE, Notice, Spool, Ticket, Unreadable, Which, due};
use crate::base::file::is_temporary_name;
use crate::store::directory::Directory;
use crate::store::run::OldRun;

/// Most files of a directory that are known at a time. More are found by later starts; without an end to it, a cache
/// without caps could fill the memory.
const MOST_KNOWN: usize = 10_000;
/// Most names of a directory that are read at a time.
const MOST_LISTED: usize = 2 * MOST_KNOWN;
/// Most new files that are looked at in one step, and most that are moved out of a dead run; the network waits that long.
const FILES_AT_A_TIME: usize = 500;
/// A file that is being written does not take that long; its writer has died.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

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
        if !self.has_looked {
            self.is_shared = self.run.has_others();
        }
        match self.cache.clone() {
            Some(cache) => self.list(&cache, moment),
            None => self.forget_missing(&HashSet::new(), true),
        }
        self.has_looked = true;
    }

    /// Looks at the cache whatever its time stamp says, which is no finer than the clock of the kernel. After that the books
    /// are right also about what other processes took.
    pub(crate) fn look_again(&mut self, moment: Moment) {
        if self.waiting.len() > 0 {
            self.stamp = None;
            self.look(moment);
        }
    }

    fn list(&mut self, cache: &Directory, moment: Moment) {
        // Unreadable for now: nothing is known to have gone.
        let Ok(mut names) = cache.names() else { return };
        let was_ours: HashSet<Name> = self.listed.drain(..).filter_map(Listed::ours).collect();
        let mut present = HashSet::new();
        for text in names.by_ref().take(MOST_LISTED) {
            let Some(name) = Name::parse(&text) else {
                remove_abandoned(cache, &text);
                continue;
            };
            if self.waiting.knows(&name) {
                present.insert(name);
            } else {
                let is_first_look = !self.has_looked || was_ours.contains(&name);
                let is_to_be_sent = name.retry.is_some() && is_first_look;
                self.listed.push_back(Listed {
                    name,
                    is_to_be_sent,
                });
            }
        }
        self.is_list_cut = names.next().is_some();
        // What is known may be among the rest.
        if !self.is_list_cut {
            self.forget_missing(&present, false);
        }
        self.examine_some(moment);
    }

    /// Looks at some of the files that were listed; true if there are more.
    fn examine_some(&mut self, moment: Moment) -> bool {
        let Some(cache) = self.cache.clone() else {
            self.listed.clear();
            return false;
        };
        for _ in 0..FILES_AT_A_TIME {
            if self.waiting.len() >= MOST_KNOWN {
                self.is_list_cut |= !self.listed.is_empty();
                self.listed.clear();
            }
            let Some(listed) = self.listed.pop_front() else {
                return false;
            };
            let (name, is_to_be_sent) = (listed.name, listed.is_to_be_sent);
            // Written or found meanwhile.
            if !self.waiting.knows(&name) {
                self.found(Which::Cache, &cache, name, is_to_be_sent, moment);
            }
        }
        !self.listed.is_empty()
    }

    /// Comes to know more of the files that are there, and removes some of what lies beyond the caps: other options, or
    /// another process with other options, may have allowed more. True if the rest needs another step.
    pub(crate) fn trim_some(&mut self, moment: Moment) -> bool {
        if self.examine_some(moment) {
            return true;
        }
        // A file that cannot be removed is met again at the next writing.
        let has_more = |it: &mut Self, which| matches!(it.evict_some(which, moment), Ok(true));
        if has_more(self, Which::Run) || has_more(self, Which::Cache) {
            return true;
        }
        // What was too much to know has room now.
        let is_to_go_on = self.is_list_cut && self.waiting.len() < MOST_KNOWN / 2;
        if let Some(cache) = self.cache.clone().filter(|_| is_to_go_on) {
            self.is_list_cut = false;
            self.list(&cache, moment);
        }
        is_to_go_on
    }

    /// Adds a file that was found.
    fn found(
        &mut self,
        which: Which,
        directory: &Directory,
        name: Name,
        is_to_be_sent: bool,
        moment: Moment,
    ) {
        let Ok(found) = directory.metadata(&name.to_string()) else {
            return;
        };
        if !found.is_file() {
            return;
        }
        let born = found.modified().map_or(moment.millis, millis);
        let age = Duration::from_millis(moment.millis.saturating_sub(born));
        let state = match is_to_be_sent {
            true => State::Unread,
            false => State::Resting,
        };
        // Due at once: what was there before us has waited long enough.
        let mut entry = Entry::new(name, found.len(), moment.now, state);
        entry.scheduled = due(name, moment);
        let key = self.index_mut(which).add(born, age, moment.now, entry);
        if is_to_be_sent {
            self.unread.push_back(Ticket { which, key });
        }
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
                self.notices.push(match is_cache_gone && content.is_booked {
                    true => Notice::Vanished(content.tallies),
                    false => Notice::TakenOver(content),
                });
            }
        }
    }

    /// Takes envelopes of a run whose process has gone into the own run, to be sent from there; true if more of them are
    /// left for another call.
    pub(crate) fn take_over(&mut self, old: &OldRun, moment: Moment) -> bool {
        let Ok(names) = old.directory().names() else {
            return false;
        };
        let mut moved: usize = 0;
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
            while self.run.directory().metadata(&ours.to_string()).is_ok() {
                ours = name.with_fresh_id();
            }
            let run = self.run.directory().clone();
            if old
                .directory()
                .rename(&text, &run, &ours.to_string())
                .is_ok()
            {
                self.found(Which::Run, &run, ours, true, moment);
                moved = moved.saturating_add(1);
                if moved >= FILES_AT_A_TIME {
                    return true;
                }
            }
        }
        false
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
                let is_booked = ticket.which == Which::Run || !self.is_shared;
                if is_booked {
                    self.notices.push(Notice::Adopted(tallies.clone()));
                }
                let content = Content {
                    tallies,
                    is_booked,
                    is_of_this_run: false,
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
            Err(Unreadable::Foreign(_) | Unreadable::Io) => self.set_state(ticket, State::Resting),
        }
        true
    }

    /// True while there are files that nobody has looked into.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    fn set_state(&mut self, ticket: Ticket, to: State) {
        self.index_mut(ticket.which).set_state(ticket.key, to);
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
