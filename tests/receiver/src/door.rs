//! The listening socket and its thread.
//!
//! Decides how connections are accepted, and how listening ends and starts again on the same port. Entry points:
//! [`Door::open`], [`Door::close`]. Uses the socket, the connection and the shared state.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::socket::{self, Signal, Socket};
use crate::state::Shared;

/// How long accepting rests when the process has no descriptor left.
const REST: Duration = Duration::from_millis(20);

/// A listening socket with its thread.
#[derive(Debug)]
pub(crate) struct Door {
    port: u16,
    signal: Arc<Signal>,
    thread: JoinHandle<Vec<JoinHandle<()>>>,
}

impl Door {
    /// Listens on the loopback address; port 0 takes a free one.
    pub(crate) fn open(port: u16, shared: Arc<Shared>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let (signal, wake) = Signal::new()?;
        let accepting = Accepting {
            listener,
            wake,
            signal: Arc::clone(&signal),
            shared,
            threads: Vec::new(),
        };
        let thread = Builder::new()
            .name("receiver".to_owned())
            .spawn(move || accepting.run())?;
        Ok(Self {
            port,
            signal,
            thread,
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Stops listening; returns the threads of the connections that may still be open. From here on the port refuses.
    pub(crate) fn close(self) -> Vec<JoinHandle<()>> {
        self.signal.end();
        self.thread.join().unwrap_or_default()
    }
}

/// What the accepting thread owns.
struct Accepting {
    listener: TcpListener,
    wake: UnixStream,
    signal: Arc<Signal>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Accepting {
    fn run(mut self) -> Vec<JoinHandle<()>> {
        while !self.signal.is_ended() {
            match self.listener.accept() {
                Ok((stream, _)) => match self.serve(stream) {
                    Ok(thread) => self.threads.push(thread),
                    Err(error) => self
                        .shared
                        .add_violation(format!("RECEIVER: a connection was lost: {error}")),
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let listener = (self.listener.as_raw_fd(), libc::POLLIN);
                    socket::poll([listener, (self.wake.as_raw_fd(), libc::POLLIN)], None);
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                    ) => {}
                Err(error) => {
                    self.shared
                        .add_violation(format!("RECEIVER: accepting failed: {error}"));
                    socket::poll(
                        [(self.wake.as_raw_fd(), libc::POLLIN)],
                        Instant::now().checked_add(REST),
                    );
                }
            }
            socket::drain(&mut self.wake);
            self.threads.retain(|thread| !thread.is_finished());
        }
        self.threads
    }

    /// Gives a connection its thread.
    fn serve(&self, stream: TcpStream) -> io::Result<JoinHandle<()>> {
        let (signal, wake) = Signal::new()?;
        let socket = Socket::new(stream, Arc::clone(&signal), wake)?;
        let number = self.shared.register(&signal);
        let connection = Connection::new(socket, Arc::clone(&self.shared), number);
        Builder::new()
            .name(format!("receiver-{number}"))
            .spawn(move || connection.serve())
    }
}
