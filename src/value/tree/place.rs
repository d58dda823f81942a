//! Places: where in a value a writer is, so that it stops at a depth and at a circle.
//!
//! Entry point: [`Place::within`].

use super::{MAX_DEPTH, Node};

/// A container that is being written, and those around it.
pub(super) struct Place<'p> {
    node: &'p Node,
    depth: usize,
    around: Option<&'p Place<'p>>,
}

impl<'p> Place<'p> {
    /// The place within `around`; none if nothing is to be written there: too deep, or already being written.
    pub(super) fn within(around: Option<&'p Self>, node: &'p Node) -> Option<Self> {
        let depth = around.map_or(1, |around| around.depth.saturating_add(1));
        let mut places = std::iter::successors(around, |place| place.around);
        let is_circle = places.any(|place| std::ptr::eq(place.node, node));
        (depth < MAX_DEPTH && !is_circle).then_some(Self {
            node,
            depth,
            around,
        })
    }
}
