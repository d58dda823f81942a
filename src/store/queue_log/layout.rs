//! Layout: how the file of a queue log is cut into blocks, and records into blocks.
//!
//! Who reads a log and who writes it keep to this. May use: `store::segment`.

use crate::store::segment::WORD;

/// Words of a block. Small, since a record leaves half of its last block unused on average.
pub(super) const BLOCK: usize = 128;
/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = BLOCK * WORD;
/// Words before the data of any block: the record it belongs to, and the next block.
pub(super) const LINK: usize = 2;
/// Words before the data of a head: those, length, checksum, and the mark.
pub(super) const HEAD: usize = 5;
/// Places of the words.
pub(super) const ID: usize = 0;
pub(super) const NEXT: usize = 1;
pub(super) const LENGTH: usize = 2;
pub(super) const CHECKSUM: usize = 3;
pub(super) const MARK: usize = 4;
/// What the mark of a committed record is, combined with its id: no other block has it there by chance.
pub(super) const COMMITTED: u64 = 0x5eed_10c0_ffee_c0de;
/// Set in the id of every block of a record but its head, which nothing in it can then be taken for.
pub(super) const CONTINUED: u64 = 1 << 63;
/// First word of the file: name and version of the layout.
pub(super) const MAGIC: u64 = u64::from_ne_bytes(*b"sntrylg1");
/// Words of block 0 before the DSN: magic, number of blocks, length of the DSN.
pub(super) const PREAMBLE: usize = 3;
/// Longest DSN that block 0 holds.
pub(super) const DSN_BYTES: usize = (BLOCK - PREAMBLE) * WORD;

/// Where a block begins in the file.
pub(super) fn offset(block: u32) -> u64 {
    u64::from(block).saturating_mul(as_u64(BLOCK_BYTES))
}

/// Notices pages that a power failure lost; no defence against anybody.
pub(super) struct Checksum(pub(super) u64);

impl Checksum {
    /// Of a record with this id and length, and no words yet.
    pub(super) fn new(id: u64, length: u64) -> Self {
        let mut checksum = Self(0);
        checksum.add(id);
        checksum.add(length);
        checksum
    }

    /// Adds a word.
    pub(super) fn add(&mut self, word: u64) {
        /// The golden ratio, as in Fibonacci hashing.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

/// Blocks of a record of `length` bytes.
pub(super) fn blocks_for(length: usize) -> u32 {
    let in_head = (BLOCK - HEAD) * WORD;
    let rest = length.saturating_sub(in_head);
    let blocks = rest.div_ceil((BLOCK - LINK) * WORD).saturating_add(1);
    u32::try_from(blocks).unwrap_or(u32::MAX)
}

/// Where the data of a record's block begins; `place` counts its blocks.
pub(super) fn data_start(place: usize) -> usize {
    if place == 0 { HEAD } else { LINK }
}

/// The word at that place of a block.
pub(super) fn word(block: &[u64], place: usize) -> u64 {
    block.get(place).copied().unwrap_or(0)
}

/// The bytes as words, the last one filled up with zeros.
pub(super) fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.chunks(WORD).map(|chunk| {
        let mut word = [0; WORD];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        u64::from_ne_bytes(word)
    })
}

/// So many bytes of the words.
pub(super) fn bytes_of(words: &[u64], length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    bytes.truncate(length);
    bytes
}

/// A length as the file holds it.
pub(super) fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
