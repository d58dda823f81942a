//! The queue log: accepted envelopes in a file, so that they outlive the process (option `queue_durable`).
//!
//! The file is cut into blocks of 1 KiB; a record is a chain of them. Which blocks are free is known in memory only:
//! the next start looks at what the heads of records say. A record counts from the moment its head is written, which is
//! the last thing written, until the mark in it is taken back.
//!
//! A record is written by the thread that captures, with one `pwrite` unless its blocks are scattered, after a look whether
//! the file is what it was. A mapped file would need no call, but a store to it kills the host when somebody shortens the
//! file or the disk fails.
//!
//! [`QueueLog`] writes, [`Leftovers`] reads what a run left. Checksums are for power failures, which may keep a page and
//! lose another, and for a process that is killed in the middle of a record.

mod layout;
mod leftovers;
mod room;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use super::directory::Directory;
use super::segment::WORD;
use crate::base::folder::Use;
use crate::base::kept::Kept;
use crate::base::lock::lock;
use crate::base::{file, process};
use layout::{
    BLOCK, BLOCK_BYTES, COMMITTED, CONTINUED, Checksum, DSN_BYTES, HEAD, MAGIC, MARK, as_u64,
    blocks_for, data_start, offset, words_of,
};
pub(crate) use leftovers::{Leftovers, Unread};
use room::{Room, Run};

/// A record in the log, to be settled once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record(u32);

/// The log of a durable queue while it is written.
#[derive(Debug)]
pub(crate) struct QueueLog {
    directory: Directory,
    name: String,
    file: ArcSwap<Kept<File>>,
    length: u64,
    /// Lock order: innermost; held for as long as it takes to move block numbers.
    room: Mutex<Room>,
    next_id: AtomicU64,
}

impl QueueLog {
    /// A new file with room for `max_bytes` of envelopes, which were made for `dsn`. Its blocks are allocated here, so that a
    /// full disk is found out now.
    pub(crate) fn create(
        directory: &Directory,
        name: &str,
        max_bytes: u64,
        dsn: &str,
    ) -> io::Result<Self> {
        let invalid = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
        if dsn.len() > DSN_BYTES {
            return Err(invalid("the DSN is too long for a queue log"));
        }
        let data = u64::try_from(BLOCK_BYTES - HEAD * WORD).unwrap_or(1);
        // One more for the file's own block.
        let blocks = max_bytes.div_ceil(data).saturating_add(1);
        let blocks =
            u32::try_from(blocks).map_err(|_| invalid("the queue is too large for a log"))?;
        let length = u64::from(blocks).saturating_mul(as_u64(BLOCK_BYTES));
        let preamble = [MAGIC, u64::from(blocks), as_u64(dsn.len())].into_iter();
        let preamble: Vec<u8> = preamble
            .chain(words_of(dsn.as_bytes()))
            .flat_map(u64::to_ne_bytes)
            .collect();
        let file = directory.file(name, Use::Make)?;
        let made = file::allocate(&file, length)
            .and_then(|()| file.write_all_at(&preamble, 0))
            .and_then(|()| Kept::new(file));
        let kept = made.inspect_err(|_| {
            // Made just now by us; whether it can be removed changes nothing for the caller.
            let _ = directory.remove(name);
        })?;
        Ok(Self {
            directory: directory.clone(),
            name: name.to_owned(),
            file: ArcSwap::from_pointee(kept),
            length,
            room: Mutex::new(Room::new(blocks)),
            next_id: AtomicU64::new(1),
        })
    }

    /// Writes a record; none if there is no room for it. An error if the log is not what it was: the next start will not
    /// find what is written there.
    pub(crate) fn append(&self, bytes: &[u8]) -> io::Result<Option<Record>> {
        let file = self.file()?;
        let taken = lock(&self.room).take(blocks_for(bytes.len()));
        let Some(runs) = taken else { return Ok(None) };
        let record = Record(runs.first().map_or(0, |run| run.0));
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let written = encode(id, bytes, &runs).and_then(|blocks| put(file.get(), &blocks, &runs));
        match written {
            Ok(()) => Ok(Some(record)),
            Err(error) => {
                lock(&self.room).give_back(record.0);
                Err(error)
            }
        }
    }

    /// True if a record of `length` bytes has room.
    pub(crate) fn has_room_for(&self, length: usize) -> bool {
        lock(&self.room).left() >= blocks_for(length)
    }

    /// Ends a record: the next start will not find it, and its room is free. Once for each record.
    pub(crate) fn settle(&self, record: Record) {
        if let Ok(file) = self.file() {
            let at = offset(record.0).saturating_add(as_u64(MARK * WORD));
            // If that fails the record comes again, with the same id.
            let _ = file.get().write_all_at(&0_u64.to_ne_bytes(), at);
        }
        lock(&self.room).give_back(record.0);
    }

    /// Waits until the log is on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file()?.get().sync_data()
    }

    /// The file, if it is what it was: as long, still with a name, and the descriptor its own.
    fn file(&self) -> io::Result<Arc<Kept<File>>> {
        let mut kept = self.file.load_full();
        let found = match kept.look() {
            Some(found) => found,
            None => {
                // A host closed all descriptors.
                let again = Kept::new(self.directory.file(&self.name, Use::Change)?)?;
                if again.identity() != kept.identity() {
                    return Err(io::Error::from(io::ErrorKind::NotFound));
                }
                kept = Arc::new(again);
                self.file.store(Arc::clone(&kept));
                kept.get().metadata()?
            }
        };
        if found.len() != self.length || found.nlink() == 0 {
            return Err(io::Error::other("somebody shortened or removed it"));
        }
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        match process::may_write(length) {
            true => Ok(kept),
            false => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        }
    }
}

/// A record as it lies in its blocks, one after the other. The last is cut after the data.
fn encode(id: u64, bytes: &[u8], runs: &[Run]) -> io::Result<Vec<u8>> {
    let numbers = runs
        .iter()
        .flat_map(|(first, length)| (0..*length).map(|at| first.saturating_add(at)));
    let count = numbers.clone().count();
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(count.saturating_mul(BLOCK_BYTES))?;
    let mut checksum = Checksum::new(id, as_u64(bytes.len()));
    words_of(bytes).for_each(|word| checksum.add(word));
    let mut rest = bytes;
    let following = numbers.skip(1).map(u64::from).chain(std::iter::once(0));
    for (place, next) in following.enumerate() {
        let own = if place == 0 { id } else { id | CONTINUED };
        let head = [own, next, as_u64(bytes.len()), checksum.0, COMMITTED ^ id];
        let head = head.iter().take(data_start(place));
        blocks.extend(head.flat_map(|word| word.to_ne_bytes()));
        let room = (BLOCK.saturating_sub(data_start(place))).saturating_mul(WORD);
        let (data, after) = rest.split_at(room.min(rest.len()));
        blocks.extend_from_slice(data);
        rest = after;
    }
    // The last word is read whole.
    let length = blocks.len().next_multiple_of(WORD);
    blocks.resize(length, 0);
    Ok(blocks)
}

/// Writes the blocks of a record, those with its head last: it counts from then on.
fn put(file: &File, blocks: &[u8], runs: &[Run]) -> io::Result<()> {
    let mut end = blocks.len();
    for (place, (first, _)) in runs.iter().enumerate().rev() {
        let before = runs.iter().take(place).map(|run| u64::from(run.1));
        let start = before.sum::<u64>().saturating_mul(as_u64(BLOCK_BYTES));
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let part = blocks.get(start..end).unwrap_or_default();
        file.write_all_at(part, offset(*first))?;
        end = start;
    }
    Ok(())
}
