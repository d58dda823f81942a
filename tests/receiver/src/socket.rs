//! One accepted connection as a byte stream that can be woken.
//!
//! Decides how reading, writing and waiting end: by the client, or by the receiver. Entry points: [`Socket`] and
//! [`Signal`], the handle that wakes it. May call the C library's `poll` and `setsockopt`; nothing of the crate.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How much is read from the network at once.
const READ_BYTES: usize = 64 * 1024;

/// Why a connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// The client closed or reset it.
    Client,
    /// The receiver ends it.
    Receiver,
}

/// Wakes the thread of one socket.
#[derive(Debug)]
pub(crate) struct Signal {
    is_ended: AtomicBool,
    sender: UnixStream,
}

impl Signal {
    /// Makes a signal and the end that is polled.
    pub(crate) fn new() -> io::Result<(Arc<Self>, UnixStream)> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok((
            Arc::new(Self {
                is_ended: AtomicBool::new(false),
                sender,
            }),
            receiver,
        ))
    }

    /// Makes a waiting thread look again. A full buffer means that a wake-up is already under way.
    pub(crate) fn wake(&self) {
        // The other end is gone only when its thread is.
        drop((&self.sender).write(b"!"));
    }

    /// Ends whatever waits for this signal, now and later.
    pub(crate) fn end(&self) {
        self.is_ended.store(true, Ordering::SeqCst);
        self.wake();
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::SeqCst)
    }
}

/// Takes all wake-ups that arrived.
pub(crate) fn drain(wake: &mut UnixStream) {
    while matches!(wake.read(&mut [0; 64]), Ok(1..)) {}
}

/// One accepted connection.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    signal: Arc<Signal>,
    wake: UnixStream,
    /// Bytes that were read and not yet used.
    pub(crate) input: Vec<u8>,
}

impl Socket {
    pub(crate) fn new(
        stream: TcpStream,
        signal: Arc<Signal>,
        wake: UnixStream,
    ) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        // Replies are cut at exact places: each write is to leave at once.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            signal,
            wake,
            input: Vec::new(),
        })
    }

    /// Waits until a byte can be read or was read before.
    pub(crate) fn wait_readable(&mut self) -> Result<(), Gone> {
        while self.input.is_empty() {
            match self.stream.peek(&mut [0]) {
                Ok(0) => return Err(Gone::Client),
                Ok(_) => return Ok(()),
                Err(error) => self.wait_after(&error, libc::POLLIN)?,
            }
        }
        Ok(())
    }

    /// Reads what is there into `input`, at least one byte.
    pub(crate) fn fill(&mut self) -> Result<usize, Gone> {
        let mut bytes = [0; READ_BYTES];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(Gone::Client),
                Ok(length) => {
                    self.input
                        .extend_from_slice(bytes.get(..length).unwrap_or_default());
                    return Ok(length);
                }
                Err(error) => self.wait_after(&error, libc::POLLIN)?,
            }
        }
    }

    /// Writes everything.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> Result<(), Gone> {
        while !bytes.is_empty() {
            if self.signal.is_ended() {
                return Err(Gone::Receiver);
            }
            match self.stream.write(bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) => self.wait_after(&error, libc::POLLOUT)?,
            }
        }
        Ok(())
    }

    /// Waits for a wake-up or the deadline. A client that closes its end counts as gone, unread bytes do not matter.
    pub(crate) fn wait_for_signal(&mut self, deadline: Option<Instant>) -> Result<(), Gone> {
        let happened = self.wait(libc::POLLRDHUP, deadline)?;
        if happened { Err(Gone::Client) } else { Ok(()) }
    }

    /// Says that nothing more will be sent and reads on for a while: a close with unread bytes would reset the connection
    /// and could take the answer away from the client.
    pub(crate) fn linger(&mut self, limit: Duration) {
        let deadline = Instant::now().checked_add(limit);
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let mut bytes = [0; READ_BYTES];
        while deadline.is_some_and(|deadline| Instant::now() < deadline) && !self.signal.is_ended()
        {
            match self.stream.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.wait(libc::POLLIN, deadline).is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }

    /// Closes with a reset instead of a regular end.
    pub(crate) fn reset(self) {
        let linger = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        let length = libc::socklen_t::try_from(size_of_val(&linger)).unwrap_or_default();
        // SAFETY: the descriptor is open as long as `self.stream` lives, and the kernel reads `length` bytes of `linger`.
        let result = unsafe {
            libc::setsockopt(
                self.stream.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_LINGER,
                (&raw const linger).cast(),
                length,
            )
        };
        debug_assert_eq!(result, 0, "a socket accepts SO_LINGER");
    }

    /// After a failed system call: waits where it only had to wait.
    fn wait_after(&mut self, error: &io::Error, events: libc::c_short) -> Result<(), Gone> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::WouldBlock => self.wait(events, None).map(drop),
            _ => Err(Gone::Client),
        }
    }

    /// Waits for one of `events`, a wake-up, or the deadline; true when an event happened.
    fn wait(&mut self, events: libc::c_short, deadline: Option<Instant>) -> Result<bool, Gone> {
        let [socket, wake] = poll(
            [
                (self.stream.as_raw_fd(), events),
                (self.wake.as_raw_fd(), libc::POLLIN),
            ],
            deadline,
        );
        if wake {
            drain(&mut self.wake);
        }
        if self.signal.is_ended() {
            Err(Gone::Receiver)
        } else {
            Ok(socket)
        }
    }
}

/// Waits until something happens to one of the descriptors or the deadline passes; says for each whether it did.
pub(crate) fn poll<const N: usize>(
    waits: [(RawFd, libc::c_short); N],
    deadline: Option<Instant>,
) -> [bool; N] {
    let mut entries = waits.map(|(fd, events)| libc::pollfd {
        fd,
        events,
        revents: 0,
    });
    let timeout_ms = match deadline {
        None => -1,
        Some(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up: to wake before the deadline would mean to poll again and again until it.
            libc::c_int::try_from(left.as_micros().div_ceil(1000)).unwrap_or(libc::c_int::MAX)
        }
    };
    let count = libc::nfds_t::try_from(N).unwrap_or_default();
    // SAFETY: `entries` holds `count` initialised entries and lives through the call.
    let happened = unsafe { libc::poll(entries.as_mut_ptr(), count, timeout_ms) };
    entries.map(|entry| happened > 0 && entry.revents != 0)
}
