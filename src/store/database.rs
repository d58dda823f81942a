//! The database of one client: the directory, and the run of this process in it. Without the feature `spool` there is
//! none: no value of the type can be made, so that the compiler leaves out what would need one.

#[cfg(not(feature = "spool"))]
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::directory::Directory;
use super::run::Run;

/// The directory of the database, and the run of this process in it.
#[derive(Debug)]
pub(crate) struct Database {
    directory: Directory,
    run: Arc<Run>,
    has_failed: AtomicBool,
    #[cfg(not(feature = "spool"))]
    never: Infallible,
}

impl Database {
    /// Makes the directory if it is not there, and starts a run in it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::start(Directory::open(path)?)
    }

    #[cfg(not(feature = "spool"))]
    fn start(_directory: Directory) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(feature = "spool")]
    fn start(directory: Directory) -> io::Result<Self> {
        Ok(Self {
            run: Arc::new(Run::start(&directory)?),
            directory,
            has_failed: AtomicBool::new(false),
        })
    }

    /// For a forked child: a run of its own in the directory of its parent, whose run stays the parent's.
    pub(crate) fn inherited(&self) -> io::Result<Self> {
        self.run.let_go();
        Self::start(self.directory.again()?)
    }

    /// Notes that a file could not be written or removed there, for the statistics.
    pub(crate) fn note_failure(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
    }

    /// True if a file could not be written or removed there.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// The directory.
    pub(crate) fn directory(&self) -> &Directory {
        #[cfg(not(feature = "spool"))]
        match self.never {}
        #[cfg(feature = "spool")]
        &self.directory
    }

    /// The run of this process.
    pub(crate) fn run(&self) -> &Arc<Run> {
        #[cfg(not(feature = "spool"))]
        match self.never {}
        #[cfg(feature = "spool")]
        &self.run
    }
}
