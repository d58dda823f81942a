//! Handles: the numbers by which the host knows attachments, and what lives behind each.
//!
//! A number is given once in the life of the process and looked up here; nothing is read through it, so a handle that
//! has ended, or never was one, leads nowhere. Entry point: [`Handles`], of which the process has one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;

use super::Attachment;

/// Parts of the table. One that changes is copied, so that readers need no lock: with many attachments alive a copy
/// should still be short.
const PARTS: usize = 64;

type Part = BTreeMap<usize, Weak<Attachment>>;

/// See the module.
#[derive(Debug)]
pub(crate) struct Handles {
    next: AtomicUsize,
    parts: [ArcSwapOption<Part>; PARTS],
}

impl Handles {
    /// An empty table; allocates nothing.
    pub(crate) const fn new() -> Self {
        Self {
            // Never 0, which is NULL for the host.
            next: AtomicUsize::new(1),
            parts: [const { ArcSwapOption::const_empty() }; PARTS],
        }
    }

    /// The attachment behind a handle, if it lives.
    pub(crate) fn find(&self, id: usize) -> Option<Arc<Attachment>> {
        let part = self.part(id)?.load();
        part.as_ref()?.get(&id)?.upgrade()
    }

    pub(in crate::client::capture::attachments) fn new_id(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(in crate::client::capture::attachments) fn insert(
        &self,
        id: usize,
        attachment: &Arc<Attachment>,
    ) {
        self.change(id, |part| {
            part.insert(id, Arc::downgrade(attachment));
        });
    }

    pub(in crate::client::capture::attachments) fn remove(&self, id: usize) {
        self.change(id, |part| {
            part.remove(&id);
        });
    }

    fn change(&self, id: usize, change: impl Fn(&mut Part)) {
        let Some(part) = self.part(id) else { return };
        part.rcu(|old| {
            let mut part = old.as_deref().cloned().unwrap_or_default();
            change(&mut part);
            (!part.is_empty()).then(|| Arc::new(part))
        });
    }

    fn part(&self, id: usize) -> Option<&ArcSwapOption<Part>> {
        self.parts.get(id % PARTS)
    }
}
