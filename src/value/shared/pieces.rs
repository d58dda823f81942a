//! Pieces: text that is partly its own and partly shared, so that what is large and seldom changes is not copied into
//! every text that holds it.
//!
//! Decides what is worth sharing, and what sharing costs in memory. Entry points: [`Pieces`], [`Fragment`].
//! May use: [`crate::value::json::write`].

use crate::base::memory::{self, OutOfMemory};
use crate::value::json::write::Target;
use std::borrow::Cow;
use std::sync::Arc;

/// Most shared parts of one text: two of the breadcrumbs of each of two scopes, and the images of an event. They lie in
/// place, so that sharing needs no allocation.
const MOST: usize = 5;

/// Bytes below which a copy costs less than counting references from two threads.
const WORTH_SHARING: usize = 256;

/// The end of a shared text.
#[derive(Debug, Clone)]
pub(crate) struct Fragment {
    text: Arc<str>,
    start: usize,
    is_charged: bool,
}

impl Fragment {
    /// What of `text` begins at `start`, a place between two characters. Its memory is charged to each text that holds
    /// it: the holder may be the last.
    pub(crate) fn new(text: Arc<str>, start: usize) -> Self {
        Self {
            text,
            start,
            is_charged: true,
        }
    }

    /// All of `text`, charged to nobody: for what its maker keeps and bounds.
    pub(crate) fn uncharged(text: Arc<str>) -> Self {
        Self {
            is_charged: false,
            ..Self::new(text, 0)
        }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// Without its first `bytes`.
    pub(crate) fn skip(self, bytes: usize) -> Self {
        Self {
            start: self.start.saturating_add(bytes),
            ..self
        }
    }
}

#[derive(Debug, Clone)]
struct Cut {
    /// Where it stands, in bytes of the own text before it.
    at: u32,
    start: u32,
    text: Arc<str>,
}

impl Cut {
    fn bytes(&self) -> &[u8] {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        self.text.as_bytes().get(start..).unwrap_or_default()
    }

    fn at(&self) -> usize {
        usize::try_from(self.at).unwrap_or(usize::MAX)
    }
}

/// The shared parts of a text and their places.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cuts {
    cuts: [Option<Cut>; MOST],
    length: usize,
    cost: usize,
}

impl Cuts {
    /// Adds a part behind what is in `own` now; copies it if it is small, or one too many.
    pub(crate) fn share(&mut self, own: &mut impl Target, fragment: Fragment) {
        let text = fragment.as_str();
        let places = (u32::try_from(own.len()), u32::try_from(fragment.start));
        let slot = self.cuts.iter_mut().find(|cut| cut.is_none());
        let (Some(slot), (Ok(at), Ok(start)), true) = (slot, places, text.len() >= WORTH_SHARING)
        else {
            own.extend_from_slice(text.as_bytes());
            return;
        };
        self.length = self.length.saturating_add(text.len());
        if fragment.is_charged {
            // All of it: what lies before the start is kept alive too.
            self.cost = self.cost.saturating_add(fragment.text.len());
        }
        *slot = Some(Cut {
            at,
            start,
            text: fragment.text,
        });
    }

    /// Bytes of all of them.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    fn iter(&self) -> impl Iterator<Item = &Cut> {
        self.cuts.iter().flatten()
    }
}

/// Text as its own bytes and the shared parts between them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pieces {
    own: Vec<u8>,
    cuts: Cuts,
}

impl Pieces {
    /// `own` with `cuts` at their places.
    pub(crate) fn new(own: impl Into<Vec<u8>>, cuts: Cuts) -> Self {
        let own = own.into();
        Self { own, cuts }
    }

    /// The pieces in their order; none is empty.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = 0;
        let cuts = self.cuts.iter().flat_map(move |cut| {
            let own = self.own.get(from..cut.at()).unwrap_or_default();
            from = cut.at();
            [own, cut.bytes()]
        });
        let last = self.cuts.iter().last().map_or(0, Cut::at);
        let rest = self.own.get(last..).unwrap_or_default();
        cuts.chain([rest]).filter(|piece| !piece.is_empty())
    }

    /// Bytes of all pieces.
    pub(crate) fn len(&self) -> usize {
        self.own.len().saturating_add(self.cuts.length)
    }

    /// All of it in one piece: a copy, unless nothing is shared.
    pub(crate) fn whole(&self) -> Cow<'_, [u8]> {
        if self.cuts.length == 0 {
            return Cow::Borrowed(&self.own);
        }
        let mut whole = Vec::with_capacity(self.len());
        for piece in self.iter() {
            whole.extend_from_slice(piece);
        }
        Cow::Owned(whole)
    }

    /// As [`Pieces::whole`]; an error without memory for the copy.
    pub(crate) fn try_whole(&self) -> Result<Cow<'_, [u8]>, OutOfMemory> {
        if self.cuts.length > 0 && !memory::is_there(self.len()) {
            return Err(OutOfMemory);
        }
        Ok(self.whole())
    }

    /// What it takes in memory beyond its own struct.
    pub(crate) fn byte_cost(&self) -> usize {
        self.own.capacity().saturating_add(self.cuts.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(letter: &str) -> Arc<str> {
        Arc::from(letter.repeat(WORTH_SHARING))
    }

    /// Pieces of `own` text, and of fragments where it has a star.
    fn pieces(own: &str, mut fragments: Vec<Fragment>) -> Pieces {
        let (mut out, mut cuts) = (Vec::new(), Cuts::default());
        for part in own.split_inclusive('*') {
            out.extend_from_slice(part.trim_end_matches('*').as_bytes());
            if part.ends_with('*') {
                cuts.share(&mut out, fragments.remove(0));
            }
        }
        Pieces::new(out, cuts)
    }

    fn text(pieces: &Pieces) -> String {
        let whole = pieces.whole().into_owned();
        assert_eq!(pieces.iter().collect::<Vec<_>>().concat(), whole);
        assert_eq!(pieces.len(), whole.len());
        assert!(pieces.iter().all(|piece| !piece.is_empty()));
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn shared_parts_stand_where_they_were_put() {
        let (a, b) = (long("a"), long("b"));
        for own in ["<*|*>", "**", "*|*", "<**>", "<*|*"] {
            let fragments = [&a, &b].map(|text| Fragment::new(Arc::clone(text), 0));
            let pieces = pieces(own, fragments.to_vec());
            let expected = own.replacen('*', &a, 1).replacen('*', &b, 1);
            assert_eq!(text(&pieces), expected);
        }
        // The scope's reference is the only other one.
        assert_eq!((Arc::strong_count(&a), Arc::strong_count(&b)), (1, 1));
        assert_eq!(text(&pieces("own", Vec::new())), "own");
        assert_eq!(Pieces::default().iter().count(), 0);
    }

    #[test]
    fn a_shared_part_is_not_copied_and_its_whole_text_is_charged() {
        let shared = long("é");
        let fragment = Fragment::new(Arc::clone(&shared), 100);
        let holder = pieces("[*]", vec![fragment.clone()]);
        assert!(
            holder
                .iter()
                .any(|piece| piece.as_ptr() == shared[100..].as_ptr())
        );
        assert_eq!(text(&holder), format!("[{}]", &shared[100..]));
        assert_eq!(
            holder.byte_cost(),
            holder.own.capacity() + 2 * WORTH_SHARING
        );
        let (mut own, mut cuts) = (Vec::new(), Cuts::default());
        cuts.share(&mut own, Fragment::uncharged(shared));
        assert_eq!(Pieces::new(own, cuts).byte_cost(), 0);
    }

    #[test]
    fn what_is_small_or_one_too_many_is_copied() {
        let shared = long("a");
        let small = Fragment::new(Arc::clone(&shared), 1);
        assert_eq!(pieces("*", vec![small]).cuts.length, 0);
        let many = vec![Fragment::new(Arc::clone(&shared), 0); MOST + 2];
        let pieces = pieces(&"<*>".repeat(MOST + 2), many);
        assert_eq!(text(&pieces), format!("<{shared}>").repeat(MOST + 2));
        assert_eq!(Arc::strong_count(&shared), 1 + MOST);
        assert_eq!(Fragment::new(shared, 0).skip(WORTH_SHARING).as_str(), "");
    }
}
