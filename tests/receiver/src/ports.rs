//! Addresses where no server can be reached.
//!
//! Decides how a connect fails or a handshake stalls without any network. Entry points: [`deaf_port`], [`closed_port`],
//! [`silent_port`]; each returns a guard that keeps its port in that state. May call the C library's sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// How long a connect on the loopback may take before the queue counts as full. A healthy one takes microseconds.
const FULL_AFTER: Duration = Duration::from_millis(250);
/// More connections than a queue of length 0 can hold on any kernel.
const MAX_FILLERS: usize = 16;

/// A port that never answers a connect, see [`deaf_port`].
#[derive(Debug)]
pub struct DeafPort {
    listener: TcpListener,
    port: u16,
    _fillers: Vec<TcpStream>,
}

/// A port that refuses connects, see [`closed_port`].
#[derive(Debug)]
pub struct ClosedPort {
    _socket: OwnedFd,
    port: u16,
}

/// A port that connects and never says a byte, see [`silent_port`].
#[derive(Debug)]
pub struct SilentPort {
    listener: TcpListener,
    port: u16,
}

/// A port whose queue of connections is full, so that the kernel drops every further connect without an answer: what a
/// client sees when a host is down.
///
/// # Errors
/// Those of the system, and [`io::ErrorKind::Unsupported`] where the kernel takes more connections than it was told to.
pub fn deaf_port() -> io::Result<DeafPort> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // SAFETY: the descriptor is a bound TCP socket that `listener` keeps open; listening again only changes the queue.
    if unsafe { libc::listen(listener.as_raw_fd(), 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let address = listener.local_addr()?;
    let mut fillers = Vec::new();
    while fillers.len() < MAX_FILLERS {
        match TcpStream::connect_timeout(&address, FULL_AFTER) {
            Ok(filler) => fillers.push(filler),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Ok(DeafPort {
                    listener,
                    port: address.port(),
                    _fillers: fillers,
                });
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "the kernel does not bound the queue of connections",
    ))
}

/// A port that refuses every connect. It stays bound, so that nobody else can start to listen on it.
///
/// # Errors
/// Those of the system.
pub fn closed_port() -> io::Result<ClosedPort> {
    // SAFETY: no pointers.
    let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above returned this descriptor and nobody else knows it.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut address = libc::sockaddr_in {
        sin_family: libc::sa_family_t::try_from(libc::AF_INET).unwrap_or_default(),
        sin_port: 0,
        sin_addr: libc::in_addr {
            s_addr: u32::from(Ipv4Addr::LOCALHOST).to_be(),
        },
        sin_zero: [0; 8],
    };
    let mut length = libc::socklen_t::try_from(size_of_val(&address)).unwrap_or_default();
    // SAFETY: `address` is initialised, has `length` bytes and lives through the call.
    if unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above; the kernel writes at most `length` bytes.
    if unsafe {
        libc::getsockname(
            socket.as_raw_fd(),
            (&raw mut address).cast(),
            &raw mut length,
        )
    } != 0
    {
        return Err(io::Error::last_os_error());
    }
    Ok(ClosedPort {
        _socket: socket,
        port: u16::from_be(address.sin_port),
    })
}

/// A port that connects and never says a byte: a TLS handshake stalls there, and so does a plain request.
///
/// # Errors
/// Those of the system.
pub fn silent_port() -> io::Result<SilentPort> {
    // Nobody accepts: the kernel answers the connect and buffers what the client sends.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    Ok(SilentPort { listener, port })
}

impl DeafPort {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Takes the waiting connections away, so that the next connect is answered: the host is back.
    ///
    /// # Errors
    /// Those of the system.
    pub fn wake(self) -> io::Result<TcpListener> {
        self.listener.set_nonblocking(true)?;
        while self.listener.accept().is_ok() {}
        self.listener.set_nonblocking(false)?;
        Ok(self.listener)
    }
}

impl ClosedPort {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl SilentPort {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next client that connected, for a test that wants to know that one did.
    ///
    /// # Errors
    /// Those of the system.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.listener.accept()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::{Ipv4Addr, SocketAddr, TcpStream};
    use std::time::Duration;

    use super::{closed_port, deaf_port, silent_port};

    fn connect(port: u16) -> std::io::Result<TcpStream> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpStream::connect_timeout(&address, Duration::from_millis(300))
    }

    #[test]
    fn a_deaf_port_lets_every_connect_run_into_its_time_out_until_it_wakes() {
        let deaf = deaf_port().unwrap();
        let port = deaf.port();
        for _ in 0..2 {
            assert_eq!(connect(port).unwrap_err().kind(), ErrorKind::TimedOut);
        }
        let _listener = deaf.wake().unwrap();
        connect(port).unwrap();
    }

    #[test]
    fn a_closed_port_refuses() {
        let closed = closed_port().unwrap();
        for _ in 0..3 {
            assert_eq!(
                connect(closed.port()).unwrap_err().kind(),
                ErrorKind::ConnectionRefused
            );
        }
    }

    #[test]
    fn a_silent_port_connects_and_says_nothing() {
        let silent = silent_port().unwrap();
        let mut client = connect(silent.port()).unwrap();
        client.write_all(b"hello").unwrap();
        client
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        assert_eq!(
            client.read(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        let (_, address) = silent.accept().unwrap();
        assert_eq!(address, client.local_addr().unwrap());
    }
}
