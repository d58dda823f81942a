//! The counters page: a table of numbers that the next start finds, however this run ends. What the numbers mean is known
//! to those who count.
//!
//! They lie in a segment of shared memory, so that counting makes no system call and nothing that happens to a file can
//! fault it; the file of the page says which segment it is. The worker copies them into the file now and then
//! ([`CounterPage::save`]), for when the segment goes with its machine or container, or none can be had.
//!
//! [`CounterPage`] is written, [`read`], [`add`] and [`remove`] are for what a run left.

use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::directory::Directory;
use super::segment::{Segment, WORD};
use crate::base::folder::Use;
use crate::base::lock::lock;
use crate::base::{memory, process, random};

/// What the file begins with: name and version of the layout.
const MAGIC: u64 = u64::from_ne_bytes(*b"sntryct2");
/// Words before the cells: magic, the shape of the table, so that another version's is not misread, the number of the
/// segment and its mark. The segment has its mark first, and the cells at the same place.
const PREAMBLE: usize = 4;
/// Stands for no segment.
const NONE: u64 = u64::MAX;

/// A table of numbers in memory that outlives the process.
#[derive(Debug)]
pub(crate) struct CounterPage {
    memory: Memory,
    head: [u64; PREAMBLE],
    directory: Directory,
    name: String,
    /// What is in the file. Locked by the worker only, and at the end.
    saved: Mutex<Vec<u64>>,
}

#[derive(Debug)]
enum Memory {
    Segment(Segment),
    Own(Vec<AtomicU64>),
}

/// What saving found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saved {
    /// The file is as it was left, and has the numbers of now.
    Well,
    /// Somebody removed or shortened it; it is whole again.
    Again,
}

impl CounterPage {
    /// A new page of `cells` zeros. `shape` stands for their meaning: a page of another shape is not read.
    pub(crate) fn create(
        directory: &Directory,
        name: &str,
        cells: usize,
        shape: u64,
    ) -> io::Result<Self> {
        let words = cells.saturating_add(PREAMBLE);
        let own = || memory::watch(|| memory::collect((0..words).map(|_| AtomicU64::new(0))));
        let mark = random::next_u64() | 1;
        let segment = Segment::create(words, &directory.path()).inspect(|segment| {
            if let Some(first) = segment.words().first() {
                first.store(mark, Ordering::Release);
            }
        });
        let id = segment.as_ref().map_or(NONE, Segment::id);
        let page = Self {
            head: [MAGIC, shape, id, mark],
            memory: match segment {
                Ok(segment) => Memory::Segment(segment),
                Err(_) => Memory::Own(own()?),
            },
            directory: directory.clone(),
            name: name.to_owned(),
            saved: Mutex::default(),
        };
        // Not over somebody's file.
        let made = directory.file(name, Use::Make).map(drop);
        match made.and_then(|()| page.save()) {
            Ok(_) => Ok(page),
            Err(error) => {
                page.remove_segment();
                Err(error)
            }
        }
    }

    /// The cells.
    pub(crate) fn cells(&self) -> &[AtomicU64] {
        let words = match &self.memory {
            Memory::Segment(segment) => segment.words(),
            Memory::Own(words) => words,
        };
        words.get(PREAMBLE..).unwrap_or_default()
    }

    /// True if the numbers outlive the process whether or not they are saved.
    pub(crate) fn outlives(&self) -> bool {
        matches!(self.memory, Memory::Segment(_))
    }

    /// True if the numbers changed since they were saved.
    pub(crate) fn is_changed(&self) -> bool {
        let saved = lock(&self.saved);
        let now = self.cells().iter().map(|cell| cell.load(Ordering::Relaxed));
        !saved
            .get(PREAMBLE..)
            .unwrap_or_default()
            .iter()
            .copied()
            .eq(now)
    }

    /// Brings the numbers of now into the file.
    pub(crate) fn save(&self) -> io::Result<Saved> {
        let mut saved = lock(&self.saved);
        let cells = self.cells().iter().map(|cell| cell.load(Ordering::Acquire));
        let words = memory::watch(|| memory::collect(self.head.into_iter().chain(cells)))?;
        let bytes = words.iter().flat_map(|word| word.to_ne_bytes());
        let bytes = memory::watch(|| memory::collect(bytes))?;
        let is_first = saved.is_empty();
        // Also if it fails: what failed once is tried again when there is something new.
        *saved = words;
        if !process::may_write(bytes.len()) {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let file = self.directory.file(&self.name, Use::MakeOrChange)?;
        let is_whole = file.metadata()?.len() == u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        file.write_all_at(&bytes, 0)?;
        Ok(match is_whole || is_first {
            true => Saved::Well,
            false => Saved::Again,
        })
    }

    /// Removes the page: the next start needs to know nothing.
    pub(crate) fn remove(&self) {
        // The next start reads a file that could not be removed, and needs its segment then.
        if self.directory.remove(&self.name).is_ok() {
            self.remove_segment();
        }
    }

    fn remove_segment(&self) {
        if let Memory::Segment(segment) = &self.memory {
            segment.remove();
        }
    }
}

/// What a run that has ended counted, and the shape of its table; none if the file is no page, or of a shape for which
/// `cells_of` does not know how many cells it has. A page without its first word is one whose process died while it was made:
/// it had counted nothing, and has no cells and no shape.
pub(crate) fn read(
    directory: &Directory,
    name: &str,
    cells_of: impl Fn(u64) -> Option<usize>,
) -> io::Result<Option<(u64, Vec<u64>)>> {
    let file = directory.file(name, Use::Read)?;
    let mut head = Vec::new();
    let length = u64::try_from(PREAMBLE.saturating_mul(WORD)).unwrap_or(u64::MAX);
    (&file).take(length).read_to_end(&mut head)?;
    if head.iter().take(WORD).all(|byte| *byte == 0) {
        return Ok(Some((0, Vec::new())));
    }
    let mut in_head = words_of(&head);
    let is_ours = in_head.next() == Some(MAGIC);
    let shape = in_head.next().filter(|_| is_ours).unwrap_or(0);
    let Some(words) = cells_of(shape).map(|cells| cells.saturating_add(PREAMBLE)) else {
        return Ok(None);
    };
    let length = u64::try_from(words.saturating_mul(WORD)).unwrap_or(u64::MAX);
    if !is_ours || file.metadata()?.len() != length {
        return Ok(None);
    }
    let (id, mark) = (in_head.next(), in_head.next());
    let segment = Segment::find(id.unwrap_or(NONE), mark.unwrap_or(0), words);
    let numbers = match segment {
        Some(segment) => memory::watch(|| {
            let in_memory = segment.words().iter().skip(PREAMBLE);
            memory::collect(in_memory.map(|cell| cell.load(Ordering::Acquire)))
        })?,
        None => {
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes)?;
            memory::watch(|| memory::collect(words_of(&bytes)))?
        }
    };
    Ok(Some((shape, numbers)))
}

fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let words = bytes.chunks_exact(WORD);
    words.map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default()))
}

/// Adds to a cell of a page that [`read`] has read.
pub(crate) fn add(directory: &Directory, name: &str, cell: usize, quantity: u64) -> io::Result<()> {
    let file = directory.file(name, Use::Change)?;
    let place = cell.saturating_add(PREAMBLE);
    if let Some(segment) = segment_of(&file)
        && let Some(cell) = segment.words().get(place)
    {
        cell.fetch_add(quantity, Ordering::AcqRel);
    }
    let place = u64::try_from(place.saturating_mul(WORD)).unwrap_or(u64::MAX);
    let mut word = [0; WORD];
    file.read_exact_at(&mut word, place)?;
    let sum = u64::from_ne_bytes(word).saturating_add(quantity);
    file.write_all_at(&sum.to_ne_bytes(), place)
}

/// Removes the page of a run that has ended.
pub(crate) fn remove(directory: &Directory, name: &str) -> io::Result<()> {
    let segment = directory.file(name, Use::Read).ok();
    let segment = segment.and_then(|file| segment_of(&file));
    directory.remove(name)?;
    if let Some(segment) = segment {
        segment.remove();
    }
    Ok(())
}

/// The segment that a page speaks of.
fn segment_of(file: &std::fs::File) -> Option<Segment> {
    let words = usize::try_from(file.metadata().ok()?.len()).ok()? / WORD;
    let mut bytes = [0; PREAMBLE * WORD];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let mut head = words_of(&bytes);
    let is_ours = head.next() == Some(MAGIC);
    let (id, mark) = (head.nth(1)?, head.next()?);
    is_ours.then(|| Segment::find(id, mark, words)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;
    use std::fs;

    /// The cells of a page of the tests.
    fn found(directory: &Directory, name: &str) -> Option<Vec<u64>> {
        let page = read(directory, name, |shape| (shape == 42).then_some(5));
        page.unwrap().map(|(_, cells)| cells)
    }

    #[test]
    fn what_was_counted_is_read_back() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let page = CounterPage::create(&directory, "counters", 5, 42).unwrap();
        assert!(page.outlives() && !page.is_changed());
        page.cells()[4].fetch_add(9, Ordering::Relaxed);
        // Unsaved: as after a kill.
        assert!(page.is_changed());
        let found = || found(&directory, "counters");
        assert_eq!(found(), Some(vec![0, 0, 0, 0, 9]));
        page.save().unwrap();
        assert!(!page.is_changed());
        add(&directory, "counters", 4, 2).unwrap();
        add(&directory, "counters", 0, 1).unwrap();
        assert_eq!(found(), Some(vec![1, 0, 0, 0, 11]));
        assert!(add(&directory, "counters", 5, 1).is_err());
        // As after a power failure.
        page.remove_segment();
        drop(page);
        assert_eq!(found(), Some(vec![1, 0, 0, 0, 11]));
    }

    #[test]
    fn a_page_that_is_removed_takes_its_segment_along() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        for by_a_later_start in [false, true] {
            let page = CounterPage::create(&directory, "counters", 5, 42).unwrap();
            let [_, _, id, mark] = page.head;
            match by_a_later_start {
                true => remove(&directory, "counters").unwrap(),
                false => page.remove(),
            }
            drop(page);
            assert!(Segment::find(id, mark, 5 + PREAMBLE).is_none());
            assert!(!scratch.path().join("counters").exists());
        }
    }

    #[test]
    fn a_file_that_is_shortened_or_removed_is_written_again() {
        let scratch = Scratch::new();
        let (directory, path) = (
            Directory::open(scratch.path()).unwrap(),
            scratch.path().join("counters"),
        );
        let page = CounterPage::create(&directory, "counters", 5, 42).unwrap();
        for remove in [false, true] {
            match remove {
                true => fs::remove_file(&path).unwrap(),
                false => fs::File::create(&path).unwrap().set_len(0).unwrap(),
            }
            page.cells()[1].fetch_add(1, Ordering::Relaxed);
            assert_eq!(page.save().unwrap(), Saved::Again);
            page.cells()[1].fetch_add(1, Ordering::Relaxed);
            assert_eq!(page.save().unwrap(), Saved::Well);
        }
        assert_eq!(found(&directory, "counters"), Some(vec![0, 4, 0, 0, 0]));
        page.remove();
    }

    #[test]
    fn foreign_and_torn_pages_are_not_read() {
        let scratch = Scratch::new();
        let (directory, path) = (
            Directory::open(scratch.path()).unwrap(),
            scratch.path().join("counters"),
        );
        let page = CounterPage::create(&directory, "counters", 5, 42).unwrap();
        let cells = |cells: usize| move |shape: u64| (shape == 42).then_some(cells);
        assert_eq!(read(&directory, "counters", |_| None).unwrap(), None);
        assert_eq!(read(&directory, "counters", cells(6)).unwrap(), None);
        let whole = fs::read(&path).unwrap();
        for bytes in [&whole[..40], &vec![b'x'; whole.len()]] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(found(&directory, "counters"), None);
        }
        for unfinished in [&[][..], &[0; 5], &vec![0; whole.len()]] {
            fs::write(&path, unfinished).unwrap();
            assert_eq!(found(&directory, "counters"), Some(vec![]));
        }
        assert!(read(&directory, "missing", cells(5)).is_err());
        fs::create_dir(scratch.path().join("folder")).unwrap();
        assert!(read(&directory, "folder", cells(5)).is_err());
        assert!(CounterPage::create(&directory, "counters", 5, 42).is_err());
        page.remove();
    }
}
