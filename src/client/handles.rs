//! Handles: the numbers by which the host knows attachments, and what lives behind each.
//!
//! A number is given once in the life of the process and looked up here; nothing is read through it, so a handle that
//! has ended, or never was one, leads nowhere. Entry point: [`Handles`], of which the process has one.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;

/// Parts of the table. One that changes is copied, so that readers need no lock: with many attachments alive a copy
/// should still be short.
const PARTS: usize = 64;

type Part = BTreeMap<usize, Weak<dyn Any + Send + Sync>>;

/// The numbers that were given out, in parts that are made as they are needed.
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

    /// The attachment behind a handle, if it lives. `T` is the type of attachments, which knows this table and not the other
    /// way round.
    pub(crate) fn find<T: Any + Send + Sync>(&self, id: usize) -> Option<Arc<T>> {
        let part = self.part(id)?.load();
        let found = part.as_ref()?.get(&id)?.upgrade()?;
        found.downcast().ok()
    }

    /// A number that was never given.
    pub(crate) fn new_id(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Lets a number lead to an attachment, as long as that lives.
    pub(crate) fn insert<T: Any + Send + Sync>(&self, id: usize, attachment: &Arc<T>) {
        let weak: Weak<T> = Arc::downgrade(attachment);
        let weak: Weak<dyn Any + Send + Sync> = weak;
        self.change(id, |part| {
            part.insert(id, Weak::clone(&weak));
        });
    }

    /// Forgets a number.
    pub(crate) fn remove(&self, id: usize) {
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
