//! nginx between the library and the receiver.
//!
//! Entry point: [`Nginx::start`]. What it does under which path says `nginx.conf`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use receiver::{ClosedPort, PROJECT_ID, PUBLIC_KEY, Receiver, closed_port};

use super::{HANG, Server, certificates, free_port, here, tool, wait_until};
use crate::support::Scratch;

/// nginx on free ports, in front of a receiver of its own.
#[derive(Debug)]
pub struct Nginx {
    server: Server,
    /// Where the requests end up.
    pub receiver: Receiver,
    tls: u16,
    plain: u16,
    short: u16,
    expired: u16,
    elsewhere: u16,
    /// Keeps the port closed.
    _closed: ClosedPort,
    scratch: Scratch,
}

/// One line of the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub protocol: String,
    pub connection: u64,
    pub status: u16,
    pub path: String,
}

impl Nginx {
    /// Starts it and returns when it listens.
    pub fn start() -> Self {
        let scratch = Scratch::new("nginx");
        certificates::write_to(scratch.path());
        let (receiver, closed) = (Receiver::start(), closed_port().unwrap());
        let [tls, plain, short, expired, elsewhere] = [(); 5].map(|()| free_port());
        let words = [
            ("@BACKEND@", receiver.port()),
            ("@TLS@", tls),
            ("@PLAIN@", plain),
            ("@SHORT@", short),
            ("@EXPIRED@", expired),
            ("@ELSEWHERE@", elsewhere),
            ("@CLOSED@", closed.port()),
        ];
        let text = fs::read_to_string(here("nginx.conf")).unwrap();
        let text = words.iter().fold(text, |text, (word, port)| {
            text.replace(word, &port.to_string())
        });
        fs::write(scratch.join("nginx.conf"), text).unwrap();
        let mut command = Command::new(tool("nginx"));
        command
            .arg("-p")
            .arg(scratch.path())
            .args(["-c", "nginx.conf", "-e", "stderr"]);
        Self {
            server: Server::start("nginx", &command, tls, &scratch.join("log")),
            receiver,
            tls,
            plain,
            short,
            expired,
            elsewhere,
            _closed: closed,
            scratch,
        }
    }

    /// Starts it again after [`Nginx::stop`], on the same ports.
    pub fn start_again(&mut self) {
        self.server.start_again();
    }

    /// Ends it; open connections are cut.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Reads its configuration again: new workers take over, old ones finish what they have.
    pub fn reload(&mut self) {
        self.server.signal("HUP");
    }

    /// The DSN whose requests go to a path, for instance `/small`, over TLS.
    pub fn dsn(&self, path: &str) -> String {
        format!(
            "https://{PUBLIC_KEY}@127.0.0.1:{}{path}/{PROJECT_ID}",
            self.tls
        )
    }

    /// [`Nginx::dsn`] for another name of this machine.
    pub fn localhost_dsn(&self, path: &str) -> String {
        self.dsn(path).replace("127.0.0.1", "localhost")
    }

    /// [`Nginx::dsn`] without TLS.
    pub fn plain_dsn(&self, path: &str) -> String {
        format!(
            "http://{PUBLIC_KEY}@127.0.0.1:{}{path}/{PROJECT_ID}",
            self.plain
        )
    }

    /// The DSN of the server that ends each connection after five requests.
    pub fn short_dsn(&self) -> String {
        format!("https://{PUBLIC_KEY}@127.0.0.1:{}/{PROJECT_ID}", self.short)
    }

    /// The DSN of the server whose certificate has expired.
    pub fn expired_dsn(&self) -> String {
        format!(
            "https://{PUBLIC_KEY}@127.0.0.1:{}/{PROJECT_ID}",
            self.expired
        )
    }

    /// The DSN of the server whose certificate has another name.
    pub fn elsewhere_dsn(&self) -> String {
        format!(
            "https://{PUBLIC_KEY}@127.0.0.1:{}/{PROJECT_ID}",
            self.elsewhere
        )
    }

    /// The CA that signed its certificates.
    pub fn ca(&self) -> String {
        self.pem("ca.pem")
    }

    /// A CA that signed none of them.
    pub fn stranger(&self) -> String {
        self.pem("stranger.pem")
    }

    fn pem(&self, name: &str) -> String {
        self.path(name)
            .to_str()
            .expect("test paths are UTF-8")
            .to_owned()
    }

    /// A path in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// All requests it has answered so far, also those it did not pass on. The answer comes before the line.
    pub fn accesses(&self) -> Vec<Access> {
        let text = fs::read_to_string(self.scratch.join("access.log")).unwrap_or_default();
        text.lines().map(Access::parse).collect()
    }

    /// [`Nginx::accesses`] once there are so many; also more, but not fewer.
    pub fn wait_for_accesses(&self, count: usize) -> Vec<Access> {
        let what = format!("{count} requests in the access log");
        wait_until(&what, HANG, || self.accesses().len() >= count);
        self.accesses()
    }
}

impl Access {
    fn parse(line: &str) -> Self {
        let fields: Vec<&str> = line.split(' ').collect();
        let [protocol, connection, _requests, status, path] = fields[..] else {
            panic!("a line of another form in the access log: {line:?}");
        };
        Self {
            protocol: protocol.to_owned(),
            connection: connection.parse().unwrap(),
            status: status.parse().unwrap(),
            path: path.to_owned(),
        }
    }
}
