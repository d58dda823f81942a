//! The identity of a module: what a server looks its debug information up by.
//!
//! The build-id is read from the notes in memory (IMG-2). A module without one is known by a hash of its code (IMG-3):
//! of `.text`, found through the section table of its file, which is not in memory; where the file is gone or is another
//! one by now, of the start of its first executable segment, which no server knows, but which tells modules apart.

use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use crate::base::descriptor::raised;
use crate::base::uuid::Uuid;

/// How much of the code is hashed.
pub(super) const HASHED_BYTES: usize = 4096;
/// Bytes of an ELF header of either class.
pub(super) const HEADER_BYTES: usize = if IS_64 { 64 } else { 52 };
const IS_64: bool = size_of::<usize>() == 8;
/// More sections than any program has; a bound for files that are no programs.
const MAX_SECTIONS: usize = 10_000;
const MAX_SECTION_NAME: usize = 16;

/// The GNU build-id in a note segment.
pub(super) fn build_id(notes: &[u8], align: usize) -> Option<&[u8]> {
    const HEAD: usize = 12;
    const KIND_BUILD_ID: usize = 3;
    // Anything but 8 means 4.
    let padded = |length: usize| length.checked_next_multiple_of(if align == 8 { 8 } else { 4 });
    let mut rest = notes;
    loop {
        let (name_size, size, kind) = (word32(rest, 0)?, word32(rest, 4)?, word32(rest, 8)?);
        let name = rest.get(HEAD..)?.get(..name_size)?;
        let start = padded(HEAD.checked_add(name_size)?)?;
        let content = rest.get(start..)?.get(..size)?;
        if kind == KIND_BUILD_ID && name == b"GNU\0" && !content.is_empty() {
            return Some(content);
        }
        rest = rest.get(padded(start.checked_add(size)?)?..)?;
    }
}

/// The debug id of a build-id or a hash: its first 16 bytes as a GUID whose first three numbers are little-endian; what
/// is missing is zero.
pub(super) fn debug_id(id: &[u8]) -> String {
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(id) {
        *to = *from;
    }
    let (numbers, _) = bytes.split_at_mut(8);
    let (first, others) = numbers.split_at_mut(4);
    first.reverse();
    others.chunks_mut(2).for_each(<[u8]>::reverse);
    Uuid::from_bytes(bytes).hyphenated().as_str().to_owned()
}

/// Blocks of 16 bytes, one over the other.
pub(super) fn folded(code: &[u8]) -> [u8; 16] {
    let mut hash = [0_u8; 16];
    for block in code.chunks(hash.len()) {
        for (sum, byte) in hash.iter_mut().zip(block) {
            *sum ^= byte;
        }
    }
    hash
}

/// The hash of `.text` of the file, if it is the one whose ELF header is `header`.
pub(super) fn file_hash(path: &Path, header: &[u8; HEADER_BYTES]) -> Option<[u8; 16]> {
    let mut options = OpenOptions::new();
    // What was a module may be a pipe by now: opening it must not wait.
    let file = options
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)
        .and_then(raised)
        .ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let read = |offset: usize, bytes: &mut [u8]| {
        file.read_exact_at(bytes, u64::try_from(offset).ok()?).ok()
    };
    let mut found = [0; HEADER_BYTES];
    read(0, &mut found)?;
    if found != *header || !header.starts_with(b"\x7fELF") {
        return None;
    }
    let table = word(header, if IS_64 { 40 } else { 32 })?;
    let counts = header.get(if IS_64 { 58 } else { 46 }..)?;
    let (entry, count, names) = (word16(counts, 0)?, word16(counts, 2)?, word16(counts, 4)?);
    let section = |index: usize| {
        let mut bytes = [0; 64];
        let offset = table.checked_add(index.checked_mul(entry)?)?;
        read(offset, bytes.get_mut(..entry)?)?;
        let place = word(&bytes, if IS_64 { 24 } else { 16 })?;
        let size = word(&bytes, if IS_64 { 32 } else { 20 })?;
        Some((word32(&bytes, 0)?, place, size))
    };
    let (_, names, names_size) = section(names)?;
    for index in 0..count.min(MAX_SECTIONS) {
        let (name, place, size) = section(index)?;
        let mut text = [0; MAX_SECTION_NAME];
        let length = names_size.checked_sub(name)?.min(text.len());
        read(names.checked_add(name)?, text.get_mut(..length)?)?;
        if text.starts_with(b".text\0") {
            let mut code = [0; HASHED_BYTES];
            let code = code.get_mut(..size.min(HASHED_BYTES))?;
            read(place, code)?;
            return Some(folded(code));
        }
    }
    None
}

fn word16(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = *bytes.get(at..)?.first_chunk()?;
    Some(usize::from(u16::from_ne_bytes(bytes)))
}

fn word32(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = *bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_ne_bytes(bytes)).ok()
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(usize::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(name: &[u8], kind: u32, content: &[u8], align: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [name.len() as u32, content.len() as u32, kind] {
            bytes.extend(number.to_ne_bytes());
        }
        for part in [name, content] {
            bytes.extend(part);
            bytes.resize(bytes.len().next_multiple_of(align), 0);
        }
        bytes
    }

    #[test]
    fn the_build_id_is_found_among_other_notes() {
        for align in [4, 8] {
            let mut notes = note(b"GNU\0", 5, b"property", align);
            notes.extend(note(b"stapsdt\0", 3, b"no", align));
            notes.extend(note(b"GNU\0", 3, b"\x01\x02\x03", align));
            assert_eq!(build_id(&notes, align), Some(b"\x01\x02\x03".as_slice()));
        }
    }

    #[test]
    fn notes_that_end_early_or_lie_about_their_size_give_nothing() {
        let whole = note(b"GNU\0", 3, &[7; 20], 4);
        for length in 0..whole.len() {
            assert_eq!(build_id(&whole[..length], 4), None, "{length}");
        }
        let mut huge = whole.clone();
        huge[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(build_id(&huge, 4), None);
        assert_eq!(build_id(&note(b"GNU\0", 3, b"", 4), 4), None);
    }

    // IMG-2
    #[test]
    fn the_debug_id_is_the_documented_one() {
        let id: Vec<u8> = "f1c3bcc0279865fe3058404b2831d9e64135386c"
            .as_bytes()
            .chunks(2)
            .map(|hex| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap())
            .collect();
        assert_eq!(debug_id(&id), "c0bcc3f1-9827-fe65-3058-404b2831d9e6");
        assert_eq!(
            debug_id(&[1, 2, 3, 4, 5]),
            "04030201-0005-0000-0000-000000000000"
        );
    }

    // IMG-3
    #[test]
    fn code_is_folded_into_sixteen_bytes() {
        let mut code = vec![0_u8; 40];
        (code[0], code[16], code[33]) = (1, 2, 4);
        let mut expected = [0; 16];
        (expected[0], expected[1]) = (3, 4);
        assert_eq!(folded(&code), expected);
    }

    #[test]
    fn files_that_are_not_the_module_are_not_hashed() {
        let own = std::env::current_exe().unwrap();
        let bytes = std::fs::read(&own).unwrap();
        let header = *bytes.first_chunk::<HEADER_BYTES>().unwrap();
        assert!(file_hash(&own, &header).is_some());
        let mut other = header;
        other[24] ^= 1;
        assert_eq!(file_hash(&own, &other), None);
        assert_eq!(file_hash(Path::new("/dev/null"), &header), None);
        assert_eq!(file_hash(Path::new("/nowhere"), &header), None);
    }
}
