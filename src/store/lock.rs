//! The lock of a run: a file that is locked as long as its process lives.
//!
//! The file is removed by who holds the lock. So whoever got the lock looks whether the file is still the one at its
//! path: another may have removed it between the opening and the locking, and a lock on a file without a name keeps
//! nobody out.
//!
//! A lock belongs to the open file, which a forked child shares. The child must never unlock it, that would unlock the
//! parent's; it closes its copy when it first uses the library ([`Lock::let_go`]). A child that never does keeps the
//! lock until it ends or starts another program: then what the dead parent left is taken over by a later start.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd as _;

use super::directory::Directory;
use crate::base::folder::Use;
use crate::base::kept::{Identity, Kept, identity_of};
use crate::base::process;

/// How often the file may vanish between opening and locking before somebody must be doing it on purpose.
const ATTEMPTS: u32 = 100;

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: Kept<File>,
    directory: Directory,
    name: String,
    generation: u32,
}

impl Lock {
    /// Takes the lock `name`; `None` if somebody else has it, be it in this process.
    pub(crate) fn take(directory: &Directory, name: String) -> io::Result<Option<Self>> {
        for _ in 0..ATTEMPTS {
            let file = directory.file(&name, Use::MakeOrChange)?;
            if !try_lock(&file)? {
                return Ok(None);
            }
            if let Some(lock) = Self::of_locked(file, directory, &name)? {
                return Ok(Some(lock));
            }
        }
        Err(io::Error::from(ErrorKind::ResourceBusy))
    }

    /// The lock of a file that was opened as `name` and locked; none if that is another file meanwhile.
    fn of_locked(file: File, directory: &Directory, name: &str) -> io::Result<Option<Self>> {
        let file = Kept::new(file)?;
        let is_there = identity_at(directory, name)? == Some(file.identity());
        Ok(is_there.then(|| Self {
            file,
            directory: directory.clone(),
            name: name.to_owned(),
            generation: process::fork_generation(),
        }))
    }

    /// True if somebody has the lock `name`, be it in this process. Looking takes a share of it for a moment: a thread that
    /// wants it just then finds it taken.
    pub(crate) fn is_taken(directory: &Directory, name: &str) -> bool {
        let file = directory.file(name, Use::Read);
        file.and_then(|file| flock(&file, libc::LOCK_SH))
            .is_ok_and(|is_free| !is_free)
    }

    /// True while this process holds it and others see it: the file is where it was, and the descriptor is ours.
    pub(crate) fn is_held(&self) -> bool {
        self.generation == process::fork_generation()
            && self.file.look().is_some()
            && identity_at(&self.directory, &self.name)
                .is_ok_and(|found| found == Some(self.file.identity()))
    }

    /// Removes the file and gives the lock up, in this order: nobody can have locked the file meanwhile.
    pub(crate) fn release(self) {
        if self.is_held() {
            // One that stays is locked by nobody, and goes with the next who takes it.
            let _ = self.directory.remove(&self.name);
        }
    }

    /// For a forked child: closes its copy. The parent keeps the lock.
    pub(crate) fn let_go(self) {
        drop(self);
    }
}

/// False if another open file has the lock.
fn try_lock(file: &File) -> io::Result<bool> {
    flock(file, libc::LOCK_EX)
}

fn flock(file: &File, kind: libc::c_int) -> io::Result<bool> {
    loop {
        // SAFETY: no pointers; the descriptor is open during the call.
        if unsafe { libc::flock(file.as_raw_fd(), kind | libc::LOCK_NB) } == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.kind() {
            ErrorKind::WouldBlock => return Ok(false),
            ErrorKind::Interrupted => {}
            _ => return Err(error),
        }
    }
}

fn identity_at(directory: &Directory, name: &str) -> io::Result<Option<Identity>> {
    match directory.metadata(name) {
        Ok(found) => Ok(Some(identity_of(&found))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn take(scratch: &Scratch, name: &str) -> io::Result<Option<Lock>> {
        Lock::take(&Directory::open(scratch.path()).unwrap(), name.to_owned())
    }

    fn is_taken(scratch: &Scratch, name: &str) -> bool {
        Lock::is_taken(&Directory::open(scratch.path()).unwrap(), name)
    }

    #[test]
    fn one_holds_it_and_takes_the_file_along() {
        let scratch = Scratch::new();
        let path = scratch.path().join("lock");
        let lock = take(&scratch, "lock").unwrap().unwrap();
        assert!(lock.is_held());
        assert!(take(&scratch, "lock").unwrap().is_none());
        assert!(is_taken(&scratch, "lock"));
        lock.release();
        assert!(!is_taken(&scratch, "lock"), "there is none");
        assert!(!path.exists());
        drop(take(&scratch, "lock").unwrap().unwrap());
        assert!(path.exists(), "a crash leaves the file");
        // A test that forks at this moment gives its child a copy, until that ends.
        while take(&scratch, "lock").unwrap().is_none() {
            std::thread::yield_now();
        }
        while is_taken(&scratch, "lock") {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_lock_whose_file_was_replaced_is_not_held() {
        let scratch = Scratch::new();
        let path = scratch.path().join("lock");
        let first = take(&scratch, "lock").unwrap().unwrap();
        fs::remove_file(&path).unwrap();
        assert!(!first.is_held());
        let second = take(&scratch, "lock").unwrap().unwrap();
        first.release();
        assert!(second.is_held(), "the other's file was removed");
    }

    #[test]
    fn a_file_that_is_removed_while_it_is_locked_is_no_lock() {
        let scratch = Scratch::new();
        let taken: usize = std::thread::scope(|scope| {
            let take_and_release = || {
                let mut taken = 0;
                for _ in 0..3000 {
                    if let Some(lock) = take(&scratch, "lock").unwrap() {
                        assert!(lock.is_held(), "of a file without a name");
                        lock.release();
                        taken += 1;
                    }
                }
                taken
            };
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(take_and_release)).collect();
            threads.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert!(taken > 1000, "{taken}");
    }

    #[test]
    fn a_file_that_was_replaced_before_it_was_locked_is_no_lock() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let opened = directory.file("lock", Use::MakeOrChange).unwrap();
        // Between opening and locking the holder goes, and another one comes.
        fs::remove_file(scratch.path().join("lock")).unwrap();
        assert!(try_lock(&opened).unwrap());
        let gone = opened.try_clone().unwrap();
        assert!(Lock::of_locked(gone, &directory, "lock").unwrap().is_none());
        let other = take(&scratch, "lock").unwrap().unwrap();
        let late = Lock::of_locked(opened, &directory, "lock").unwrap();
        assert!(late.is_none(), "two would have it");
        assert!(other.is_held());
    }

    #[test]
    fn a_link_is_no_lock() {
        let scratch = Scratch::new();
        let (path, link) = (scratch.path().join("lock"), scratch.path().join("link"));
        fs::write(&path, b"").unwrap();
        symlink(&path, &link).unwrap();
        assert!(take(&scratch, "link").is_err());
    }

    #[test]
    fn a_descriptor_that_the_host_reused_is_left_open() {
        let scratch = Scratch::new();
        let lock = take(&scratch, "lock").unwrap().unwrap();
        let number = lock.file.get().as_raw_fd();
        let other = File::create(scratch.path().join("other")).unwrap();
        // SAFETY: both are open; what the number meant is closed by it, as a host might.
        assert_eq!(unsafe { libc::dup2(other.as_raw_fd(), number) }, number);
        assert!(!lock.is_held());
        drop(lock);
        // SAFETY: asks about a number; closes the copy made above.
        unsafe {
            assert!(libc::fcntl(number, libc::F_GETFD) >= 0, "it was closed");
            libc::close(number);
        }
    }

    #[test]
    fn a_forked_child_lets_go_without_unlocking() {
        let scratch = Scratch::new();
        let lock = take(&scratch, "lock").unwrap().unwrap();
        // SAFETY: the child closes a descriptor and leaves with `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let held = lock.is_held();
            lock.let_go();
            // SAFETY: ends the child without running anything of the test harness.
            unsafe { libc::_exit(i32::from(held)) };
        }
        let mut status = 0;
        // SAFETY: `child` is our own child and `status` a valid place.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(libc::WEXITSTATUS(status), 0, "the child thought it held it");
        assert!(lock.is_held());
        assert!(take(&scratch, "lock").unwrap().is_none());
    }
}
