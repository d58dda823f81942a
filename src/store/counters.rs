//! The counters page: a table of numbers in a mapped file, so that the next start knows what a run that was killed had
//! counted. Counting makes no system call; what the numbers mean is known to those who count.
//!
//! [`CounterPage`] is written, [`read`] and [`add`] are for what a run left.

use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};

use super::directory::Directory;
use super::mapping::{Mapping, WORD};
use crate::base::folder::Use;

/// First word of the file: name and version of the layout.
const MAGIC: u64 = u64::from_ne_bytes(*b"sntryct1");
/// Words before the cells: magic, and the shape of the table, so that another version's is not misread.
const PREAMBLE: usize = 2;

/// See the module.
#[derive(Debug)]
pub(crate) struct CounterPage {
    mapping: Mapping,
}

impl CounterPage {
    /// A new page of `cells` zeros. `shape` stands for their meaning: a page of another shape is not read.
    pub(crate) fn create(
        directory: &Directory,
        name: &str,
        cells: usize,
        shape: u64,
    ) -> io::Result<Self> {
        let mapping = Mapping::create(directory, name, cells.saturating_add(PREAMBLE))?;
        // The first word last: with it the page counts as made.
        for (word, value) in mapping.words().iter().zip([MAGIC, shape]).rev() {
            word.store(value, Ordering::Release);
        }
        Ok(Self { mapping })
    }

    /// The cells.
    pub(crate) fn cells(&self) -> &[AtomicU64] {
        self.mapping.words().get(PREAMBLE..).unwrap_or_default()
    }
}

/// What a run that has ended counted; none if the file is no page of this shape. A page without its first word is one whose
/// process died while it was made: it had counted nothing.
pub(crate) fn read(
    directory: &Directory,
    name: &str,
    cells: usize,
    shape: u64,
) -> io::Result<Option<Vec<u64>>> {
    let file = directory.file(name, Use::Read)?;
    let length = cells.saturating_add(PREAMBLE).saturating_mul(WORD);
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let found = file.metadata()?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.iter().take(WORD).all(|byte| *byte == 0) {
        return Ok(Some(vec![0; cells]));
    }
    if found.len() != length {
        return Ok(None);
    }
    let mut words = bytes
        .chunks_exact(WORD)
        .map(|chunk| u64::from_ne_bytes(chunk.try_into().unwrap_or_default()));
    let is_ours = words.next() == Some(MAGIC) && words.next() == Some(shape);
    Ok(is_ours.then(|| words.collect()))
}

/// Adds to a cell of a page that [`read`] has read.
pub(crate) fn add(directory: &Directory, name: &str, cell: usize, quantity: u64) -> io::Result<()> {
    let file = directory.file(name, Use::Change)?;
    let place = cell.saturating_add(PREAMBLE).saturating_mul(WORD);
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    let mut word = [0; WORD];
    file.read_exact_at(&mut word, place)?;
    let sum = u64::from_ne_bytes(word).saturating_add(quantity);
    file.write_all_at(&sum.to_ne_bytes(), place)
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;
    use std::fs;

    #[test]
    fn what_was_counted_is_read_back() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        let page = CounterPage::create(&directory, "counters", 5, 42).unwrap();
        page.cells()[4].fetch_add(9, Ordering::Relaxed);
        // While it is still mapped: as after a kill.
        assert_eq!(
            read(&directory, "counters", 5, 42).unwrap(),
            Some(vec![0, 0, 0, 0, 9])
        );
        add(&directory, "counters", 4, 2).unwrap();
        add(&directory, "counters", 0, 1).unwrap();
        assert_eq!(
            read(&directory, "counters", 5, 42).unwrap(),
            Some(vec![1, 0, 0, 0, 11])
        );
        assert!(add(&directory, "counters", 5, 1).is_err());
    }

    #[test]
    fn foreign_and_torn_pages_are_not_read() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        drop(CounterPage::create(&directory, "counters", 5, 42).unwrap());
        assert_eq!(read(&directory, "counters", 5, 43).unwrap(), None);
        assert_eq!(read(&directory, "counters", 6, 42).unwrap(), None);
        let whole = fs::read(scratch.path().join("counters")).unwrap();
        for bytes in [&whole[..40], &vec![b'x'; whole.len()]] {
            fs::write(scratch.path().join("counters"), bytes).unwrap();
            assert_eq!(read(&directory, "counters", 5, 42).unwrap(), None);
        }
        for unfinished in [&[][..], &[0; 5], &vec![0; whole.len()]] {
            fs::write(scratch.path().join("counters"), unfinished).unwrap();
            assert_eq!(
                read(&directory, "counters", 5, 42).unwrap(),
                Some(vec![0; 5])
            );
        }
        assert!(read(&directory, "missing", 5, 42).is_err());
        fs::create_dir(scratch.path().join("folder")).unwrap();
        assert!(read(&directory, "folder", 5, 42).is_err());
    }
}
