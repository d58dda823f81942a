//! Leaving: the envelopes that a run leaves in its directory for the next start. Needs no spool, so that any thread can.
//!
//! Entry point: [`leave`]. May use: the names of the room.

use std::io;

use super::name::Name;
use crate::base::file::Durability;
use crate::base::uuid::Uuid;
use crate::protocol::envelope::{Envelope, HeaderFields};
use crate::store::run::Run;

/// An envelope that was left.
#[derive(Debug)]
pub(crate) struct Left {
    name: String,
    /// Its size on disk.
    pub(crate) bytes: usize,
}

impl Left {
    /// Takes it back: it is in the books as lost after all.
    pub(crate) fn take_back(self, run: &Run) -> io::Result<()> {
        run.directory().remove(&self.name).map(drop)
    }
}

/// Leaves an envelope in the directory of a run, for the next start.
pub(crate) fn leave(run: &Run, envelope: &Envelope, header: &HeaderFields<'_>) -> io::Result<Left> {
    let bytes = envelope.to_bytes(header)?;
    let mut name = Name::plain(envelope.event_id.unwrap_or_else(Uuid::new_v4));
    if run.directory().metadata(&name.to_string()).is_ok() {
        name = name.with_fresh_id();
    }
    let name = name.to_string();
    run.write(&name, &bytes, Durability::Process)?;
    let bytes = bytes.len();
    Ok(Left { name, bytes })
}
