//! Kept descriptors: what stays open while the library runs, in a host that may close all descriptors and open its own under
//! their numbers.
//!
//! Before each use the number is compared with what was opened, and it is closed only if it still is that. Entry point:
//! [`Kept`].

use std::fs::{File, Metadata};
use std::io;
use std::mem::ManuallyDrop;
use std::os::unix::fs::MetadataExt as _;

use super::folder::Folder;

/// Device and inode.
pub(crate) type Identity = (u64, u64);

/// What a file is, as opposed to others.
pub(crate) fn identity_of(found: &Metadata) -> Identity {
    (found.dev(), found.ino())
}

/// Something open that says what it is.
pub(crate) trait Open {
    /// What it is now.
    fn look(&self) -> io::Result<Metadata>;
}

impl Open for File {
    fn look(&self) -> io::Result<Metadata> {
        self.metadata()
    }
}

impl Open for Folder {
    fn look(&self) -> io::Result<Metadata> {
        self.metadata()
    }
}

/// Something open, and what it was when it was opened.
#[derive(Debug)]
pub(crate) struct Kept<T: Open> {
    open: ManuallyDrop<T>,
    identity: Identity,
}

impl<T: Open> Kept<T> {
    /// Keeps what was opened just now.
    pub(crate) fn new(open: T) -> io::Result<Self> {
        let identity = identity_of(&open.look()?);
        Ok(Self {
            open: ManuallyDrop::new(open),
            identity,
        })
    }

    /// What it was when it was opened.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// What it is now; none if the descriptor is no longer its own.
    pub(crate) fn look(&self) -> Option<Metadata> {
        let found = self.open.look().ok();
        found.filter(|found| identity_of(found) == self.identity)
    }

    /// To be used after a [`Kept::look`].
    pub(crate) fn get(&self) -> &T {
        &self.open
    }
}

impl<T: Open> Drop for Kept<T> {
    fn drop(&mut self) {
        if self.look().is_some() {
            // SAFETY: dropped here and nowhere else.
            unsafe { ManuallyDrop::drop(&mut self.open) };
        }
    }
}
