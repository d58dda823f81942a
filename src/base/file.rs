//! Files that are written whole or not at all.
//!
//! Entry points: [`replace`] for a file the host named, [`replace_private`] for one of our own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::descriptor::{raised, with_standard_taken};
use super::folder::{Folder, Use};
use super::{process, random};

/// Puts a file with these bytes at `path`. What stood there stays until the new file is complete, and for good when
/// that fails.
///
/// Only a regular file is replaced, at the end of links if `path` is one; its permissions stay. A device, a pipe, a
/// socket or a directory is refused untouched: writing there could block for ever or raise SIGPIPE.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (target, permissions) = match fs::metadata(path) {
        Ok(found) if found.is_file() => (fs::canonicalize(path)?, Some(found.permissions())),
        Ok(_) => return Err(refused("not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                return Err(refused("a link to nothing"));
            }
            (path.to_owned(), None)
        }
        Err(error) => return Err(error),
    };
    put(&target, bytes, permissions)
}

/// What the new content must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The death of the process: the system has the bytes. Costs no write to the device now.
    Process,
    /// A power failure: the device has them.
    PowerFailure,
}

/// Like [`replace`], for a file in an open directory that only its owner may read, and never through a link: one that
/// has the name is refused, as is everything else that is no regular file.
pub(crate) fn replace_private(
    folder: &Folder,
    name: &str,
    bytes: &[u8],
    durability: Durability,
) -> io::Result<()> {
    match folder.metadata_of(name) {
        Ok(found) if !found.is_file() => return Err(refused("not a regular file")),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if !process::may_write(bytes.len()) {
        return Err(io::Error::from(ErrorKind::FileTooLarge));
    }
    let temporary = temporary_name();
    let mut file = folder.file(&temporary, Use::Make)?;
    let result = fill(&mut file, bytes, None, durability)
        .and_then(|()| folder.rename(&temporary, folder, name));
    if result.is_err() {
        // Ours, made just now; whether it can be removed changes nothing for the caller.
        let _ = folder.remove_file(&temporary);
    } else if durability == Durability::PowerFailure {
        // The new name as well. Not every file system knows this, and the content is safe.
        let _ = folder.sync();
    }
    result
}

/// Gives an empty file its blocks and its length, all zeros: on a full disk that fails, and what is written there later
/// does not.
pub(crate) fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    let too_large = || io::Error::from(ErrorKind::FileTooLarge);
    let length = libc::off_t::try_from(bytes).map_err(|_| too_large())?;
    if !usize::try_from(bytes).is_ok_and(process::may_write) {
        return Err(too_large());
    }
    // A timer of the host would interrupt it, and it is not begun again.
    let _blocked = process::BlockedSignals::for_this_thread();
    // SAFETY: no pointers; the descriptor is open.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// True for the name of a file that was being written when its process died.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    name.strip_prefix(".sentry-")
        .and_then(|rest| rest.strip_suffix(".tmp"))
        .is_some_and(|digits| {
            digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
}

/// Permissions of a file that was not there, less what the umask takes: those of the compatible interface.
const NEW_FILE: u32 = 0o664;

fn put(target: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    if !process::may_write(bytes.len()) {
        return Err(io::Error::from(ErrorKind::FileTooLarge));
    }
    let sibling = sibling(target).ok_or_else(|| refused("no name of a file"))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // From the first moment, and not only once it is complete.
    options.mode(permissions.as_ref().map_or(NEW_FILE, |it| it.mode()));
    let mut file = with_standard_taken(|| options.open(&sibling)).and_then(raised)?;
    let result = fill(&mut file, bytes, permissions, Durability::PowerFailure)
        .and_then(|()| fs::rename(&sibling, target));
    if result.is_err() {
        // Ours, made just now; whether it can be removed changes nothing for the caller.
        let _ = fs::remove_file(&sibling);
    } else {
        // The new name as well. Not every file system knows this, and the content is safe.
        let open = |path| File::open(path).and_then(raised);
        let directory = target.parent().map(open);
        let _ = directory.map(|opened| opened.and_then(|directory| directory.sync_all()));
    }
    result
}

fn fill(
    file: &mut File,
    bytes: &[u8],
    permissions: Option<fs::Permissions>,
    durability: Durability,
) -> io::Result<()> {
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.write_all(bytes)?;
    match durability {
        Durability::Process => Ok(()),
        // Else a power failure could leave the new name and no content, and the old content would be gone as well.
        Durability::PowerFailure => file.sync_all(),
    }
}

/// A name in the same directory, and so on the same file system, that nobody else uses.
fn sibling(target: &Path) -> Option<PathBuf> {
    target.file_name()?;
    Some(target.with_file_name(temporary_name()))
}

fn temporary_name() -> String {
    format!(".sentry-{:016x}.tmp", random::next_u64())
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::io::Read as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    /// A directory that goes when the test ends.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            let name = format!("sentry-file-{:016x}", random::next_u64());
            let path = std::env::temp_dir().join(name);
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
            let mut names: Vec<_> = entries
                .map(|entry| name(entry).into_string().unwrap())
                .collect();
            names.sort_unstable();
            names
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_new_file_is_made_and_nothing_else_left() {
        let scratch = Scratch::new();
        // As long a name as there may be: the one beside it must not be longer.
        let name = "n".repeat(255);
        replace(&scratch.0.join(&name), b"new").unwrap();
        assert_eq!(scratch.names(), std::slice::from_ref(&name));
        assert_eq!(fs::read(scratch.0.join(name)).unwrap(), b"new");
    }

    #[test]
    fn the_old_content_is_replaced_at_once_and_keeps_its_permissions() {
        let scratch = Scratch::new();
        let (path, link) = (scratch.0.join("file"), scratch.0.join("link"));
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        let mut reader = File::open(&path).unwrap();
        replace(&link, b"new").unwrap();
        let mut seen = String::new();
        reader.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, "old", "a reader saw the file change under it");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(scratch.names(), ["file", "link"]);
    }

    #[test]
    fn a_failure_leaves_everything_as_it_was() {
        let scratch = Scratch::new();
        let directory = scratch.0.join("directory");
        fs::create_dir(&directory).unwrap();
        for path in [
            directory.join("."),
            directory.join(""),
            directory.join("absent/file"),
            directory.join("slash/"),
            PathBuf::new(),
        ] {
            assert!(replace(&path, b"new").is_err(), "{}", path.display());
        }
        assert_eq!(scratch.names(), ["directory"]);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_stays() {
        let scratch = Scratch::new();
        let (pipe, device, nothing) = (
            scratch.0.join("pipe"),
            scratch.0.join("device"),
            scratch.0.join("nothing"),
        );
        let name = CString::new(pipe.as_os_str().as_bytes()).unwrap();
        // SAFETY: a terminated path that lives during the call.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        symlink("/dev/full", &device).unwrap();
        symlink("absent", &nothing).unwrap();
        for path in [&pipe, &device, &nothing] {
            assert!(replace(path, b"new").is_err(), "{}", path.display());
        }
        assert_eq!(scratch.names(), ["device", "nothing", "pipe"]);
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_private_file_is_for_its_owner_and_never_goes_through_a_link() {
        let scratch = Scratch::new();
        let (path, link) = (scratch.0.join("file"), scratch.0.join("link"));
        let folder = Folder::open(&scratch.0).unwrap();
        for durability in [Durability::Process, Durability::PowerFailure] {
            fs::write(&path, b"old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            replace_private(&folder, "file", b"new", durability).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        for target in ["file", "absent"] {
            symlink(target, &link).unwrap();
            assert!(replace_private(&folder, "link", b"other", Durability::Process).is_err());
            fs::remove_file(&link).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(scratch.names(), ["file"]);
    }

    #[test]
    fn a_limit_on_the_size_of_files_costs_the_file_and_not_the_process() {
        let scratch = Scratch::new();
        let path = scratch.0.join("file");
        let folder = Folder::open(&scratch.0).unwrap();
        let limit = libc::rlimit {
            rlim_cur: 3,
            rlim_max: 3,
        };
        // SAFETY: the child limits itself, calls what is tested and leaves with `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: `limit` is a valid place.
            unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) };
            let put = |bytes| replace_private(&folder, "file", bytes, Durability::Process);
            let size = |bytes| {
                let file = folder.file("allocated", Use::Make).unwrap();
                let result = allocate(&file, bytes);
                folder.remove_file("allocated").unwrap();
                result
            };
            let is_sized = size(3).is_ok() && size(4).is_err() && size(u64::MAX).is_err();
            let (is_written, is_refused) = (put(b"abc").is_ok(), put(b"abcd").is_err());
            // SAFETY: ends the child without running anything of the test harness.
            unsafe { libc::_exit(i32::from(!(is_written && is_refused && is_sized))) };
        }
        let mut status = 0;
        // SAFETY: `child` is our own child and `status` a valid place.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
        assert_eq!(fs::read(&path).unwrap(), b"abc");
        assert_eq!(scratch.names(), ["file"]);
    }

    #[test]
    fn temporary_names_are_told_from_others() {
        let name = sibling(Path::new("/a/b")).unwrap();
        let name = name.file_name().unwrap().to_str().unwrap();
        assert!(is_temporary_name(name), "{name}");
        for other in [
            "",
            ".sentry-.tmp",
            ".sentry-native",
            ".sentry-0123456789abcdeg.tmp",
            "x.tmp",
        ] {
            assert!(!is_temporary_name(other), "{other}");
        }
    }
}
