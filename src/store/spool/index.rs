//! The spool index: what is known of the files in one directory, so that neither a cap nor a schedule needs to look there.
//!
//! Other processes change the directory too; what is known here may be out of date, and whoever acts on it must cope
//! with a file that has gone. Entry points: [`SpoolIndex`], [`Entry`]. No I/O.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

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
    /// True if it was found here, false if this process wrote it.
    pub(crate) is_adopted: bool,
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
    /// What is done with it.
    pub(crate) state: State,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct SpoolIndex {
    caps: Caps,
    entries: BTreeMap<Key, Entry>,
    names: HashSet<Name>,
    held: Held,
    next_serial: u64,
    newest: u64,
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

    /// Adds a file that was found, and when it was written.
    pub(crate) fn add(&mut self, born: u64, entry: Entry) -> Key {
        let serial = self.next_serial;
        self.next_serial = serial.wrapping_add(1);
        self.newest = self.newest.max(born);
        self.held.add(entry.bytes);
        self.names.insert(entry.name);
        let key = Key { born, serial };
        self.entries.insert(key, entry);
        key
    }

    /// Adds a file that was written just now: the newest of all, even if the clock was set back.
    pub(crate) fn add_newest(&mut self, now: u64, entry: Entry) -> Key {
        self.add(now.max(self.newest), entry)
    }

    /// What is known of a file.
    pub(crate) fn get(&self, key: Key) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// What is done with a file, to be changed.
    pub(crate) fn state(&mut self, key: Key) -> Option<&mut State> {
        self.entries.get_mut(&key).map(|entry| &mut entry.state)
    }

    /// Gives a file another name and time.
    pub(crate) fn rename(&mut self, key: Key, name: Name, due: Instant) {
        if let Some(entry) = self.entries.get_mut(&key) {
            self.names.remove(&entry.name);
            self.names.insert(name);
            (entry.name, entry.due) = (name, due);
        }
    }

    /// Puts a file off.
    pub(crate) fn postpone(&mut self, key: Key, due: Instant) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.due = due;
        }
    }

    /// Forgets a file.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Entry> {
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
        self.oldest().map(Some).ok_or(NoRoom)
    }

    /// A file beyond the cap on age.
    pub(crate) fn outdated(&self, now: u64) -> Option<Key> {
        self.oldest()
            .filter(|key| self.caps.is_too_old(key.born, now))
    }

    /// Makes every file due that is not yet.
    pub(crate) fn hurry(&mut self, now: Instant) {
        for entry in self.entries.values_mut() {
            entry.due = entry.due.min(now);
        }
    }

    /// The oldest file that is due.
    pub(crate) fn due(&self, now: Instant) -> Option<Key> {
        self.first(|entry| entry.due <= now && matches!(entry.state, State::Waiting(_)))
    }

    /// When the next file is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.entries
            .values()
            .filter(|entry| matches!(entry.state, State::Waiting(_)))
            .map(|entry| entry.due)
            .min()
    }

    /// All known files.
    pub(crate) fn keys(&self) -> Vec<Key> {
        self.entries.keys().copied().collect()
    }

    /// The oldest that may go: not one that is being sent.
    fn oldest(&self) -> Option<Key> {
        self.first(|entry| entry.state != State::Sending)
    }

    fn first(&self, is_it: impl Fn(&Entry) -> bool) -> Option<Key> {
        let found = self.entries.iter().find(|(_, entry)| is_it(entry));
        found.map(|(key, _)| *key)
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

    fn entry(bytes: u64, due: Instant, state: State) -> Entry {
        Entry {
            name: Name::plain(Uuid::new_v4()),
            bytes,
            due,
            state,
        }
    }

    fn waiting() -> State {
        State::Waiting(Content {
            tallies: vec![(Category::Error, 1)],
            is_adopted: false,
        })
    }

    #[test]
    fn the_oldest_goes_first_and_what_is_sent_stays() {
        let now = Instant::now();
        let mut index = index(3, 100);
        let oldest = index.add(1, entry(10, now, State::Sending));
        let second = index.add(2, entry(10, now, waiting()));
        assert_eq!(index.excess(Some(80)), Ok(None));
        assert_eq!(index.excess(Some(81)), Ok(Some(second)));
        index.add(3, entry(10, now, State::Resting));
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
        index.add(1, entry(10, Instant::now(), State::Sending));
        assert_eq!(index.excess(Some(1)), Err(NoRoom));
        assert_eq!(index.excess(None), Ok(None));
    }

    #[test]
    fn a_new_file_is_the_newest_even_if_the_clock_was_set_back() {
        let now = Instant::now();
        let mut index = index(9, 100);
        let old = index.add(5000, entry(1, now, waiting()));
        let new = index.add_newest(1, entry(1, now, waiting()));
        assert!(old < new);
        assert_eq!(index.outdated(15_000), None);
        assert_eq!(index.outdated(15_001), Some(old));
    }

    #[test]
    fn only_what_waits_is_ever_due() {
        let now = Instant::now();
        let later = now + Duration::from_secs(9);
        let mut index = index(9, 100);
        for state in [State::Unread, State::Sending, State::Resting] {
            index.add(1, entry(1, now, state));
        }
        assert_eq!((index.due(later), index.next_due()), (None, None));
        let key = index.add(2, entry(1, later, waiting()));
        assert_eq!((index.due(now), index.next_due()), (None, Some(later)));
        assert_eq!(index.due(later), Some(key));
        let name = Name::plain(Uuid::new_v4());
        index.rename(key, name, later);
        assert!(index.knows(&name));
        index.hurry(now);
        assert_eq!(index.due(now), Some(key));
    }
}
