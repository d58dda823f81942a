//! Sockets: what the kernel knows of the connections that libcurl makes.
//!
//! libcurl does not tell which socket a transfer runs on. But it has its sockets made here, and says between which ports a
//! request goes out; the two together find the socket. It is only asked, never used: the number of one that libcurl has
//! closed meanwhile has other ports, or none. Entry points: [`open`], [`Ends`].

use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::os::fd::{AsRawFd as _, FromRawFd as _, IntoRawFd as _, OwnedFd, RawFd};
use std::sync::Mutex;

use crate::base::descriptor::{raised, with_standard_taken};
use crate::base::lock::try_lock;

/// What was made, on whatever thread: the host may lend the worker one after the other. One entry for each number, so it
/// cannot outgrow the table of descriptors.
static MADE: Mutex<Vec<Made>> = Mutex::new(Vec::new());

struct Made {
    descriptor: RawFd,
    /// A request has gone out on it.
    has_carried: bool,
}

/// A socket for libcurl: closed on exec, and under a number that no standard stream of the host has.
pub(crate) fn open(family: c_int, kind: c_int, protocol: c_int) -> Option<RawFd> {
    // SAFETY: no pointers; the result is checked.
    let open = || unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
    let socket = with_standard_taken(open);
    if socket < 0 {
        return None;
    }
    // SAFETY: the descriptor was just made and has no other owner.
    let socket = raised(unsafe { OwnedFd::from_raw_fd(socket) });
    let descriptor = socket.ok()?.into_raw_fd();
    with_made(|made| {
        made.retain(|earlier| earlier.descriptor != descriptor);
        made.push(Made {
            descriptor,
            has_carried: false,
        });
    });
    Some(descriptor)
}

/// The ports of a connection: this end's and that of whom it was made to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    own: u16,
    server: u16,
}

impl Ends {
    /// None if these are no ports.
    pub(crate) fn new(own: c_int, server: c_int) -> Option<Self> {
        let ports = u16::try_from(own).ok().zip(u16::try_from(server).ok());
        let (own, server) = ports.filter(|(own, server)| *own > 0 && *server > 0)?;
        Some(Self { own, server })
    }

    /// Notes that a request goes out on it; true if one has before.
    pub(crate) fn carries_request(self) -> bool {
        let note = |made: &mut Made| std::mem::replace(&mut made.has_carried, true);
        self.with_socket(|made, _| note(made)).unwrap_or(false)
    }

    /// True if there is something to read, or nothing more to come.
    pub(crate) fn has_input(self) -> bool {
        let would_wait = |stream: &TcpStream| {
            let seen = stream.peek(&mut [0]);
            seen.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
        };
        self.with_socket(|_, stream| !would_wait(stream))
            .unwrap_or(false)
    }

    /// Bytes that were sent and whose arrival the other end has not confirmed.
    pub(crate) fn unconfirmed(self) -> Option<u32> {
        self.with_socket(|_, stream| {
            let mut bytes: c_int = 0;
            // SAFETY: the request writes one `int`.
            let result = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
            u32::try_from(bytes).ok().filter(|_| result == 0)
        })
        .flatten()
    }

    fn with_socket<T>(self, ask: impl FnOnce(&mut Made, &TcpStream) -> T) -> Option<T> {
        with_made(|made| {
            made.iter_mut()
                .find_map(|made| {
                    // SAFETY: nothing is closed. Only questions are asked, which harm no descriptor, whoever has the number now.
                    let stream = unsafe { TcpStream::from_raw_fd(made.descriptor) };
                    let stream = ManuallyDrop::new(stream);
                    let own = stream.local_addr().ok()?.port();
                    let is_it = own == self.own && stream.peer_addr().ok()?.port() == self.server;
                    is_it.then_some((made, stream))
                })
                .map(|(made, stream)| ask(made, &stream))
        })
        .flatten()
    }
}

/// None if another thread looks at them for long, or did when this process was forked from it.
fn with_made<T>(work: impl FnOnce(&mut Vec<Made>) -> T) -> Option<T> {
    /// A look takes some system calls.
    const TRIES: usize = 1000;
    for _ in 0..TRIES {
        if let Some(mut made) = try_lock(&MADE) {
            return Some(work(&mut made));
        }
        std::thread::yield_now();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A connection whose one end was made here.
    fn connected() -> (TcpStream, TcpStream, Ends) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let descriptor = open(libc::AF_INET, libc::SOCK_STREAM, 0).unwrap();
        // SAFETY: all zeros are an address.
        let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
        address.sin_family = libc::sa_family_t::try_from(libc::AF_INET).unwrap();
        address.sin_port = port.to_be();
        address.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
        let length = libc::socklen_t::try_from(size_of_val(&address)).unwrap();
        // SAFETY: the descriptor is open, the address has this length.
        let result = unsafe { libc::connect(descriptor, (&raw const address).cast(), length) };
        assert_eq!(result, 0);
        // SAFETY: it has no other owner.
        let own = unsafe { TcpStream::from_raw_fd(descriptor) };
        own.set_nonblocking(true).unwrap();
        let own_port = own.local_addr().unwrap().port();
        let ends = Ends::new(own_port.into(), port.into()).unwrap();
        (own, listener.accept().unwrap().0, ends)
    }

    #[test]
    fn a_socket_is_found_by_its_ports_until_it_is_closed() {
        let (own, other, ends) = connected();
        assert!(!ends.carries_request());
        assert!(ends.carries_request());
        assert!(!ends.has_input());
        drop(other);
        while !ends.has_input() {}
        drop(own);
        assert!(!ends.has_input() && !ends.carries_request());
        assert_eq!(ends.unconfirmed(), None);
    }

    #[test]
    fn what_the_other_end_has_no_room_for_is_unconfirmed() {
        let (mut own, mut other, ends) = connected();
        assert_eq!(ends.unconfirmed(), Some(0));
        while own.write(&[0; 65_536]).is_ok() {}
        let before = ends.unconfirmed().unwrap();
        assert!(before > 0);
        let mut buffer = vec![0; 65_536];
        while ends.unconfirmed().unwrap() >= before {
            other.read_exact(&mut buffer).unwrap();
        }
    }

    #[test]
    fn an_end_has_a_port() {
        assert!(Ends::new(0x1234, 443).is_some());
        for (own, server) in [(0, 443), (-1, 443), (1234, 0), (65_536, 443)] {
            assert_eq!(Ends::new(own, server), None);
        }
    }
}
