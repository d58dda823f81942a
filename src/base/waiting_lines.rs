//! Lines of diagnostics that wait for a thread that may give them to the host's logger: a bounded queue that counts
//! what it could not take.

use std::collections::VecDeque;

use super::severity::Severity;

/// Most lines that wait: a burst of a busy host, and no more memory than a few pages.
const MOST_LINES: usize = 256;
/// Most bytes of their text.
const MOST_BYTES: usize = 64 * 1024;

/// Lines in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct WaitingLines {
    lines: VecDeque<(Severity, String)>,
    bytes: usize,
    lost: u64,
}

impl WaitingLines {
    /// Without a line.
    pub(crate) const fn new() -> Self {
        Self {
            lines: VecDeque::new(),
            bytes: 0,
            lost: 0,
        }
    }

    /// Takes a line, or counts it as lost; true if there was nothing to say before.
    pub(crate) fn push(&mut self, severity: Severity, text: String) -> bool {
        let was_empty = self.lines.is_empty() && self.lost == 0;
        let bytes = self.bytes.saturating_add(text.len());
        if self.lost > 0 || self.lines.len() >= MOST_LINES || bytes > MOST_BYTES {
            // After the first that is lost none is taken until this was said: lines stay in their order.
            self.lost = self.lost.saturating_add(1);
        } else {
            self.bytes = bytes;
            self.lines.push_back((severity, text));
        }
        was_empty
    }

    /// The oldest line; after the last one, how many were lost.
    pub(crate) fn pop(&mut self) -> Option<(Severity, String)> {
        if let Some((severity, text)) = self.lines.pop_front() {
            self.bytes = self.bytes.saturating_sub(text.len());
            return Some((severity, text));
        }
        match std::mem::take(&mut self.lost) {
            0 => None,
            lost => Some((
                Severity::Warning,
                format!("{lost} lines of diagnostics were lost: nobody took them in time"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(lines: &mut WaitingLines) -> Vec<String> {
        std::iter::from_fn(|| lines.pop()).map(|it| it.1).collect()
    }

    #[test]
    fn lines_keep_their_order_and_the_first_wakes() {
        let mut lines = WaitingLines::new();
        assert!(lines.push(Severity::Info, "one".to_owned()));
        assert!(!lines.push(Severity::Error, "two".to_owned()));
        assert_eq!(lines.pop(), Some((Severity::Info, "one".to_owned())));
        assert_eq!(lines.pop(), Some((Severity::Error, "two".to_owned())));
        assert_eq!(lines.pop(), None);
        assert!(lines.push(Severity::Info, "three".to_owned()));
    }

    #[test]
    fn what_does_not_fit_is_counted_after_what_did() {
        let mut lines = WaitingLines::new();
        for number in 0..MOST_LINES + 3 {
            lines.push(Severity::Debug, number.to_string());
        }
        let found = drained(&mut lines);
        assert_eq!(found.len(), MOST_LINES + 1);
        assert!(found[MOST_LINES].starts_with("3 lines"), "{found:?}");
        lines.push(Severity::Debug, "x".repeat(MOST_BYTES));
        lines.push(Severity::Debug, "y".to_owned());
        lines.push(Severity::Debug, String::new());
        let found = drained(&mut lines);
        assert_eq!((found.len(), found[0].len()), (2, MOST_BYTES));
        assert!(found[1].starts_with("2 lines"), "{found:?}");
        assert!(lines.push(Severity::Debug, "again".to_owned()));
    }
}
