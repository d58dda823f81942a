//! Deflate (RFC 1951): text in fewer bytes, with as little work as that takes.
//!
//! Envelopes are short texts that repeat themselves, and each is compressed once, on the thread that sends. So nothing is
//! cleared between two of them, a repetition is looked for in one place only and taken as it is, and the codes fit the text.
//! Entry point: [`Deflate`]. May use: the standard library.

mod bits;
mod block;
mod huffman;

use bits::BitWriter;
use block::{Sequence, write, write_last};

/// Bits of a hash, of which each has a place: with 4 bytes each they are half of the first cache, beside the text of an event.
const HASH_BITS: u32 = 12;
/// Farthest that deflate can point back.
const WINDOW: u32 = 32 * 1024;
/// Shortest repetition that is looked for: its bytes are compared as one number.
const SHORTEST: usize = 4;
/// Longest repetition that deflate can say.
const LONGEST: usize = 258;
/// Text of one block at most: its numbers are small then, and its codes fit what is said there.
const BLOCK: usize = 128 * 1024;
/// Sequences of one block at most, with 8 bytes each.
const SEQUENCES: usize = 4096;
/// After so many literals every second place is looked at, after twice as many every third: what is no text ends soon.
const PATIENCE: usize = 64;

/// Where a word of four bytes was seen last, by its hash. Places are numbered on from text to text, with a gap: what an earlier
/// text left is too far away, and need not be cleared.
type Places = [u32; 1 << HASH_BITS];

/// A compressor, of 48 KiB.
#[derive(Debug)]
pub(super) struct Deflate {
    places: Box<Places>,
    /// The number of the first place of the next text.
    next: u32,
    sequences: Vec<Sequence>,
}

impl Deflate {
    /// One that has seen nothing; none without memory for it.
    pub(super) fn new() -> Option<Self> {
        let (mut places, mut sequences) = (Vec::new(), Vec::new());
        places.try_reserve_exact(1 << HASH_BITS).ok()?;
        places.resize(1 << HASH_BITS, 0);
        sequences.try_reserve_exact(SEQUENCES).ok()?;
        Some(Self {
            places: places.into_boxed_slice().try_into().ok()?,
            // Place 0 is too far away.
            next: WINDOW + 1,
            sequences,
        })
    }

    /// Adds the text of all the pieces, compressed, to these bytes. None without memory for them.
    pub(super) fn compress<'a>(
        &mut self,
        out: Vec<u8>,
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Option<Vec<u8>> {
        let mut out = BitWriter::new(out);
        let mut blocks = pieces.into_iter().flat_map(|piece| piece.chunks(BLOCK));
        let is_written = blocks.all(|text| self.write_text(&mut out, text)) && write_last(&mut out);
        is_written.then(|| out.finish())
    }

    /// Writes at most [`BLOCK`] bytes; false without memory.
    fn write_text(&mut self, out: &mut BitWriter, text: &[u8]) -> bool {
        let first = self.begin(text);
        self.sequences.clear();
        // Where the block begins, its last literals, and the search stands.
        let (mut begin, mut literals, mut at) = (0, 0, 0);
        while let Some(word) = word(text, at) {
            let here = first.wrapping_add(at as u32);
            let Some((length, distance)) = find(&mut self.places, here, text, at, word) else {
                let passed = at.wrapping_sub(literals) / PATIENCE;
                at = at.saturating_add(passed).saturating_add(1);
                continue;
            };
            self.sequences.push(Sequence {
                literals: at.wrapping_sub(literals) as u32,
                length: length as u16,
                distance: distance.wrapping_sub(1) as u16,
            });
            at = at.saturating_add(length);
            literals = at;
            if self.sequences.len() == SEQUENCES {
                let block = text.get(begin..at).unwrap_or_default();
                if !write(out, block, &self.sequences) {
                    return false;
                }
                self.sequences.clear();
                begin = at;
            }
        }
        self.sequences.push(Sequence {
            literals: text.len().saturating_sub(literals) as u32,
            ..Sequence::default()
        });
        let block = text.get(begin..).unwrap_or_default();
        write(out, block, &self.sequences)
    }

    /// The number of the first place of this text.
    fn begin(&mut self, text: &[u8]) -> u32 {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let behind = |first: u32| first.checked_add(length)?.checked_add(WINDOW);
        let first = self.next;
        match behind(first) {
            Some(next) => {
                self.next = next;
                first
            }
            // After four gigabytes the numbers begin anew.
            None => {
                self.places.fill(0);
                self.next = behind(WINDOW + 1).unwrap_or(u32::MAX);
                WINDOW + 1
            }
        }
    }
}

/// Notes that this word is at `at`, whose number is `here`; how many bytes are the same as at its last place, and how far back
/// that is.
#[inline(always)]
fn find(places: &mut Places, here: u32, text: &[u8], at: usize, word: u32) -> Option<(usize, u32)> {
    let distance = here.wrapping_sub(note(places, word, here));
    if distance > WINDOW {
        return None;
    }
    let earlier = text.get(at.checked_sub(distance as usize)?..)?;
    if self::word(earlier, 0) != Some(word) {
        return None;
    }
    let text = text.get(at..)?;
    let length = same(earlier, text.get(..LONGEST).unwrap_or(text));
    // The end of what is repeated is often the begin of the next repetition.
    let last = length.wrapping_sub(2);
    if let Some(word) = self::word(text, last) {
        note(places, word, here.wrapping_add(last as u32));
    }
    Some((length, distance))
}

/// Notes where a word is, and returns where it was.
#[inline(always)]
fn note(places: &mut Places, word: u32, place: u32) -> u32 {
    // Knuth's multiplicative hash: 2^32 divided by the golden ratio.
    let hash = word.wrapping_mul(0x9E37_79B1) >> (u32::BITS - HASH_BITS);
    match places.get_mut(hash as usize) {
        Some(noted) => std::mem::replace(noted, place),
        None => 0,
    }
}

/// The four bytes there.
#[inline(always)]
fn word(text: &[u8], at: usize) -> Option<u32> {
    let bytes = text.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

/// How many bytes of `text` the other begins with as well, where the first [`SHORTEST`] are known to be the same.
#[inline(always)]
fn same(other: &[u8], text: &[u8]) -> usize {
    let mut same = SHORTEST;
    let eight = |bytes: &[u8], at: usize| {
        let bytes = bytes.get(at..)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    };
    while let (Some(one), Some(other)) = (eight(text, same), eight(other, same)) {
        let difference = one ^ other;
        if difference != 0 {
            return same.wrapping_add((difference.trailing_zeros() / 8) as usize);
        }
        same = same.saturating_add(8);
    }
    while same < text.len() && text.get(same) == other.get(same) {
        same = same.saturating_add(1);
    }
    same
}

#[cfg(test)]
mod tests;
