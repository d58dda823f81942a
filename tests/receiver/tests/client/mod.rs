//! A client made of one socket, for the tests of the receiver.
//!
//! Decides nothing; sends requests as bytes and reads answers strictly. Entry point: [`Client::connect`].
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a failing test may panic"
)]

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use receiver::{PUBLIC_KEY, Receiver};

/// Long enough for every step that is expected to happen.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long a silence is listened to.
const SILENCE: Duration = Duration::from_millis(40);

/// An answer as it was read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }
}

/// One connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// An event id made of one digit.
pub fn id(digit: char) -> String {
    String::from(digit).repeat(32)
}

/// An envelope with one event.
pub fn envelope(event_id: &str) -> Vec<u8> {
    let event = format!("{{\"event_id\":\"{event_id}\",\"timestamp\":1.5,\"level\":\"error\"}}");
    let length = event.len();
    format!(
        "{{\"event_id\":\"{event_id}\",\"sent_at\":\"2026-01-02T03:04:05Z\"}}\n\
         {{\"type\":\"event\",\"length\":{length}}}\n{event}\n"
    )
    .into_bytes()
}

/// The head of a right request, without the header that frames the body and without the empty line.
pub fn head() -> String {
    format!(
        "POST /api/42/envelope/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: test.client/1.0\r\n\
         Content-Type: application/x-sentry-envelope\r\n\
         X-Sentry-Auth: Sentry sentry_version=7, sentry_client=test.client/1.0, sentry_key={PUBLIC_KEY}\r\n"
    )
}

/// A right request with this body.
pub fn request(body: &[u8]) -> Vec<u8> {
    [
        format!("{}Content-Length: {}\r\n\r\n", head(), body.len()).as_bytes(),
        body,
    ]
    .concat()
}

impl Client {
    pub fn connect(receiver: &Receiver) -> Self {
        Self::try_connect(receiver).unwrap()
    }

    /// A server that resets at once may do so before the connect has returned.
    pub fn try_connect(receiver: &Receiver) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", receiver.port()))?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Sends an envelope with one event.
    pub fn post(&mut self, event_id: &str) {
        self.send(&request(&envelope(event_id)));
    }

    /// Reads one complete answer; panics when there is none.
    pub fn answer(&mut self) -> Answer {
        let mut answer = self.answer_head();
        if answer.header("Transfer-Encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(&self.line(), 16).unwrap();
                let start = answer.body.len();
                answer.body.resize(start + size, 0);
                self.stream
                    .read_exact(answer.body.get_mut(start..).unwrap())
                    .unwrap();
                assert_eq!(self.line(), "");
                if size == 0 {
                    return answer;
                }
            }
        }
        let length = answer
            .header("Content-Length")
            .map_or(0, |length| length.parse().unwrap());
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body).unwrap();
        answer
    }

    /// Reads the head of an answer.
    pub fn answer_head(&mut self) -> Answer {
        let status_line = self.line();
        let status = status_line
            .strip_prefix("HTTP/1.1 ")
            .unwrap()
            .get(..3)
            .unwrap()
            .parse()
            .unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                return Answer {
                    status,
                    headers,
                    body: Vec::new(),
                };
            }
            let (name, value) = line.split_once(": ").unwrap();
            headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Reads one line.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.strip_suffix("\r\n").unwrap().to_owned()
    }

    /// Reads this many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Reads until the connection ends; the kind of the error if it was reset.
    pub fn rest(&mut self) -> (Vec<u8>, Option<ErrorKind>) {
        let mut bytes = Vec::new();
        let result = self.stream.read_to_end(&mut bytes);
        (bytes, result.err().map(|error| error.kind()))
    }

    /// What arrives before a short silence; panics when the connection ends instead.
    pub fn until_silence(&mut self) -> Vec<u8> {
        self.stream
            .get_ref()
            .set_read_timeout(Some(SILENCE))
            .unwrap();
        let (bytes, error) = self.rest();
        self.stream
            .get_ref()
            .set_read_timeout(Some(PATIENCE))
            .unwrap();
        assert_eq!(
            error,
            Some(ErrorKind::WouldBlock),
            "the connection is open and silent"
        );
        bytes
    }
}
