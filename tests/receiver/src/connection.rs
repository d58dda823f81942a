//! One connection: read a request, carry out its reply, again.
//!
//! Decides in which order a connection reads, records, waits and writes. Entry point: [`Connection::serve`], the body of
//! the connection's thread. Uses the socket, the HTTP parsing, the replies and the shared state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::{ChunkedBody, Framing, Head, MAX_HEAD_BYTES};
use crate::reply::{Course, Point, Reply, chunk};
use crate::request::Received;
use crate::socket::{Gone, Socket};
use crate::state::{Shared, Turn};

/// How long an early answer waits for the client to stop sending.
const LINGER: Duration = Duration::from_secs(5);
/// How much is written at once where the end is open: large enough to be fast, small enough to notice the end.
const ENDLESS_CHUNK_BYTES: usize = 16 * 1024;

/// One connection and its place in the list of open ones.
pub(crate) struct Connection {
    // Declared before `place`: the socket is closed before the connection counts as closed.
    socket: Socket,
    place: Place,
}

/// The place of a connection in the list of open ones; leaves the list when dropped.
struct Place {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.unregister(self.number);
    }
}

/// What becomes of a connection after a reply.
enum After {
    NextRequest,
    Close,
    Linger,
    Reset,
}

/// A request whose body is still to be read.
struct Pending {
    head: Head,
    head_bytes: usize,
}

impl Connection {
    /// Takes over a connection that the state registered under `number`.
    pub(crate) fn new(socket: Socket, shared: Arc<Shared>, number: u64) -> Self {
        Self {
            socket,
            place: Place { shared, number },
        }
    }

    /// Serves requests until the connection ends.
    pub(crate) fn serve(mut self) {
        let shared = Arc::clone(&self.place.shared);
        match self.converse(&shared) {
            Ok(After::Linger) => self.socket.linger(LINGER),
            Ok(After::Reset) => self.socket.reset(),
            Ok(After::Close | After::NextRequest) | Err(Gone::Client | Gone::Receiver) => {}
        }
    }

    fn converse(&mut self, shared: &Shared) -> Result<After, Gone> {
        loop {
            // Looked at twice: at accept, and again when a request arrives, since the script may have changed by then.
            let mut turn = shared.take_reply_before_reading();
            if turn.is_none() {
                self.socket.wait_readable()?;
                turn = shared.take_reply_before_reading();
            }
            let released = match turn {
                None => None,
                Some(turn) if matches!(turn.reply.course, Course::ResetUnread) => {
                    self.pause(&turn, turn.reply.delay)?;
                    return Ok(After::Reset);
                }
                Some(turn) => {
                    self.hang(&turn)?;
                    Some(Turn {
                        reply: Reply {
                            course: Course::Deliver,
                            ..turn.reply
                        },
                        ..turn
                    })
                }
            };
            match self.exchange(shared, released)? {
                After::NextRequest => {}
                after => return Ok(after),
            }
        }
    }

    /// Reads one request and carries out its reply.
    fn exchange(&mut self, shared: &Shared, released: Option<Turn>) -> Result<After, Gone> {
        let pending = match self.read_head()? {
            Ok(pending) => pending,
            Err(violation) => return self.refuse(shared, violation),
        };
        let framing = match pending.head.framing() {
            Ok(framing) => framing,
            Err(violation) => return self.refuse(shared, violation),
        };
        let turn = released.unwrap_or_else(|| shared.take_reply());
        let is_head = pending.head.method == "HEAD";
        let keeps_alive = pending.head.keeps_alive();
        if matches!(
            turn.reply.course,
            Course::ResetAfterHead | Course::DeliverBeforeBody
        ) {
            let place = self.record(shared, pending, Vec::new(), 0, false);
            self.pause(&turn, turn.reply.delay)?;
            if matches!(turn.reply.course, Course::ResetAfterHead) {
                return Ok(After::Reset);
            }
            let rendered = turn.reply.answer.render(is_head);
            self.deliver(shared, place, turn.reply.answer.status, |socket| {
                socket.write(&rendered.bytes)
            })?;
            return Ok(After::Linger);
        }
        let mut body = Vec::new();
        let mut body_bytes = 0;
        match self.read_body(framing, &mut body, &mut body_bytes) {
            Ok(Ok(())) => {}
            Ok(Err(violation)) => return self.refuse(shared, violation),
            Err(gone) => {
                if gone == Gone::Client {
                    shared.add_violation(format!(
                        "HTTP: the body ended after {body_bytes} bytes, {framing:?}"
                    ));
                }
                self.record(shared, pending, body, body_bytes, false);
                return Err(gone);
            }
        }
        let place = self.record(shared, pending, body, body_bytes, true);
        self.pause(&turn, turn.reply.delay)?;
        let after = self.carry_out(shared, &turn, place, is_head)?;
        Ok(match after {
            After::NextRequest if !keeps_alive || turn.reply.answer.closes => After::Close,
            after => after,
        })
    }

    /// Carries out a reply to a request that was read and recorded.
    fn carry_out(
        &mut self,
        shared: &Shared,
        turn: &Turn,
        place: usize,
        is_head: bool,
    ) -> Result<After, Gone> {
        let rendered = turn.reply.answer.render(is_head);
        let status = turn.reply.answer.status;
        match &turn.reply.course {
            // A request whose reply asks for no reading gets here when the script changed after its first byte.
            Course::HangUnread => {
                self.hang(turn)?;
                self.deliver(shared, place, status, |socket| {
                    socket.write(&rendered.bytes)
                })?;
                Ok(After::NextRequest)
            }
            Course::ResetUnread | Course::ResetAfterHead | Course::ResetAfterRequest => {
                Ok(After::Reset)
            }
            Course::Deliver | Course::DeliverBeforeBody => {
                self.deliver(shared, place, status, |socket| {
                    socket.write(&rendered.bytes)
                })?;
                Ok(After::NextRequest)
            }
            Course::Hang(point) => {
                let (first, rest) = rendered.split(*point);
                self.socket.write(first)?;
                self.hang(turn)?;
                self.deliver(shared, place, status, |socket| socket.write(rest))?;
                Ok(After::NextRequest)
            }
            Course::CloseAt(point) => {
                self.socket.write(rendered.split(*point).0)?;
                Ok(After::Close)
            }
            Course::Drip(interval) => {
                shared.set_answered(place, Some(status));
                for byte in &rendered.bytes {
                    let sent = self
                        .socket
                        .write(&[*byte])
                        .and_then(|()| self.pause(turn, *interval));
                    sent.inspect_err(|_| shared.set_answered(place, None))?;
                }
                Ok(After::NextRequest)
            }
            Course::Garbage(bytes) => {
                self.socket.write(bytes)?;
                Ok(After::Close)
            }
            Course::SayMore(bytes) => {
                self.deliver(shared, place, status, |socket| {
                    socket.write(&rendered.bytes)
                })?;
                self.hang(turn)?;
                self.socket.write(bytes)?;
                Ok(After::Close)
            }
            Course::EndlessBody => {
                self.socket.write(rendered.split(Point::BodyStart).0)?;
                self.endless(shared, turn, &chunk(&vec![b'a'; ENDLESS_CHUNK_BYTES]))
            }
            Course::EndlessHeaders => {
                self.socket.write(rendered.split(Point::Headers).0)?;
                let line = format!("\r\nX-Endless: {}", "a".repeat(200));
                self.endless(shared, turn, line.as_bytes())
            }
        }
    }

    /// Writes the same bytes again and again until somebody ends it; a release closes the connection.
    fn endless(&mut self, shared: &Shared, turn: &Turn, bytes: &[u8]) -> Result<After, Gone> {
        while !shared.is_released(turn) {
            self.socket.write(bytes)?;
        }
        Ok(After::Close)
    }

    /// Writes the end of an answer; the request counts as answered from before until the write fails.
    fn deliver(
        &mut self,
        shared: &Shared,
        place: usize,
        status: u16,
        write: impl FnOnce(&mut Socket) -> Result<(), Gone>,
    ) -> Result<(), Gone> {
        shared.set_answered(place, Some(status));
        write(&mut self.socket).inspect_err(|_| shared.set_answered(place, None))
    }

    /// Answers what is no HTTP.
    fn refuse(&mut self, shared: &Shared, violation: String) -> Result<After, Gone> {
        shared.add_violation(violation);
        self.socket
            .write(&Reply::status(400).closing().answer.render(false).bytes)?;
        Ok(After::Linger)
    }

    fn record(
        &self,
        shared: &Shared,
        pending: Pending,
        body: Vec<u8>,
        body_bytes: usize,
        is_complete: bool,
    ) -> usize {
        let connection = self.place.number;
        let wire_bytes = pending.head_bytes.saturating_add(body_bytes);
        shared.record(Received {
            head: pending.head,
            body,
            wire_bytes,
            connection,
            is_complete,
        })
    }

    fn read_head(&mut self) -> Result<Result<Pending, String>, Gone> {
        loop {
            if let Some(head_bytes) = Head::length(&self.socket.input) {
                let bytes: Vec<u8> = self.socket.input.drain(..head_bytes).collect();
                return Ok(Head::parse(&bytes).map(|head| Pending { head, head_bytes }));
            }
            if self.socket.input.len() > MAX_HEAD_BYTES {
                return Ok(Err(format!(
                    "HTTP: a head of more than {MAX_HEAD_BYTES} bytes"
                )));
            }
            self.socket.fill()?;
        }
    }

    /// Reads a body into `body`, which holds what arrived also when the connection ends, and counts its bytes on the wire.
    fn read_body(
        &mut self,
        framing: Framing,
        body: &mut Vec<u8>,
        wire_bytes: &mut usize,
    ) -> Result<Result<(), String>, Gone> {
        let mut chunked = ChunkedBody::default();
        loop {
            let before = self.socket.input.len();
            let is_complete = match framing {
                Framing::Length(length) => {
                    let missing = length.saturating_sub(body.len());
                    body.extend(self.socket.input.drain(..missing.min(before)));
                    Ok(body.len() == length)
                }
                Framing::Chunked => chunked.feed(&mut self.socket.input),
            };
            *wire_bytes = wire_bytes.saturating_add(before.saturating_sub(self.socket.input.len()));
            match is_complete {
                Ok(true) => {
                    if framing == Framing::Chunked {
                        *body = chunked.into_body();
                    }
                    return Ok(Ok(()));
                }
                Ok(false) => self.socket.fill().map(drop)?,
                Err(violation) => return Ok(Err(violation)),
            }
        }
    }

    /// Waits until the receiver releases what hangs.
    fn hang(&mut self, turn: &Turn) -> Result<(), Gone> {
        let shared = Arc::clone(&self.place.shared);
        shared.set_hanging(true);
        let mut result = Ok(());
        while result.is_ok() && !shared.is_released(turn) {
            result = self.socket.wait_for_signal(None);
        }
        shared.set_hanging(false);
        result
    }

    /// Waits for a time that a release cuts short.
    fn pause(&mut self, turn: &Turn, time: Duration) -> Result<(), Gone> {
        let deadline = Instant::now().checked_add(time);
        while deadline.is_none_or(|deadline| Instant::now() < deadline)
            && !self.place.shared.is_released(turn)
        {
            self.socket.wait_for_signal(deadline)?;
        }
        Ok(())
    }
}
