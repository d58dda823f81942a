//! What a process has in memory: this process, another one, or one of which parts were recorded.
//!
//! Everything in this room that reads what it has not written itself takes a [`Memory`]: tables, identities of modules,
//! stacks. The own memory is [`super::native::OwnMemory`]. May use: `base`.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::base::descriptor::raised;

/// Memory that may not be there.
pub(crate) trait Memory {
    /// Fills `into` with what lies at `address`; false if some of it is not there.
    fn read(&self, address: usize, into: &mut [u8]) -> bool;
}

/// The memory of another process, which must be one that this one may trace: a child, for instance.
#[derive(Debug)]
pub(crate) struct ProcessMemory(File);

impl ProcessMemory {
    /// Opens the memory of a process by its id.
    pub(crate) fn open(process: u32) -> io::Result<Self> {
        File::open(format!("/proc/{process}/mem"))
            .and_then(raised)
            .map(Self)
    }
}

impl Memory for ProcessMemory {
    fn read(&self, address: usize, into: &mut [u8]) -> bool {
        u64::try_from(address).is_ok_and(|address| self.0.read_exact_at(into, address).is_ok())
    }
}

/// Parts of the memory of a process that may no longer exist.
#[derive(Debug)]
pub(crate) struct RecordedMemory<'a>(Vec<(usize, &'a [u8])>);

impl<'a> RecordedMemory<'a> {
    /// From pieces and the addresses where they were; they do not overlap.
    pub(crate) fn new(mut pieces: Vec<(usize, &'a [u8])>) -> Self {
        pieces.sort_unstable_by_key(|(start, _)| *start);
        Self(pieces)
    }

    /// What is known from an address on, up to the end of its piece; empty if nothing is.
    fn from(&self, address: usize) -> &'a [u8] {
        let after = self.0.partition_point(|(start, _)| *start <= address);
        let piece = after.checked_sub(1).and_then(|at| self.0.get(at));
        let bytes = piece.and_then(|(start, bytes)| bytes.get(address.checked_sub(*start)?..));
        bytes.unwrap_or_default()
    }
}

impl Memory for RecordedMemory<'_> {
    fn read(&self, address: usize, into: &mut [u8]) -> bool {
        let (mut address, mut rest) = (address, into);
        while !rest.is_empty() {
            let known = self.from(address);
            let count = known.len().min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            let Some(next) = address.checked_add(count).filter(|_| count > 0) else {
                return false;
            };
            now.copy_from_slice(known.split_at(count).0);
            (address, rest) = (next, later);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::native::OwnMemory;

    #[test]
    fn what_was_recorded_is_read_across_pieces_and_nothing_else() {
        let memory = RecordedMemory::new(vec![(20, b"fghij"), (5, b"xyz"), (15, b"abcde")]);
        let read = |address, length| {
            let mut bytes = vec![0; length];
            memory.read(address, &mut bytes).then_some(bytes)
        };
        assert_eq!(read(17, 6).as_deref(), Some(&b"cdefgh"[..]));
        assert_eq!(read(5, 3).as_deref(), Some(&b"xyz"[..]));
        assert_eq!(read(24, 1).as_deref(), Some(&b"j"[..]));
        for (address, length) in [(4, 1), (7, 2), (8, 1), (24, 2), (usize::MAX, 1)] {
            assert_eq!(read(address, length), None, "{length} bytes at {address}");
        }
        assert_eq!(read(usize::MAX, 0).as_deref(), Some(&b""[..]));
    }

    #[test]
    fn another_process_is_read_like_the_own_one() {
        let words = [7_usize, 11, 13];
        let address = std::ptr::from_ref(&words).expose_provenance();
        let other = ProcessMemory::open(std::process::id()).unwrap();
        for memory in [&OwnMemory as &dyn Memory, &other] {
            let mut bytes = [0; size_of::<usize>()];
            assert!(memory.read(address + size_of::<usize>(), &mut bytes));
            assert_eq!(usize::from_ne_bytes(bytes), 11);
            assert!(!memory.read(8, &mut bytes));
            assert!(!memory.read(usize::MAX - 3, &mut bytes));
        }
    }
}
