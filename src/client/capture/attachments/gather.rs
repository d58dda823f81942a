//! Gathering: the attachments of a capture become items of its envelope (ATT-3 … ATT-5, REP-5).
//!
//! Files are read here, on the capturing thread: what a file holds is what it held when something happened. This is the
//! one place where a capture touches the disk, and only when there is a file to attach. A file is looked at first and
//! read only if there is room for it; what cannot go along is booked, and the event goes without it.
//! Entry point: [`Client::attach`].

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Attachment, Attachments, Content, MINIDUMP};
use crate::base::diagnostics::Severity;
use crate::base::regular_file;
use crate::client::Client;
use crate::client::capture::refused::{Loss, Refused, Status};
use crate::protocol::category::Category;
use crate::protocol::discard::DiscardReason;
use crate::protocol::envelope::{Envelope, Item, Payload};
use crate::transport::{Room, Transport};

/// What an item takes besides its bytes, generously: its headers with three labels, its place in the list.
const ITEM_BYTES: u64 = 4 * 1024;
/// Largest file that does not tell its size, such as those in `/proc`.
const UNTOLD_BYTES: u64 = 1024 * 1024;
/// Files that may be read though the queue is full, where its policy makes room: a part of what the library may hold
/// beside the queue.
const AHEAD_BYTES: u64 = 1024 * 1024;

/// A minidump that has been opened.
#[derive(Debug)]
pub(crate) struct Dump<'a> {
    path: &'a Path,
    file: File,
    size: u64,
}

impl<'a> Dump<'a> {
    /// Opens the file; what it holds is not looked at.
    pub(crate) fn open(path: &'a Path) -> Result<Self, Lost> {
        let (file, size) = regular_file::open(path).map_err(Lost::unreadable)?;
        Ok(Self { path, file, size })
    }
}

/// Why an attachment does not go along.
#[derive(Debug)]
pub(crate) struct Lost {
    /// What it is booked under.
    pub(crate) reason: DiscardReason,
    bytes: u64,
    error: Option<io::Error>,
}

impl Lost {
    fn new(reason: DiscardReason, bytes: u64) -> Self {
        Self {
            reason,
            bytes,
            error: None,
        }
    }

    /// Nobody knows how much it was.
    fn unreadable(error: io::Error) -> Self {
        Self {
            reason: DiscardReason::InternalSdkError,
            bytes: 0,
            error: Some(error),
        }
    }

    fn is_out_of_memory(&self) -> bool {
        let error = self.error.as_ref();
        error.is_some_and(|error| error.kind() == ErrorKind::OutOfMemory)
    }

    /// The answer of a call that cannot do without it.
    pub(crate) fn status(&self) -> Status {
        match self.reason {
            DiscardReason::TooLarge => Status::TooLarge,
            DiscardReason::QueueOverflow => Status::QueueFull,
            DiscardReason::RatelimitBackoff => Status::RateLimited,
            _ if self.is_out_of_memory() => Status::OutOfMemory,
            _ => Status::InvalidArgument,
        }
    }
}

impl From<Lost> for Loss {
    /// Of an event whose minidump cannot go along: without it the event says nothing.
    fn from(lost: Lost) -> Self {
        Self {
            reason: lost.reason,
            refused: Refused {
                status: lost.status(),
                detail: Cow::Owned(format!("the minidump is left out: {lost}")),
                unsent_id: None,
            },
        }
    }
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.error, self.reason) {
            (Some(_), _) if self.is_out_of_memory() => f.write_str("there is no memory for it"),
            (Some(error), _) => write!(f, "it cannot be read: {error}"),
            (None, DiscardReason::TooLarge) => {
                write!(
                    f,
                    "{} bytes; see max_attachment_bytes and queue_max_bytes",
                    self.bytes
                )
            }
            (None, DiscardReason::QueueOverflow) => {
                write!(f, "no room for {} bytes in the queue", self.bytes)
            }
            (None, _) => f.write_str("the server asked for a pause"),
        }
    }
}

/// What an envelope holds of the room for files. To be kept until the envelope is in the queue, which then counts it.
#[derive(Debug)]
pub(crate) struct Gathering<'a> {
    transport: &'a Transport,
    /// Bytes that all captures hold, ours included.
    reading: &'a AtomicU64,
    held: u64,
    /// Bytes of the envelope that need no place in `reading`.
    used: u64,
    max_bytes: u64,
}

impl Drop for Gathering<'_> {
    fn drop(&mut self) {
        self.reading.fetch_sub(self.held, Ordering::Relaxed);
    }
}

impl Client {
    /// Adds the attachments of `owners`, in this order and each file once, to `envelope`, and then the dump. Fails only
    /// if the dump cannot go along.
    pub(crate) fn attach<'a>(
        &'a self,
        transport: &'a Transport,
        envelope: &mut Envelope,
        owners: &[Option<&Attachments>],
        dump: Option<Dump<'_>>,
    ) -> Result<Option<Gathering<'a>>, Lost> {
        let lists: Vec<_> = owners
            .iter()
            .flatten()
            .map(|owner| owner.list())
            .filter(|list| !list.is_empty())
            .collect();
        if lists.is_empty() && dump.is_none() {
            return Ok(None);
        }
        let mut gathering = Gathering {
            transport,
            reading: &self.reading,
            held: 0,
            used: u64::try_from(envelope.byte_cost()).unwrap_or(u64::MAX),
            max_bytes: self.options.max_attachment_bytes,
        };
        // Room goes to the dump before all others, though it comes last.
        let dump = match dump.map(|dump| gathering.dump(dump)).transpose() {
            Ok(dump) => dump,
            Err(lost) => {
                self.book_attachment(transport, "the minidump", &lost);
                return Err(lost);
            }
        };
        let mut taken: Vec<&Arc<Attachment>> = Vec::new();
        for attachment in lists.iter().flat_map(|list| list.iter()) {
            if taken.iter().any(|other| other.is_same_file(attachment)) {
                continue;
            }
            taken.push(attachment);
            match gathering.item(attachment) {
                Ok(item) => envelope.push(item),
                Err(lost) => {
                    let labels = attachment.labels();
                    self.book_attachment(transport, attachment.filename(&labels), &lost);
                }
            }
        }
        if let Some(dump) = dump {
            envelope.push(dump);
        }
        Ok(Some(gathering))
    }

    fn book_attachment(&self, transport: &Transport, name: &str, lost: &Lost) {
        transport.refuse_part(&[(Category::Attachment, lost.bytes.max(1))], lost.reason);
        if self.diagnostics.is_enabled(Severity::Warning) {
            self.diagnostics
                .warn_of_loss(format_args!("attachment \"{name}\" is left out: {lost}"));
        }
    }
}

impl Gathering<'_> {
    fn item(&mut self, attachment: &Attachment) -> Result<Item, Lost> {
        let payload = match attachment.content() {
            Content::Bytes(bytes) => {
                let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                // No memory is needed for these.
                let cost = self.check(size, self.max_bytes, |room| room.now)?;
                self.used = self.used.saturating_add(cost);
                Payload::Shared(Arc::clone(bytes))
            }
            Content::File(path) => {
                let (file, size) = regular_file::open(path).map_err(Lost::unreadable)?;
                Payload::Owned(self.read(file, size, self.max_bytes)?)
            }
        };
        let labels = attachment.labels();
        let name = attachment.filename(&labels);
        let (kind, content_type) = (labels.kind.clone(), labels.content_type.clone());
        Ok(Item::attachment(name, content_type, kind, payload))
    }

    /// A dump may be larger than other attachments: it is what the event is about.
    fn dump(&mut self, dump: Dump<'_>) -> Result<Item, Lost> {
        let payload = Payload::Owned(self.read(dump.file, dump.size, u64::MAX)?);
        let name = dump.path.to_string_lossy();
        Ok(Item::attachment(
            &name,
            None,
            Some(MINIDUMP.into()),
            payload,
        ))
    }

    /// Reads what the file holds; of one that is growing, as much as it had when it was opened.
    fn read(&mut self, file: File, size: u64, max_bytes: u64) -> Result<Vec<u8>, Lost> {
        let too_large = |bytes| Lost::new(DiscardReason::TooLarge, bytes);
        self.hold(size, max_bytes)?;
        if size > 0 {
            let most = usize::try_from(size).map_err(|_| too_large(size))?;
            return regular_file::read_at_most(file, most).map_err(Lost::unreadable);
        }
        // Empty, or one that does not tell. One byte too many is asked for, to see whether there is more.
        let most = UNTOLD_BYTES.min(max_bytes);
        let asked = usize::try_from(most.saturating_add(1)).unwrap_or(usize::MAX);
        let bytes = regular_file::read_at_most(file, asked).map_err(Lost::unreadable)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > most {
            return Err(too_large(size));
        }
        self.hold(size, max_bytes)?;
        Ok(bytes)
    }

    /// Sees whether there is room, and holds it against other threads that read files.
    fn hold(&mut self, size: u64, max_bytes: u64) -> Result<(), Lost> {
        let mut reading = self.reading.load(Ordering::Relaxed);
        loop {
            let cost = self.check(size, max_bytes, |room| {
                let most = room.free.max(room.now.min(AHEAD_BYTES));
                most.saturating_sub(reading).saturating_add(self.held)
            })?;
            let more = reading.saturating_add(cost);
            let held = self.reading.compare_exchange_weak(
                reading,
                more,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            match held {
                Ok(_) => {
                    self.held = self.held.saturating_add(cost);
                    return Ok(());
                }
                Err(now) => reading = now,
            }
        }
    }

    /// What it would take beside what the envelope has already, if there is room for that.
    fn check(
        &self,
        size: u64,
        max_bytes: u64,
        room_now: impl FnOnce(Room) -> u64,
    ) -> Result<u64, Lost> {
        let lost = |reason| Err(Lost::new(reason, size));
        if self.transport.is_limited(Category::Attachment) {
            return lost(DiscardReason::RatelimitBackoff);
        }
        let room = self.transport.room();
        let cost = size.saturating_add(ITEM_BYTES);
        let needed = cost.saturating_add(self.used).saturating_add(self.held);
        if size > max_bytes || needed > room.ever {
            return lost(DiscardReason::TooLarge);
        }
        if needed > room_now(room) {
            return lost(DiscardReason::QueueOverflow);
        }
        Ok(cost)
    }
}
