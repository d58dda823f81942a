//! Unknown kinds: what the server does with each kind of envelope, as far as it has answered.
//!
//! Entry point: [`UnknownKinds`]. What follows from it stands in [`super::downgrade`].

use crate::protocol::category::Category;

/// Refusals of a kind in a row after which it is not sent any more.
const ENOUGH: u8 = 2;

/// What the server does with each kind.
#[derive(Debug, Default)]
pub(super) struct UnknownKinds {
    refusals: [u8; Category::COUNT],
    /// It took one of these: what it refuses then, it refuses for another reason.
    is_known: [bool; Category::COUNT],
}

impl UnknownKinds {
    /// True if the server does not take envelopes of this category.
    pub(super) fn is_refused(&self, category: Category) -> bool {
        let refusals = self.refusals.get(category.index());
        refusals.is_some_and(|refusals| *refusals >= ENOUGH)
    }

    /// The server took one.
    pub(super) fn taken(&mut self, category: Category) {
        if let Some(known) = self.is_known.get_mut(category.index()) {
            *known = true;
        }
    }

    /// The server answered 400; true if that is enough.
    pub(super) fn refused(&mut self, category: Category) -> bool {
        let is_known = self
            .is_known
            .get(category.index())
            .is_none_or(|known| *known);
        let refusals = self.refusals.get_mut(category.index());
        refusals.filter(|_| !is_known).is_some_and(|refusals| {
            *refusals = refusals.saturating_add(1);
            *refusals == ENOUGH
        })
    }
}
