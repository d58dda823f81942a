//! Trails: the breadcrumbs that a scope holds, as text that events share (BC-3, BC-4).
//!
//! Entry points: [`Trail`], [`Crumbs`].

use crate::value::json::scan;
use crate::value::shared::pieces::Fragment;

/// Breadcrumbs of a scope one behind the other, separated by commas, oldest first; at least one.
#[derive(Debug, Clone)]
pub(crate) struct Crumbs {
    text: Fragment,
    count: usize,
    /// Bytes of the last one.
    last_length: usize,
}

/// The breadcrumbs of one scope: older ones, newer ones.
pub(crate) type Trail = [Option<Crumbs>; 2];

impl Crumbs {
    /// `count` breadcrumbs, as [`super::breadcrumb::parse`] makes them, the last of `last_length` bytes; none if there are none.
    pub(crate) fn new(text: Fragment, count: usize, last_length: usize) -> Option<Self> {
        (count > 0).then_some(Self {
            text,
            count,
            last_length,
        })
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// As JSON.
    pub(crate) fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// The newest.
    pub(super) fn last(&self) -> &str {
        let text = self.as_str();
        let start = text.len().saturating_sub(self.last_length);
        text.get(start..).unwrap_or_default()
    }

    /// What is left of them without the oldest.
    pub(super) fn without_oldest(&self, gone: usize) -> Option<Fragment> {
        let all = self.text.clone();
        if gone == 0 {
            return Some(all);
        }
        let text = self.as_str();
        let first = scan::joined_elements(text).nth(gone)?;
        let at = first.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        Some(all.skip(at))
    }
}
