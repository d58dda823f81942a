//! Files mapped into memory: what is stored there outlives the process, however it dies, without a system call.
//!
//! A mapped file is seen as atomic words and nothing else, so that no access to it is undefined, whoever shares it.
//! Its blocks are allocated before it is mapped: on a full disk making it fails, instead of a store raising SIGBUS later.
//! What nobody can prevent is another process that shortens the file; the directory is ours alone for that reason.
//!
//! Entry point: [`Mapping::create`]. The one file of this room that hands pointers to the system.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use super::directory::Directory;
use crate::base::folder::Use;
use crate::base::process;

/// Bytes of a word.
pub(crate) const WORD: usize = size_of::<u64>();

/// See the module. The mapping ends when this is dropped; the file stays.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: the memory belongs to this value until it is dropped, and is reached through atomics only.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Makes a file of `words` zeros that must not exist yet, for its owner only, and maps it. An error leaves no file.
    pub(crate) fn create(directory: &Directory, name: &str, words: usize) -> io::Result<Self> {
        let file = directory.file(name, Use::Make)?;
        let result = Self::allocate_and_map(&file, words);
        if result.is_err() {
            // Made just now by us; whether it can be removed changes nothing for the caller.
            let _ = directory.remove(name);
        }
        result
    }

    fn allocate_and_map(file: &File, words: usize) -> io::Result<Self> {
        let too_large = || io::Error::from(io::ErrorKind::FileTooLarge);
        let bytes = words.checked_mul(WORD).filter(|bytes| *bytes > 0);
        let bytes = bytes.ok_or_else(too_large)?;
        let length = libc::off_t::try_from(bytes).map_err(|_| too_large())?;
        if !process::may_write(bytes) {
            return Err(too_large());
        }
        // A timer of the host would interrupt it, and it is not begun again.
        let blocked = process::BlockedSignals::for_this_thread();
        // SAFETY: no pointers; the descriptor is open.
        let error = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) };
        drop(blocked);
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        // SAFETY: a fresh mapping at an address of the system's choice; it does not need the descriptor afterwards.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(address.cast()).ok_or_else(too_large)?;
        Ok(Self { base, words })
    }

    /// All of it.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is page-aligned, `words` words long, initialised by the system, and lives as long as
        // `self`; atomics allow that others write to it.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.words) }
    }

    /// Waits until what was stored so far is on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        // SAFETY: address and length are those of the mapping.
        let result = unsafe { libc::msync(self.base.as_ptr().cast(), self.bytes(), libc::MS_SYNC) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    fn bytes(&self) -> usize {
        // It was mapped with this product.
        self.words.wrapping_mul(WORD)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: address and length are those of the mapping, and nobody can hold a word of it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.bytes()) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;
    use std::sync::atomic::Ordering;

    fn create(path: &Path, words: usize) -> io::Result<Mapping> {
        let directory = Directory::open(path.parent().unwrap()).unwrap();
        Mapping::create(
            &directory,
            path.file_name().unwrap().to_str().unwrap(),
            words,
        )
    }

    #[test]
    fn what_is_stored_is_in_the_file_at_once() {
        let scratch = Scratch::new();
        let path = scratch.path().join("page");
        let mapping = create(&path, 3).unwrap();
        assert_eq!(mapping.words().len(), 3);
        mapping.words()[1].store(7, Ordering::Relaxed);
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 24);
        assert_eq!(bytes[8..16], 7_u64.to_ne_bytes());
        mapping.sync().unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_stands_in_the_way_is_left_alone() {
        let scratch = Scratch::new();
        let (path, link) = (scratch.path().join("there"), scratch.path().join("link"));
        fs::write(&path, b"theirs").unwrap();
        symlink(scratch.path().join("elsewhere"), &link).unwrap();
        for taken in [&path, &link] {
            let error = create(taken, 8).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert!(!scratch.path().join("elsewhere").exists());
    }

    #[test]
    fn a_limit_on_the_size_of_files_costs_the_mapping_and_not_the_process() {
        let scratch = Scratch::new();
        let path = scratch.path().join("page");
        let limit = libc::rlimit {
            rlim_cur: 4096,
            rlim_max: 4096,
        };
        // SAFETY: the child limits itself, calls what is tested and leaves with `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: `limit` is a valid place.
            unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) };
            let is_refused = create(&path, 4096 / WORD + 1).is_err();
            let is_made = create(&path, 4096 / WORD).is_ok();
            // SAFETY: ends the child without running anything of the test harness.
            unsafe { libc::_exit(i32::from(!(is_made && is_refused))) };
        }
        let mut status = 0;
        // SAFETY: `child` is our own child and `status` a valid place.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
    }

    #[test]
    fn what_cannot_be_allocated_leaves_no_file() {
        let scratch = Scratch::new();
        for words in [0, usize::MAX, usize::MAX / 16] {
            let path = scratch.path().join("huge");
            assert!(create(&path, words).is_err(), "{words}");
            assert!(!path.exists());
        }
    }
}
