//! Segments: memory that outlives the process, however it dies, without a system call and without a file under it.
//!
//! A store to a mapped file raises SIGBUS, which would end the host, when somebody shortens the file or the disk fails. A
//! segment of System V shared memory cannot be shortened and has no disk; it stays until it is removed or the machine (or
//! container) ends. It is seen as atomic words and nothing else, so that no access to it is undefined.
//!
//! Whoever dies without a later start leaves its segment. So each holds, at its end, the path of the directory it belongs
//! to, and [`Segment::create`] removes those of this user that nobody uses and whose directory is gone. It takes none when half
//! of those the system allows are in use: other programs need them too. Entry points: [`Segment::create`],
//! [`Segment::find`].

use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a word.
pub(crate) const WORD: usize = size_of::<u64>();
/// Words for the path of the directory, of which the first is its length.
const PATH_WORDS: usize = 1 + 4096 / WORD;
/// Commands for `shmctl` that `libc` does not name.
const IPC_INFO: libc::c_int = 3;
const SHM_STAT: libc::c_int = 13;
const SHM_INFO: libc::c_int = 14;
/// Most segments of the system that are looked at.
const MOST_LOOKED_AT: libc::c_int = 4096;

/// A segment, attached until this is dropped. It outlives that, see [`Segment::remove`].
#[derive(Debug)]
pub(crate) struct Segment {
    base: NonNull<AtomicU64>,
    words: usize,
    id: libc::c_int,
}

// SAFETY: the memory belongs to this value until it is dropped, and is reached through atomics only.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// A new one of `words` zeros, for this user only, that belongs to `directory`. Its first word is to be a mark by which
    /// [`Segment::find`] knows it.
    pub(crate) fn create(words: usize, directory: &Path) -> io::Result<Self> {
        let path = directory.as_os_str().as_bytes();
        let bytes = size_of_all(words)?;
        if path.len() > (PATH_WORDS - 1) * WORD {
            return Err(refused());
        }
        let (used, most, highest) = usage()?;
        if used > 0 {
            remove_orphans(words, bytes, highest);
        }
        if used >= most / 2 {
            return Err(io::Error::from(io::ErrorKind::QuotaExceeded));
        }
        // SAFETY: no pointers.
        let id = unsafe { libc::shmget(libc::IPC_PRIVATE, bytes, 0o600 | libc::IPC_CREAT) };
        if id < 0 {
            return Err(io::Error::last_os_error());
        }
        let segment = Self::attach(id, words).inspect_err(|_| remove(id))?;
        let place = segment.path_words();
        let length = u64::try_from(path.len()).unwrap_or(0);
        let text = path.chunks(WORD).map(|chunk| {
            let mut word = [0; WORD];
            word.iter_mut()
                .zip(chunk)
                .for_each(|(to, from)| *to = *from);
            u64::from_ne_bytes(word)
        });
        for (word, value) in place.iter().zip(std::iter::once(length).chain(text)) {
            word.store(value, Ordering::Relaxed);
        }
        Ok(segment)
    }

    /// The segment `id` of this user, if its first word is `mark`: the number may be somebody else's by now.
    pub(crate) fn find(id: u64, mark: u64, words: usize) -> Option<Self> {
        let id = libc::c_int::try_from(id).ok()?;
        let (found, _) = status(id, libc::IPC_STAT)?;
        if !is_ours(&found, size_of_all(words).ok()?) {
            return None;
        }
        let segment = Self::attach(id, words).ok()?;
        let is_it = segment.words().first()?.load(Ordering::Acquire) == mark;
        is_it.then_some(segment)
    }

    /// Its number, for [`Segment::find`].
    pub(crate) fn id(&self) -> u64 {
        u64::try_from(self.id).unwrap_or(u64::MAX)
    }

    /// All of it but what it says of its directory.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        self.all().get(..self.words).unwrap_or_default()
    }

    /// Removes it, for the system, once nobody has it attached.
    pub(crate) fn remove(&self) {
        remove(self.id);
    }

    fn attach(id: libc::c_int, words: usize) -> io::Result<Self> {
        // SAFETY: at an address of the system's choice; the size was asked for or looked at.
        let address = unsafe { libc::shmat(id, ptr::null(), 0) };
        // The one address that means failure.
        if address.addr() == usize::MAX {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(address.cast()).ok_or_else(refused)?;
        Ok(Self { base, words, id })
    }

    fn all(&self) -> &[AtomicU64] {
        let length = self.words.saturating_add(PATH_WORDS);
        // SAFETY: page-aligned, at least that long, initialised by the system, and attached as long as `self` lives;
        // atomics allow that others write to it.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), length) }
    }

    fn path_words(&self) -> &[AtomicU64] {
        self.all().get(self.words..).unwrap_or_default()
    }

    fn directory(&self) -> PathBuf {
        let mut words = self
            .path_words()
            .iter()
            .map(|word| word.load(Ordering::Relaxed));
        let length = usize::try_from(words.next().unwrap_or(0)).unwrap_or(0);
        let mut path: Vec<u8> = words.flat_map(u64::to_ne_bytes).collect();
        path.truncate(length);
        std::ffi::OsString::from_vec(path).into()
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: attached there, and nobody can hold a word of it any more.
        unsafe { libc::shmdt(self.base.as_ptr().cast()) };
    }
}

/// Removes segments like ours that nobody has attached and whose directory is gone: no later start will ask for them.
fn remove_orphans(words: usize, bytes: usize, highest: libc::c_int) {
    for index in 0..=highest.min(MOST_LOOKED_AT) {
        let Some((found, id)) = status(index, SHM_STAT) else {
            continue;
        };
        if found.shm_nattch > 0 || !is_ours(&found, bytes) {
            continue;
        }
        let Ok(segment) = Segment::attach(id, words) else {
            continue;
        };
        let directory = segment.directory();
        // Others of this user may have the same size; theirs end with no absolute path.
        let is_orphan = directory.is_absolute()
            && directory
                .symlink_metadata()
                .is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if is_orphan {
            segment.remove();
        }
    }
}

/// How many segments there are, how many there may be, and the highest place in the system's table.
fn usage() -> io::Result<(usize, usize, libc::c_int)> {
    // As much as the system's structures take, and more: longs, the first of them an int in one.
    let mut limits: [libc::c_ulong; 32] = [0; 32];
    let mut used: [libc::c_int; 64] = [0; 64];
    // SAFETY: both are larger than what the system writes there.
    let (asked, highest) = unsafe {
        (
            libc::shmctl(0, IPC_INFO, limits.as_mut_ptr().cast()),
            libc::shmctl(0, SHM_INFO, used.as_mut_ptr().cast()),
        )
    };
    if asked < 0 || highest < 0 {
        return Err(io::Error::last_os_error());
    }
    let [_, _, most, ..] = limits;
    let [count, ..] = used;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok((count, usize::try_from(most).unwrap_or(usize::MAX), highest))
}

/// What the system says of a segment, by its number or its place in the system's table; and its number, in the latter case.
fn status(of: libc::c_int, command: libc::c_int) -> Option<(libc::shmid_ds, libc::c_int)> {
    // SAFETY: numbers, for which zeros are values.
    let mut found: libc::shmid_ds = unsafe { std::mem::zeroed() };
    // SAFETY: a valid place of the type that these commands fill.
    let id = unsafe { libc::shmctl(of, command, &mut found) };
    (id >= 0).then_some((found, id))
}

fn is_ours(found: &libc::shmid_ds, bytes: usize) -> bool {
    // SAFETY: no arguments; the call cannot fail.
    let user = unsafe { libc::geteuid() };
    found.shm_perm.uid == user && found.shm_perm.cuid == user && found.shm_segsz == bytes
}

fn remove(id: libc::c_int) {
    // SAFETY: this command uses no pointer. One that cannot be removed is looked at again by each later start.
    unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
}

fn size_of_all(words: usize) -> io::Result<usize> {
    let words = words.checked_add(PATH_WORDS).filter(|_| words > 0);
    words
        .and_then(|all| all.checked_mul(WORD))
        .ok_or_else(refused)
}

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidInput)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;

    const MARK: u64 = 0x7465_7374_6d61_726b;

    fn create(scratch: &Scratch, words: usize) -> Segment {
        let segment = Segment::create(words, scratch.path()).unwrap();
        segment.words()[0].store(MARK, Ordering::Release);
        segment
    }

    #[test]
    fn what_is_stored_is_found_until_it_is_removed() {
        let scratch = Scratch::new();
        let segment = create(&scratch, 11);
        assert_eq!(segment.words().len(), 11);
        segment.words()[10].store(7, Ordering::Relaxed);
        let id = segment.id();
        drop(segment);
        let found = Segment::find(id, MARK, 11).unwrap();
        assert_eq!(found.words()[10].load(Ordering::Relaxed), 7);
        assert!(Segment::find(id, MARK + 1, 11).is_none());
        assert!(Segment::find(id, MARK, 12).is_none());
        found.remove();
        drop(found);
        assert!(Segment::find(id, MARK, 11).is_none());
        assert!(Segment::find(u64::MAX, MARK, 11).is_none());
    }

    #[test]
    fn what_nobody_will_ask_for_is_removed_by_the_next() {
        // A size of its own: other tests make segments at the same time.
        const WORDS: usize = 1234;
        let (scratch, gone) = (Scratch::new(), Scratch::new());
        let (waits, in_use, orphan) = (
            create(&scratch, WORDS).id(),
            create(&gone, WORDS),
            create(&gone, WORDS).id(),
        );
        drop(gone);
        let next = create(&scratch, WORDS);
        assert!(Segment::find(waits, MARK, WORDS).is_some());
        assert!(Segment::find(in_use.id(), MARK, WORDS).is_some());
        assert!(Segment::find(orphan, MARK, WORDS).is_none());
        Segment::find(waits, MARK, WORDS).unwrap().remove();
        in_use.remove();
        next.remove();
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for words in [0, usize::MAX, usize::MAX / WORD] {
            assert!(Segment::create(words, Path::new("/")).is_err(), "{words}");
        }
    }
}
