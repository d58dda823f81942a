//! Error: the text behind `sentry_last_error_message`, one for each thread.
//!
//! The text lives in a fixed buffer that needs no destructor: it can be set and read while the thread exits, setting
//! allocates nothing, and a pointer to it stays readable until the thread has ended. Entry points: [`fail`],
//! [`clear`], [`report`] and [`last_error_ptr`]. May use: `types`.

use std::cell::Cell;
use std::ffi::c_char;
use std::fmt::{self, Write};

use super::types::sentry_status_t;

/// Longest text with its terminator: a sentence with a shortened foreign key fits, and it is paid for each thread.
const TEXT_MAX: usize = 512;

thread_local! {
    static LAST: Cell<[u8; TEXT_MAX]> = const { Cell::new([0; TEXT_MAX]) };
}

/// Keeps `message` as the last error of this thread, cut to the room there is, and gives `status` back.
pub(crate) fn fail(status: sentry_status_t, message: impl fmt::Display) -> sentry_status_t {
    LAST.with(|last| {
        let mut writer = Writer { last, used: 0 };
        // Errors of a foreign `Display` and of a full buffer are no concern: what was written stands.
        let _ = write!(writer, "{message}");
        writer.terminate();
    });
    status
}

/// Forgets the last error of this thread.
pub(crate) fn clear() {
    LAST.with(|last| Writer { last, used: 0 }.terminate());
}

/// Sets the last error on failure, clears it on success, and says which.
pub(crate) fn report<E: fmt::Display>(
    failure: sentry_status_t,
    result: Result<(), E>,
) -> sentry_status_t {
    match result {
        Ok(()) => {
            clear();
            sentry_status_t::SENTRY_STATUS_OK
        }
        Err(message) => fail(failure, message),
    }
}

/// The last error of this thread, NUL-terminated, empty if there was none; readable until the thread ends, and the
/// same until the next [`fail`] or [`clear`].
pub(crate) fn last_error_ptr() -> *const c_char {
    LAST.with(Cell::as_ptr).cast()
}

/// Writes to the buffer through its cells. A number, not a borrow, keeps the place: a `Display` that fails itself
/// overwrites the text and breaks nothing.
struct Writer<'a> {
    last: &'a Cell<[u8; TEXT_MAX]>,
    used: usize,
}

impl Writer<'_> {
    fn cells(&self) -> &[Cell<u8>] {
        let slice: &Cell<[u8]> = self.last;
        slice.as_slice_of_cells()
    }

    fn terminate(&self) {
        if let Some(end) = self.cells().get(self.used) {
            end.set(0);
        }
    }
}

impl Write for Writer<'_> {
    /// Takes whole characters only, up to the last byte but one; zero bytes would end the text and become spaces.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = TEXT_MAX.saturating_sub(1).saturating_sub(self.used);
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let taken = text.get(..end).unwrap_or_default();
        let cells = self.cells().get(self.used..).unwrap_or_default();
        for (cell, byte) in cells.iter().zip(taken.bytes()) {
            cell.set(if byte == 0 { b' ' } else { byte });
        }
        self.used = self.used.saturating_add(taken.len());
        if taken.len() < text.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;
    use std::sync::mpsc;

    const WRONG: sentry_status_t = sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT;

    fn last() -> String {
        // SAFETY: the text is terminated and of this thread.
        let text = unsafe { CStr::from_ptr(last_error_ptr()) };
        text.to_str().unwrap().to_owned()
    }

    #[test]
    fn failures_set_the_text_and_successes_clear_it() {
        assert_eq!(last(), "");
        assert_eq!(fail(WRONG, "no such thing"), WRONG);
        assert_eq!(last(), "no such thing");
        assert_eq!(report(WRONG, Err("short")), WRONG);
        assert_eq!(last(), "short");
        assert_eq!(
            report::<&str>(WRONG, Ok(())),
            sentry_status_t::SENTRY_STATUS_OK
        );
        assert_eq!(last(), "");
    }

    #[test]
    fn each_thread_has_its_own_text() {
        fail(WRONG, "mine");
        let other = std::thread::spawn(|| {
            assert_eq!(last(), "");
            fail(WRONG, "theirs");
            last()
        });
        assert_eq!(other.join().unwrap(), "theirs");
        assert_eq!(last(), "mine");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        fail(WRONG, "é".repeat(TEXT_MAX));
        assert_eq!(last(), "é".repeat((TEXT_MAX - 1) / 2));
        fail(WRONG, "a".repeat(TEXT_MAX - 1));
        assert_eq!(last().len(), TEXT_MAX - 1);
        fail(WRONG, "a".repeat(TEXT_MAX));
        assert_eq!(last().len(), TEXT_MAX - 1);
    }

    #[test]
    fn zero_bytes_do_not_end_the_text() {
        fail(WRONG, "a\0b");
        assert_eq!(last(), "a b");
    }

    #[test]
    fn errors_can_be_set_while_the_thread_exits() {
        struct AtExit(mpsc::Sender<String>);
        impl Drop for AtExit {
            fn drop(&mut self) {
                fail(WRONG, "late");
                let _ = self.0.send(last());
            }
        }
        thread_local! {
            static HOOK: Cell<Option<AtExit>> = const { Cell::new(None) };
        }
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || HOOK.set(Some(AtExit(sender))))
            .join()
            .unwrap();
        assert_eq!(receiver.recv().unwrap(), "late");
    }
}
