//! Containers: what a list or an object holds, its lock, and walks that hold no lock between two steps.
//!
//! What is frozen lies outside of the lock, so that it is read without one and without a copy. Entry point: [`Container`].
//! May use the standard library only.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// What a list or an object holds.
#[derive(Debug)]
pub(crate) struct Container<T> {
    /// Empty once it is frozen.
    open: Mutex<Vec<T>>,
    frozen: OnceLock<Vec<T>>,
}

impl<T> Default for Container<T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<T> From<Vec<T>> for Container<T> {
    fn from(items: Vec<T>) -> Self {
        Self {
            open: Mutex::new(items),
            frozen: OnceLock::new(),
        }
    }
}

impl<T> Container<T> {
    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what it holds. Unless it is frozen its lock is held meanwhile: `look` must not come back to it.
    pub(super) fn read<R>(&self, look: impl FnOnce(&[T]) -> R) -> R {
        if let Some(items) = self.frozen.get() {
            return look(items);
        }
        let open = self.lock();
        // It may have been frozen before the lock was taken.
        look(self.frozen.get().unwrap_or(&open))
    }

    /// For changing; none once it is frozen.
    pub(super) fn write(&self) -> Option<MutexGuard<'_, Vec<T>>> {
        let open = self.lock();
        (!self.is_frozen()).then_some(open)
    }

    /// Freezes it; true if it was not frozen before.
    pub(super) fn freeze(&self) -> bool {
        // Under the lock: a change that has begun is complete before the container counts as frozen.
        let mut open = self.lock();
        if self.is_frozen() {
            return false;
        }
        self.frozen.set(std::mem::take(&mut open)).is_ok()
    }

    /// True if nothing can change it any more.
    pub(super) fn is_frozen(&self) -> bool {
        self.frozen.get().is_some()
    }

    /// What it holds, once it is frozen.
    pub(super) fn frozen(&self) -> Option<&[T]> {
        self.frozen.get().map(Vec::as_slice)
    }

    /// What it holds, for its only owner.
    pub(super) fn own(&mut self) -> &mut [T] {
        if self.is_frozen() {
            return self
                .frozen
                .get_mut()
                .map(Vec::as_mut_slice)
                .unwrap_or_default();
        }
        self.open.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Freezes it if `seal_item` seals all it holds; false if not. For its only owner.
    pub(super) fn seal(&mut self, seal_item: impl FnMut(&mut T) -> bool) -> bool {
        if !self.own().iter_mut().all(seal_item) {
            return false;
        }
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        // One that is frozen stays so.
        let _ = self.frozen.get_or_init(|| std::mem::take(open));
        true
    }

    /// Takes everything out.
    pub(super) fn take(&mut self) -> Vec<T> {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.frozen.take().unwrap_or_else(|| std::mem::take(open))
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
        let part = self.container.read(|items| {
            let end = self.next.saturating_add(PART).min(items.len());
            // Nothing left, also when another thread made it shorter meanwhile.
            let part = items.get(self.next..end).filter(|part| !part.is_empty())?;
            self.next = end;
            Some(Vec::from(part))
        });
        self.part = part?.into_iter();
        self.part.next()
    }
}
