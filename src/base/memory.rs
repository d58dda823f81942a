//! Memory that may be missing: where the host or its data decide a size, a failed allocation is an answer and no abort.
//!
//! Who writes text piece by piece does not ask after each piece: what lacks memory gives something harmless in its place,
//! a shorter text for instance, and remembers it for the thread. [`watch`] around the whole asks once.
//! Entry points: [`watch`], [`Buffer`] (bytes that grow up to a bound), [`copy_text`], [`into_text`],
//! [`is_there`].
//! May use: the standard library only.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io;
use std::ops::Deref;
use std::str::Utf8Error;
use std::sync::Arc;

/// There is no memory for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfMemory;

impl From<std::collections::TryReserveError> for OutOfMemory {
    fn from(_: std::collections::TryReserveError) -> Self {
        Self
    }
}

impl From<OutOfMemory> for io::Error {
    fn from(_: OutOfMemory) -> Self {
        io::ErrorKind::OutOfMemory.into()
    }
}

thread_local! {
    /// An allocation failed on this thread since the innermost [`watch`] began.
    static IS_LACKING: Cell<bool> = const { Cell::new(false) };
}

/// Remembers that an allocation failed, for the [`watch`] around it.
pub(crate) fn note_lack() {
    // Without a place for it (the thread ends) nobody watches.
    let _ = IS_LACKING.try_with(|lacks| lacks.set(true));
}

/// Runs `body`; if an allocation failed in it, its result is not what it should be and is dropped.
pub(crate) fn watch<T>(body: impl FnOnce() -> T) -> Result<T, OutOfMemory> {
    let before = IS_LACKING.try_with(|lacks| lacks.replace(false));
    let result = body();
    let lacked = IS_LACKING.try_with(|lacks| lacks.replace(before.unwrap_or(false)));
    if lacked.unwrap_or(false) {
        return Err(OutOfMemory);
    }
    Ok(result)
}

/// True if there is memory for so many bytes now. For what allocates without an answer: asked before, it finds the
/// memory that was given back here.
pub(crate) fn is_there(bytes: usize) -> bool {
    let mut probe = Vec::<u8>::new();
    let is_there = probe.try_reserve_exact(bytes).is_ok();
    // Else the compiler leaves the allocation out, and the question with it.
    std::hint::black_box(&mut probe);
    is_there
}

/// A copy of `text` that is shared.
pub(crate) fn share(text: &str) -> Result<Arc<str>, OutOfMemory> {
    let mut shared = Arc::default();
    share_over(&mut shared, text)?;
    Ok(shared)
}

/// Makes `shared` a copy of `text`; what it was is freed first, so that there are never both.
pub(crate) fn share_over(shared: &mut Arc<str>, text: &str) -> Result<(), OutOfMemory> {
    /// Two counters, and padding.
    const COUNTERS: usize = 32;
    if !is_there(text.len().saturating_add(COUNTERS)) {
        return Err(OutOfMemory);
    }
    *shared = Arc::default();
    *shared = Arc::from(text);
    Ok(())
}

/// Room for `more` elements; false without memory, which is remembered.
pub(crate) fn reserve<T>(items: &mut Vec<T>, more: usize) -> bool {
    let has_room = items.try_reserve(more).is_ok();
    if !has_room {
        note_lack();
    }
    has_room
}

/// The items in a vector; those that there is no memory for are missing, which is remembered.
pub(crate) fn collect<T>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let (items, mut all) = (items.into_iter(), Vec::new());
    if !reserve(&mut all, items.size_hint().0) {
        return all;
    }
    for item in items {
        if !reserve(&mut all, 1) {
            break;
        }
        all.push(item);
    }
    all
}

/// The texts one behind the other; nothing without memory, which is remembered.
pub(crate) fn concat(texts: &[&str]) -> String {
    let length = texts
        .iter()
        .fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    let mut all = String::new();
    if all.try_reserve_exact(length).is_err() {
        note_lack();
        return all;
    }
    all.extend(texts.iter().copied());
    all
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
    if is_ascii(&bytes) {
        // SAFETY: ASCII is UTF-8.
        return Ok(unsafe { String::from_utf8_unchecked(bytes) });
    }
    String::from_utf8(bytes).or_else(|error| replace_invalid(error.as_bytes()))
}

/// The bytes as text, copied only where U+FFFD takes the place of what is not UTF-8.
pub(crate) fn lossy(bytes: &[u8]) -> Result<Cow<'_, str>, OutOfMemory> {
    // Nearly all text is UTF-8, and checking that is many times as fast as looking for what to replace.
    match utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => replace_invalid(bytes).map(Cow::Owned),
    }
}

/// [`std::str::from_utf8`], with a shorter way for ASCII, which nearly all texts of hosts are.
#[inline]
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Utf8Error> {
    if is_ascii(bytes) {
        // SAFETY: ASCII is UTF-8.
        return Ok(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    std::str::from_utf8(bytes)
}

/// [`<[u8]>::is_ascii`] by whole words, for texts that are mostly short.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The last word has what is no whole word, and may overlap the one before.
    let all = if let Some(last) = bytes.last_chunk() {
        let (words, _) = bytes.as_chunks();
        let add = |all, word: &[u8; 8]| all | u64::from_ne_bytes(*word);
        words.iter().fold(u64::from_ne_bytes(*last), add)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        u64::from(u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last))
    } else {
        u64::from(bytes.iter().fold(0, |all, byte| all | byte))
    };
    all & HIGH_BITS == 0
}

/// A copy with U+FFFD in place of what is not UTF-8.
fn replace_invalid(bytes: &[u8]) -> Result<String, OutOfMemory> {
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
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    most: usize,
    fault: Option<Fault>,
}

impl Buffer {
    /// Empty, for as much as there is memory for; allocates nothing.
    pub(crate) const fn new() -> Self {
        Self::with_bound(usize::MAX)
    }

    /// Empty, for at most `most` bytes; allocates nothing.
    pub(crate) const fn with_bound(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
            fault: None,
        }
    }

    /// Empty, with room for so many bytes if there is memory for them.
    pub(crate) fn with_room(bytes: usize) -> Self {
        let mut buffer = Self::new();
        if buffer.bytes.try_reserve_exact(bytes).is_err() {
            buffer.lack();
        }
        buffer
    }

    fn lack(&mut self) {
        self.fault = Some(Fault::OutOfMemory);
        note_lack();
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
    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Adds pieces, all or none.
    #[inline]
    pub(crate) fn extend_from_slices<const PIECES: usize>(&mut self, pieces: [&[u8]; PIECES]) {
        let length = |sum: usize, piece: &&[u8]| sum.saturating_add(piece.len());
        if self.has_room(pieces.iter().fold(0, length)) {
            for piece in pieces {
                self.bytes.extend_from_slice(piece);
            }
        }
    }

    /// Adds bytes between quotes, all or none.
    #[inline]
    pub(crate) fn extend_quoted(&mut self, bytes: &[u8]) {
        self.extend_from_slices([b"\"", bytes, b"\""]);
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
            self.lack();
        }
        has_grown
    }

    /// Takes back what is behind the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Takes back the last byte.
    pub(crate) fn pop(&mut self) {
        self.bytes.pop();
    }

    /// Takes out what lies between two places.
    pub(crate) fn remove(&mut self, from: usize, to: usize) {
        if from <= to && to <= self.bytes.len() {
            self.bytes.drain(from..to);
        }
    }

    /// What is behind the first `length` bytes, which stay.
    pub(crate) fn split_off(&mut self, length: usize) -> Self {
        let end = self.get(length..).unwrap_or_default();
        let mut rest = Self::with_room(end.len());
        rest.extend_from_slice(end);
        self.bytes.truncate(length);
        rest
    }

    /// Takes everything back and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
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

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<Buffer> for Vec<u8> {
    /// What was taken.
    fn from(buffer: Buffer) -> Self {
        buffer.bytes
    }
}

impl fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_takes_what_fits_and_nothing_behind_what_does_not() {
        let mut buffer = Buffer::with_bound(5);
        buffer.extend_from_slice(b"abc");
        buffer.extend_from_slice(b"def");
        buffer.push(b'g');
        assert_eq!((buffer.len(), buffer.fault()), (3, Some(Fault::Full)));
        buffer.take_back(2);
        buffer.extend_from_slice(b"xyz");
        assert_eq!(buffer.finish(), Ok(b"abxyz".to_vec()));
    }

    #[test]
    fn a_size_that_cannot_be_is_a_fault_that_stays() {
        let mut buffer = Buffer::new();
        buffer.push(b'a');
        assert!(!buffer.has_room(usize::MAX / 2));
        buffer.take_back(0);
        buffer.push(b'b');
        assert_eq!(buffer.finish(), Err(Fault::OutOfMemory));
    }

    #[test]
    fn who_watches_hears_of_what_failed_within_and_of_nothing_else() {
        let fail = || assert!(!Buffer::new().has_room(usize::MAX / 2));
        fail();
        assert_eq!(watch(|| 1), Ok(1), "before it");
        assert_eq!(watch(fail), Err(OutOfMemory));
        let outer = watch(|| assert_eq!(watch(fail), Err(OutOfMemory)));
        assert_eq!(outer, Ok(()), "an inner one has heard of it");
        let outer = watch(|| {
            fail();
            watch(|| ())
        });
        assert_eq!(outer, Err(OutOfMemory));
        assert_eq!(collect(0..100).len(), 100);
    }

    #[test]
    fn text_is_taken_where_the_standard_library_takes_it() {
        for length in 0..70 {
            let plain = vec![b'a'; length];
            assert_eq!(utf8(&plain), std::str::from_utf8(&plain));
            for place in 0..length {
                for odd in [0, 0x7f, 0x80, 0xff] {
                    let mut bytes = plain.clone();
                    bytes[place] = odd;
                    assert_eq!(utf8(&bytes), std::str::from_utf8(&bytes));
                }
            }
        }
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
