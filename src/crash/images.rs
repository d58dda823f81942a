//! The modules of this process, read from the loader: where they lie, what they are called, which build they are.
//!
//! What needs the loader's list is copied while the loader holds it; names and files are looked at afterwards.

use std::ffi::OsStr;
use std::ops::{ControlFlow, Range};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::identity::{self, HASHED_BYTES, HEADER_BYTES};
use super::native::{self, Counters, Loaded};
use super::tables::Tables;

/// A module with a name.
#[derive(Debug)]
pub(super) struct Image {
    /// Where it lies, from its first segment to the end of its last.
    pub(super) memory: Range<usize>,
    /// Path of its file.
    pub(super) file: Vec<u8>,
    /// Its build-id; empty if it has none.
    pub(super) build_id: Vec<u8>,
    /// What a server knows it by.
    pub(super) debug_id: String,
    /// How its frames are unwound.
    pub(super) tables: Option<Tables>,
}

/// What is copied while the loader holds its list.
struct Found {
    memory: Range<usize>,
    name: Vec<u8>,
    build_id: Vec<u8>,
    header: [u8; HEADER_BYTES],
    /// Hash of the start of the executable segment, for a module without a build-id.
    hash: [u8; 16],
    tables: Option<Tables>,
}

impl Found {
    fn read(module: &Loaded<'_>) -> Option<Self> {
        let of_kind = |kind| module.segments.iter().filter(move |it| it.kind == kind);
        let start = of_kind(libc::PT_LOAD).map(|it| it.memory.start).min()?;
        let end = of_kind(libc::PT_LOAD).map(|it| it.memory.end).max()?;
        // The first segment begins in the middle of a page only in odd files; what is mapped begins with the page.
        let start = start & !0xfff;
        let build_id = of_kind(libc::PT_NOTE)
            .find_map(|notes| identity::build_id(module.memory(&notes.memory)?, notes.align))
            .map_or_else(Vec::new, <[u8]>::to_vec);
        let code = of_kind(libc::PT_LOAD).find(|it| it.flags & libc::PF_X != 0);
        let hash = code.filter(|_| build_id.is_empty()).and_then(|code| {
            let end = code.memory.start.saturating_add(HASHED_BYTES);
            module.memory(&(code.memory.start..end.min(code.memory.end)))
        });
        let header = module.memory(&(start..start.saturating_add(HEADER_BYTES)));
        Some(Self {
            memory: start..end,
            name: module.name().to_vec(),
            build_id,
            header: header
                .and_then(|bytes| bytes.first_chunk().copied())
                .unwrap_or([0; HEADER_BYTES]),
            hash: hash.map_or([0; 16], identity::folded),
            tables: Tables::find(module, &(start..end)),
        })
    }
}

/// All modules, the program first, and the counters of the loader that belong to them.
pub(super) fn read() -> (Option<Counters>, Vec<Image>) {
    let (mut counters, mut found) = (None, Vec::new());
    native::each_loaded(|module| {
        counters = Some(module.counters());
        found.extend(Found::read(module));
        ControlFlow::Continue(())
    });
    let mut mappings = Mappings::default();
    let images = found
        .into_iter()
        .filter_map(|found| image(found, &mut mappings));
    (counters, images.collect())
}

/// None for what has no file.
fn image(found: Found, mappings: &mut Mappings) -> Option<Image> {
    let file = if found.memory.start == native::kernel_module() {
        b"linux-gate.so".to_vec()
    } else if found.name.starts_with(b"/") {
        found.name
    } else {
        // The program has no name here, and a relative one was relative to the working directory of that time.
        mappings.file_at(found.memory.start)?
    };
    if file.starts_with(b"/dev/") {
        return None;
    }
    let debug_id = if found.build_id.is_empty() {
        let path = Path::new(OsStr::from_bytes(&file));
        let hash = identity::file_hash(path, &found.header).unwrap_or(found.hash);
        identity::debug_id(&hash)
    } else {
        identity::debug_id(&found.build_id)
    };
    Some(Image {
        memory: found.memory,
        file,
        build_id: found.build_id,
        debug_id,
        tables: found.tables,
    })
}

/// The kernel's list of what is mapped where, read when it is asked for.
#[derive(Default)]
struct Mappings(Option<Vec<u8>>);

impl Mappings {
    /// The file that is mapped at an address.
    fn file_at(&mut self, address: usize) -> Option<Vec<u8>> {
        let lines = self
            .0
            .get_or_insert_with(|| std::fs::read("/proc/self/maps").unwrap_or_default());
        lines
            .split(|byte| *byte == b'\n')
            .find_map(|line| file_of_line(line, address))
    }
}

/// The file in a line like `7f00-7f80 r-xp 00000000 08:01 77   /usr/lib/libc.so.6`, if the address lies in its range.
fn file_of_line(line: &[u8], address: usize) -> Option<Vec<u8>> {
    const DELETED: &[u8] = b" (deleted)";
    let mut fields = line.splitn(6, |byte| *byte == b' ');
    let range = std::str::from_utf8(fields.next()?).ok()?;
    let (start, end) = range.split_once('-')?;
    let number = |hex| usize::from_str_radix(hex, 16).ok();
    if !(number(start)?..number(end)?).contains(&address) {
        return None;
    }
    let path = fields.nth(4)?;
    let path = path.trim_ascii_start();
    let path = path.strip_suffix(DELETED).unwrap_or(path);
    path.starts_with(b"/").then(|| path.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel_give_the_file_of_an_address() {
        let line = b"00400000-0048a000 r-xp 00000000 fd:03 960637       /my bin/a b";
        assert_eq!(
            file_of_line(line, 0x40_0000).as_deref(),
            Some(b"/my bin/a b".as_slice())
        );
        assert_eq!(file_of_line(line, 0x48_a000), None);
        let gone = b"1000-2000 r--p 00000000 fd:03 9 /tmp/x (deleted)";
        assert_eq!(
            file_of_line(gone, 0x1fff).as_deref(),
            Some(b"/tmp/x".as_slice())
        );
        for none in [
            "1000-2000 rw-p 00000000 00:00 0 ",
            "1000-2000 rw-p 00000000 00:00 0 [heap]",
            "1000-2000",
            "",
            "x-y z",
        ] {
            assert_eq!(file_of_line(none.as_bytes(), 0x1000), None, "{none}");
        }
    }
}
