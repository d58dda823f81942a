//! Real servers for the tests: nginx, tinyproxy, microsocks, Bugsink, and Relay's validation.
//!
//! Decides how programs that are not ours are found, started on free ports, watched, and ended with the test. Entry
//! points: [`Server`], [`tool`], [`python`], [`free_port`], [`wait_until`], and the modules, one for each server. A test
//! program says `mod real;` beside `mod support;`. May use the standard library, the receiver and `support`.
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests reports what is wrong by panicking"
)]

use std::fs::{self, File};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::repository;

pub mod bugsink;
pub mod certificates;
pub mod client;
pub mod corpus;
pub mod http2;
pub mod nginx;
pub mod proxies;
pub mod relay;

/// How long a server may take to listen or to end, on a machine that does other things too.
pub const SERVER_TIMEOUT: Duration = Duration::from_secs(120);
/// How long anything else may take. Reached only when something hangs.
pub const HANG: Duration = Duration::from_secs(60);
/// Between two looks at something outside of this process that cannot tell when it changes.
const PAUSE: Duration = Duration::from_millis(10);

/// A program that `scripts/setup test` provides; panics when it is not there.
pub fn tool(name: &str) -> PathBuf {
    required(repository().join("target/tools/bin").join(name))
}

/// The Python with the packages of `tests/requirements.txt`; panics when it is not there.
pub fn python() -> PathBuf {
    required(repository().join("target/venv/bin/python"))
}

fn required(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing: run `scripts/setup test`",
        path.display()
    );
    path
}

/// A command that runs one of the Python programs beside this file.
pub fn python_program(name: &str) -> Command {
    let mut command = Command::new(python());
    // No caches in the source tree.
    command.arg("-B").arg(here(name));
    command
}

/// The path of a file beside this one.
pub fn here(name: &str) -> PathBuf {
    repository().join("tests/real").join(name)
}

/// A port that nobody listens on. It lies outside of the range from which the system takes the ports of outgoing
/// connections, so that it stays free while a server is restarted.
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (0..COUNT)
        .map(|_| {
            // Test programs that run at the same time start at different places.
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let start = process::id().wrapping_mul(97);
            u16::try_from(FIRST + start.wrapping_add(step) % COUNT).expect("it is below 2^16")
        })
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("the machine has a free port")
}

/// Looks again and again until the condition holds; panics with `what` when it never does.
pub fn wait_until(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + timeout;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {timeout:?}: {what}");
        thread::sleep(PAUSE);
    }
}

/// A server of somebody else that runs until this is dropped. What it wrote is shown when the test panics.
#[derive(Debug)]
pub struct Server {
    name: String,
    keeper: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts a server and waits until it listens on the port. What it prints goes to `log`.
    pub fn start(name: &str, command: &Command, port: u16, log: &Path) -> Self {
        Self::start_with(name, &[], command, port, log)
    }

    /// [`Server::start`] for a server that lives as long as this process: its directory is removed when it has ended.
    pub fn start_for_process(
        name: &str,
        command: &Command,
        port: u16,
        log: &Path,
        directory: &Path,
    ) -> Self {
        let directory = directory.to_str().expect("test paths are UTF-8");
        Self::start_with(name, &["--remove", directory], command, port, log)
    }

    fn start_with(name: &str, options: &[&str], command: &Command, port: u16, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log);
        let file = file.expect("a scratch directory is writable");
        let mut keeper = python_program("keeper.py");
        keeper
            .args(options)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(file.try_clone().expect("a descriptor is left"))
            .stderr(file)
            // What ends this test from the terminal must not end the keeper before the server.
            .process_group(0);
        for (variable, value) in command.get_envs() {
            match value {
                Some(value) => keeper.env(variable, value),
                None => keeper.env_remove(variable),
            };
        }
        if let Some(directory) = command.get_current_dir() {
            keeper.current_dir(directory);
        }
        let keeper = keeper
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let mut server = Self {
            name: name.to_owned(),
            keeper,
            port,
            log: log.to_owned(),
        };
        server.wait_for_port();
        server
    }

    fn wait_for_port(&mut self) {
        let what = format!("{} listens on {}", self.name, self.port);
        wait_until(&what, SERVER_TIMEOUT, || {
            self.assert_running();
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    fn assert_running(&mut self) {
        if let Ok(Some(status)) = self.keeper.try_wait() {
            panic!("{} ended by itself: {status}", self.name);
        }
    }

    /// Sends the server a signal, for instance `HUP`.
    pub fn signal(&mut self, signal: &str) {
        self.tell(signal);
    }

    /// Ends the server and returns when its port refuses.
    pub fn stop(&mut self) {
        self.tell("stop");
        wait_until(&format!("{} ends", self.name), SERVER_TIMEOUT, || {
            TcpStream::connect(("127.0.0.1", self.port)).is_err()
        });
    }

    /// Starts the server again after [`Server::stop`], as it was started first.
    pub fn start_again(&mut self) {
        self.tell("start");
        self.wait_for_port();
    }

    fn tell(&mut self, what: &str) {
        let input = self.keeper.stdin.as_mut().expect("it is piped");
        writeln!(input, "{what}").expect("the keeper reads until the end");
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
        if thread::panicking() {
            eprintln!("--- {} said\n{}---", self.name, self.log());
        }
    }
}
