//! Descriptors: those of the library are 3 or higher.
//!
//! A host may have closed its standard input, output or error. What is opened then gets the free number, and the host's
//! next line for its output would go into our socket or file. Entry points: [`raised`], [`read`],
//! [`with_standard_taken`], [`are_free`].

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd, RawFd};
use std::path::Path;

/// The highest number of a standard descriptor.
const LAST_STANDARD: RawFd = 2;

/// The same file or socket under a number that no standard stream has. Both are closed on exec.
pub(crate) fn raised<T: AsFd + From<OwnedFd>>(opened: T) -> io::Result<T> {
    if opened.as_fd().as_raw_fd() > LAST_STANDARD {
        return Ok(opened);
    }
    // The standard library never clones to a standard number.
    let clone = opened.as_fd().try_clone_to_owned()?;
    Ok(T::from(clone))
}

/// The content of a file, as far as it can be read.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).and_then(raised)?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Runs `action` while no standard number is free: for descriptors that cannot be raised since only libcurl knows them, and
/// for those that can be written to, where also a moment is long enough for a line of the host.
pub(crate) fn with_standard_taken<T>(action: impl FnOnce() -> T) -> T {
    let is_standard = |file: &File| file.as_raw_fd() <= LAST_STANDARD;
    let open = || File::open("/dev/null").ok().filter(is_standard);
    let _taken: Vec<File> = std::iter::from_fn(open).collect();
    action()
}

/// Whether so many descriptors can be opened at a time; else why not.
pub(crate) fn are_free(count: usize) -> io::Result<()> {
    let open = |_| File::open("/dev/null");
    let opened: io::Result<Vec<File>> = (0..count).map(open).collect();
    opened.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::FromRawFd as _;

    #[test]
    fn a_standard_number_is_given_up_and_others_stay() {
        let file = File::open("/dev/zero").unwrap();
        let number = file.as_raw_fd();
        assert_eq!(raised(file).unwrap().as_raw_fd(), number);
        // In a child: the numbers are those of the whole test.
        // SAFETY: the child opens and closes files, and leaves with `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let is_right = || {
                for number in 0..=LAST_STANDARD {
                    // SAFETY: the child has no other use for it.
                    unsafe { libc::close(number) };
                }
                // SAFETY: just opened by nobody else.
                let low = unsafe { File::from_raw_fd(libc::open(c"/dev/zero".as_ptr(), 0)) };
                assert_eq!(low.as_raw_fd(), 0);
                let mut high = raised(low).unwrap();
                let is_free = |number| File::open("/dev/null").unwrap().as_raw_fd() == number;
                high.read_exact(&mut [0; 3]).unwrap();
                let inside = with_standard_taken(|| File::open("/dev/null").unwrap());
                let limit = libc::rlimit {
                    rlim_cur: 64,
                    rlim_max: 64,
                };
                // SAFETY: `limit` lives during the call.
                assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
                high.as_raw_fd() > 2
                    && is_free(0)
                    && inside.as_raw_fd() > 2
                    && are_free(10).is_ok()
                    && are_free(64).is_err()
            };
            let code = i32::from(!crate::base::panic::contained(is_right).unwrap_or(false));
            // SAFETY: ends the child without running anything of the test harness.
            unsafe { libc::_exit(code) };
        }
        let mut status = 0;
        // SAFETY: `child` is our own child and `status` a valid place.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(libc::WEXITSTATUS(status), 0);
    }
}
