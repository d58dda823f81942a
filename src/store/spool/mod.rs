//! The spool: envelopes on disk that wait for a server, or are kept.
//!
//! Decides where they lie and under which names, what has to go when there are too many, and which of several processes
//! sends which. What their loss or arrival means for the books is the caller's matter: it hears of everything that
//! happened by itself as a [`Notice`]. Entry point: [`Spool`]. May use: `store`, `protocol`, `base`.
//!
//! Two directories, each with an index. The cache is shared by all processes on the database, bounded by the caps of the options; a file is
//! claimed by moving it into the own run, so that only one process sends it. The run holds what was claimed and what
//! earlier runs left; whatever is in there when the process dies is taken over by a later start.

pub(crate) mod caps;
mod discovery;
mod eviction;
mod index;
mod leaving;
mod listing;
mod moment;
mod name;
mod notice;
mod schedule;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::directory::Directory;
use super::run::Run;
use crate::base::file::Durability;
use crate::base::uuid::Uuid;
use crate::protocol::dsn::Dsn;
use crate::protocol::envelope::{Envelope, HeaderFields};
use caps::Caps;
pub(crate) use index::Content;
use index::{Entry, Key, SpoolIndex, State};
pub(crate) use leaving::{Left, leave};
use listing::{Listed, Stamp};
pub(crate) use moment::Moment;
use name::{Name, Retry};
pub(crate) use notice::Notice;
use schedule::MAX_ATTEMPTS;

/// Where retry files and kept copies lie, in the database.
const CACHE: &str = "cache";

/// What bounds the spool, and whose envelopes are sent from it.
#[derive(Debug, Clone)]
pub(crate) struct SpoolSettings {
    /// Caps of the cache.
    pub(crate) cache: Caps,
    /// Caps of what earlier runs left.
    pub(crate) carried: Caps,
    /// Largest file that is read.
    pub(crate) max_file_bytes: u64,
    /// The DSN without its secret; envelopes for others are not sent (SP-6).
    pub(crate) dsn: String,
}

/// One of the two directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Cache,
    Run,
}

/// A file in one of the directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    which: Which,
    key: Key,
}

/// What became of a claim.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The envelope, in the hands of this process alone.
    Envelope(Box<Envelope>),
    /// Nothing to send after all; see the notices.
    Nothing,
}

/// What was written since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Files.
    pub(crate) files: u64,
    /// Bytes.
    pub(crate) bytes: u64,
}

/// Why an envelope could not be put on disk.
#[derive(Debug)]
pub(crate) enum Refused {
    /// No room for it below the caps, whatever goes.
    NoRoom,
    /// The file system says no.
    Io(io::Error),
}

/// The envelopes on disk, as one thread sees them.
#[derive(Debug)]
pub(crate) struct Spool {
    run: Arc<Run>,
    settings: SpoolSettings,
    cache: Option<Directory>,
    stamp: Option<Stamp>,
    has_looked: bool,
    /// There were other processes at the first look: what lay there may be in their books.
    is_shared: bool,
    /// Files of the cache that were listed and not looked at yet.
    listed: VecDeque<Listed>,
    /// More lies there than was listed.
    is_list_cut: bool,
    waiting: SpoolIndex,
    carried: SpoolIndex,
    unread: VecDeque<Ticket>,
    notices: Vec<Notice>,
    written: Written,
}

impl Spool {
    /// The spool of a run. Does not look at the disk.
    pub(crate) fn new(run: Arc<Run>, settings: SpoolSettings) -> Self {
        Self {
            waiting: SpoolIndex::new(settings.cache),
            carried: SpoolIndex::new(settings.carried),
            run,
            settings,
            cache: None,
            stamp: None,
            has_looked: false,
            is_shared: false,
            listed: VecDeque::new(),
            is_list_cut: false,
            unread: VecDeque::new(),
            notices: Vec::new(),
            written: Written::default(),
        }
    }

    /// What happened by itself since the last call.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// What was written since the start.
    pub(crate) fn written(&self) -> Written {
        self.written
    }

    /// Puts an envelope on disk for a later attempt.
    pub(crate) fn add(
        &mut self,
        envelope: &Envelope,
        header: &HeaderFields<'_>,
        durability: Durability,
        moment: Moment,
    ) -> Result<Ticket, Refused> {
        let retry = Retry {
            millis: moment.millis,
            attempts: 0,
        };
        let content = Content {
            tallies: envelope.tallies().collect(),
            is_booked: true,
            is_of_this_run: true,
        };
        let name = |id| Name::retry(id, retry);
        let state = State::Waiting(content);
        self.write_to_cache(envelope, header, &name, state, durability, moment)
    }

    /// Puts a copy of an envelope on disk that will never be sent from there.
    pub(crate) fn keep(
        &mut self,
        envelope: &Envelope,
        header: &HeaderFields<'_>,
        moment: Moment,
    ) -> Result<(), Refused> {
        let durability = Durability::Process;
        self.write_to_cache(
            envelope,
            header,
            &Name::plain,
            State::Resting,
            durability,
            moment,
        )
        .map(|_| ())
    }

    /// Takes back what was just added: it is in the books as lost after all.
    pub(crate) fn take_back(&mut self, ticket: Ticket) {
        if let Some(entry) = self.index_mut(ticket.which).remove(ticket.key) {
            // One that cannot be removed is sent all the same.
            let _ = self.remove_file(ticket.which, &entry.name.to_string());
        }
    }

    fn write_to_cache(
        &mut self,
        envelope: &Envelope,
        header: &HeaderFields<'_>,
        name: &dyn Fn(Uuid) -> Name,
        state: State,
        durability: Durability,
        moment: Moment,
    ) -> Result<Ticket, Refused> {
        self.look(moment);
        let room = u64::try_from(envelope.serialized_len(header)).unwrap_or(u64::MAX);
        self.make_room(Which::Cache, room, moment)?;
        let bytes = envelope
            .to_bytes(header)
            .map_err(|lack| Refused::Io(lack.into()))?;
        let mut name_of_file = name(envelope.event_id.unwrap_or_else(Uuid::new_v4));
        if self.waiting.knows(&name_of_file) {
            name_of_file = name_of_file.with_fresh_id();
        }
        let text = name_of_file.to_string();
        let result = self
            .cache()
            .and_then(|cache| cache.write(&text, &bytes, durability));
        match result {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.cache = None;
                self.run.database().make_again().map_err(Refused::Io)?;
                let cache = self.cache().map_err(Refused::Io)?;
                cache
                    .write(&text, &bytes, durability)
                    .map_err(Refused::Io)?;
            }
            result => result.map_err(Refused::Io)?,
        }
        let bytes = self.note_written(bytes.len());
        let entry = Entry::new(name_of_file, bytes, due(name_of_file, moment), state);
        let key = self.waiting.add_newest(moment.millis, moment.now, entry);
        self.remember_stamp();
        let which = Which::Cache;
        Ok(Ticket { which, key })
    }

    /// Makes everything that waits due.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.carried.hurry(now);
        self.waiting.hurry(now);
    }

    /// A file that may be sent now: the oldest that is due.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Ticket> {
        // What earlier runs left is the oldest there is, and may be the report of a crash (SP-7).
        [Which::Run, Which::Cache].into_iter().find_map(|which| {
            let key = self.index_mut(which).due(now)?;
            Some(Ticket { which, key })
        })
    }

    /// When the next file is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let (run, cache) = (self.carried.next_due(), self.waiting.next_due());
        run.into_iter().chain(cache).min()
    }

    /// What is in a file that waits.
    pub(crate) fn content(&self, ticket: Ticket) -> Option<&Content> {
        match &self.index(ticket.which).get(ticket.key)?.state {
            State::Waiting(content) => Some(content),
            State::Unread | State::Sending | State::Resting => None,
        }
    }

    /// The size of a file.
    pub(crate) fn bytes(&self, ticket: Ticket) -> u64 {
        let entry = self.index(ticket.which).get(ticket.key);
        entry.map_or(0, |entry| entry.bytes)
    }

    /// Puts a file off that waits.
    pub(crate) fn postpone(&mut self, ticket: Ticket, due: Instant) {
        self.index_mut(ticket.which).postpone(ticket.key, due);
    }

    /// Takes a file that waits out of the reach of other processes, and reads it.
    pub(crate) fn claim(&mut self, ticket: Ticket, moment: Moment) -> Claim {
        let Some(entry) = self.index(ticket.which).get(ticket.key).cloned() else {
            return Claim::Nothing;
        };
        let State::Waiting(mut content) = entry.state else {
            return Claim::Nothing;
        };
        let name = entry.name.to_string();
        if let Err(error) = self.move_to_run(ticket.which, &name) {
            if error.kind() == ErrorKind::NotFound {
                self.index_mut(ticket.which).remove(ticket.key);
                self.notices.push(Notice::TakenOver(content));
            } else {
                self.put_off(ticket, moment);
            }
            return Claim::Nothing;
        }
        if !std::mem::replace(&mut content.is_booked, true) {
            self.notices.push(Notice::Adopted(content.tallies.clone()));
            let state = State::Waiting(content.clone());
            self.index_mut(ticket.which).set_state(ticket.key, state);
        }
        match self.read(Which::Run, &name) {
            Ok(Some(envelope)) => {
                self.index_mut(ticket.which)
                    .set_state(ticket.key, State::Sending);
                Claim::Envelope(Box::new(envelope))
            }
            Ok(None) => {
                // It was there a moment ago.
                self.index_mut(ticket.which).remove(ticket.key);
                self.notices.push(Notice::Vanished(content.tallies));
                Claim::Nothing
            }
            Err(Unreadable::Damaged) => {
                // If it cannot be removed it meets the same fate at the next start.
                let _ = self.remove_file(Which::Run, &name);
                self.index_mut(ticket.which).remove(ticket.key);
                self.notices.push(Notice::Damaged(Some(content.tallies)));
                Claim::Nothing
            }
            Err(Unreadable::Foreign(_) | Unreadable::Io) => {
                self.restore(ticket, entry.name);
                self.put_off(ticket, moment);
                Claim::Nothing
            }
        }
    }

    /// Gives a claimed file back after an attempt that failed; false if that was the last one it gets. Then nothing has
    /// changed, and the caller says what becomes of it.
    pub(crate) fn put_back_failed(
        &mut self,
        ticket: Ticket,
        content: Content,
        moment: Moment,
    ) -> bool {
        let Some(entry) = self.index(ticket.which).get(ticket.key) else {
            return true;
        };
        let (name, scheduled) = (entry.name, entry.scheduled);
        if moment.now < scheduled {
            // Tried early, at a start or in the hope that the server is back, and the server is not: programs that start often
            // would soon have used up the attempts of the oldest file.
            self.put_back(ticket, content, name, scheduled);
            return true;
        }
        let attempts = name
            .retry
            .map_or(0, |retry| retry.attempts)
            .saturating_add(1);
        if attempts >= MAX_ATTEMPTS {
            return false;
        }
        let retry = Retry {
            millis: moment.millis,
            attempts,
        };
        let name = Name::retry(name.id(), retry);
        let due = due(name, moment);
        self.put_back(ticket, content, name, due);
        true
    }

    /// Gives a claimed file back untried, to be sent at `due`.
    pub(crate) fn put_back_untried(&mut self, ticket: Ticket, content: Content, due: Instant) {
        if let Some(entry) = self.index(ticket.which).get(ticket.key) {
            let name = entry.name;
            self.put_back(ticket, content, name, due);
        }
    }

    fn put_back(&mut self, ticket: Ticket, content: Content, name: Name, due: Instant) {
        if self.restore(ticket, name).is_none() {
            // It lies in the run, where the next start finds it.
            self.index_mut(ticket.which).remove(ticket.key);
            return;
        }
        let content = Content {
            // Since it was claimed.
            is_booked: true,
            ..content
        };
        let index = self.index_mut(ticket.which);
        index.rename(ticket.key, name, due);
        index.set_state(ticket.key, State::Waiting(content));
        self.remember_stamp();
    }

    /// A claimed file was delivered, or given up: removes it, or keeps it as a copy.
    pub(crate) fn finish(&mut self, ticket: Ticket, keep: bool, moment: Moment) {
        let Some(entry) = self.index_mut(ticket.which).remove(ticket.key) else {
            return;
        };
        let from = entry.name.to_string();
        if keep && self.keep_claimed(&from, &entry, moment).is_some() {
            return;
        }
        // If it cannot be removed, neither can the run: a later start sends it again.
        let _ = self.remove_file(Which::Run, &from);
    }

    fn keep_claimed(&mut self, from: &str, entry: &Entry, moment: Moment) -> Option<()> {
        self.make_room(Which::Cache, entry.bytes, moment).ok()?;
        let mut name = Name::plain(entry.name.id());
        if self.waiting.knows(&name) {
            name = name.with_fresh_id();
        }
        let cache = self.cache().ok()?;
        let run = self.run.directory();
        run.rename(from, &cache, &name.to_string()).ok()?;
        let entry = Entry::new(name, entry.bytes, entry.due, State::Resting);
        self.waiting.add_newest(moment.millis, moment.now, entry);
        self.remember_stamp();
        Some(())
    }

    /// Moves a claimed file to where it came from, under this name.
    fn restore(&mut self, ticket: Ticket, name: Name) -> Option<()> {
        let entry = self.index(ticket.which).get(ticket.key)?;
        let from = entry.name.to_string();
        let to = match ticket.which {
            Which::Run => self.run.directory().clone(),
            Which::Cache => self.cache().ok()?,
        };
        let run = self.run.directory();
        run.rename(&from, &to, &name.to_string()).ok()
    }

    /// A file that cannot be read or moved now, for a reason that may pass.
    fn put_off(&mut self, ticket: Ticket, moment: Moment) {
        /// As long as after a first failure to send.
        const PATIENCE: Duration = Duration::from_secs(15 * 60);
        let due = moment.now.checked_add(PATIENCE).unwrap_or(moment.now);
        self.index_mut(ticket.which).postpone(ticket.key, due);
    }

    fn move_to_run(&mut self, which: Which, name: &str) -> io::Result<()> {
        if which == Which::Run {
            return Ok(());
        }
        let (cache, run) = (self.cache()?, self.run.directory());
        match cache.rename(name, run, name) {
            Err(error) if error.kind() == ErrorKind::NotFound && cache.metadata(name).is_ok() => {
                self.run.revive()?;
                cache.rename(name, run, name)
            }
            result => result,
        }?;
        self.remember_stamp();
        Ok(())
    }

    /// Reads a file; none if it is not there.
    fn read(&self, which: Which, name: &str) -> Result<Option<Envelope>, Unreadable> {
        let directory = match which {
            Which::Run => self.run.directory(),
            Which::Cache => self.cache.as_ref().ok_or(Unreadable::Io)?,
        };
        let bytes = match directory.read(name, self.settings.max_file_bytes) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                return Err(Unreadable::Damaged);
            }
            Err(_) => return Err(Unreadable::Io),
        };
        let envelope = Envelope::parse(&bytes).map_err(|_| Unreadable::Damaged)?;
        if envelope.is_empty() {
            return Err(Unreadable::Damaged);
        }
        let dsn = envelope.stored_dsn();
        let is_ours = dsn.is_none_or(|dsn| self.is_ours(&dsn));
        if is_ours {
            Ok(Some(envelope))
        } else {
            Err(Unreadable::Foreign(envelope.tallies().collect()))
        }
    }

    /// SP-6: the same project on the same server, with the same key.
    fn is_ours(&self, dsn: &str) -> bool {
        Dsn::parse(dsn).is_ok_and(|dsn| dsn.public() == self.settings.dsn)
    }

    /// True if it was there.
    fn remove_file(&mut self, which: Which, name: &str) -> io::Result<bool> {
        let was_there = match (which, &self.cache) {
            (Which::Run, _) => self.run.directory().remove(name)?,
            (Which::Cache, Some(cache)) => cache.remove(name)?,
            (Which::Cache, None) => false,
        };
        self.remember_stamp();
        Ok(was_there)
    }

    /// The cache, made if it is not there.
    fn cache(&mut self) -> io::Result<Directory> {
        if let Some(cache) = &self.cache {
            return Ok(cache.clone());
        }
        let cache = self.run.database().child(CACHE)?;
        self.cache = Some(cache.clone());
        Ok(cache)
    }

    fn note_written(&mut self, bytes: usize) -> u64 {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.written.files = self.written.files.saturating_add(1);
        self.written.bytes = self.written.bytes.saturating_add(bytes);
        bytes
    }

    fn index(&self, which: Which) -> &SpoolIndex {
        match which {
            Which::Cache => &self.waiting,
            Which::Run => &self.carried,
        }
    }

    fn index_mut(&mut self, which: Which) -> &mut SpoolIndex {
        match which {
            Which::Cache => &mut self.waiting,
            Which::Run => &mut self.carried,
        }
    }
}

/// Why a file gives no envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Unreadable {
    /// It is none, or too large.
    Damaged,
    /// It is for another project; what is in it.
    Foreign(Vec<index::Tally>),
    /// It may be readable another time.
    Io,
}

/// When a file of this name is due.
fn due(name: Name, moment: Moment) -> Instant {
    let wait = name
        .retry
        .map_or(Duration::ZERO, |retry| schedule::wait(retry, moment.millis));
    moment.now.checked_add(wait).unwrap_or(moment.now)
}
