//! The database directory: private files in it and in directories below, read and written whole, and never through a link.
//!
//! Entry points: [`Directory::open`] for the database, [`Directory::child`] for what lies below. The database is opened
//! once; everything is found from its descriptor, so that a host may change its root and its user, and others may move the
//! directory or put a link in its place. What lies below is opened anew for each access.
//!
//! A host may close all descriptors and open its own under their numbers. So whoever uses the descriptor looks first whether
//! it is still that of the directory; if not, it is opened again by its path, and only if that leads to the same one.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::base::file::{self, Durability};
use crate::base::folder::{self, Folder, Names, Use};
use crate::base::kept::Kept;

/// A directory that belongs to this user: the database, or one below. Other processes share it, so anything in it may
/// vanish at any time.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    root: Arc<Root>,
    below: Option<String>,
}

impl Directory {
    /// The directory at `path`, made with all that leads to it if it is not there. A relative path counts from the
    /// working directory of this moment; links on the way are the host's choice, and are resolved once, here. One of another
    /// user is refused, also to root: what it says, for instance about consent, is not this user's word.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        folder::make_path(path)?;
        let path = fs::canonicalize(path)?;
        let folder = Folder::open(&path)?;
        // SAFETY: no arguments; the call cannot fail.
        let user = unsafe { libc::geteuid() };
        Self::from_folder(folder, path, user)
    }

    /// The same with a descriptor of its own, for a forked child. Made again if it is not there: the parent may have removed
    /// it meanwhile.
    pub(crate) fn again(&self) -> io::Result<Self> {
        let again = self.root.reach().and_then(|held| held.get().folder("."));
        match again {
            Ok(folder) if folder.metadata()?.nlink() > 0 => {
                Self::from_folder(folder, self.root.path.clone(), self.root.owner)
            }
            _ => Self::open(&self.root.path),
        }
    }

    fn from_folder(folder: Folder, path: PathBuf, owner: u32) -> io::Result<Self> {
        let held = keep(folder, owner)?;
        let root = Root {
            path,
            owner,
            held: ArcSwap::from_pointee(held),
        };
        Ok(Self {
            root: Arc::new(root),
            below: None,
        })
    }

    /// Makes it again after it vanished. Done by those who write, once each: a directory that somebody keeps removing
    /// is not fought for.
    pub(crate) fn make_again(&self) -> io::Result<()> {
        self.root.make_again()
    }

    /// The directory `name` in the database, made if it is not there.
    pub(crate) fn child(&self, name: &str) -> io::Result<Self> {
        match self.root.reach()?.get().make_folder(name) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.existing_child(name)
    }

    /// The directory `name` in the database, if it is there.
    pub(crate) fn existing_child(&self, name: &str) -> io::Result<Self> {
        let child = Self {
            root: Arc::clone(&self.root),
            below: Some(name.to_owned()),
        };
        child.folder().map(|_| child)
    }

    /// Removes the directory `name` in the database, which must be empty.
    pub(crate) fn remove_child(&self, name: &str) -> io::Result<()> {
        self.root.reach()?.get().remove_folder(name)
    }

    /// Its name, if it lies in the database.
    pub(crate) fn name(&self) -> Option<&str> {
        self.below.as_deref()
    }

    /// Where it was when it was opened: absolute, without links. For messages.
    pub(crate) fn path(&self) -> PathBuf {
        let below = self.below.as_deref();
        below.map_or_else(|| self.root.path.clone(), |name| self.root.path.join(name))
    }

    /// What it is.
    pub(crate) fn own_metadata(&self) -> io::Result<Metadata> {
        self.folder()?.get().metadata()
    }

    /// The content of `name`; `None` if there is no such file. An error for one larger than `max_bytes`, and for what is
    /// no regular file.
    pub(crate) fn read(&self, name: &str, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
        let too_large = || io::Error::from(ErrorKind::FileTooLarge);
        let file = match self.file(name, Use::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        if length > max_bytes {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(usize::try_from(length).map_err(|_| too_large())?)?;
        // One more than allowed: it may be growing.
        file.take(max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max_bytes {
            return Err(too_large());
        }
        Ok(Some(bytes))
    }

    /// Opens `name`. A link, everything else that is no regular file, and a file of another user are refused, without
    /// blocking.
    pub(crate) fn file(&self, name: &str, what_for: Use) -> io::Result<File> {
        let file = self.folder()?.get().file(name, what_for)?;
        match file.metadata()?.uid() == self.root.owner || what_for == Use::Make {
            true => Ok(file),
            false => Err(of_another_user()),
        }
    }

    /// Writes `name`, whole or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        file::replace_private(self.folder()?.get(), name, bytes, durability)
    }

    /// Moves the file `name`, in place of what has the new name there.
    pub(crate) fn rename(&self, name: &str, to: &Self, new_name: &str) -> io::Result<()> {
        let (from, to) = (self.folder()?, to.folder()?);
        from.get().rename(name, to.get(), new_name)
    }

    /// Removes the file `name` (a link: the link); true if it was there.
    pub(crate) fn remove(&self, name: &str) -> io::Result<bool> {
        match self.folder()?.get().remove_file(name) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What `name` is, without following it.
    pub(crate) fn metadata(&self, name: &str) -> io::Result<Metadata> {
        self.folder()?.get().metadata_of(name)
    }

    /// The names in it that are UTF-8, as all of ours are. What vanishes while it is read is left out.
    pub(crate) fn names(&self) -> io::Result<Names> {
        self.folder()?.get().names()
    }

    /// A directory below ours is used only if it is one, and ours: what another user put there is not.
    fn folder(&self) -> io::Result<Reached> {
        let held = self.root.reach()?;
        let Some(name) = &self.below else {
            return Ok(Reached::Root(held));
        };
        let folder = held.get().folder(name)?;
        match folder.metadata()?.uid() == self.root.owner {
            true => Ok(Reached::Below(folder)),
            false => Err(of_another_user()),
        }
    }
}

/// The open database directory.
#[derive(Debug)]
struct Root {
    path: PathBuf,
    owner: u32,
    held: ArcSwap<Held>,
}

impl Root {
    /// The directory, if the descriptor is still its own or can be had again.
    fn reach(&self) -> io::Result<Arc<Held>> {
        let held = self.held.load_full();
        if held.look().is_some() {
            return Ok(held);
        }
        let again = keep(Folder::open(&self.path)?, self.owner)?;
        if again.identity() != held.identity() {
            return Err(io::Error::from(ErrorKind::NotFound));
        }
        let again = Arc::new(again);
        self.held.store(Arc::clone(&again));
        Ok(again)
    }

    fn make_again(&self) -> io::Result<()> {
        let held = self.held.load_full();
        if held.look().is_some_and(|found| found.nlink() > 0) {
            return Ok(());
        }
        folder::make_path(&self.path)?;
        // A link on the way that was not there at first is not the host's choice.
        if fs::canonicalize(&self.path)? != self.path {
            return Err(io::Error::from(ErrorKind::NotFound));
        }
        let again = keep(Folder::open(&self.path)?, self.owner)?;
        self.held.store(Arc::new(again));
        Ok(())
    }
}

type Held = Kept<Folder>;

/// Keeps a directory of `owner`.
fn keep(folder: Folder, owner: u32) -> io::Result<Held> {
    match folder.metadata()?.uid() == owner {
        true => Kept::new(folder),
        false => Err(of_another_user()),
    }
}

/// A directory to work in.
#[derive(Debug)]
enum Reached {
    Root(Arc<Held>),
    Below(Folder),
}

impl Reached {
    fn get(&self) -> &Folder {
        match self {
            Self::Root(held) => held.get(),
            Self::Below(folder) => folder,
        }
    }
}

fn of_another_user() -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, "it belongs to another user")
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
        assert_eq!(mode(&directory.path()), 0o700);
        assert_eq!(mode(&scratch.path().join("a")), 0o700);
        let child = directory.child("child").unwrap();
        assert_eq!(directory.child("child").unwrap().path(), child.path());
        assert_eq!(mode(&child.path()), 0o700);
        child.write("file", b"x", Durability::Process).unwrap();
        assert_eq!(mode(&child.path().join("file")), 0o600);
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
        symlink(outside.path(), directory.path().join("folder")).unwrap();
        symlink(outside.path().join("file"), directory.path().join("file")).unwrap();
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
        let name = std::ffi::CString::new(directory.path().join("pipe").to_str().unwrap()).unwrap();
        // SAFETY: a terminated path that lives during the call.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        assert!(directory.read("pipe", 9).is_err());
    }

    #[test]
    fn it_is_found_wherever_it_was_moved_and_whatever_was_put_in_its_place() {
        let scratch = Scratch::new();
        let (path, moved) = (
            scratch.path().join("database"),
            scratch.path().join("moved"),
        );
        let outside = Scratch::new();
        let directory = Directory::open(&path).unwrap();
        let child = directory.child("child").unwrap();
        fs::rename(&path, &moved).unwrap();
        symlink(outside.path(), &path).unwrap();
        fs::create_dir(outside.path().join("child")).unwrap();
        directory.make_again().unwrap();
        for (place, name) in [(&directory, "file"), (&child, "child/file")] {
            place.write("file", b"x", Durability::PowerFailure).unwrap();
            assert!(moved.join(name).exists());
            assert!(!outside.path().join(name).exists());
        }
        // Nor is a directory below followed that became a link.
        fs::remove_dir_all(moved.join("child")).unwrap();
        symlink(outside.path().join("child"), moved.join("child")).unwrap();
        assert!(child.write("file", b"x", Durability::Process).is_err());
        assert!(child.names().is_err());
        assert!(directory.child("child").is_err());
        assert!(child.rename("file", &directory, "file").is_err());
        // Gone for good, it is not made again through the link.
        fs::remove_dir_all(&moved).unwrap();
        assert!(directory.make_again().is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_another_user_owns_is_not_used() {
        // SAFETY: no arguments; the call cannot fail.
        if unsafe { libc::geteuid() } != 0 {
            // Only root can give a file away.
            return;
        }
        let give_away = |path: &Path| std::os::unix::fs::chown(path, Some(12345), None).unwrap();
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let child = directory.child("child").unwrap();
        for place in [&directory, &child] {
            place.write("file", b"x", Durability::Process).unwrap();
            give_away(&place.path().join("file"));
            let refused = place.read("file", 9).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        }
        give_away(&child.path());
        assert!(child.names().is_err());
        assert!(directory.child("child").is_err());
        give_away(scratch.path());
        let refused = Directory::open(scratch.path()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        assert!(directory.again().is_err());
    }

    #[test]
    fn a_huge_file_is_refused_unread() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let file = File::create(scratch.path().join("file")).unwrap();
        file.set_len(1 << 40).unwrap();
        let refused = directory.read("file", 1 << 30).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_descriptor_that_the_host_closed_is_had_again_and_one_it_reused_left_alone() {
        use std::os::fd::AsRawFd as _;
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let number = directory.root.held.load().get().number();
        let other = Scratch::new();
        let theirs = File::open(other.path()).unwrap();
        // SAFETY: both are open; what the number meant is closed by it, as a host might.
        assert_eq!(unsafe { libc::dup2(theirs.as_raw_fd(), number) }, number);
        directory.write("file", b"x", Durability::Process).unwrap();
        assert!(scratch.path().join("file").exists());
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
        drop(directory);
        // SAFETY: asks about a number; closes the copy made above.
        unsafe {
            assert!(libc::fcntl(number, libc::F_GETFD) >= 0, "it was closed");
            libc::close(number);
        }
    }
}
