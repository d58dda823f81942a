//! A directory for one unit test, removed with everything in it at its end.

use std::path::{Path, PathBuf};

use crate::base::random;

/// The directory; removed when this is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// An empty directory with a name nobody else uses.
    pub(crate) fn new() -> Self {
        let name = format!("sentry-store-{:016x}", random::next_u64());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
