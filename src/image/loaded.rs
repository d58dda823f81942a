//! A module as it lies in memory: what the loader says of it, or what its program headers say.

use std::ops::Range;

use super::memory::Memory;

/// How many libraries the loader has loaded and unloaded: another number means another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counters {
    /// Loaded so far.
    pub(super) loaded: u64,
    /// Unloaded so far.
    pub(super) unloaded: u64,
}

/// A part of a module, as its program header says; addresses are those of the process.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// `PT_LOAD`, `PT_NOTE`, …
    pub(super) kind: u32,
    /// `PF_R`, `PF_X`, …
    pub(super) flags: u32,
    /// Where it lies in memory.
    pub(super) memory: Range<usize>,
    /// Alignment of what is in it.
    pub(super) align: usize,
}

/// A module that is being looked at.
pub(super) struct Loaded<'a> {
    /// The name the loader has for it, empty for the program; or the file that is mapped there.
    pub(super) name: &'a [u8],
    /// Its segments.
    pub(super) segments: Vec<Segment>,
    /// What they are in.
    pub(super) source: &'a dyn Memory,
    /// See [`Counters`]; none if the loader was not asked.
    pub(super) counters: Option<Counters>,
}

impl Loaded<'_> {
    /// True if this is all in one readable segment of the module.
    pub(super) fn holds(&self, range: &Range<usize>) -> bool {
        let is_inside = |segment: &Segment| {
            segment.kind == libc::PT_LOAD
                && segment.flags & libc::PF_R != 0
                && segment.memory.start <= range.start
                && range.end <= segment.memory.end
        };
        !range.is_empty() && self.segments.iter().any(is_inside)
    }

    /// A copy of memory of the module: of a part that is small in any module.
    pub(super) fn memory(&self, range: &Range<usize>) -> Option<Vec<u8>> {
        /// More than any part has that is asked for.
        const MOST: usize = 64 * 1024;
        if !self.holds(range) || range.len() > MOST {
            return None;
        }
        let mut bytes = vec![0; range.len()];
        self.source.read(range.start, &mut bytes).then_some(bytes)
    }
}
