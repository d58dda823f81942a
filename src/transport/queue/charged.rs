//! Charged: room in the budget for an envelope that is not accepted yet.
//!
//! Entry point: [`Charged`]. Dropped before the envelope is accepted, by a refusal or a panic, it gives the room back.

use super::budget::{Budget, Limits};
use super::durable::Charge;
use crate::store::queue_log::Record;

/// Room that nobody holds yet.
#[derive(Debug)]
pub(super) struct Charged<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl<'a> Charged<'a> {
    /// None if there is no room.
    pub(super) fn new(budget: &'a Budget, bytes: u64, limits: Limits) -> Option<Self> {
        if !budget.try_charge(bytes, limits) {
            // Nothing may be made here that is dropped: it would give back what it never had.
            return None;
        }
        Some(Self { budget, bytes })
    }

    /// Passes the room on, with the copy of what is in it.
    pub(super) fn with_copy(self, record: Option<Record>) -> Charge {
        let bytes = self.bytes;
        std::mem::forget(self);
        Charge { bytes, record }
    }
}

impl Drop for Charged<'_> {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        items: 1,
        bytes: 10,
    };

    #[test]
    fn room_that_is_not_passed_on_is_given_back_also_by_a_panic() {
        let budget = Budget::default();
        let charge = || Charged::new(&budget, 10, LIMITS);
        drop(charge());
        let panicked = crate::base::panic::contained(std::panic::AssertUnwindSafe(|| {
            let _charged = charge();
            panic!("before it was accepted");
        }));
        assert!(panicked.is_err());
        assert_eq!(budget.usage(), Default::default());
        assert_eq!(charge().map(|it| it.with_copy(None).bytes), Some(10));
        assert_eq!(budget.usage().items, 1, "passed on, it stays charged");
        assert!(charge().is_none());
        assert_eq!(
            budget.usage().items,
            1,
            "what was refused gives nothing back"
        );
    }
}
