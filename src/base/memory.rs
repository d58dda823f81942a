//! Memory that may be missing: where the host or its data decide a size, a failed allocation is an answer and no abort.
//!
//! Entry points: [`Buffer`] (bytes that grow up to a bound, asked once at the end), [`copy_text`], [`into_text`].
//! May use: the standard library only.

use std::fmt;

/// There is no memory for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfMemory;

impl From<std::collections::TryReserveError> for OutOfMemory {
    fn from(_: std::collections::TryReserveError) -> Self {
        Self
    }
}

/// A copy of `text`.
pub(crate) fn copy_text(text: &str) -> Result<String, OutOfMemory> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len())?;
    copy.push_str(text);
    Ok(copy)
}

/// The bytes as text, with U+FFFD in place of what is not UTF-8.
pub(crate) fn into_text(bytes: Vec<u8>) -> Result<String, OutOfMemory> {
    String::from_utf8(bytes).or_else(|error| replace_invalid(error.as_bytes()))
}

/// A copy with U+FFFD in place of what is not UTF-8.
pub(crate) fn replace_invalid(bytes: &[u8]) -> Result<String, OutOfMemory> {
    let replacement = |invalid: &[u8]| if invalid.is_empty() { "" } else { "\u{fffd}" };
    let size = bytes.utf8_chunks().fold(0_usize, |size, chunk| {
        size.saturating_add(chunk.valid().len())
            .saturating_add(replacement(chunk.invalid()).len())
    });
    let mut text = String::new();
    text.try_reserve_exact(size)?;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(replacement(chunk.invalid()));
    }
    Ok(text)
}

/// Why a [`Buffer`] did not take everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It would have become longer than its bound.
    Full,
    /// There is no memory for it.
    OutOfMemory,
}

/// Bytes that are written piece by piece, up to a bound and as far as memory goes.
///
/// The first piece that does not fit sets a fault, and nothing is taken from then on: who writes need not ask after
/// each piece, only before work that could be saved, and at the end.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    most: usize,
    fault: Option<Fault>,
}

impl Buffer {
    /// Empty, for at most `most` bytes; allocates nothing.
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
            fault: None,
        }
    }

    /// Adds a byte.
    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        if self.has_room(1) {
            self.bytes.push(byte);
        }
    }

    /// Adds bytes, all or none.
    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Makes sure that `more` bytes fit, so that a long piece is not copied again and again.
    #[inline]
    pub(crate) fn has_room(&mut self, more: usize) -> bool {
        if self.fault.is_some() {
            return false;
        }
        let length = self.bytes.len().saturating_add(more);
        if length > self.most {
            self.fault = Some(Fault::Full);
            return false;
        }
        length <= self.bytes.capacity() || self.grow(more)
    }

    #[cold]
    fn grow(&mut self, more: usize) -> bool {
        // An event has some KB: a few steps to grow instead of a dozen.
        let usual = self.bytes.len().max(1024).max(more);
        let has_grown = self.bytes.try_reserve(usual).is_ok()
            // Twice as much may be more than there is, and more than is needed.
            || self.bytes.try_reserve_exact(more).is_ok();
        if !has_grown {
            self.fault = Some(Fault::OutOfMemory);
        }
        has_grown
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What went wrong.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Takes back what was written behind the first `length` bytes, and with it a piece that was too long for the
    /// bound. A lack of memory stays.
    pub(crate) fn take_back(&mut self, length: usize) {
        self.bytes.truncate(length);
        if self.fault == Some(Fault::Full) {
            self.fault = None;
        }
    }

    /// Keeps so many bytes of the bound for later, see [`Buffer::release`].
    pub(crate) fn set_aside(&mut self, bytes: usize) {
        self.most = self.most.saturating_sub(bytes);
    }

    /// Gives back what was set aside.
    pub(crate) fn release(&mut self, bytes: usize) {
        self.most = self.most.saturating_add(bytes);
    }

    /// The bytes, if all were taken.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Fault> {
        self.fault.map_or(Ok(self.bytes), Err)
    }
}

impl fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.extend(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_takes_what_fits_and_nothing_behind_what_does_not() {
        let mut buffer = Buffer::new(5);
        buffer.extend(b"abc");
        buffer.extend(b"def");
        buffer.push(b'g');
        assert_eq!((buffer.len(), buffer.fault()), (3, Some(Fault::Full)));
        buffer.take_back(2);
        buffer.extend(b"xyz");
        assert_eq!(buffer.finish(), Ok(b"abxyz".to_vec()));
    }

    #[test]
    fn a_size_that_cannot_be_is_a_fault_that_stays() {
        let mut buffer = Buffer::new(usize::MAX);
        buffer.push(b'a');
        assert!(!buffer.has_room(usize::MAX / 2));
        buffer.take_back(0);
        buffer.push(b'b');
        assert_eq!(buffer.finish(), Err(Fault::OutOfMemory));
    }

    #[test]
    fn invalid_text_is_replaced() {
        assert_eq!(
            into_text(b"a\xffb\xe2\x82".to_vec()).as_deref(),
            Ok("a\u{fffd}b\u{fffd}")
        );
        assert_eq!(into_text(b"plain".to_vec()).as_deref(), Ok("plain"));
    }
}
