//! Listing: what is known of a directory before its files are looked at.

use std::os::unix::fs::MetadataExt as _;

use super::name::Name;
use crate::store::directory::Directory;

/// Changes whenever a file in a directory comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    directory: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    /// Of a directory as it is now.
    pub(super) fn of(directory: &Directory) -> Option<Self> {
        let found = directory.own_metadata().ok()?;
        Some(Self {
            directory: found.ino(),
            seconds: found.mtime(),
            nanoseconds: found.mtime_nsec(),
        })
    }
}

/// A file whose name was read, and nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub(super) name: Name,
    pub(super) is_to_be_sent: bool,
}

impl Listed {
    /// Its name, if this process sends it.
    pub(super) fn ours(self) -> Option<Name> {
        self.is_to_be_sent.then_some(self.name)
    }
}
