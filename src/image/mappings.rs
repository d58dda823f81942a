//! What the kernel has mapped where: the names of files, and in a forked child the modules themselves.
//!
//! A module is a file that is mapped from its start, begins with an ELF header, and has executable memory. Its program
//! headers are read from memory as one that may not be there, since nobody keeps it in place. May use: `loaded`, `memory`,
//! `identity`.

use std::cell::OnceCell;
use std::io;
use std::ops::Range;

use super::identity::HEADER_BYTES;
use super::loaded::{Loaded, Segment};
use super::memory::Memory;
use crate::base::descriptor;

/// More program headers than any module has; a bound for what only looks like one.
const MAX_HEADERS: usize = 64;
const IS_64: bool = size_of::<usize>() == 8;
const PAGE: usize = 0x1000;
/// What the kernel calls its own module.
pub(super) const KERNEL_MODULE: &[u8] = b"[vdso]";

/// The kernel's list of a process; that of the own one is read when it is asked for.
#[derive(Debug, Default)]
pub(crate) struct Mappings(OnceCell<Vec<u8>>);

/// A line like `7f00-7f80 r-xp 00000000 08:01 77   /usr/lib/libc.so.6`.
#[derive(Debug, PartialEq, Eq)]
struct Mapping<'a> {
    memory: Range<usize>,
    is_executable: bool,
    offset: usize,
    file: &'a [u8],
}

impl Mappings {
    /// Those of another process, by its id.
    pub(crate) fn of_process(process: u32) -> io::Result<Self> {
        descriptor::read(format!("/proc/{process}/maps")).map(Self::recorded)
    }

    /// From what the kernel said once: the text of a file `maps`.
    pub(crate) fn recorded(text: Vec<u8>) -> Self {
        Self(OnceCell::from(text))
    }

    fn lines(&self) -> impl Iterator<Item = Mapping<'_>> {
        // Not those of the process: its first thread may have ended, and there is nothing to read then.
        let read = || descriptor::read("/proc/thread-self/maps").unwrap_or_default();
        let text = self.0.get_or_init(read);
        text.split(|byte| *byte == b'\n').filter_map(Mapping::read)
    }

    /// The file that is mapped at an address.
    pub(super) fn file_at(&self, address: usize) -> Option<Vec<u8>> {
        self.lines()
            .find(|it| it.memory.contains(&address))
            .filter(|it| it.file.starts_with(b"/"))
            .map(|it| it.file.to_vec())
    }

    /// Shows each module in the memory that these mappings are of, the one with the lowest address first: with usual
    /// linkers that is the program.
    pub(super) fn each_module(&self, memory: &dyn Memory, mut visit: impl FnMut(&Loaded<'_>)) {
        let begins = |it: &Mapping<'_>| {
            it.offset == 0 && (it.file.starts_with(b"/") || it.file == KERNEL_MODULE)
        };
        for first in self.lines().filter(begins) {
            let Some(segments) = segments_at(memory, first.memory.start) else {
                continue;
            };
            let ends = segments.iter().map(|it| it.memory.end);
            let place = first.memory.start..ends.max().unwrap_or(0);
            let is_code = |it: Mapping<'_>| {
                it.is_executable && it.file == first.file && place.contains(&it.memory.start)
            };
            if self.lines().any(is_code) {
                visit(&Loaded {
                    name: first.file,
                    segments,
                    source: memory,
                    counters: None,
                });
            }
        }
    }
}

impl<'a> Mapping<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        const DELETED: &[u8] = b" (deleted)";
        let mut fields = line.splitn(6, |byte| *byte == b' ');
        let mut text = || std::str::from_utf8(fields.next()?).ok();
        let (range, rights, offset) = (text()?, text()?, text()?);
        let number = |hex| usize::from_str_radix(hex, 16).ok();
        let (start, end) = range.split_once('-')?;
        let file = fields.nth(2)?.trim_ascii_start();
        Some(Self {
            memory: number(start)?..number(end)?,
            is_executable: rights.contains('x'),
            offset: number(offset)?,
            file: file.strip_suffix(DELETED).unwrap_or(file),
        })
    }
}

/// The segments of the module whose ELF header lies at `start`; none if there is no such header.
fn segments_at(memory: &dyn Memory, start: usize) -> Option<Vec<Segment>> {
    const IDENTITY: &[u8] = if IS_64 {
        b"\x7fELF\x02"
    } else {
        b"\x7fELF\x01"
    };
    let mut header = [0; HEADER_BYTES];
    if !memory.read(start, &mut header) || !header.starts_with(IDENTITY) {
        return None;
    }
    let table = word(&header, if IS_64 { 32 } else { 28 })?;
    let size = half(&header, if IS_64 { 54 } else { 42 })?;
    let count = half(&header, if IS_64 { 56 } else { 44 })?;
    let mut entries = vec![0; size.checked_mul(count.min(MAX_HEADERS))?];
    if !memory.read(start.checked_add(table)?, &mut entries) {
        return None;
    }
    let read = |entry: &[u8]| {
        // Kind, flags, address, size in memory, alignment.
        let at = if IS_64 {
            [4, 16, 40, 48]
        } else {
            [24, 8, 20, 28]
        };
        let [flags, address, bytes, align] = at;
        let segment = Segment {
            kind: number(entry, 0)?,
            flags: number(entry, flags)?,
            memory: word(entry, address)?..word(entry, bytes)?,
            align: word(entry, align)?,
        };
        Some(segment)
    };
    let mut segments: Vec<Segment> = entries.chunks_exact(size.max(1)).filter_map(read).collect();
    let loaded = segments.iter().filter(|it| it.kind == libc::PT_LOAD);
    let lowest = loaded.map(|it| it.memory.start).min()? & !PAGE.wrapping_sub(1);
    let bias = start.wrapping_sub(lowest);
    for segment in &mut segments {
        // So far its address in the file and its size.
        let at = segment.memory.start.wrapping_add(bias);
        segment.memory = at..at.saturating_add(segment.memory.end);
    }
    Some(segments)
}

fn half(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(usize::from(u16::from_ne_bytes(*bytes)))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|it| u32::from_ne_bytes(*it))
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|it| usize::from_ne_bytes(*it))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "crash")]
    use crate::image::native::{self, OwnMemory};

    #[test]
    fn lines_of_the_kernel_are_read() {
        let read = |line: &'static str| Mapping::read(line.as_bytes());
        let line = "00400000-0048a000 r-xp 00002000 fd:03 960637       /my bin/a b";
        assert_eq!(
            read(line),
            Some(Mapping {
                memory: 0x40_0000..0x48_a000,
                is_executable: true,
                offset: 0x2000,
                file: b"/my bin/a b",
            })
        );
        let gone = read("1000-2000 r--p 00000000 fd:03 9 /tmp/x (deleted)").unwrap();
        assert_eq!((gone.file, gone.is_executable), (&b"/tmp/x"[..], false));
        let heap = read("1000-2000 rw-p 00000000 00:00 0 [heap]").unwrap();
        assert_eq!(heap.file, b"[heap]");
        for none in ["1000-2000", "", "x-y r--p 0 fd:03 9 z"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn the_file_at_an_address_is_found() {
        let mappings = Mappings::recorded(
            b"1000-2000 r--p 00000000 fd:03 9 /tmp/x\n2000-3000 rw-p 00000000 00:00 0 [heap]\n"
                .to_vec(),
        );
        assert_eq!(mappings.file_at(0x1fff).as_deref(), Some(&b"/tmp/x"[..]));
        assert_eq!(mappings.file_at(0x2000), None);
        assert_eq!(mappings.file_at(0x3000), None);
    }

    #[cfg(feature = "crash")]
    #[test]
    fn the_kernel_knows_the_modules_that_the_loader_knows() {
        let place = |module: &Loaded<'_>| {
            let segments = module.segments.iter();
            let mut segments: Vec<_> = segments.map(|it| (it.kind, it.memory.clone())).collect();
            segments.sort_by_key(|(kind, memory)| (*kind, memory.start));
            segments
        };
        // Another test may load a library meanwhile.
        let are_same = || {
            let (mut loaded, mut mapped) = (Vec::new(), Vec::new());
            native::each_loaded(|module| {
                loaded.push(place(module));
                std::ops::ControlFlow::Continue(())
            });
            Mappings::default().each_module(&OwnMemory, |module| mapped.push(place(module)));
            let is_program_first = loaded.first() == mapped.first();
            loaded.sort_by_key(|it| it.first().map(|(_, memory)| memory.start));
            mapped.sort_by_key(|it| it.first().map(|(_, memory)| memory.start));
            is_program_first && loaded.len() > 3 && loaded == mapped
        };
        assert!((0..100).any(|_| are_same()));
    }
}
