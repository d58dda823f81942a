//! One scripted answer, good or bad.
//!
//! Decides which ways of answering exist and which bytes they send. Entry point: [`Reply`] and its constructors. Pure;
//! the connection carries a reply out.

use std::time::Duration;

/// One scripted answer: what is sent, when, and where it goes wrong.
///
/// Constructors name the behaviour, `with_…` and the like refine the answer inside it. A behaviour that hangs goes on
/// with that answer (200 unless changed) when the receiver releases it.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) delay: Duration,
    pub(crate) course: Course,
    pub(crate) answer: Answer,
}

/// What happens to the answer of a reply.
#[derive(Debug, Clone)]
pub(crate) enum Course {
    /// It is sent.
    Deliver,
    /// It is sent as soon as the head of the request was read.
    DeliverBeforeBody,
    /// Nothing is read, nothing is sent.
    HangUnread,
    /// The request is read, then the answer stops at this point.
    Hang(Point),
    /// It stops at this point and the connection is closed.
    CloseAt(Point),
    /// One byte at a time.
    Drip(Duration),
    /// These bytes are sent instead, then the connection is closed.
    Garbage(Vec<u8>),
    /// It is sent, and when the receiver releases it these bytes, unasked; then the connection is closed.
    SayMore(Vec<u8>),
    /// The connection is reset before a byte was read.
    ResetUnread,
    /// The connection is reset after the head of the request.
    ResetAfterHead,
    /// The connection is reset after the whole request.
    ResetAfterRequest,
    /// The body never ends.
    EndlessBody,
    /// The headers never end.
    EndlessHeaders,
}

/// A place in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    Start,
    StatusLine,
    Headers,
    BodyStart,
    Body,
}

/// A complete answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    interim: Vec<u16>,
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    is_chunked: bool,
    pub(crate) closes: bool,
}

/// The bytes of an answer, cut where replies stop.
pub(crate) struct Rendered {
    pub(crate) bytes: Vec<u8>,
    head_length: usize,
    interim_length: usize,
}

impl Reply {
    /// Status 200 with a small JSON body.
    pub fn ok() -> Self {
        Self::status(200)
    }

    /// This status with a small JSON body.
    pub fn status(status: u16) -> Self {
        let body = if (200..=299).contains(&status) {
            "{}"
        } else {
            r#"{"detail":"scripted"}"#
        };
        let answer = Answer {
            interim: Vec::new(),
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            is_chunked: false,
            closes: false,
        };
        Self {
            delay: Duration::ZERO,
            course: Course::Deliver,
            answer,
        }
    }

    /// This status with a `Location`; a location of `/api/42/envelope/` leads back to this receiver.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).with_header("Location", location)
    }

    /// Status 413 as soon as the head of the request was read.
    pub fn too_large_before_body() -> Self {
        Self::status(413).before_body()
    }

    /// Reads nothing and says nothing: hangs at accept, or at the first byte of the next request of an open connection.
    pub fn hang_before_reading() -> Self {
        Self::ok().on(Course::HangUnread)
    }

    /// Reads the request and says nothing.
    pub fn hang_after_request() -> Self {
        Self::ok().on(Course::Hang(Point::Start))
    }

    /// Stops in the middle of the status line.
    pub fn hang_in_status_line() -> Self {
        Self::ok().on(Course::Hang(Point::StatusLine))
    }

    /// Stops in the middle of a header.
    pub fn hang_in_headers() -> Self {
        Self::ok().on(Course::Hang(Point::Headers))
    }

    /// Stops in the middle of the body.
    pub fn hang_in_body() -> Self {
        Self::ok().on(Course::Hang(Point::Body))
    }

    /// Sends half of the body it declared, then closes the connection.
    pub fn half_answer() -> Self {
        Self::ok().on(Course::CloseAt(Point::Body))
    }

    /// Reads the request and closes the connection without an answer.
    pub fn close_without_answer() -> Self {
        Self::ok().on(Course::CloseAt(Point::Start))
    }

    /// Sends bytes that are no HTTP, then closes the connection.
    pub fn garbage() -> Self {
        Self::garbage_bytes(b"\x16\x03\x00 220 mail.invalid ESMTP\r\n\x00\xff\r\n\r\n".to_vec())
    }

    /// Sends these bytes instead of an answer, then closes the connection.
    pub fn garbage_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::ok().on(Course::Garbage(bytes.into()))
    }

    /// Status 200; when it is released these bytes, which nobody has asked for, and then closes the connection.
    pub fn says_more(bytes: impl Into<Vec<u8>>) -> Self {
        Self::ok().on(Course::SayMore(bytes.into()))
    }

    /// Resets the connection without reading: at accept, or at the first byte of the next request of an open connection.
    pub fn reset_before_reading() -> Self {
        Self::ok().on(Course::ResetUnread)
    }

    /// Resets the connection after the head of the request.
    pub fn reset_after_head() -> Self {
        Self::ok().on(Course::ResetAfterHead)
    }

    /// Resets the connection after the whole request.
    pub fn reset_after_request() -> Self {
        Self::ok().on(Course::ResetAfterRequest)
    }

    /// Status 200 and a body without end, as fast as the client reads.
    pub fn endless_body() -> Self {
        Self::ok().chunked().on(Course::EndlessBody)
    }

    /// Status 200 and headers without end, as fast as the client reads.
    pub fn endless_headers() -> Self {
        Self::ok().on(Course::EndlessHeaders)
    }

    /// Status 200 with `count` extra headers, each with a value of `value_bytes` bytes.
    pub fn header_bomb(count: usize, value_bytes: usize) -> Self {
        let value = "a".repeat(value_bytes);
        (0..count).fold(Self::ok(), |reply, index| {
            reply.with_header(&format!("X-Bomb-{index}"), &value)
        })
    }

    /// Status 200, one byte every `interval`.
    pub fn drip(interval: Duration) -> Self {
        Self::ok().on(Course::Drip(interval))
    }

    /// Waits this long before the first byte of the answer.
    #[must_use]
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.answer
            .headers
            .push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.answer.status = status;
        self
    }

    /// Replaces the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.answer.body = body.into();
        self
    }

    /// Sends the body in chunks instead of with its length.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.answer.is_chunked = true;
        self
    }

    /// Closes the connection after the answer, and says so in it.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.answer.closes = true;
        self
    }

    /// Sends this 1xx status before the final one; may be repeated.
    #[must_use]
    pub fn after_interim(mut self, status: u16) -> Self {
        self.answer.interim.push(status);
        self
    }

    /// Answers as soon as the head of the request was read, then closes the connection.
    #[must_use]
    pub fn before_body(self) -> Self {
        self.closing().on(Course::DeliverBeforeBody)
    }

    fn on(mut self, course: Course) -> Self {
        self.course = course;
        self
    }

    /// True for a reply that takes effect before a byte of the request is read.
    pub(crate) fn is_before_reading(&self) -> bool {
        matches!(self.course, Course::HangUnread | Course::ResetUnread)
    }
}

impl Answer {
    /// The bytes of this answer; `is_head` leaves out the body, as the answer to a HEAD request does.
    pub(crate) fn render(&self, is_head: bool) -> Rendered {
        let mut text = String::new();
        for status in &self.interim {
            text += &format!("HTTP/1.1 {status} {}\r\n\r\n", reason_phrase(*status));
        }
        let interim_length = text.len();
        text += &format!(
            "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\n",
            self.status,
            reason_phrase(self.status)
        );
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if self.closes {
            text += "Connection: close\r\n";
        }
        let has_body = !matches!(self.status, 100..=199 | 204 | 304);
        if has_body && self.is_chunked {
            text += "Transfer-Encoding: chunked\r\n";
        } else if has_body {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        text += "\r\n";
        let head_length = text.len();
        let mut bytes = text.into_bytes();
        if has_body && !is_head {
            if self.is_chunked {
                // Two chunks, so that a client which stops after the first is found out.
                for part in self.body.chunks(self.body.len().div_ceil(2).max(1)) {
                    bytes.extend(chunk(part));
                }
                bytes.extend(b"0\r\n\r\n");
            } else {
                bytes.extend(&self.body);
            }
        }
        Rendered {
            bytes,
            head_length,
            interim_length,
        }
    }
}

impl Rendered {
    /// The bytes before and after a point.
    pub(crate) fn split(&self, point: Point) -> (&[u8], &[u8]) {
        let status_line = self.interim_length.saturating_add("HTTP/1.1 2".len());
        let middle_of_body = self
            .bytes
            .len()
            .saturating_add(self.head_length)
            .checked_div(2)
            .unwrap_or_default();
        let at = match point {
            Point::Start => 0,
            Point::StatusLine => status_line,
            Point::Headers => self.head_length.saturating_sub("\r\n\r\n".len()),
            Point::BodyStart => self.head_length,
            Point::Body => middle_of_body,
        };
        self.bytes
            .split_at_checked(at)
            .unwrap_or((&self.bytes, &[]))
    }
}

/// One chunk of a chunked body.
pub(crate) fn chunk(part: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", part.len()).into_bytes();
    bytes.extend(part);
    bytes.extend(b"\r\n");
    bytes
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Scripted",
    }
}

#[cfg(test)]
mod tests {
    use super::{Point, Reply};

    fn text(reply: &Reply) -> String {
        String::from_utf8_lossy(&reply.answer.render(false).bytes).into_owned()
    }

    #[test]
    fn an_answer_declares_the_length_it_sends() {
        let reply = Reply::status(429)
            .with_header("Retry-After", "5")
            .with_body("abc")
            .closing();
        assert_eq!(
            text(&reply),
            "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 5\r\n\
             Connection: close\r\nContent-Length: 3\r\n\r\nabc"
        );
    }

    #[test]
    fn chunks_and_interim_answers_are_rendered() {
        let reply = Reply::ok().with_body("abc").chunked().after_interim(103);
        let text = text(&reply);
        assert!(
            text.starts_with("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"),
            "{text}"
        );
        assert!(
            text.ends_with("Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
            "{text}"
        );
    }

    #[test]
    fn no_body_is_sent_where_none_may_follow() {
        assert!(text(&Reply::status(204)).ends_with("\r\n\r\n"));
        let head = Reply::ok().answer.render(true).bytes;
        assert!(head.ends_with(b"Content-Length: 2\r\n\r\n"));
    }

    #[test]
    fn each_point_splits_the_answer_in_its_own_part() {
        let rendered = Reply::ok()
            .with_body("0123456789")
            .after_interim(103)
            .answer
            .render(false);
        let first = |point| String::from_utf8_lossy(rendered.split(point).0).into_owned();
        assert_eq!(first(Point::Start), "");
        assert!(first(Point::StatusLine).ends_with("\r\n\r\nHTTP/1.1 2"));
        assert!(first(Point::Headers).ends_with("Content-Length: 10"));
        assert!(first(Point::Body).ends_with("\r\n\r\n01234"));
        assert!(first(Point::BodyStart).ends_with("\r\n\r\n"));
        for point in [
            Point::Start,
            Point::StatusLine,
            Point::Headers,
            Point::BodyStart,
            Point::Body,
        ] {
            let (first, rest) = rendered.split(point);
            assert_eq!([first, rest].concat(), rendered.bytes);
            assert!(!rest.is_empty());
        }
    }
}
