//! Proxies: tinyproxy for HTTP and CONNECT, microsocks for SOCKS5.
//!
//! Entry points: [`Proxy::tinyproxy`], [`Proxy::microsocks`]. Both want a user and a password and write down what they
//! connect to.

use std::fs;
use std::process::Command;

use super::{Server, free_port, tool};
use crate::support::Scratch;

/// Who may use the proxies.
pub const USER: &str = "porter";
/// Looked for in everything a client prints.
pub const PASSWORD: &str = "open-sesame-52";

/// A proxy on a free port.
#[derive(Debug)]
pub struct Proxy {
    // Before the directory, which it writes to until it has ended.
    server: Server,
    port: u16,
    _scratch: Scratch,
}

impl Proxy {
    /// Starts an HTTP proxy.
    pub fn tinyproxy() -> Self {
        let scratch = Scratch::new("tinyproxy");
        let port = free_port();
        let configuration = format!(
            "Listen 127.0.0.1\nPort {port}\nAllow 127.0.0.1\nTimeout 60\nMaxClients 50\nLogLevel Connect\n\
             BasicAuth {USER} {PASSWORD}\n"
        );
        let file = scratch.join("tinyproxy.conf");
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new(tool("tinyproxy"));
        // -d: stay in the foreground.
        command.arg("-d").arg("-c").arg(file);
        Self::start("tinyproxy", &command, port, scratch)
    }

    /// Starts a SOCKS5 proxy.
    pub fn microsocks() -> Self {
        let port = free_port();
        let mut command = Command::new(tool("microsocks"));
        command.args(["-i", "127.0.0.1", "-u", USER, "-P", PASSWORD, "-p"]);
        command.arg(port.to_string());
        Self::start("microsocks", &command, port, Scratch::new("microsocks"))
    }

    fn start(name: &str, command: &Command, port: u16, scratch: Scratch) -> Self {
        let log = scratch.join("log");
        Self {
            server: Server::start(name, command, port, &log),
            port,
            _scratch: scratch,
        }
    }

    /// Its address with user and password.
    pub fn url(&self, scheme: &str) -> String {
        self.url_with(scheme, PASSWORD)
    }

    /// Its address with another password.
    pub fn url_with(&self, scheme: &str, password: &str) -> String {
        format!("{scheme}://{USER}:{password}@127.0.0.1:{}", self.port)
    }

    /// What it says it has done so far.
    pub fn log(&self) -> String {
        self.server.log()
    }
}
