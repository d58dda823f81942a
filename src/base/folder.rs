//! Folders: files relative to an open directory.
//!
//! A descriptor stays at its directory when the host changes its root, its working directory or its user, and when somebody
//! moves the directory or puts a link in its place. Nothing here follows a link. Entry point: [`Folder::open`].
//!
//! The standard library only knows paths, so the calls are the system's. Names are those of entries, never paths.

use std::ffi::{CStr, CString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, IntoRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::ptr::NonNull;

use super::descriptor::{raised, with_standard_taken};

/// A link in place of the directory is refused.
const DIRECTORY: libc::c_int = libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
/// Only the owner may look into what is made here.
const PRIVATE_FOLDER: libc::mode_t = 0o700;
const PRIVATE_FILE: libc::mode_t = 0o600;

/// An open directory.
#[derive(Debug)]
pub(crate) struct Folder(File);

/// What an opened file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is there and is read.
    Read,
    /// It is there and is changed.
    Change,
    /// It is there or is made.
    MakeOrChange,
    /// It is made, and was not there.
    Make,
}

impl Folder {
    /// The directory at `path`, not through a link in its last place.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(DIRECTORY)
            .open(path);
        opened.and_then(raised).map(Self)
    }

    /// The directory `name` in this one.
    pub(crate) fn folder(&self, name: &str) -> io::Result<Self> {
        self.open_at(name, libc::O_RDONLY | DIRECTORY).map(Self)
    }

    /// Makes the directory `name`, for its owner only.
    pub(crate) fn make_folder(&self, name: &str) -> io::Result<()> {
        let name = terminated(name)?;
        // SAFETY: a terminated name that lives during the call; the descriptor is open.
        done(unsafe { libc::mkdirat(self.number(), name.as_ptr(), PRIVATE_FOLDER) })
    }

    /// Opens the regular file `name`; everything else is refused, without blocking.
    pub(crate) fn file(&self, name: &str, what_for: Use) -> io::Result<File> {
        let access = match what_for {
            Use::Read => libc::O_RDONLY,
            Use::Change => libc::O_RDWR,
            Use::MakeOrChange => libc::O_RDWR | libc::O_CREAT,
            Use::Make => libc::O_RDWR | libc::O_CREAT | libc::O_EXCL,
        };
        let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = self.open_at(name, access | flags)?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::from(io::ErrorKind::InvalidInput)),
        }
    }

    /// What `name` is; of a link, what the link is.
    pub(crate) fn metadata_of(&self, name: &str) -> io::Result<Metadata> {
        let flags = libc::O_PATH | libc::O_NOFOLLOW | libc::O_CLOEXEC;
        self.open_at(name, flags)?.metadata()
    }

    /// What this directory is.
    pub(crate) fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    /// Gives the entry `name` another name, also in another directory, in place of what has it.
    pub(crate) fn rename(&self, name: &str, to: &Self, new_name: &str) -> io::Result<()> {
        let (name, new_name) = (terminated(name)?, terminated(new_name)?);
        let (from, to) = (self.number(), to.number());
        // SAFETY: terminated names that live during the call; the descriptors are open.
        done(unsafe { libc::renameat(from, name.as_ptr(), to, new_name.as_ptr()) })
    }

    /// Removes the file `name`; of a link, the link.
    pub(crate) fn remove_file(&self, name: &str) -> io::Result<()> {
        self.unlink(name, 0)
    }

    /// Removes the directory `name`, which must be empty.
    pub(crate) fn remove_folder(&self, name: &str) -> io::Result<()> {
        self.unlink(name, libc::AT_REMOVEDIR)
    }

    /// Brings names that were given to the device.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    /// The names in it that are UTF-8. What vanishes while it is read is left out.
    pub(crate) fn names(&self) -> io::Result<Names> {
        // One of its own, since the place in the list belongs to the open directory.
        let opened = self.folder(".")?.0.into_raw_fd();
        // SAFETY: a descriptor that nobody else has; the stream owns it from here on, if there is one.
        let stream = unsafe { libc::fdopendir(opened) };
        NonNull::new(stream).map(Names).ok_or_else(|| {
            let error = io::Error::last_os_error();
            // SAFETY: without a stream it is still ours alone.
            drop(unsafe { OwnedFd::from_raw_fd(opened) });
            error
        })
    }

    fn open_at(&self, name: &str, flags: libc::c_int) -> io::Result<File> {
        let name = terminated(name)?;
        loop {
            // SAFETY: a terminated name that lives during the call; the descriptor is open.
            let open =
                || unsafe { libc::openat(self.number(), name.as_ptr(), flags, PRIVATE_FILE) };
            let opened = with_standard_taken(open);
            if opened >= 0 {
                // SAFETY: opened just now, and nobody else knows it.
                return raised(unsafe { File::from_raw_fd(opened) });
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    fn unlink(&self, name: &str, flags: libc::c_int) -> io::Result<()> {
        let name = terminated(name)?;
        // SAFETY: a terminated name that lives during the call; the descriptor is open.
        done(unsafe { libc::unlinkat(self.number(), name.as_ptr(), flags) })
    }

    /// The number of its descriptor.
    pub(crate) fn number(&self) -> libc::c_int {
        self.0.as_raw_fd()
    }
}

/// See [`Folder::names`].
#[derive(Debug)]
pub(crate) struct Names(NonNull<libc::DIR>);

impl Iterator for Names {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            // SAFETY: the stream is open, and this is the only one who uses it. An error ends the list as its end does: one
            // that comes again and again must not be asked for ever.
            let entry = NonNull::new(unsafe { libc::readdir64(self.0.as_ptr()) })?;
            // SAFETY: the system gave a whole entry, which stays until the next call; its name is terminated.
            let name =
                unsafe { CStr::from_ptr(std::ptr::addr_of!((*entry.as_ptr()).d_name).cast()) };
            match name.to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => return Some(name.to_owned()),
            }
        }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        // SAFETY: closed here and nowhere else.
        unsafe { libc::closedir(self.0.as_ptr()) };
    }
}

/// Makes the directories of a path, each for its owner only.
pub(crate) fn make_path(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_FOLDER)
        .create(path)
}

fn terminated(name: &str) -> io::Result<CString> {
    let is_entry = !name.is_empty() && !name.contains('/');
    let name = CString::new(name).ok().filter(|_| is_entry);
    name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

fn done(result: libc::c_int) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
