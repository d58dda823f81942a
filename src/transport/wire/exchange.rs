//! One exchange: the request body as it is read, the answer as it arrives, both bounded.

use std::time::{Duration, Instant};

use super::http::{Response, Segment};
use super::prerequest::Begin;
use super::socket::{Ends, Sockets};

/// Most bytes of headers that are read; real servers send one or two KiB.
const MAX_HEADERS: usize = 64 * 1024;
/// Most bytes of a body that are read; the answer to an envelope is `{"id":"…"}`.
const MAX_BODY: usize = 64 * 1024;
/// Most bytes of a body or header that are kept for diagnostics.
const MAX_EXPLANATION: usize = 256;

/// One request and its answer.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    sockets: Sockets,
    body: Vec<Segment>,
    segment: usize,
    offset: usize,
    last_activity: Option<Instant>,
    begin: Begin,
    /// The least that was found unconfirmed, see [`Exchange::note_unconfirmed`].
    unconfirmed: Option<u32>,
    response: Response,
    text: Vec<u8>,
    header_bytes: usize,
    body_bytes: usize,
    has_status: bool,
    is_interim: bool,
    has_headers: bool,
}

impl Exchange {
    /// None yet; it will have its connections among these.
    pub(crate) fn new(sockets: Sockets) -> Self {
        Self {
            sockets,
            ..Self::default()
        }
    }

    /// A new request with this body. For `looks_for_input` see [`Begin::new`].
    pub(crate) fn begin(&mut self, body: Vec<Segment>, looks_for_input: bool) {
        *self = Self {
            sockets: std::mem::take(&mut self.sockets),
            body,
            begin: Begin::new(looks_for_input),
            ..Self::default()
        };
    }

    /// The same request from its start, on whatever connection.
    pub(crate) fn begin_again(&mut self) {
        let body = std::mem::take(&mut self.body);
        self.begin(body, false);
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.begin(Vec::new(), false);
    }

    /// What is known of the begin of the request.
    pub(crate) fn beginning(&self) -> &Begin {
        &self.begin
    }

    /// True if the request may go out on this connection, see [`Begin::about_to_send`].
    pub(crate) fn about_to_send(&mut self, ends: Option<Ends>) -> bool {
        self.begin.about_to_send(&self.sockets, ends)
    }

    /// The sockets among which libcurl has its connections.
    pub(crate) fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// The body, if it is one piece of at most `max_bytes`.
    pub(crate) fn whole_body(&self, max_bytes: usize) -> Option<&[u8]> {
        match self.body.as_slice() {
            [piece] => Some(piece.bytes()).filter(|bytes| bytes.len() <= max_bytes),
            _ => None,
        }
    }

    /// Notes that the connection stands; nothing if that is known.
    pub(crate) fn note_connected(&mut self) {
        if self.last_activity.is_none() {
            self.touch();
        }
    }

    /// True once there is a connection: libcurl said so, has asked for the body, or received something.
    pub(crate) fn is_connected(&self) -> bool {
        self.last_activity.is_some()
    }

    /// True once the headers of a final answer are complete; only the body is missing.
    pub(crate) fn is_answered(&self) -> bool {
        self.has_headers && !self.is_interim
    }

    /// True once something of an answer has come, be it informational.
    pub(crate) fn has_begun_answer(&self) -> bool {
        self.header_bytes > 0
    }

    /// How long nothing has happened since the connection stood; none before.
    pub(crate) fn silence(&self, now: Instant) -> Option<Duration> {
        self.last_activity
            .map(|last| now.saturating_duration_since(last))
    }

    /// Takes how many bytes of the request the other end has not confirmed. Fewer than before: the request still moves,
    /// although libcurl has handed over all of it, to buffers that on a slow line take longer than any server is to be waited for.
    pub(crate) fn note_unconfirmed(&mut self, bytes: u32) {
        let before = self.unconfirmed.unwrap_or(bytes);
        if bytes < before {
            self.touch();
        }
        self.unconfirmed = Some(bytes.min(before));
    }

    /// True unless all that was handed over was found confirmed.
    pub(crate) fn may_be_sending(&self) -> bool {
        self.unconfirmed != Some(0)
    }

    /// Copies the next part of the body; 0 at its end.
    pub(crate) fn fill(&mut self, into: &mut [u8]) -> usize {
        self.touch();
        self.unconfirmed = None;
        let mut filled = 0_usize;
        while let Some(segment) = self.body.get(self.segment) {
            let rest = segment.bytes().get(self.offset..).unwrap_or_default();
            let room = into.get_mut(filled..).unwrap_or_default();
            let count = rest.len().min(room.len());
            if let (Some(from), Some(to)) = (rest.get(..count), room.get_mut(..count)) {
                to.copy_from_slice(from);
            }
            filled = filled.saturating_add(count);
            if count < rest.len() {
                self.offset = self.offset.saturating_add(count);
                break;
            }
            self.segment = self.segment.saturating_add(1);
            self.offset = 0;
        }
        filled
    }

    /// Takes one header line; false ends the transfer.
    pub(crate) fn note_header(&mut self, line: &[u8]) -> bool {
        self.touch();
        self.header_bytes = self.header_bytes.saturating_add(line.len());
        if self.header_bytes > MAX_HEADERS {
            return false;
        }
        if line.starts_with(b"HTTP/") {
            // A new answer: what came before was informational, from a proxy, or a request for authentication.
            self.response = Response::default();
            let code = line.split(|byte| *byte == b' ').nth(1);
            let code = code.unwrap_or_default().trim_ascii_end();
            // Some versions of libcurl take the first three digits of a longer number.
            self.has_status = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
            self.is_interim = code.starts_with(b"1");
            self.has_headers = false;
            return true;
        }
        if matches!(line, b"\r\n" | b"\n") {
            self.has_headers = self.has_status;
            return true;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return true;
        };
        let (name, value) = line.split_at(colon);
        let value = || {
            let value = value.get(1..).unwrap_or_default();
            String::from_utf8_lossy(value).trim().to_owned()
        };
        if name.eq_ignore_ascii_case(b"x-sentry-rate-limits") {
            // Several lines of one header mean the same as one line with commas.
            self.response.rate_limits = Some(match self.response.rate_limits.take() {
                Some(earlier) => format!("{earlier},{}", value()),
                None => value(),
            });
        } else if name.eq_ignore_ascii_case(b"retry-after") {
            self.response.retry_after = Some(value());
        } else if name.eq_ignore_ascii_case(b"date") {
            self.response.date = Some(value());
        } else if name.eq_ignore_ascii_case(b"x-sentry-error") {
            self.response.explanation = Some(shorten(&value()));
        }
        true
    }

    /// Takes a part of the body; false ends the transfer.
    pub(crate) fn note_body(&mut self, data: &[u8]) -> bool {
        self.touch();
        let room = MAX_EXPLANATION.saturating_sub(self.text.len());
        self.text
            .extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
        self.body_bytes = self.body_bytes.saturating_add(data.len());
        self.body_bytes <= MAX_BODY
    }

    /// The answer, if its headers are complete. Informational answers (1xx) are none.
    pub(crate) fn take_response(
        &mut self,
        status: u16,
        location: Option<String>,
    ) -> Option<Response> {
        if !self.has_headers || status < 200 {
            return None;
        }
        let mut response = std::mem::take(&mut self.response);
        response.status = status;
        response.location = location;
        let is_refusal = !(200..300).contains(&status);
        if is_refusal && response.explanation.is_none() && !self.text.is_empty() {
            response.explanation = Some(shorten(&String::from_utf8_lossy(&self.text)));
        }
        Some(response)
    }

    fn touch(&mut self) {
        self.last_activity = Some(Instant::now());
    }
}

/// Printable and short: servers may say anything.
fn shorten(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(MAX_EXPLANATION)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(parts: &[&str]) -> Exchange {
        let mut exchange = Exchange::default();
        exchange.begin(
            parts
                .iter()
                .map(|part| Segment::Bytes(part.as_bytes().to_vec()))
                .collect(),
            false,
        );
        exchange
    }

    fn read_all(exchange: &mut Exchange, step: usize) -> String {
        let mut text = Vec::new();
        loop {
            let mut buffer = vec![0; step];
            let count = exchange.fill(&mut buffer);
            if count == 0 {
                return String::from_utf8(text).unwrap();
            }
            text.extend_from_slice(&buffer[..count]);
        }
    }

    #[test]
    fn segments_are_read_as_one_body() {
        for step in [1, 3, 100] {
            let mut exchange = exchange(&["head", "", "payload", "\n"]);
            assert_eq!(read_all(&mut exchange, step), "headpayload\n");
        }
    }

    #[test]
    fn silence_ends_when_less_is_unconfirmed_than_before() {
        let mut exchange = exchange(&["body"]);
        let then = Instant::now().checked_sub(Duration::from_secs(9)).unwrap();
        let is_touched = |exchange: &mut Exchange, bytes| {
            exchange.last_activity = Some(then);
            exchange.note_unconfirmed(bytes);
            exchange.last_activity != Some(then)
        };
        for (bytes, moves) in [(9, false), (9, false), (5, true), (7, false), (5, false)] {
            assert_eq!(is_touched(&mut exchange, bytes), moves, "{bytes}");
            assert!(exchange.may_be_sending());
        }
        assert!(is_touched(&mut exchange, 0) && !exchange.may_be_sending());
        // More of the body was asked for.
        exchange.fill(&mut [0; 2]);
        assert!(exchange.may_be_sending());
    }

    #[test]
    fn an_answer_needs_complete_headers_and_a_final_status() {
        let mut exchange = exchange(&[]);
        assert!(
            exchange.note_header(b"HTTP/1.1 100 Continue\r\n") && exchange.note_header(b"\r\n")
        );
        assert_eq!(exchange.take_response(100, None), None);
        assert!(!exchange.is_answered());
        exchange.note_header(b"HTTP/1.1 200 OK\r\n");
        assert_eq!(exchange.take_response(200, None), None);
        assert!(!exchange.is_answered());
        exchange.note_header(b"Retry-After:  7 \r\n");
        exchange.note_header(b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        exchange.note_header(b"x-sentry-RATE-limits: 60:error\r\n");
        exchange.note_header(b"X-Sentry-Rate-Limits: 5:session\r\n");
        exchange.note_header(b"\r\n");
        assert!(exchange.is_answered());
        let response = exchange.take_response(200, None).unwrap();
        assert_eq!(response.retry_after.as_deref(), Some("7"));
        let date = response.date.as_deref();
        assert_eq!(date, Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(response.rate_limits.as_deref(), Some("60:error,5:session"));
    }

    #[test]
    fn a_status_has_three_digits() {
        for (line, is_answer) in [
            ("HTTP/1.1 200 OK\r\n", true),
            ("HTTP/1.1 200\r\n", true),
            ("HTTP/2 200 \r\n", true),
            ("HTTP/1.1 999999 OK\r\n", false),
            ("HTTP/1.1 20 OK\r\n", false),
            ("HTTP/1.1 2x0 OK\r\n", false),
            ("HTTP/1.1\r\n", false),
        ] {
            let mut exchange = exchange(&[]);
            exchange.note_header(line.as_bytes());
            exchange.note_header(b"\r\n");
            assert_eq!(exchange.is_answered(), is_answer, "{line:?}");
        }
    }

    #[test]
    fn headers_of_an_informational_answer_do_not_count() {
        let mut exchange = exchange(&[]);
        for line in [
            "HTTP/1.1 103 Early\r\n",
            "Retry-After: 9\r\n",
            "\r\n",
            "HTTP/1.1 200 OK\r\n",
            "\r\n",
        ] {
            assert!(exchange.note_header(line.as_bytes()));
        }
        assert_eq!(exchange.take_response(200, None).unwrap().retry_after, None);
    }

    #[test]
    fn headers_and_bodies_are_bounded() {
        let mut exchange = exchange(&[]);
        let line = [b'x'; 1024];
        let taken = (0..1000)
            .take_while(|_| exchange.note_header(&line))
            .count();
        assert_eq!(taken, MAX_HEADERS / 1024);
        let taken = (0..1000).take_while(|_| exchange.note_body(&line)).count();
        assert_eq!(taken, MAX_BODY / 1024);
        assert_eq!(exchange.text.len(), MAX_EXPLANATION);
    }

    // HTTP-7
    #[test]
    fn explanations_are_printable_and_short() {
        let mut exchange = exchange(&[]);
        exchange.note_header(b"HTTP/1.1 400 Bad\r\n");
        exchange.note_header(b"\r\n");
        exchange.note_body(format!("bad\r\n\x1b[31m{}", "é".repeat(500)).as_bytes());
        let explanation = exchange
            .take_response(400, None)
            .unwrap()
            .explanation
            .unwrap();
        assert!(explanation.starts_with("bad   [31mé"), "{explanation}");
        assert!(explanation.chars().count() <= MAX_EXPLANATION);
    }
}
