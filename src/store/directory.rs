//! A directory of ours: private files in it, read and written whole, and never through a link.
//!
//! Entry points: [`Directory::open`] for the database, [`Directory::child`] for what lies below. Paths are used, no
//! descriptors are kept: a host that closes all descriptors and opens its own must not find us writing into them.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::base::descriptor::raised;
use crate::base::file::{self, Durability};

/// Only the owner may look into directories of ours.
const PRIVATE: u32 = 0o700;

/// A directory that belongs to this user. Other processes share it, so anything in it may vanish at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at `path`, made with all that leads to it if it is not there. A relative path counts from the
    /// working directory of this moment; links on the way are the host's choice, and are resolved once, here.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(PRIVATE)
            .create(path)?;
        let directory = Self {
            path: fs::canonicalize(path)?,
        };
        if !fs::metadata(&directory.path)?.is_dir() {
            return Err(io::Error::from(ErrorKind::NotADirectory));
        }
        Ok(directory)
    }

    /// Makes it again after it vanished. Done by those who write, once each: a directory that somebody keeps removing
    /// is not fought for.
    pub(crate) fn make_again(&self) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(PRIVATE)
            .create(&self.path)
    }

    /// The directory `name` in this one, made if it is not there.
    pub(crate) fn child(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let path = self.join(name);
        match DirBuilder::new().mode(PRIVATE).create(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.trusted(path)
    }

    /// The directory `name` in this one, if it is there.
    pub(crate) fn existing_child(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        self.trusted(self.join(name))
    }

    /// Where it is: absolute, without links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of `name` in it.
    pub(crate) fn join(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.path.join(name.as_ref())
    }

    /// The content of `name`; `None` if there is no such file. An error for one larger than `max_bytes`, and for what is
    /// no regular file.
    pub(crate) fn read(
        &self,
        name: impl AsRef<OsStr>,
        max_bytes: u64,
    ) -> io::Result<Option<Vec<u8>>> {
        let file = match self.open_file(name) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        // One more than allowed: it may be growing, so its length now decides nothing.
        file.take(max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max_bytes {
            return Err(io::Error::from(ErrorKind::FileTooLarge));
        }
        Ok(Some(bytes))
    }

    /// Opens `name` for reading. A link and everything else that is no regular file is refused, without blocking.
    pub(crate) fn open_file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(self.join(name))
            .and_then(raised)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::from(ErrorKind::InvalidInput));
        }
        Ok(file)
    }

    /// Writes `name`, whole or not at all.
    pub(crate) fn write(
        &self,
        name: impl AsRef<OsStr>,
        bytes: &[u8],
        durability: Durability,
    ) -> io::Result<()> {
        file::replace_private(&self.join(name), bytes, durability)
    }

    /// Removes the file `name` (a link: the link); true if it was there.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<bool> {
        match fs::remove_file(self.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What `name` is, without following it.
    pub(crate) fn metadata(&self, name: impl AsRef<OsStr>) -> io::Result<Metadata> {
        fs::symlink_metadata(self.join(name))
    }

    /// The names in it that are UTF-8, as all of ours are. What vanishes while it is read is left out.
    pub(crate) fn names(&self) -> io::Result<Names> {
        fs::read_dir(&self.path).map(Names)
    }

    /// A directory below ours is used only if it is one, and ours: what another user put there is not.
    fn trusted(&self, path: PathBuf) -> io::Result<Self> {
        let found = fs::symlink_metadata(&path)?;
        if !found.is_dir() {
            return Err(io::Error::from(ErrorKind::NotADirectory));
        }
        // SAFETY: no arguments; the call cannot fail.
        if found.uid() != unsafe { libc::geteuid() } {
            return Err(io::Error::from(ErrorKind::PermissionDenied));
        }
        Ok(Self { path })
    }
}

/// See [`Directory::names`].
#[derive(Debug)]
pub(crate) struct Names(fs::ReadDir);

impl Iterator for Names {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        // An error that comes again and again must not be asked for ever.
        let mut entries = self.0.by_ref().map_while(Result::ok);
        entries.find_map(|entry| entry.file_name().into_string().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn everything_is_made_private_and_the_path_is_absolute() {
        let scratch = Scratch::new();
        let directory = Directory::open(&scratch.path().join("a/b/../c")).unwrap();
        assert_eq!(
            directory.path(),
            fs::canonicalize(scratch.path().join("a/c")).unwrap()
        );
        assert_eq!(mode(directory.path()), 0o700);
        assert_eq!(mode(&scratch.path().join("a")), 0o700);
        let child = directory.child("child").unwrap();
        assert_eq!(directory.child("child").unwrap(), child);
        assert_eq!(mode(child.path()), 0o700);
        child.write("file", b"x", Durability::Process).unwrap();
        assert_eq!(mode(&child.join("file")), 0o600);
    }

    #[test]
    fn a_file_in_the_way_is_an_error() {
        let scratch = Scratch::new();
        fs::write(scratch.path().join("file"), b"").unwrap();
        assert!(Directory::open(&scratch.path().join("file")).is_err());
        assert!(Directory::open(&scratch.path().join("file/below")).is_err());
        assert!(Directory::open(Path::new("")).is_err());
        let directory = Directory::open(scratch.path()).unwrap();
        assert!(directory.child("file").is_err());
        assert!(directory.existing_child("absent").is_err());
    }

    #[test]
    fn files_are_read_within_their_bound() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        assert_eq!(directory.read("absent", 9).unwrap(), None);
        directory
            .write("file", b"12345", Durability::PowerFailure)
            .unwrap();
        assert_eq!(
            directory.read("file", 5).unwrap().as_deref(),
            Some(&b"12345"[..])
        );
        assert!(directory.read("file", 4).is_err());
        assert!(directory.remove("file").unwrap());
        assert!(!directory.remove("file").unwrap());
    }

    #[test]
    fn links_below_the_directory_are_never_followed() {
        let scratch = Scratch::new();
        let directory = Directory::open(&scratch.path().join("database")).unwrap();
        let outside = Directory::open(&scratch.path().join("outside")).unwrap();
        outside
            .write("file", b"secret", Durability::Process)
            .unwrap();
        symlink(outside.path(), directory.join("folder")).unwrap();
        symlink(outside.join("file"), directory.join("file")).unwrap();
        assert!(directory.child("folder").is_err());
        assert!(directory.existing_child("folder").is_err());
        assert!(directory.read("file", 99).is_err());
        assert!(
            directory
                .write("file", b"new", Durability::Process)
                .is_err()
        );
        assert!(directory.remove("file").unwrap());
        assert_eq!(outside.read("file", 99).unwrap().unwrap(), b"secret");
    }

    #[test]
    fn a_pipe_does_not_block_the_reader() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let name = std::ffi::CString::new(directory.join("pipe").to_str().unwrap()).unwrap();
        // SAFETY: a terminated path that lives during the call.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        assert!(directory.read("pipe", 9).is_err());
    }
}
