//! The unwind tables of a module: `.eh_frame_hdr` and `.eh_frame`, found through the program headers.

use std::ops::Range;

use super::loaded::Loaded;
use super::memory::Memory;

/// Where the tables of a module lie in memory, and the code they are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tables {
    /// The whole module.
    pub(super) module: Range<usize>,
    /// Its executable segment.
    pub(super) code: Range<usize>,
    /// The search table.
    pub(super) index: Range<usize>,
    /// The descriptions; ends with the segment they lie in.
    pub(super) frames: Range<usize>,
}

impl Tables {
    /// The tables of a module that has some of the usual form.
    pub(super) fn find(module: &Loaded<'_>, place: &Range<usize>) -> Option<Self> {
        let index = module
            .segments
            .iter()
            .find(|it| it.kind == libc::PT_GNU_EH_FRAME)?
            .memory
            .clone();
        let code = module
            .segments
            .iter()
            .find(|it| it.kind == libc::PT_LOAD && it.flags & libc::PF_X != 0)?
            .memory
            .clone();
        let head = index.start..index.start.saturating_add(INDEX_HEAD);
        let start = frames_start(&module.memory(&head)?, index.start)?;
        let end = module
            .segments
            .iter()
            .find(|it| it.kind == libc::PT_LOAD && it.memory.contains(&start))?
            .memory
            .end;
        let is_there = module.holds(&index) && module.holds(&(start..end));
        is_there.then(|| Self {
            module: place.clone(),
            code,
            index,
            frames: start..end,
        })
    }

    /// False if the module was unloaded: its first and last pages are gone.
    pub(super) fn are_mapped(&self, memory: &dyn Memory) -> bool {
        [&self.index, &self.frames].into_iter().all(|range| {
            let ends = [range.start, range.end.wrapping_sub(1)];
            ends.into_iter().all(|end| memory.read(end, &mut [0]))
        })
    }
}

/// Bytes of the search table before its entries, as far as they are read.
const INDEX_HEAD: usize = 8;

/// Where the search table says that the descriptions begin: version 1, a distance from the field that holds it.
fn frames_start(index: &[u8], address: usize) -> Option<usize> {
    const VERSION: u8 = 1;
    const SIGNED_DISTANCE: u8 = 0x1b;
    if !matches!(index, [VERSION, SIGNED_DISTANCE, ..]) {
        return None;
    }
    let distance = i32::from_ne_bytes(*index.get(4..)?.first_chunk()?);
    let field = address.checked_add(4)?;
    field.checked_add_signed(isize::try_from(distance).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tables_of_the_usual_form_are_used() {
        let mut index = vec![1, 0x1b, 3, 0x3b];
        index.extend((-20_i32).to_ne_bytes());
        assert_eq!(frames_start(&index, 0x1000), Some(0x1004 - 20));
        assert_eq!(frames_start(&index, 8), None);
        assert_eq!(frames_start(&index[..7], 0x1000), None);
        index[1] = 0xff;
        assert_eq!(frames_start(&index, 0x1000), None);
    }
}
