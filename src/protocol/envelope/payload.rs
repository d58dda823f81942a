//! Payloads: the bytes of an item, its own or shared.
//!
//! Decides what they cost in the queue. Entry point: [`Payload`]. May use: `value`, `base`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::base::memory::OutOfMemory;
use crate::value::shared::pieces::Pieces;

/// The bytes of an item.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// Its own.
    Owned(Vec<u8>),
    /// Shared with others, for instance an attachment of the scope.
    Shared(Arc<[u8]>),
    /// Partly its own, partly shared: an event.
    Pieces(Pieces),
}

impl Payload {
    /// The bytes in order, cut where it suits them.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let (whole, pieces) = match self {
            Self::Owned(bytes) => (Some(&**bytes), None),
            Self::Shared(bytes) => (Some(&**bytes), None),
            Self::Pieces(pieces) => (None, Some(pieces)),
        };
        let pieces = pieces.into_iter().flat_map(Pieces::iter);
        whole.into_iter().chain(pieces)
    }

    /// The bytes in one piece: a copy if they are in several.
    pub(crate) fn whole(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Owned(bytes) => Cow::Borrowed(bytes),
            Self::Shared(bytes) => Cow::Borrowed(bytes),
            Self::Pieces(pieces) => pieces.whole(),
        }
    }

    /// As [`Payload::whole`], for payloads of any size.
    pub(crate) fn try_whole(&self) -> Result<Cow<'_, [u8]>, OutOfMemory> {
        match self {
            Self::Pieces(pieces) => pieces.try_whole(),
            Self::Owned(_) | Self::Shared(_) => Ok(self.whole()),
        }
    }

    /// How many bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Owned(bytes) => bytes.len(),
            Self::Shared(bytes) => bytes.len(),
            Self::Pieces(pieces) => pieces.len(),
        }
    }

    /// Appends the bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for piece in self.pieces() {
            out.extend_from_slice(piece);
        }
    }

    /// What it takes in memory. Shared bytes count in full: this holder may be the last.
    pub(crate) fn byte_cost(&self) -> usize {
        match self {
            Self::Owned(bytes) => bytes.capacity(),
            Self::Shared(bytes) => bytes.len(),
            Self::Pieces(pieces) => pieces.byte_cost(),
        }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Owned(bytes)
    }
}

impl From<Pieces> for Payload {
    fn from(pieces: Pieces) -> Self {
        Self::Pieces(pieces)
    }
}
