//! The queue log: accepted envelopes in a mapped file, so that they outlive the process (option `queue_durable`).
//!
//! The file is cut into blocks of 1 KiB; a record is a chain of them. Which blocks are free is known in memory only:
//! the next start looks at what the heads of records say. A record counts from the moment its head is marked committed,
//! which is the last thing written, until the mark is taken back. Nothing here makes a system call after the log was made.
//!
//! [`QueueLog`] writes, [`Leftovers`] reads what a run left. Checksums are for power failures, which may keep a page and
//! lose another; a process that is killed loses none.

mod leftovers;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::directory::Directory;
use super::mapping::{Mapping, WORD};
use crate::base::lock::lock;
pub(crate) use leftovers::{Leftovers, Unread};

/// Words of a block. Small, since a record leaves half of its last block unused on average.
const BLOCK: usize = 128;
/// Bytes of a block.
const BLOCK_BYTES: usize = BLOCK * WORD;
/// Words before the data of any block: the record it belongs to, and the next block.
const LINK: usize = 2;
/// Words before the data of a head: those, length, checksum, and the mark.
const HEAD: usize = 5;
/// Places of the words.
const ID: usize = 0;
const NEXT: usize = 1;
const LENGTH: usize = 2;
const CHECKSUM: usize = 3;
const MARK: usize = 4;
/// What the mark of a committed record is, combined with its id: no other block has it there by chance.
const COMMITTED: u64 = 0x5eed_10c0_ffee_c0de;
/// Set in the id of every block of a record but its head, which nothing in it can then be taken for.
const CONTINUED: u64 = 1 << 63;
/// First word of the file: name and version of the layout.
const MAGIC: u64 = u64::from_ne_bytes(*b"sntrylg1");
/// Words of block 0 before the DSN: magic, number of blocks, length of the DSN.
const PREAMBLE: usize = 3;
/// Longest DSN that block 0 holds.
const DSN_BYTES: usize = (BLOCK - PREAMBLE) * WORD;

/// A record in the log, to be settled once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record(u32);

/// See the module.
#[derive(Debug)]
pub(crate) struct QueueLog {
    mapping: Mapping,
    /// Lock order: innermost; held for as long as it takes to move block numbers.
    free: Mutex<Vec<u32>>,
    next_id: AtomicU64,
}

impl QueueLog {
    /// A new file with room for `max_bytes` of envelopes, which were made for `dsn`.
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
        let words = usize::try_from(blocks)
            .ok()
            .and_then(|blocks| blocks.checked_mul(BLOCK));
        let words = words.ok_or_else(|| invalid("the queue is too large for a log"))?;
        let log = Self {
            mapping: Mapping::create(directory, name, words)?,
            // From the end, so that the first blocks are used first.
            free: Mutex::new((1..blocks).rev().collect()),
            next_id: AtomicU64::new(1),
        };
        let preamble = log.block(0).unwrap_or_default();
        for (place, value) in [MAGIC, u64::from(blocks), as_u64(dsn.len())]
            .into_iter()
            .enumerate()
        {
            store(preamble, place, value);
        }
        for (place, word) in words_of(dsn.as_bytes()).enumerate() {
            store(preamble, PREAMBLE.saturating_add(place), word);
        }
        Ok(log)
    }

    /// Writes a record; none if there is no room for it.
    pub(crate) fn append(&self, bytes: &[u8]) -> Option<Record> {
        let blocks = self.take_blocks(blocks_for(bytes.len()))?;
        let head = *blocks.first()?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut checksum = Checksum::new(id, as_u64(bytes.len()));
        let mut words = words_of(bytes);
        for (place, number) in blocks.iter().enumerate() {
            let block = self.block(*number)?;
            let next = blocks.get(place.saturating_add(1)).copied().unwrap_or(0);
            store(block, ID, if place == 0 { id } else { id | CONTINUED });
            store(block, NEXT, u64::from(next));
            for slot in block.get(data_start(place)..).unwrap_or_default() {
                let Some(word) = words.next() else { break };
                checksum.add(word);
                slot.store(word, Ordering::Relaxed);
            }
        }
        let block = self.block(head)?;
        store(block, LENGTH, as_u64(bytes.len()));
        store(block, CHECKSUM, checksum.0);
        block.get(MARK)?.store(COMMITTED ^ id, Ordering::Release);
        Some(Record(head))
    }

    /// True if a record of `length` bytes has room.
    pub(crate) fn has_room_for(&self, length: usize) -> bool {
        lock(&self.free).len() >= blocks_for(length)
    }

    /// Ends a record: the next start will not find it, and its room is free. Once for each record.
    pub(crate) fn settle(&self, record: Record) {
        let Some(head) = self.block(record.0) else {
            return;
        };
        if let Some(mark) = head.get(MARK) {
            mark.store(0, Ordering::Release);
        }
        let mut free = lock(&self.free);
        let mut number = record.0;
        // Not longer than there are blocks, whatever another process may have written there.
        for _ in 0..self.mapping.words().len().div_ceil(BLOCK) {
            free.push(number);
            let next = self.block(number).and_then(|block| block.get(NEXT));
            let next = next.map_or(0, |next| next.load(Ordering::Relaxed));
            match u32::try_from(next) {
                Ok(next) if next != 0 && self.block(next).is_some() => number = next,
                _ => break,
            }
        }
    }

    /// Waits until the log is on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.mapping.sync()
    }

    fn take_blocks(&self, count: usize) -> Option<Vec<u32>> {
        let mut free = lock(&self.free);
        let rest = free.len().checked_sub(count)?;
        let mut blocks = free.split_off(rest);
        drop(free);
        blocks.reverse();
        Some(blocks)
    }

    fn block(&self, number: u32) -> Option<&[AtomicU64]> {
        let start = usize::try_from(number).ok()?.checked_mul(BLOCK)?;
        self.mapping.words().get(start..start.checked_add(BLOCK)?)
    }
}

/// Notices pages that a power failure lost; no defence against anybody.
struct Checksum(u64);

impl Checksum {
    fn new(id: u64, length: u64) -> Self {
        let mut checksum = Self(0);
        checksum.add(id);
        checksum.add(length);
        checksum
    }

    fn add(&mut self, word: u64) {
        /// The golden ratio, as in Fibonacci hashing.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

/// Blocks of a record of `length` bytes.
fn blocks_for(length: usize) -> usize {
    let in_head = (BLOCK - HEAD) * WORD;
    let rest = length.saturating_sub(in_head);
    rest.div_ceil((BLOCK - LINK) * WORD).saturating_add(1)
}

/// Where the data of a record's block begins; `place` counts its blocks.
fn data_start(place: usize) -> usize {
    if place == 0 { HEAD } else { LINK }
}

fn store(block: &[AtomicU64], place: usize, value: u64) {
    if let Some(slot) = block.get(place) {
        slot.store(value, Ordering::Relaxed);
    }
}

fn word(block: &[u64], place: usize) -> u64 {
    block.get(place).copied().unwrap_or(0)
}

/// The bytes as words, the last one filled up with zeros.
fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.chunks(WORD).map(|chunk| {
        let mut word = [0; WORD];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        u64::from_ne_bytes(word)
    })
}

fn bytes_of(words: &[u64], length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    bytes.truncate(length);
    bytes
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
