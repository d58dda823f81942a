//! Editions: a text that all events share and that is made anew now and then, such as the list of loaded modules.
//!
//! Decides who pays for its memory. The latest edition is kept by its maker and charged to nobody: charged to each event
//! it would fill the queue with bytes that exist once. But earlier editions live as long as events hold them, and a
//! program that loads and unloads libraries in a loop makes many. So only so many bytes are free.
//! Entry point: [`Edition`]. May use: [`super::pieces`].

use std::sync::Arc;

use super::pieces::Fragment;

/// Bytes of all editions that are charged to nobody: an eighth of what the library may hold beside its queue, and some
/// two thousand modules.
const FREE_BYTES: usize = 512 * 1024;

/// The latest form of one text, and the earlier ones that events may still hold.
#[derive(Debug)]
pub(crate) struct Edition {
    text: Arc<str>,
    is_charged: bool,
    /// Those before it that nobody was charged for, and that may still be held.
    earlier: Vec<Arc<str>>,
}

impl Edition {
    /// An edition that takes the place of `before`.
    pub(crate) fn new(text: Arc<str>, before: Option<&Self>) -> Self {
        let free = before.into_iter().flat_map(|before| {
            let own = (!before.is_charged).then_some(&before.text);
            before.earlier.iter().chain(own)
        });
        // One holder is `before`, which goes.
        let held = free.filter(|text| Arc::strong_count(text) > 1);
        let earlier: Vec<_> = held.cloned().collect();
        let bytes = earlier
            .iter()
            .fold(text.len(), |sum, text| sum.saturating_add(text.len()));
        Self {
            text,
            is_charged: bytes > FREE_BYTES,
            earlier,
        }
    }

    /// The text, to be shared.
    pub(crate) fn fragment(&self) -> Fragment {
        let text = Arc::clone(&self.text);
        if self.is_charged {
            Fragment::new(text, 0)
        } else {
            Fragment::uncharged(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::shared::pieces::{Cuts, Pieces};

    const SIZE: usize = 100 * 1024;

    fn next(before: Option<&Edition>) -> Edition {
        Edition::new(Arc::from("x".repeat(SIZE)), before)
    }

    fn holder(edition: &Edition) -> Pieces {
        let (mut own, mut cuts) = (Vec::new(), Cuts::default());
        cuts.share(&mut own, edition.fragment());
        Pieces::new(own, cuts)
    }

    #[test]
    fn editions_that_nobody_holds_any_more_cost_nothing() {
        let mut edition = next(None);
        for _ in 0..100 {
            assert_eq!(holder(&edition).byte_cost(), 0);
            edition = next(Some(&edition));
            assert!(edition.earlier.is_empty());
        }
    }

    #[test]
    fn what_is_held_of_earlier_editions_is_free_only_up_to_the_bound() {
        let mut edition = next(None);
        let mut held = Vec::new();
        for _ in 0..100 {
            held.push(holder(&edition));
            held.push(holder(&edition));
            edition = next(Some(&edition));
        }
        let charged: usize = held.iter().map(Pieces::byte_cost).sum();
        let free = 100 * SIZE - charged / 2;
        assert!(free <= FREE_BYTES && free > FREE_BYTES - SIZE, "{free}");
        held.clear();
        edition = next(Some(&edition));
        assert_eq!(holder(&edition).byte_cost(), 0, "they have gone");
        assert_eq!(edition.fragment().as_str().len(), SIZE);
    }
}
