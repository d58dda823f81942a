//! `last_crash`: when a run crashed last, until the host clears it.

use std::io;
use std::time::SystemTime;

use crate::protocol::event::time_of;
use crate::store::directory::Directory;

const NAME: &str = "last_crash";

/// True if some run crashed since the mark was cleared, whatever the file says.
pub(crate) fn is_set(directory: &Directory) -> bool {
    directory.metadata(NAME).is_ok_and(|found| found.is_file())
}

/// When it crashed, if the file can be read.
pub(crate) fn read(directory: &Directory) -> Option<SystemTime> {
    /// A time of day in any notation that is understood.
    const MAX_BYTES: u64 = 64;
    let content = directory.read(NAME, MAX_BYTES).ok()??;
    time_of(std::str::from_utf8(&content).ok()?.trim())
}

/// Removes the mark; no error if there is none.
pub(crate) fn clear(directory: &Directory) -> io::Result<()> {
    directory.remove(NAME).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Scratch;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_mark_is_read_and_cleared() {
        let scratch = Scratch::new();
        let directory = Directory::open(scratch.path()).unwrap();
        assert!(!is_set(&directory));
        assert_eq!(read(&directory), None);
        let path = scratch.path().join(NAME);
        std::fs::write(&path, "1970-01-02T00:00:01.500000Z").unwrap();
        assert!(is_set(&directory));
        let expected = UNIX_EPOCH + Duration::from_millis(86_401_500);
        assert_eq!(read(&directory), Some(expected));
        for content in ["", "yesterday", "\u{0}"] {
            std::fs::write(&path, content).unwrap();
            assert!(is_set(&directory));
            assert_eq!(read(&directory), None, "{content:?}");
        }
        clear(&directory).unwrap();
        clear(&directory).unwrap();
        assert!(!is_set(&directory));
    }
}
