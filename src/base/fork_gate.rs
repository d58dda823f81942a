//! The gate between forks and what holds a lock that a fork copies as held: the lock of the loader's list.
//!
//! A child whose parent was forked while one of our threads looked at that list could load no library any more, in its
//! own code too. So a fork waits for the end of such a look, and a look for the end of a fork. Both take microseconds,
//! and nobody waits for longer than a few times [`PATIENCE`]: a signal handler may fork in the middle of a look.
//! Entry points: [`outside_of_forks`]; [`before`], [`after`] and [`in_child`] for the fork handlers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Far more than either takes.
const PATIENCE: Duration = Duration::from_millis(10);
const STEP: Duration = Duration::from_micros(20);

static LOOKS: AtomicU32 = AtomicU32::new(0);
static FORKS: AtomicU32 = AtomicU32::new(0);

/// One look under way, until it is dropped.
struct Look;

impl Look {
    fn begin() -> Self {
        LOOKS.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        // In a child that a signal handler forked in the middle of this look, none is counted any more.
        let less = |looks: u32| looks.checked_sub(1);
        let _ = LOOKS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
    }
}

/// Runs `look`, which holds a lock for a moment and neither forks nor calls the host.
pub(crate) fn outside_of_forks(look: impl FnOnce()) {
    let mut under_way = Look::begin();
    for _ in 0..steps() {
        if FORKS.load(Ordering::SeqCst) == 0 {
            break;
        }
        drop(under_way);
        std::thread::sleep(STEP);
        under_way = Look::begin();
    }
    look();
    drop(under_way);
}

/// In the parent, before a fork.
pub(crate) fn before() {
    FORKS.fetch_add(1, Ordering::SeqCst);
    for _ in 0..steps() {
        if LOOKS.load(Ordering::SeqCst) == 0 {
            return;
        }
        std::thread::sleep(STEP);
    }
}

/// In the parent, after a fork.
pub(crate) fn after() {
    FORKS.fetch_sub(1, Ordering::SeqCst);
}

/// In the child, where no other thread is.
pub(crate) fn in_child() {
    FORKS.store(0, Ordering::SeqCst);
    LOOKS.store(0, Ordering::SeqCst);
}

/// A sleep takes longer than it is asked for: time-outs are counted in those, for nothing else is safe in a fork handler.
fn steps() -> u128 {
    PATIENCE
        .as_micros()
        .checked_div(STEP.as_micros())
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc;

    #[test]
    fn a_fork_waits_for_a_look_and_never_for_long() {
        let (begun, has_begun) = mpsc::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let look = std::thread::spawn(move || {
            outside_of_forks(|| {
                begun.send(()).unwrap();
                // Longer than any fork waits for it.
                let _ = may_end.recv();
            });
        });
        has_begun.recv().unwrap();
        assert!(LOOKS.load(Ordering::SeqCst) > 0);
        before();
        let is_done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| outside_of_forks(|| is_done.store(true, Ordering::SeqCst)));
        });
        assert!(is_done.into_inner(), "a look waits for no fork for long");
        after();
        end.send(()).unwrap();
        look.join().unwrap();
    }
}
