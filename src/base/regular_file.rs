//! Regular files: reading what the host named, without being held up or flooded by what is no file.
//!
//! Entry points: [`open`], [`read_at_most`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::descriptor::raised;

/// Opens a regular file for reading; also tells its size. A pipe, a device or a directory is refused and not even opened:
/// opening alone can block or do something.
pub(crate) fn open(path: &Path) -> io::Result<(File, u64)> {
    let check = |found: fs::Metadata| match found.is_file() {
        true => Ok(found.len()),
        false => Err(io::Error::new(
            ErrorKind::InvalidInput,
            "not a regular file",
        )),
    };
    check(fs::metadata(path)?)?;
    let file = OpenOptions::new()
        .read(true)
        // Somebody may put a pipe there just now.
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .and_then(raised)?;
    let size = check(file.metadata()?)?;
    Ok((file, size))
}

/// The first `most` bytes of a file, or all there are. A lack of memory is an error.
pub(crate) fn read_at_most(file: File, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(most)?;
    file.take(u64::try_from(most).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)?;
    // It may have been asked for more than there was.
    bytes.shrink_to_fit();
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random;
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    fn in_scratch(test: impl FnOnce(&Path)) {
        let name = format!("sentry-read-{:016x}", random::next_u64());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        test(&path);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn files_are_read_up_to_a_bound_also_through_links() {
        in_scratch(|scratch| {
            fs::write(scratch.join("file"), b"12345").unwrap();
            let link = scratch.join("link");
            symlink("file", &link).unwrap();
            let read = |most| {
                let (file, size) = open(&link).unwrap();
                assert_eq!(size, 5);
                read_at_most(file, most)
            };
            assert_eq!(read(3).unwrap(), b"123");
            assert_eq!(read(5).unwrap(), b"12345");
            let all = read(1000).unwrap();
            assert_eq!((&*all, all.capacity()), (&b"12345"[..], 5));
            assert_eq!(read(0).unwrap(), b"");
            assert_eq!(read(usize::MAX).unwrap_err().kind(), ErrorKind::OutOfMemory);
        });
    }

    #[test]
    fn what_is_no_regular_file_is_not_opened() {
        in_scratch(|scratch| {
            let pipe = scratch.join("pipe");
            let name = CString::new(pipe.as_os_str().as_bytes()).unwrap();
            // SAFETY: a terminated path that lives during the call.
            assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
            let none = [&*pipe, scratch, Path::new("/dev/zero"), Path::new("")];
            for path in none.into_iter().chain([&*scratch.join("absent")]) {
                assert!(open(path).is_err(), "{}", path.display());
            }
        });
    }
}
