//! Locks that survive a panic in another thread.
//!
//! A poisoned lock would turn one panic into a failure of every later call. The data under our locks is valid between
//! any two statements that touch it, so poison is ignored.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// Locks `mutex`, poisoned or not.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks `mutex` if that needs no waiting.
pub(crate) fn try_lock<T: ?Sized>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poison)) => Some(poison.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Waits until `done` says so or `deadline` has passed; true if `done`.
pub(crate) fn wait_until<T>(
    mutex: &Mutex<T>,
    condvar: &Condvar,
    deadline: Instant,
    mut done: impl FnMut(&mut T) -> bool,
) -> bool {
    let mut guard = lock(mutex);
    loop {
        if done(&mut guard) {
            return true;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return false;
        }
        guard = condvar
            .wait_timeout(guard, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_poisoned_lock_still_opens() {
        let mutex = Arc::new(Mutex::new(7));
        let other = Arc::clone(&mutex);
        let panicked = std::thread::spawn(move || {
            let _guard = other.lock().unwrap();
            panic!("poison it");
        })
        .join();
        assert!(panicked.is_err());
        assert!(mutex.is_poisoned());
        assert_eq!(*lock(&mutex), 7);
        assert_eq!(try_lock(&mutex).map(|value| *value), Some(7));
    }

    #[test]
    fn try_lock_does_not_wait() {
        let mutex = Mutex::new(());
        let held = lock(&mutex);
        assert!(try_lock(&mutex).is_none());
        drop(held);
        assert!(try_lock(&mutex).is_some());
    }

    #[test]
    fn waiting_ends_at_the_deadline() {
        let (mutex, condvar) = (Mutex::new(false), Condvar::new());
        let deadline = Instant::now() + Duration::from_millis(20);
        assert!(!wait_until(&mutex, &condvar, deadline, |done| *done));
        assert!(Instant::now() >= deadline);
    }
}
