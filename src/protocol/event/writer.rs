//! The writer: an event while it is written, and what there is to tell about it afterwards.
//!
//! Entry points: [`Writer`], which the writers of single fields get, and [`Written`], the result.

use std::fmt;

use super::field::Field;
use super::left_out::LeftOut;
use super::parts::Parts;
use crate::base::memory::Buffer;
use crate::base::uuid::Uuid;
use crate::value::shared::pieces::{Cuts, Fragment, Pieces};

/// An event as it goes on the wire.
#[derive(Debug)]
pub(crate) struct Written {
    /// The JSON; what is large of the scope is shared with it.
    pub(crate) payload: Pieces,
    /// The trace that it belongs to.
    pub(crate) trace_id: Option<Uuid>,
    /// Something was cut, left out or replaced for being over a limit or unusable.
    #[cfg_attr(not(test), expect(dead_code, reason = "what tests look at"))]
    pub(crate) trimmed: bool,
    /// What the event lost because no server takes it.
    pub(crate) left_out: LeftOut,
    /// How many spans a transaction has room for, the newest; none in other events.
    pub(crate) spans: Option<u64>,
}

/// An event being written.
pub(super) struct Writer<'w> {
    /// Where to.
    pub(super) out: &'w mut Buffer,
    /// What stands between its bytes and is not copied.
    pub(super) cuts: Cuts,
    /// What the scope gives.
    pub(super) parts: &'w Parts<'w>,
    /// See [`Written::trimmed`].
    pub(super) trimmed: bool,
    /// See [`Written::left_out`].
    pub(super) left_out: LeftOut,
    /// See [`Written::trace_id`].
    pub(super) trace_id: Option<Uuid>,
    /// A bit for each field that was written.
    written: u32,
}

impl<'w> Writer<'w> {
    /// Behind nothing yet of an event; `out` may have room.
    pub(super) fn new(out: &'w mut Buffer, parts: &'w Parts<'w>) -> Self {
        Self {
            out,
            cuts: Cuts::default(),
            parts,
            trimmed: false,
            left_out: LeftOut::default(),
            trace_id: None,
            written: 0,
        }
    }

    /// Bytes so far, with what is shared.
    pub(super) fn len(&self) -> usize {
        self.out.len().saturating_add(self.cuts.len())
    }

    /// Appends a comma and a top-level key that needs no escapes.
    pub(super) fn key(&mut self, key: &str) {
        self.out
            .extend_from_slices([b",\"", key.as_bytes(), b"\":"]);
    }

    /// Appends shared text. What is behind it must not be cut off again.
    pub(super) fn share(&mut self, fragment: Fragment) {
        self.cuts.share(self.out, fragment);
    }

    /// Notes a member that is left out: its key, and why.
    pub(super) fn leave_out(&mut self, key: &str, why: &str) {
        self.trimmed = true;
        self.left_out.note_key(key, why);
    }

    /// Notes something without a key of its own that is left out.
    pub(super) fn leave_out_part(&mut self, what: fmt::Arguments<'_>) {
        self.trimmed = true;
        self.left_out.note(what);
    }

    /// Remembers that the field is there, so that the scope's is not.
    pub(super) fn mark_written(&mut self, field: Field) {
        self.written |= 1 << field.index();
    }

    /// True if the field is there.
    pub(super) fn has(&self, field: Field) -> bool {
        self.written & (1 << field.index()) != 0
    }
}
