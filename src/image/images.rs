//! The modules of a process: where they lie, what they are called, which build they are.
//!
//! Those of this process are read from the loader: what needs its list is copied while it holds it; names and files are
//! looked at afterwards. In a forked child, and for other processes, the list of the kernel takes its place.

use std::ffi::OsStr;
use std::ops::{ControlFlow, Range};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::identity::{self, HASHED_BYTES, HEADER_BYTES};
use super::loaded::{Counters, Loaded};
use super::mappings::{KERNEL_MODULE, Mappings};
use super::memory::Memory;
use super::native::{self, OwnMemory};
use super::tables::Tables;
use crate::base::memory;

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
            .find_map(|notes| {
                let bytes = module.memory(&notes.memory)?;
                identity::build_id(&bytes, notes.align).map(<[u8]>::to_vec)
            })
            .unwrap_or_default();
        let code = of_kind(libc::PT_LOAD).find(|it| it.flags & libc::PF_X != 0);
        let hash = code.filter(|_| build_id.is_empty()).and_then(|code| {
            let end = code.memory.start.saturating_add(HASHED_BYTES);
            module.memory(&(code.memory.start..end.min(code.memory.end)))
        });
        let header = module.memory(&(start..start.saturating_add(HEADER_BYTES)));
        Some(Self {
            memory: start..end,
            name: module.name.to_vec(),
            build_id,
            header: header
                .and_then(|bytes| bytes.first_chunk().copied())
                .unwrap_or([0; HEADER_BYTES]),
            hash: hash.map_or([0; 16], |code| identity::folded(&code)),
            tables: Tables::find(module, &(start..end)),
        })
    }
}

/// All modules of this process, the program first, and the counters of the loader that belong to them.
///
/// In a forked child the loader is not asked, see [`native::may_ask_loader`]: what the kernel has mapped tells the same.
pub(super) fn read() -> (Option<Counters>, Vec<Image>) {
    let (mut counters, mut found) = (None, Vec::new());
    let mappings = Mappings::default();
    let mut look = |module: &Loaded<'_>| {
        counters = module.counters;
        // Without memory for it a module is missing.
        if let Some(module) = Found::read(module)
            && memory::reserve(&mut found, 1)
        {
            found.push(module);
        }
    };
    if native::may_ask_loader() {
        native::each_loaded(|module| {
            look(module);
            ControlFlow::Continue(())
        });
    } else {
        mappings.each_module(&OwnMemory, look);
    }
    let kernel_module = native::kernel_module();
    let is_kernel_module = |found: &Found| found.memory.start == kernel_module;
    (counters, named(found, &mappings, is_kernel_module))
}

/// The modules of another process or of a recorded one, by its memory and its mappings.
pub(super) fn of(memory: &dyn Memory, mappings: &Mappings) -> Vec<Image> {
    let mut found = Vec::new();
    mappings.each_module(memory, |module| found.extend(Found::read(module)));
    named(found, mappings, |found| found.name == KERNEL_MODULE)
}

fn named(
    found: Vec<Found>,
    mappings: &Mappings,
    is_kernel_module: impl Fn(&Found) -> bool,
) -> Vec<Image> {
    memory::collect(found.into_iter().filter_map(|found| {
        let is_kernel_module = is_kernel_module(&found);
        image(found, mappings, is_kernel_module)
    }))
}

/// None for what has no file.
fn image(found: Found, mappings: &Mappings, is_kernel_module: bool) -> Option<Image> {
    let file = if is_kernel_module {
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
