//! Sockets: what the kernel knows of the connections that libcurl makes.
//!
//! libcurl does not tell which socket a transfer runs on. But it has its sockets made here, and says between which ports a
//! request goes out; the two together find the socket. It is only asked, never used: the number of one that libcurl has
//! closed meanwhile has other ports, or none. Entry points: [`Sockets`], [`Ends`].

use std::cell::RefCell;
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::os::fd::{AsRawFd as _, FromRawFd as _, IntoRawFd as _, OwnedFd, RawFd};
use std::rc::Rc;

use crate::base::descriptor::{raised, with_standard_taken};

/// The sockets of one client, which all its transfers know. One entry for each number, so it cannot outgrow the table of
/// descriptors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sockets(Rc<RefCell<Vec<Made>>>);

#[derive(Debug)]
struct Made {
    descriptor: RawFd,
    /// A request has gone out on it.
    has_carried: bool,
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
}

impl Sockets {
    /// A socket for libcurl: closed on exec, and under a number that no standard stream of the host has.
    pub(crate) fn open(&self, family: c_int, kind: c_int, protocol: c_int) -> Option<RawFd> {
        // SAFETY: no pointers; the result is checked.
        let open = || unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
        let socket = with_standard_taken(open);
        if socket < 0 {
            return None;
        }
        // SAFETY: the descriptor was just made and has no other owner.
        let socket = raised(unsafe { OwnedFd::from_raw_fd(socket) });
        let descriptor = socket.ok()?.into_raw_fd();
        let mut made = self.0.borrow_mut();
        made.retain(|earlier| earlier.descriptor != descriptor);
        made.push(Made {
            descriptor,
            has_carried: false,
        });
        Some(descriptor)
    }

    /// Notes that a request goes out on this connection; true if one has before.
    pub(crate) fn carries_request(&self, ends: Ends) -> bool {
        let note = |made: &mut Made| std::mem::replace(&mut made.has_carried, true);
        self.with_socket(ends, |made, _| note(made))
            .unwrap_or(false)
    }

    /// True if there is something to read, or nothing more to come.
    pub(crate) fn has_input(&self, ends: Ends) -> bool {
        let would_wait = |stream: &TcpStream| {
            let seen = stream.peek(&mut [0]);
            seen.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
        };
        self.with_socket(ends, |_, stream| !would_wait(stream))
            .unwrap_or(false)
    }

    /// Bytes that were sent and whose arrival the other end has not confirmed.
    pub(crate) fn unconfirmed(&self, ends: Ends) -> Option<u32> {
        self.with_socket(ends, |_, stream| {
            let mut bytes: c_int = 0;
            // SAFETY: the request writes one `int`.
            let result = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
            u32::try_from(bytes).ok().filter(|_| result == 0)
        })
        .flatten()
    }

    fn with_socket<T>(
        &self,
        ends: Ends,
        ask: impl FnOnce(&mut Made, &TcpStream) -> T,
    ) -> Option<T> {
        let mut made = self.0.borrow_mut();
        let found = made.iter_mut().find_map(|made| {
            // SAFETY: nothing is closed. Only questions are asked, which harm no descriptor, whoever has the number now.
            let stream = unsafe { TcpStream::from_raw_fd(made.descriptor) };
            let stream = ManuallyDrop::new(stream);
            let own = stream.local_addr().ok()?.port();
            let is_it = own == ends.own && stream.peer_addr().ok()?.port() == ends.server;
            is_it.then_some((made, stream))
        });
        found.map(|(made, stream)| ask(made, &stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A connection whose one end was made here.
    fn connected(sockets: &Sockets) -> (TcpStream, TcpStream, Ends) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let descriptor = sockets.open(libc::AF_INET, libc::SOCK_STREAM, 0).unwrap();
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
        let sockets = Sockets::default();
        let (own, other, ends) = connected(&sockets);
        assert!(!sockets.carries_request(ends));
        assert!(sockets.carries_request(ends));
        assert!(!sockets.has_input(ends));
        drop(other);
        while !sockets.has_input(ends) {}
        drop(own);
        assert!(!sockets.has_input(ends) && !sockets.carries_request(ends));
        assert_eq!(sockets.unconfirmed(ends), None);
    }

    #[test]
    fn another_client_knows_nothing_of_it() {
        let sockets = Sockets::default();
        let (_own, _other, ends) = connected(&sockets);
        assert!(!sockets.carries_request(ends));
        assert!(!Sockets::default().carries_request(ends));
        assert_eq!(Sockets::default().unconfirmed(ends), None);
        assert!(sockets.clone().carries_request(ends), "a transfer does");
    }

    #[test]
    fn what_the_other_end_has_no_room_for_is_unconfirmed() {
        let sockets = Sockets::default();
        let (mut own, mut other, ends) = connected(&sockets);
        assert_eq!(sockets.unconfirmed(ends), Some(0));
        while own.write(&[0; 65_536]).is_ok() {}
        let before = sockets.unconfirmed(ends).unwrap();
        assert!(before > 0);
        let mut buffer = vec![0; 65_536];
        while sockets.unconfirmed(ends).unwrap() >= before {
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
