//! Certificates: which ones servers are checked against, and what is found where they should be.
//!
//! Entry points: [`Certificates`], [`look_at`]. May use: `base`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::base::descriptor::raised;

/// Where trusted certificates come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Certificates {
    /// What libcurl was built with.
    #[default]
    BuiltIn,
    /// A file of PEM certificates.
    File(PathBuf),
    /// A directory of hashed PEM certificates.
    Directory(PathBuf),
    /// What the host named, as soon as it is there; until then the others.
    Awaited(PathBuf, Box<Certificates>),
}

/// What is found at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A readable file that is not empty.
    File,
    /// A readable directory that is not empty.
    Directory,
}

impl Certificates {
    /// File and directory of this moment. The file system is asked only while something is awaited.
    pub(crate) fn now(&self) -> (Option<&Path>, Option<&Path>) {
        match self {
            Self::BuiltIn => (None, None),
            Self::File(path) => (Some(path), None),
            Self::Directory(path) => (None, Some(path)),
            Self::Awaited(path, until_then) => match look_at(path) {
                Ok(Found::File) => (Some(path), None),
                Ok(Found::Directory) => (None, Some(path)),
                Err(_) => until_then.now(),
            },
        }
    }

    /// True if what [`Certificates::now`] says may change.
    pub(crate) fn may_change(&self) -> bool {
        matches!(self, Self::Awaited(..))
    }
}

/// Asks the file system. An empty file or directory would fail every transfer, so it does not count as found.
pub(crate) fn look_at(path: &Path) -> Result<Found, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        let mut entries = fs::read_dir(path).map_err(|error| error.to_string())?;
        return match entries.next() {
            Some(_) => Ok(Found::Directory),
            None => Err("the directory is empty".to_owned()),
        };
    }
    if !metadata.is_file() {
        // Opening a pipe waits until somebody writes to it.
        return Err("it is neither a file nor a directory".to_owned());
    }
    fs::File::open(path)
        .and_then(raised)
        .map_err(|error| error.to_string())?;
    if metadata.len() == 0 {
        return Err("the file is empty".to_owned());
    }
    Ok(Found::File)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_disk_tells_files_from_directories_and_nothing() {
        let directory = Scratch::new("certificates-found");
        assert!(look_at(&directory.0).unwrap_err().contains("empty"));
        let file = directory.0.join("a.pem");
        fs::write(&file, "").unwrap();
        assert!(look_at(&file).unwrap_err().contains("empty"));
        assert_eq!(look_at(&directory.0), Ok(Found::Directory));
        fs::write(&file, "x").unwrap();
        assert_eq!(look_at(&file), Ok(Found::File));
        assert!(look_at(&directory.0.join("gone")).is_err());
        assert!(look_at(Path::new("/dev/null")).is_err());
    }

    #[test]
    fn what_is_awaited_is_used_once_it_is_there() {
        let directory = Scratch::new("certificates-awaited");
        let (wanted, other) = (directory.0.join("late.pem"), PathBuf::from("/other.pem"));
        let until_then = Box::new(Certificates::File(other.clone()));
        let awaited = Certificates::Awaited(wanted.clone(), until_then);
        assert!(awaited.may_change());
        assert_eq!(awaited.now(), (Some(other.as_path()), None));
        fs::write(&wanted, "x").unwrap();
        assert_eq!(awaited.now(), (Some(wanted.as_path()), None));
        fs::remove_file(&wanted).unwrap();
        assert_eq!(awaited.now(), (Some(other.as_path()), None));
    }
}
