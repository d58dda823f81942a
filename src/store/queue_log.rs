//! The queue log: accepted envelopes in a mapped file, so that they outlive the process (option `queue_durable`).
//!
//! The file is cut into blocks of 1 KiB; a record is a chain of them. Which blocks are free is known in memory only:
//! the next start looks at what the heads of records say. A record counts from the moment its head is marked committed,
//! which is the last thing written, until the mark is taken back. Nothing here makes a system call after the log was made.
//!
//! [`QueueLog`] writes, [`Leftovers`] reads what a run left. Checksums are for power failures, which may keep a page and
//! lose another; a process that is killed loses none.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::directory::Directory;
use super::mapping::{Mapping, WORD};
use crate::base::folder::Use;
use crate::base::lock::lock;

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
/// Largest record that is believed when it is read.
const MAX_RECORD: u64 = 1 << 40;

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

/// Why a record is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It cannot be read any more.
    Torn,
    /// The log cannot be opened now, which may pass.
    NotNow,
}

/// What a run left in its log, oldest first. Each record is marked as taken when it is settled, or the next one is asked
/// for, so that a start that dies in the middle repeats one record at most.
///
/// The file is opened anew for each record: taking them in may last as long as the server is away, and a descriptor that
/// the host closed and opened for itself must not be written to.
#[derive(Debug)]
pub(crate) struct Leftovers {
    directory: Directory,
    name: String,
    dsn: String,
    blocks: u32,
    /// Id and head, the newest first.
    heads: Vec<(u64, u32)>,
    given: Option<(u64, u32)>,
}

impl Leftovers {
    /// Opens the log of a run that has ended. None if the file is no log that this version can read.
    pub(crate) fn open(directory: &Directory, name: &str) -> io::Result<Option<Self>> {
        let file = directory.file(name, Use::Change)?;
        let found = file.metadata()?;
        if found.len() < as_u64(BLOCK_BYTES) {
            return Ok(None);
        }
        let mut leftovers = Self {
            directory: directory.clone(),
            name: name.to_owned(),
            dsn: String::new(),
            blocks: 1,
            heads: Vec::new(),
            given: None,
        };
        let preamble = read_block(&file, 0)?;
        let blocks = u32::try_from(word(&preamble, 1)).unwrap_or(0);
        let length = usize::try_from(word(&preamble, 2)).unwrap_or(usize::MAX);
        let is_whole = found.len() == u64::from(blocks).saturating_mul(as_u64(BLOCK_BYTES));
        if word(&preamble, 0) != MAGIC || !is_whole || length > DSN_BYTES {
            return Ok(None);
        }
        let dsn = bytes_of(preamble.get(PREAMBLE..).unwrap_or_default(), length);
        leftovers.dsn = String::from_utf8_lossy(&dsn).into_owned();
        leftovers.blocks = blocks;
        leftovers.find_heads(&file)?;
        Ok(Some(leftovers))
    }

    /// The DSN the envelopes were made for.
    pub(crate) fn dsn(&self) -> &str {
        &self.dsn
    }

    /// How many records are left.
    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Takes the record back that was given last: it will be the next one, or that of a later start.
    pub(crate) fn give_back(&mut self) {
        self.heads.extend(self.given.take());
    }

    fn find_heads(&mut self, file: &File) -> io::Result<()> {
        /// Blocks read at a time.
        const STRIDE: u32 = 64;
        let mut number = 0;
        while number < self.blocks {
            let count = STRIDE.min(self.blocks.saturating_sub(number));
            let words = read_words(file, number, count)?;
            for (offset, block) in (0..count).zip(words.chunks(BLOCK)) {
                let (id, at) = (word(block, ID), number.saturating_add(offset));
                let is_head = at > 0 && id != 0 && id & CONTINUED == 0;
                if is_head && word(block, MARK) == COMMITTED ^ id {
                    self.heads.push((id, at));
                }
            }
            number = number.saturating_add(count);
        }
        self.heads
            .sort_unstable_by_key(|head| std::cmp::Reverse(head.0));
        Ok(())
    }

    fn read(&self, file: &File, (id, head): (u64, u32)) -> Result<Vec<u8>, Unread> {
        let block = |number| read_block(file, number).map_err(|_| Unread::Torn);
        let mut now = block(head)?;
        let (length, wanted) = (word(&now, LENGTH), word(&now, CHECKSUM));
        if length > MAX_RECORD.min(u64::from(self.blocks).saturating_mul(as_u64(BLOCK_BYTES))) {
            return Err(Unread::Torn);
        }
        let mut checksum = Checksum::new(id, length);
        let length = usize::try_from(length).map_err(|_| Unread::Torn)?;
        let count = length.div_ceil(WORD);
        let mut words: Vec<u64> = Vec::new();
        for place in 0..blocks_for(length) {
            let room = count.saturating_sub(words.len());
            let data = now.get(data_start(place)..).unwrap_or_default();
            words.extend(data.iter().take(room));
            let next = u32::try_from(word(&now, NEXT)).map_err(|_| Unread::Torn)?;
            if words.len() < count {
                now = block(next)?;
                if next == 0 || word(&now, ID) != id | CONTINUED {
                    return Err(Unread::Torn);
                }
            }
        }
        for word in &words {
            checksum.add(*word);
        }
        let is_whole = words.len() == count && checksum.0 == wanted;
        is_whole
            .then(|| bytes_of(&words, length))
            .ok_or(Unread::Torn)
    }

    /// The record that was given last is taken care of.
    pub(crate) fn settle(&mut self) {
        // If that fails it is done with the next record.
        if let Ok(file) = self.directory.file(&self.name, Use::Change) {
            self.mark_taken(&file);
        }
    }

    /// Takes back the mark of the record that was given last.
    fn mark_taken(&mut self, file: &File) {
        if let Some((_, head)) = self.given.take() {
            let at = u64::from(head).saturating_mul(as_u64(BLOCK_BYTES));
            let at = at.saturating_add(as_u64(MARK * WORD));
            // If that fails, the worst that follows is that a record comes twice, with the same id.
            let _ = file.write_all_at(&0_u64.to_ne_bytes(), at);
        }
    }
}

impl Iterator for Leftovers {
    type Item = Result<Vec<u8>, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.given.is_none() && self.heads.is_empty() {
            return None;
        }
        let Ok(file) = self.directory.file(&self.name, Use::Change) else {
            return Some(Err(Unread::NotNow));
        };
        self.mark_taken(&file);
        let head = self.heads.pop()?;
        self.given = Some(head);
        Some(self.read(&file, head))
    }
}

fn read_block(file: &File, number: u32) -> io::Result<Vec<u64>> {
    read_words(file, number, 1)
}

fn read_words(file: &File, first: u32, count: u32) -> io::Result<Vec<u64>> {
    let blocks = usize::try_from(count).unwrap_or(0);
    let mut bytes = vec![0; blocks.saturating_mul(BLOCK_BYTES)];
    let offset = u64::from(first).saturating_mul(as_u64(BLOCK_BYTES));
    file.read_exact_at(&mut bytes, offset)?;
    Ok(words_of(&bytes).collect())
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

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;
    use std::path::Path;

    fn create(scratch: &Scratch, name: &str, bytes: u64, dsn: &str) -> io::Result<QueueLog> {
        QueueLog::create(&Directory::open(scratch.path()).unwrap(), name, bytes, dsn)
    }

    fn open(path: &Path) -> io::Result<Option<Leftovers>> {
        let directory = Directory::open(path.parent().unwrap()).unwrap();
        Leftovers::open(&directory, path.file_name().unwrap().to_str().unwrap())
    }
    use std::fs;

    const DSN: &str = "https://key@example.com/1";

    fn log(scratch: &Scratch, max_bytes: u64) -> QueueLog {
        create(scratch, "queue.log", max_bytes, DSN).unwrap()
    }

    fn left(scratch: &Scratch) -> Vec<Result<Vec<u8>, Unread>> {
        let leftovers = open(&scratch.path().join("queue.log")).unwrap().unwrap();
        assert_eq!(leftovers.dsn(), DSN);
        leftovers.collect()
    }

    fn record(number: usize) -> Vec<u8> {
        // All lengths around the borders of words and blocks.
        (0..number * 37)
            .map(|at| (at * 31 + number) as u8)
            .collect()
    }

    #[test]
    fn records_come_back_in_order_and_settled_ones_do_not() {
        let scratch = Scratch::new();
        let log = log(&scratch, 1 << 20);
        let records: Vec<_> = (0..90)
            .map(|number| log.append(&record(number)).unwrap())
            .collect();
        for settled in records.iter().step_by(3) {
            log.settle(*settled);
        }
        // Nothing was synced or closed: the file is read as a killed process leaves it.
        let expected: Vec<_> = (0..90)
            .filter(|number| number % 3 != 0)
            .map(|number| Ok(record(number)))
            .collect();
        assert_eq!(left(&scratch), expected);
        assert_eq!(left(&scratch), [], "each is given once");
    }

    #[test]
    fn the_room_is_bounded_and_comes_back() {
        let scratch = Scratch::new();
        let log = log(&scratch, 64 * 1024);
        let size = fs::metadata(scratch.path().join("queue.log"))
            .unwrap()
            .len();
        assert!(size <= 64 * 1024 * 105 / 100 + 2048, "{size}");
        let bytes = vec![7; 5000];
        for _ in 0..10 {
            let mut kept = Vec::new();
            while let Some(record) = log.append(&bytes) {
                kept.push(record);
            }
            // 5 blocks each, of the 67 there are.
            assert_eq!(kept.len(), 13);
            assert!(log.append(&vec![0; 64 * 1024]).is_none());
            for record in kept {
                log.settle(record);
            }
        }
        assert!(log.append(&vec![1; 60 * 1024]).is_some());
        assert_eq!(
            fs::metadata(scratch.path().join("queue.log"))
                .unwrap()
                .len(),
            size
        );
    }

    #[test]
    fn a_record_that_is_given_back_comes_again_also_to_a_later_start() {
        let scratch = Scratch::new();
        let log = log(&scratch, 1 << 16);
        for bytes in [b"first", b"other"] {
            log.append(bytes).unwrap();
        }
        let path = scratch.path().join("queue.log");
        let mut leftovers = open(&path).unwrap().unwrap();
        assert_eq!(leftovers.next(), Some(Ok(b"first".to_vec())));
        leftovers.give_back();
        assert_eq!(leftovers.len(), 2);
        assert_eq!(leftovers.next(), Some(Ok(b"first".to_vec())));
        assert_eq!(leftovers.next(), Some(Ok(b"other".to_vec())));
        leftovers.give_back();
        assert_eq!(leftovers.next(), Some(Ok(b"other".to_vec())));
        leftovers.settle();
        leftovers.give_back();
        assert_eq!(leftovers.len(), 0);
        assert_eq!(left(&scratch), []);
    }

    #[test]
    fn a_log_that_cannot_be_opened_now_is_not_over() {
        let scratch = Scratch::new();
        let (path, away) = (scratch.path().join("queue.log"), scratch.path().join("x"));
        log(&scratch, 1 << 16).append(b"first").unwrap();
        let mut leftovers = open(&path).unwrap().unwrap();
        fs::rename(&path, &away).unwrap();
        assert_eq!(leftovers.next(), Some(Err(Unread::NotNow)));
        fs::rename(&away, &path).unwrap();
        assert_eq!(leftovers.next(), Some(Ok(b"first".to_vec())));
        assert_eq!(leftovers.next(), None);
    }

    #[test]
    fn what_a_record_holds_is_never_taken_for_a_record() {
        let scratch = Scratch::new();
        let mut bytes = vec![0; 3000];
        // Where a head has its mark, in the second block.
        let at = (BLOCK - HEAD + MARK - LINK) * WORD;
        bytes[at..at + WORD].copy_from_slice(&(COMMITTED ^ 1).to_ne_bytes());
        log(&scratch, 1 << 16).append(&bytes).unwrap();
        assert_eq!(left(&scratch), [Ok(bytes)]);
    }

    #[test]
    fn threads_write_side_by_side() {
        let scratch = Scratch::new();
        let log = log(&scratch, 1 << 20);
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let log = &log;
                scope.spawn(move || {
                    for number in 0..200_usize {
                        let bytes = vec![thread; 100 + number * 7];
                        let record = log.append(&bytes).unwrap();
                        if number % 10 != 0 {
                            log.settle(record);
                        }
                    }
                });
            }
        });
        let left = left(&scratch);
        assert_eq!(left.len(), 4 * 20);
        for record in left {
            let bytes = record.unwrap();
            assert!(bytes.iter().all(|byte| *byte == bytes[0]) && (bytes.len() - 100) % 70 == 0);
        }
    }

    #[test]
    fn lost_pages_cost_only_their_own_records() {
        let scratch = Scratch::new();
        let path = scratch.path().join("queue.log");
        let log = log(&scratch, 1 << 20);
        for number in 0..60 {
            log.append(&record(number)).unwrap();
        }
        drop(log);
        let whole = fs::read(&path).unwrap();
        for lost in 1..80 {
            let mut bytes = whole.clone();
            bytes[lost * 1024..(lost + 1) * 1024].fill(0);
            fs::write(&path, &bytes).unwrap();
            let found = left(&scratch);
            let torn = found.iter().filter(|record| record.is_err()).count();
            assert!(
                found.len() >= 59 && torn <= 1,
                "{lost}: {torn} of {}",
                found.len()
            );
            for bytes in found.into_iter().flatten() {
                assert_eq!(bytes, record(bytes.len() / 37));
            }
        }
    }

    #[test]
    fn what_is_no_log_is_refused() {
        let scratch = Scratch::new();
        let path = scratch.path().join("queue.log");
        drop(log(&scratch, 1 << 16));
        let whole = fs::read(&path).unwrap();
        let foreign = vec![b'x'; 4096];
        for bytes in [&whole[..0], &whole[..1000], &whole[..2048], &foreign] {
            fs::write(&path, bytes).unwrap();
            assert!(open(&path).unwrap().is_none(), "{}", bytes.len());
        }
        assert!(open(&scratch.path().join("missing")).is_err());
        assert!(create(&scratch, "x", 1 << 16, &"d".repeat(2000)).is_err());
        assert!(create(&scratch, "x", u64::MAX, DSN).is_err());
    }
}
