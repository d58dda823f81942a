//! Runs: the directory of one life of the library in one process, and the taking over of those that ended.
//!
//! `<uuid>.run/` with `<uuid>.run.lock` beside it. The lock is taken before the directory is made, so a directory
//! without a locked lock is one whose process has gone. Entry points: [`Run::start`], [`old_runs`].

use std::io::{self, ErrorKind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::directory::Directory;
use super::lock::Lock;
use crate::base::file::{Durability, is_temporary_name};
use crate::base::lock::{lock, try_lock};
use crate::base::uuid::Uuid;

/// Ends the name of the directory of a run.
const RUN: &str = ".run";
/// Ends the name of its lock.
const RUN_LOCK: &str = ".run.lock";

/// The run of this process. Dropping it leaves everything in place, as the death of the process would.
#[derive(Debug)]
pub(crate) struct Run {
    database: Directory,
    id: Uuid,
    directory: Directory,
    /// `None` after the end. Held for system calls only, never while a capture waits for it.
    lock: Mutex<Option<Lock>>,
    was_revived: AtomicBool,
}

impl Run {
    /// Starts a run in the database.
    pub(crate) fn start(database: &Directory) -> io::Result<Self> {
        let (id, lock) = take_new_lock(database)?;
        let directory = match database.child(&name_of(id, RUN)) {
            Ok(directory) => directory,
            Err(error) => {
                lock.release();
                return Err(error);
            }
        };
        Ok(Self {
            database: database.clone(),
            id,
            directory,
            lock: Mutex::new(Some(lock)),
            was_revived: AtomicBool::new(false),
        })
    }

    /// The directory that the run is in.
    pub(crate) fn database(&self) -> &Directory {
        &self.database
    }

    /// Where the files of this run lie. It may have vanished, see [`Run::revive`].
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Writes a file of this run; if the directory vanished, it is made again for it, once in the life of the run.
    pub(crate) fn write(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        match self.directory.write(name, bytes, durability) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.revive()?;
                self.directory.write(name, bytes, durability)
            }
            result => result,
        }
    }

    /// Makes lock and directory again after somebody removed them; an error the second time, and after the end.
    pub(crate) fn revive(&self) -> io::Result<()> {
        let mut held = lock(&self.lock);
        if held.is_none() || self.was_revived.swap(true, Ordering::Relaxed) {
            return Err(io::Error::from(ErrorKind::NotFound));
        }
        self.database.make_again()?;
        if !held.as_ref().is_some_and(Lock::is_held) {
            let lock = Lock::take(&self.database, name_of(self.id, RUN_LOCK))?;
            *held = Some(lock.ok_or_else(|| io::Error::from(ErrorKind::ResourceBusy))?);
        }
        self.database.child(&name_of(self.id, RUN)).map(drop)
    }

    /// True if there are other runs in the database whose processes live.
    pub(crate) fn has_others(&self) -> bool {
        let is_other = |name: String| {
            let id = name.strip_suffix(RUN).and_then(id_of);
            let other = id.filter(|id| *id != self.id);
            other.is_some_and(|id| Lock::is_taken(&self.database, &name_of(id, RUN_LOCK)))
        };
        // What cannot be seen may be there.
        self.database
            .names()
            .map_or(true, |mut names| names.any(is_other))
    }

    /// Ends the run: its directory goes if nothing is in it. What is in it is now for the next start to take over.
    pub(crate) fn end(&self) {
        let Some(lock) = lock(&self.lock).take() else {
            return;
        };
        // Without the lock it is no longer ours: another process may be reading it.
        if lock.is_held() {
            // Not empty is no failure, see above; any other failure leaves as much.
            let _ = self.database.remove_child(&name_of(self.id, RUN));
        }
        lock.release();
    }

    /// For a forked child, about the run of its parent: keeps the child from holding the lock after the parent's death.
    pub(crate) fn let_go(&self) {
        // Somebody may have been at it when the process forked; then the copy stays open until this process ends.
        if let Some(lock) = try_lock(&self.lock).and_then(|mut lock| lock.take()) {
            lock.let_go();
        }
    }
}

/// A run whose process has gone, and which is now ours alone. Dropping it gives it back as it is.
#[derive(Debug)]
pub(crate) struct OldRun {
    directory: Directory,
    lock: Option<Lock>,
}

impl OldRun {
    /// Where its files lie.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Removes it. Files that nobody took care of stay, and the run with them, for the next start.
    pub(crate) fn finish(self) -> io::Result<()> {
        // Not in a child that a callback forked meanwhile.
        if !self.lock.as_ref().is_some_and(Lock::is_held) {
            return Err(io::Error::from(ErrorKind::PermissionDenied));
        }
        for name in self.directory.names()? {
            // Half-written files, and the state of crash handlers in other processes, which died with it.
            if is_temporary_name(&name) || name.starts_with("__sentry-") {
                self.directory.remove(&name)?;
            }
        }
        let name = self.directory.name().unwrap_or_default();
        self.directory.remove_child(name)
    }
}

impl Drop for OldRun {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            lock.release();
        }
    }
}

/// The runs in `database` whose processes have gone, each locked when it is reached. A run comes to one process only:
/// the others find it locked, or gone.
pub(crate) fn old_runs(database: &Directory) -> io::Result<OldRuns> {
    /// More are found by later starts.
    const MOST: usize = 10_000;
    let is_of_interest =
        |name: &String| name.ends_with(RUN) || name.ends_with(RUN_LOCK) || is_temporary_name(name);
    let names: Vec<_> = database
        .names()?
        .filter(is_of_interest)
        .take(MOST)
        .collect();
    Ok(OldRuns {
        names: names.into_iter(),
        database: database.clone(),
    })
}

/// See [`old_runs`].
#[derive(Debug)]
pub(crate) struct OldRuns {
    database: Directory,
    /// Read at once: taking runs over may last as long as the server is away, and no descriptor is kept that long.
    names: std::vec::IntoIter<String>,
}

impl Iterator for OldRuns {
    type Item = OldRun;

    fn next(&mut self) -> Option<OldRun> {
        self.names.find_map(|name| take_over(&self.database, &name))
    }
}

fn take_over(database: &Directory, name: &str) -> Option<OldRun> {
    if let Some(id) = name.strip_suffix(RUN_LOCK).and_then(id_of) {
        remove_lone_lock(database, id);
        return None;
    }
    if is_temporary_name(name) {
        remove_stale(database, name);
        return None;
    }
    let id = name.strip_suffix(RUN).and_then(id_of)?;
    // Before the lock, which would leave a file beside what is not ours.
    database.existing_child(name).ok()?;
    let lock = Lock::take(database, name_of(id, RUN_LOCK)).ok()??;
    match database.existing_child(name) {
        Ok(directory) => Some(OldRun {
            directory,
            lock: Some(lock),
        }),
        Err(_) => {
            // Another process was faster, from the lock to the removal.
            lock.release();
            None
        }
    }
}

/// A process that died between taking the lock and making the directory leaves a lock of nothing.
fn remove_lone_lock(database: &Directory, id: Uuid) {
    let directory = name_of(id, RUN);
    let is_lone = || {
        let found = database.metadata(&directory);
        found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    };
    if !is_lone() {
        return;
    }
    if let Ok(Some(lock)) = Lock::take(database, name_of(id, RUN_LOCK)) {
        // Whoever was about to lock it sees that the file is gone, and makes a new one.
        lock.release();
    }
}

/// A process that died while it wrote a file of the database itself leaves half of it under its temporary name.
fn remove_stale(database: &Directory, name: &str) {
    /// Nobody takes as long as this to write a few bytes; a file of a living process must not go.
    const AGE: Duration = Duration::from_secs(60 * 60);
    let written = database.metadata(name).and_then(|found| found.modified());
    let age = written.ok().and_then(|written| written.elapsed().ok());
    if age.is_some_and(|age| age > AGE) {
        // Whoever removes it first, it is gone.
        let _ = database.remove(name);
    }
}

/// A new id and its lock. A process that tidies up may have the lock for a moment, between its making and its locking.
fn take_new_lock(database: &Directory) -> io::Result<(Uuid, Lock)> {
    /// More than once is chance; every time is somebody's intent.
    const ATTEMPTS: u32 = 10;
    for _ in 0..ATTEMPTS {
        let id = Uuid::new_v4();
        if let Some(lock) = Lock::take(database, name_of(id, RUN_LOCK))? {
            return Ok((id, lock));
        }
    }
    Err(io::Error::from(ErrorKind::ResourceBusy))
}

fn name_of(id: Uuid, suffix: &str) -> String {
    format!("{}{suffix}", id.hyphenated().as_str())
}

/// Only the form that is written counts: every other name is somebody else's.
fn id_of(text: &str) -> Option<Uuid> {
    Uuid::parse_strict(text).filter(|id| id.hyphenated().as_str() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::time::SystemTime;

    fn database(scratch: &Scratch) -> Directory {
        Directory::open(scratch.path()).unwrap()
    }

    fn sorted_names(directory: &Directory) -> Vec<String> {
        let mut names: Vec<_> = directory.names().unwrap().collect();
        names.sort_unstable();
        names
    }

    /// The runs that can be taken over, once there are `count`: a test that forks at this moment gives its child copies of
    /// all locks, until that ends.
    fn old_runs_once(database: &Directory, count: usize) -> Vec<OldRun> {
        loop {
            let found: Vec<_> = old_runs(database).unwrap().collect();
            if found.len() >= count {
                return found;
            }
            std::thread::yield_now();
        }
    }

    /// As after the death of the process.
    fn abandon(run: Run) -> String {
        run.directory().name().unwrap().to_owned()
    }

    #[test]
    fn a_clean_end_leaves_nothing() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        let run = Run::start(&database).unwrap();
        assert_eq!(sorted_names(&database).len(), 2);
        assert_eq!(run.database().path(), database.path());
        run.end();
        run.end();
        assert_eq!(sorted_names(&database), [""; 0]);
        assert!(run.revive().is_err());
    }

    #[test]
    fn what_a_run_leaves_is_taken_over_once() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        let first = Run::start(&database).unwrap();
        first.write("file", b"left", Durability::Process).unwrap();
        first.end();
        let second = Run::start(&database).unwrap();
        second.write("file", b"left", Durability::Process).unwrap();
        drop(second);
        let live = Run::start(&database).unwrap();
        let taken = old_runs_once(&database, 2);
        assert_eq!(taken.len(), 2);
        assert_eq!(old_runs(&database).unwrap().count(), 0, "twice");
        for old in taken {
            assert_eq!(old.directory().read("file", 9).unwrap().unwrap(), b"left");
            old.directory().remove("file").unwrap();
            old.finish().unwrap();
        }
        assert_eq!(sorted_names(&database).len(), 2);
        live.end();
        assert_eq!(sorted_names(&database), [""; 0]);
    }

    #[test]
    fn what_was_not_dealt_with_comes_again() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        let run = Run::start(&database).unwrap();
        for name in ["file", ".sentry-0123456789abcdef.tmp", "__sentry-event"] {
            run.write(name, b"", Durability::Process).unwrap();
        }
        let name = abandon(run);
        let old = old_runs_once(&database, 1).remove(0);
        assert!(old.finish().is_err());
        assert_eq!(sorted_names(&database), [name]);
        let old = old_runs_once(&database, 1).remove(0);
        assert_eq!(sorted_names(old.directory()), ["file"]);
    }

    #[test]
    fn links_and_foreign_names_are_left_alone() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        let outside = Scratch::new();
        let id = Uuid::new_v4();
        symlink(outside.path(), database.path().join(name_of(id, RUN))).unwrap();
        let upper = name_of(id, "").to_uppercase();
        for name in ["x.run", ".run", "cache", &format!("{upper}.run")] {
            fs::create_dir(database.path().join(name)).unwrap();
        }
        fs::write(
            database.path().join(name_of(Uuid::new_v4(), RUN)),
            b"a file",
        )
        .unwrap();
        fs::write(database.path().join("x.run.lock"), b"").unwrap();
        let before = sorted_names(&database);
        assert_eq!(old_runs(&database).unwrap().count(), 0);
        assert_eq!(sorted_names(&database), before);
    }

    #[test]
    fn a_lock_without_a_run_is_removed() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        fs::write(database.path().join(name_of(Uuid::new_v4(), RUN_LOCK)), b"").unwrap();
        assert_eq!(old_runs(&database).unwrap().count(), 0);
        assert_eq!(sorted_names(&database), [""; 0]);
    }

    #[test]
    fn files_that_nobody_finished_are_removed_after_an_hour() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        let (old, new, later) = (
            ".sentry-00000000000000aa.tmp",
            ".sentry-00000000000000bb.tmp",
            ".sentry-00000000000000cc.tmp",
        );
        let (now, long) = (SystemTime::now(), Duration::from_secs(60 * 60 + 1));
        // The last was written before the clock was set back; its process may live.
        for (name, written) in [(old, now - long), (new, now), (later, now + long)] {
            let file = fs::File::create(database.path().join(name)).unwrap();
            file.set_modified(written).unwrap();
        }
        assert_eq!(old_runs(&database).unwrap().count(), 0);
        assert_eq!(sorted_names(&database), [new, later]);
    }

    #[test]
    fn between_two_runs_no_descriptor_is_held() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        for _ in 0..2 {
            let run = Run::start(&database).unwrap();
            run.write("file", b"left", Durability::Process).unwrap();
            run.end();
        }
        let mut runs = old_runs(&database).unwrap();
        assert!(runs.next().is_some());
        let open = fs::read_dir("/proc/self/fd").unwrap();
        let targets = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        let ours: Vec<_> = targets
            .filter(|path| path.starts_with(database.path()) && *path != database.path())
            .collect();
        assert!(ours.is_empty(), "{ours:?}");
        assert!(runs.next().is_some());
    }

    #[test]
    fn a_run_that_is_no_longer_ours_is_not_removed() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        Run::start(&database).unwrap();
        let old = old_runs_once(&database, 1).pop().unwrap();
        let run = old.directory().clone();
        let name = run.name().unwrap();
        fs::remove_file(database.path().join(format!("{name}.lock"))).unwrap();
        old.finish().unwrap_err();
        assert!(run.path().exists());
    }

    #[test]
    fn a_run_that_vanished_is_made_again_once() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        let run = Run::start(&database).unwrap();
        fs::remove_dir_all(database.path()).unwrap();
        run.write("file", b"1", Durability::Process).unwrap();
        assert_eq!(old_runs(&database).unwrap().count(), 0, "it is not locked");
        fs::remove_dir_all(database.path()).unwrap();
        assert!(run.write("file", b"2", Durability::Process).is_err());
        run.end();
        assert!(!database.path().exists());
    }

    #[test]
    fn a_run_whose_lock_another_process_has_is_left_to_it() {
        let scratch = Scratch::new();
        let database = database(&scratch);
        let run = Run::start(&database).unwrap();
        fs::remove_file(database.path().join(name_of(run.id, RUN_LOCK))).unwrap();
        let other = old_runs(&database).unwrap().next().unwrap();
        run.end();
        assert!(other.directory().path().exists());
        other.finish().unwrap();
        assert_eq!(sorted_names(&database), [""; 0]);
    }
}
