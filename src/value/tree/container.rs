//! Containers: what a list or an object holds, its lock, and walks that hold no lock between two steps.
//!
//! Entry point: [`Container`]. May use the standard library only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What a list or an object holds, and whether it may still change.
#[derive(Debug)]
pub(crate) struct Container<T> {
    items: RwLock<Vec<T>>,
    is_frozen: AtomicBool,
}

impl<T> Default for Container<T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<T> From<Vec<T>> for Container<T> {
    fn from(items: Vec<T>) -> Self {
        Self {
            items: RwLock::new(items),
            is_frozen: AtomicBool::new(false),
        }
    }
}

impl<T> Container<T> {
    /// For reading.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Vec<T>> {
        self.items.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For changing; none once it is frozen.
    pub(super) fn write(&self) -> Option<RwLockWriteGuard<'_, Vec<T>>> {
        let items = self.items.write().unwrap_or_else(PoisonError::into_inner);
        (!self.is_frozen()).then_some(items)
    }

    /// Freezes it; true if it was not frozen before.
    pub(super) fn freeze(&self) -> bool {
        // Under the lock: a change that has begun is complete before the container counts as frozen.
        let _items = self.items.write().unwrap_or_else(PoisonError::into_inner);
        !self.is_frozen.swap(true, Ordering::AcqRel)
    }

    /// True if nothing can change it any more.
    pub(super) fn is_frozen(&self) -> bool {
        self.is_frozen.load(Ordering::Acquire)
    }

    /// Takes everything out.
    pub(super) fn take(&mut self) -> Vec<T> {
        std::mem::take(self.items.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Clone> Container<T> {
    /// Walks over copies of what it holds. The lock is held for a part of it at a time: a lock that is held while
    /// others are taken would wait for itself where values go in a circle, and a copy of everything would need memory
    /// of a size that the host decides.
    pub(super) fn steps(&self) -> Steps<'_, T> {
        Steps {
            container: self,
            next: 0,
            part: Vec::new().into_iter(),
        }
    }
}

/// How many are copied at a time: some KB of members at most.
const PART: usize = 64;

/// Iterator of [`Container::steps`].
#[derive(Debug)]
pub(crate) struct Steps<'c, T> {
    container: &'c Container<T>,
    next: usize,
    part: std::vec::IntoIter<T>,
}

impl<T: Clone> Iterator for Steps<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if let Some(item) = self.part.next() {
            return Some(item);
        }
        let items = self.container.read();
        let end = self.next.saturating_add(PART).min(items.len());
        // Nothing left, also when another thread made it shorter meanwhile.
        let part = items.get(self.next..end).filter(|part| !part.is_empty())?;
        self.next = end;
        self.part = Vec::from(part).into_iter();
        self.part.next()
    }
}
