//! The spool index: what is known of the files in one directory, so that neither a cap nor a schedule needs to look there.
//!
//! Each question the worker asks at every step (what is due, when is the next due, what goes first, what is too old) has
//! an ordered set of its own, so an answer takes the logarithm of the number of files. Other processes change the directory
//! too; what is known here may be out of date, and whoever acts on it must cope with a file that has gone. Entry points:
//! [`SpoolIndex`], [`Entry`]. No I/O.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use super::caps::{Caps, Held};
use super::name::Name;
use crate::protocol::category::Category;

/// How many items of one category a file holds.
pub(crate) type Tally = (Category, u64);

/// Where a file stands in the order of age: when it was written, in milliseconds since 1970, and a number of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// When it was written.
    pub(crate) born: u64,
    serial: u64,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// What its items count under.
    pub(crate) tallies: Vec<Tally>,
    /// True if it is in the books of this process, which wrote it or found it while no other process was there. Else it may be
    /// in those of another one until it is claimed.
    pub(crate) is_booked: bool,
    /// True if this spool wrote it: then what it says is of this run.
    pub(crate) is_of_this_run: bool,
}

/// What is done with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// To be sent; nobody has looked into it yet.
    Unread,
    /// To be sent; this is in it, and in the books.
    Waiting(Content),
    /// Being sent, and out of reach of other processes; the books are the worker's matter.
    Sending,
    /// Only counted by the caps: a copy, for another project, or written by a process that lives.
    Resting,
}

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: Name,
    /// Its size.
    pub(crate) bytes: u64,
    /// Not sent before.
    pub(crate) due: Instant,
    /// When it would be due if there were no reason to try sooner.
    pub(crate) scheduled: Instant,
    /// Too old from here on, by the monotonic clock; none if age is no bound.
    expires: Option<Instant>,
    /// What is done with it.
    pub(crate) state: State,
}

impl Entry {
    /// A file that is due at `due`.
    pub(crate) fn new(name: Name, bytes: u64, due: Instant, state: State) -> Self {
        Self {
            name,
            bytes,
            due,
            scheduled: due,
            expires: None,
            state,
        }
    }
}

/// What is known of the files of one directory, with an ordered set for each question.
#[derive(Debug)]
pub(crate) struct SpoolIndex {
    caps: Caps,
    entries: BTreeMap<Key, Entry>,
    names: HashSet<Name>,
    held: Held,
    next_serial: u64,
    newest: u64,
    /// Files that wait and are due, the oldest first.
    ready: BTreeSet<Key>,
    /// Files that wait, by when they are due.
    later: BTreeSet<(Instant, Key)>,
    /// Files that a cap may remove: all but those that are being sent.
    removable: BTreeSet<Key>,
    /// The same, by when they are too old.
    expiring: BTreeSet<(Instant, Key)>,
}

impl SpoolIndex {
    /// An empty one.
    pub(crate) fn new(caps: Caps) -> Self {
        Self {
            caps,
            entries: BTreeMap::new(),
            names: HashSet::new(),
            held: Held::default(),
            next_serial: 0,
            newest: 0,
            ready: BTreeSet::new(),
            later: BTreeSet::new(),
            removable: BTreeSet::new(),
            expiring: BTreeSet::new(),
        }
    }

    /// How many files are known.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if a file of that name is known.
    pub(crate) fn knows(&self, name: &Name) -> bool {
        self.names.contains(name)
    }

    /// Adds a file that was found: when it was written, and how old it is as far as the wall clock knows. From `now` on it
    /// ages by the monotonic clock, whatever the other is set to.
    pub(crate) fn add(&mut self, born: u64, age: Duration, now: Instant, entry: Entry) -> Key {
        let serial = self.next_serial;
        self.next_serial = serial.wrapping_add(1);
        self.newest = self.newest.max(born);
        self.held.add(entry.bytes);
        self.names.insert(entry.name);
        let key = Key { born, serial };
        let expires = self.caps.time_left(age);
        let entry = Entry {
            expires: expires.and_then(|left| now.checked_add(left)),
            ..entry
        };
        self.entries.insert(key, entry);
        self.link(key);
        key
    }

    /// Adds a file that was written just now: the newest of all, even if the clock was set back.
    pub(crate) fn add_newest(&mut self, millis: u64, now: Instant, entry: Entry) -> Key {
        self.add(millis.max(self.newest), Duration::ZERO, now, entry)
    }

    /// What is known of a file.
    pub(crate) fn get(&self, key: Key) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// Says what is done with a file from now on.
    pub(crate) fn set_state(&mut self, key: Key, state: State) {
        self.change(key, |entry| entry.state = state);
    }

    /// Gives a file another name and time.
    pub(crate) fn rename(&mut self, key: Key, name: Name, due: Instant) {
        if let Some(entry) = self.entries.get(&key) {
            self.names.remove(&entry.name);
            self.names.insert(name);
        }
        self.change(key, |entry| {
            (entry.name, entry.due, entry.scheduled) = (name, due, due);
        });
    }

    /// Puts a file off.
    pub(crate) fn postpone(&mut self, key: Key, due: Instant) {
        self.change(key, |entry| entry.due = due);
    }

    /// Forgets a file.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Entry> {
        self.unlink(key);
        let entry = self.entries.remove(&key)?;
        self.held.remove(entry.bytes);
        self.names.remove(&entry.name);
        Some(entry)
    }

    /// The file that has to go before one of `incoming` bytes may come; none if there is room. An error if there will
    /// be none whatever goes.
    pub(crate) fn excess(&self, incoming: Option<u64>) -> Result<Option<Key>, NoRoom> {
        let mut held = self.held;
        if let Some(bytes) = incoming {
            let mut alone = Held::default();
            alone.add(bytes);
            if !self.caps.allow(alone) {
                return Err(NoRoom);
            }
            held.add(bytes);
        }
        if self.caps.allow(held) {
            return Ok(None);
        }
        self.removable.first().copied().map(Some).ok_or(NoRoom)
    }

    /// A file beyond the cap on age.
    pub(crate) fn outdated(&self, now: Instant) -> Option<Key> {
        let (expires, key) = self.expiring.first()?;
        (*expires <= now).then_some(*key)
    }

    /// Makes every file due that waits. Each is moved once, however often this is called.
    pub(crate) fn hurry(&mut self, now: Instant) {
        while let Some((_, key)) = self.later.pop_first() {
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.due = entry.due.min(now);
                self.ready.insert(key);
            }
        }
    }

    /// The oldest file that is due.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Key> {
        while let Some((due, key)) = self.later.first().copied().filter(|(due, _)| *due <= now) {
            self.later.remove(&(due, key));
            self.ready.insert(key);
        }
        self.ready.first().copied()
    }

    /// When the next file is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let ready = self.ready.first().and_then(|key| self.entries.get(key));
        let ready = ready.map(|entry| entry.due);
        ready.or_else(|| self.later.first().map(|(due, _)| *due))
    }

    /// All known files.
    pub(crate) fn keys(&self) -> Vec<Key> {
        self.entries.keys().copied().collect()
    }

    fn change(&mut self, key: Key, change: impl FnOnce(&mut Entry)) {
        self.unlink(key);
        if let Some(entry) = self.entries.get_mut(&key) {
            change(entry);
            self.link(key);
        }
    }

    fn link(&mut self, key: Key) {
        let Some(entry) = self.entries.get(&key) else {
            return;
        };
        if matches!(entry.state, State::Waiting(_)) {
            self.later.insert((entry.due, key));
        }
        if entry.state != State::Sending {
            self.removable.insert(key);
            self.expiring
                .extend(entry.expires.map(|expires| (expires, key)));
        }
    }

    fn unlink(&mut self, key: Key) {
        let Some(entry) = self.entries.get(&key) else {
            return;
        };
        self.ready.remove(&key);
        self.later.remove(&(entry.due, key));
        self.removable.remove(&key);
        if let Some(expires) = entry.expires {
            self.expiring.remove(&(expires, key));
        }
    }
}

/// The caps forbid it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::uuid::Uuid;
    use std::time::Duration;

    fn index(items: u64, bytes: u64) -> SpoolIndex {
        SpoolIndex::new(Caps {
            items: Some(items),
            bytes: Some(bytes),
            age: Some(Duration::from_secs(10)),
        })
    }

    fn add(index: &mut SpoolIndex, born: u64, bytes: u64, due: Instant, state: State) -> Key {
        let entry = Entry::new(Name::plain(Uuid::new_v4()), bytes, due, state);
        index.add(born, Duration::ZERO, due, entry)
    }

    fn waiting() -> State {
        State::Waiting(Content {
            tallies: vec![(Category::Error, 1)],
            is_booked: true,
            is_of_this_run: false,
        })
    }

    #[test]
    fn the_oldest_goes_first_and_what_is_sent_stays() {
        let now = Instant::now();
        let mut index = index(3, 100);
        let oldest = add(&mut index, 1, 10, now, State::Sending);
        let second = add(&mut index, 2, 10, now, waiting());
        assert_eq!(index.excess(Some(80)), Ok(None));
        assert_eq!(index.excess(Some(81)), Ok(Some(second)));
        add(&mut index, 3, 10, now, State::Resting);
        assert_eq!(index.excess(Some(1)), Ok(Some(second)));
        assert_eq!(index.excess(Some(101)), Err(NoRoom));
        index.remove(second);
        assert_eq!(index.excess(Some(1)), Ok(None));
        index.remove(oldest);
        assert_eq!(index.len(), 1);
    }

    #[test]
    fn there_is_no_room_when_all_is_being_sent() {
        let mut index = index(1, 100);
        add(&mut index, 1, 10, Instant::now(), State::Sending);
        assert_eq!(index.excess(Some(1)), Err(NoRoom));
        assert_eq!(index.excess(None), Ok(None));
    }

    #[test]
    fn a_new_file_is_the_newest_even_if_the_clock_was_set_back() {
        let now = Instant::now();
        let mut index = index(1, 100);
        let old = add(&mut index, 5000, 1, now, waiting());
        let entry = Entry::new(Name::plain(Uuid::new_v4()), 1, now, waiting());
        let new = index.add_newest(1, now, entry);
        assert!(old < new);
        assert_eq!(index.excess(None), Ok(Some(old)));
    }

    #[test]
    fn what_is_too_old_is_found_by_its_age_and_not_by_its_place() {
        let now = Instant::now();
        let mut index = index(9, 100);
        let fresh = add(&mut index, 1, 1, now, waiting());
        let entry = Entry::new(Name::plain(Uuid::new_v4()), 1, now, State::Resting);
        let old = index.add(2, Duration::from_secs(10), now, entry.clone());
        let outdated = index.add(3, Duration::from_secs(11), now, entry);
        assert_eq!(index.outdated(now), Some(outdated));
        index.remove(outdated);
        // Ten seconds are allowed.
        assert_eq!(index.outdated(now), None);
        let after = |millis| now + Duration::from_millis(millis);
        assert_eq!(index.outdated(after(1)), Some(old));
        index.set_state(old, State::Sending);
        assert_eq!(index.outdated(after(10_000)), None);
        assert_eq!(index.outdated(after(10_001)), Some(fresh));
    }

    #[test]
    fn only_what_waits_is_ever_due() {
        let now = Instant::now();
        let later = now + Duration::from_secs(9);
        let mut index = index(9, 100);
        for state in [State::Unread, State::Sending, State::Resting] {
            add(&mut index, 1, 1, now, state);
        }
        assert_eq!((index.due(later), index.next_due()), (None, None));
        let key = add(&mut index, 2, 1, later, waiting());
        assert_eq!((index.due(now), index.next_due()), (None, Some(later)));
        assert_eq!(index.due(later), Some(key));
        let name = Name::plain(Uuid::new_v4());
        index.rename(key, name, later);
        assert!(index.knows(&name));
        assert_eq!(index.due(now), None);
        index.hurry(now);
        assert_eq!((index.due(now), index.next_due()), (Some(key), Some(now)));
        index.set_state(key, State::Sending);
        assert_eq!((index.due(later), index.next_due()), (None, None));
    }

    #[test]
    fn of_those_that_are_due_the_oldest_is_first() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let mut index = index(9, 100);
        let young = add(&mut index, 3, 1, after(1), waiting());
        let old = add(&mut index, 1, 1, after(2), waiting());
        assert_eq!(index.due(after(1)), Some(young));
        assert_eq!(index.due(after(2)), Some(old));
        index.postpone(old, after(9));
        assert_eq!(index.due(after(2)), Some(young));
        index.remove(young);
        assert_eq!(index.due(after(2)), None);
        assert_eq!(index.next_due(), Some(after(9)));
    }
}
