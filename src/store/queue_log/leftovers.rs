//! Leftovers: what a run left in its log, for the start that takes it over.
//!
//! Entry point: [`Leftovers::open`]. May use: the layout.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::layout::{
    BLOCK, BLOCK_BYTES, CHECKSUM, COMMITTED, CONTINUED, Checksum, DSN_BYTES, ID, LENGTH, MAGIC,
    MARK, NEXT, PREAMBLE, as_u64, blocks_for, bytes_of, data_start, word, words_of,
};
use crate::base::folder::Use;
use crate::store::directory::Directory;
use crate::store::segment::WORD;

/// Largest record that is believed when it is read.
const MAX_RECORD: u64 = 1 << 40;

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
    /// Opens the log of a run that has ended, unless it is larger than `most_bytes`: all of it is read. None if the file is no log that this version can read.
    pub(crate) fn open(
        directory: &Directory,
        name: &str,
        most_bytes: u64,
    ) -> io::Result<Option<Self>> {
        let file = directory.file(name, Use::Change)?;
        let found = file.metadata()?;
        if found.len() < as_u64(BLOCK_BYTES) || found.len() > most_bytes {
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
        for place in 0..usize::try_from(blocks_for(length)).unwrap_or(0) {
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
