//! Close-on-exec for the two descriptors that libcurl keeps to itself.
//!
//! libcurl before 8.13 makes the pair of sockets behind `curl_multi_wakeup` without close-on-exec, so every program the
//! host starts would inherit them. Nothing tells their numbers; but each wake-up puts one byte into the pair. The
//! descriptor in which exactly these bytes can be read, and the one from which exactly they were written, are the pair;
//! those of the host are never touched. Entry point: [`close_pair_on_exec`]. May use: the C library.

use std::os::fd::RawFd;

/// Wake-ups that both descriptors must follow; another socket that by chance gets as many bytes in the same
/// microseconds must be new, inheritable, and of the same kind.
const WAKE_UPS: libc::c_int = 3;

/// A socket that may be an end of the pair, and what it held before the first wake-up.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    descriptor: RawFd,
    can_read: bool,
    can_write: bool,
    written: libc::c_int,
}

/// Finds the pair behind `wake_up`, which must add one byte to it, and marks both ends. Does nothing where there is no
/// such pair. Call it before anything waits on the pair.
pub(crate) fn close_pair_on_exec(mut wake_up: impl FnMut() -> bool) {
    let mut candidates: Vec<Candidate> = inheritable_sockets()
        .into_iter()
        .filter(|descriptor| pending(*descriptor, libc::FIONREAD) == Some(0))
        .filter(|descriptor| pending(*descriptor, libc::TIOCOUTQ) == Some(0))
        .map(|descriptor| Candidate {
            descriptor,
            can_read: true,
            can_write: true,
            written: 0,
        })
        .collect();
    if candidates.len() < 2 {
        return;
    }
    for count in 1..=WAKE_UPS {
        if !wake_up() {
            return;
        }
        for candidate in &mut candidates {
            candidate.can_read &= pending(candidate.descriptor, libc::FIONREAD) == Some(count);
            // The kernel counts its own overhead with the bytes, so only the growth is known.
            let written = pending(candidate.descriptor, libc::TIOCOUTQ).unwrap_or(0);
            candidate.can_write &= written > candidate.written;
            candidate.written = written;
        }
    }
    let only = |mut ends: Vec<RawFd>| (ends.len() == 1).then(|| ends.pop()).flatten();
    let chosen = |is_end: fn(&Candidate) -> bool| {
        let ends = candidates.iter().filter(|candidate| is_end(candidate));
        only(ends.map(|candidate| candidate.descriptor).collect())
    };
    if let (Some(reader), Some(writer)) = (
        chosen(|candidate| candidate.can_read),
        chosen(|candidate| candidate.can_write),
    ) {
        for descriptor in [reader, writer] {
            // SAFETY: no pointers; the descriptor is open, and only its flag changes.
            unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
}

/// All local stream sockets of this process that a started program would inherit.
fn inheritable_sockets() -> Vec<RawFd> {
    let Ok(entries) = std::fs::read_dir("/proc/thread-self/fd") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor: &RawFd| is_inheritable(*descriptor) && is_local_stream(*descriptor))
        .collect()
}

fn is_inheritable(descriptor: RawFd) -> bool {
    // SAFETY: no pointers; a number that is no descriptor any more gives an error.
    let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC == 0
}

fn is_local_stream(descriptor: RawFd) -> bool {
    socket_option(descriptor, libc::SO_DOMAIN) == Some(libc::AF_UNIX)
        && socket_option(descriptor, libc::SO_TYPE) == Some(libc::SOCK_STREAM)
}

fn socket_option(descriptor: RawFd, option: libc::c_int) -> Option<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut length = libc::socklen_t::try_from(size_of_val(&value)).ok()?;
    // SAFETY: `value` has `length` bytes, and both live during the call.
    let result = unsafe {
        libc::getsockopt(
            descriptor,
            libc::SOL_SOCKET,
            option,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    (result == 0).then_some(value)
}

/// Bytes that can be read from a socket (`FIONREAD`), or that its peer has not read yet (`TIOCOUTQ`).
fn pending(descriptor: RawFd, request: libc::Ioctl) -> Option<libc::c_int> {
    let mut count: libc::c_int = 0;
    // SAFETY: both requests write one int, which lives during the call.
    let result = unsafe { libc::ioctl(descriptor, request, &raw mut count) };
    (result == 0).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    fn inheritable_pair() -> (UnixStream, UnixStream) {
        let (one, other) = UnixStream::pair().unwrap();
        for end in [&one, &other] {
            // SAFETY: no pointers; the descriptor is ours.
            assert_eq!(unsafe { libc::fcntl(end.as_raw_fd(), libc::F_SETFD, 0) }, 0);
        }
        (one, other)
    }

    fn is_marked(end: &UnixStream) -> bool {
        !is_inheritable(end.as_raw_fd())
    }

    #[test]
    fn exactly_the_pair_that_is_woken_is_marked() {
        let (idle, peer_of_idle) = inheritable_pair();
        let (used, mut peer_of_used) = inheritable_pair();
        peer_of_used.write_all(b"host").unwrap();
        let (reader, mut writer) = inheritable_pair();
        close_pair_on_exec(|| writer.write_all(b"1").is_ok());
        assert!(is_marked(&reader) && is_marked(&writer));
        for end in [&idle, &peer_of_idle, &used, &peer_of_used] {
            assert!(!is_marked(end));
        }
    }

    #[test]
    fn a_wake_up_that_fails_marks_nothing() {
        let (one, other) = inheritable_pair();
        close_pair_on_exec(|| false);
        assert!(!is_marked(&one) && !is_marked(&other));
    }
}
