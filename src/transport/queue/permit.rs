//! Permits: what the user's consent means for one envelope (SP-8).
//!
//! An envelope gets its permit when it is captured, and keeps it: what was refused then is never sent, whatever the user
//! decides before the worker looks at it. A revocation ends the permits that were granted before it. Entry points:
//! [`Consent`], [`Permit`].

use std::sync::atomic::{AtomicU32, Ordering};

/// What an envelope may do, as decided at its capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    /// Be sent, in this period of consent.
    Granted(u32),
    /// Wait on disk, and be sent once there is consent.
    Waiting,
    /// Never be sent; it can become a copy that the host wants.
    Refused,
}

/// Whether anything may be sent now, in which period of consent, and what becomes of the rest.
#[derive(Debug)]
pub(crate) struct Consent {
    /// Odd while it is given; each change adds one.
    changes: AtomicU32,
    /// What cannot be sent for want of it waits on disk.
    can_wait: bool,
    /// What is refused for want of it becomes a copy.
    keeps_refused: bool,
}

impl Consent {
    /// Consent that is given or not. For the other two see [`Self::keeps_refused`] and [`Permit::Waiting`].
    pub(crate) fn new(is_given: bool, can_wait: bool, keeps_refused: bool) -> Self {
        Self {
            changes: AtomicU32::new(u32::from(is_given)),
            can_wait,
            keeps_refused,
        }
    }

    /// Gives or revokes it; true if that changed anything. Only one thread at a time may call it.
    pub(crate) fn set(&self, is_given: bool) -> bool {
        if self.is_given() == is_given {
            return false;
        }
        self.changes.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// True while sending is allowed.
    pub(crate) fn is_given(&self) -> bool {
        self.period().is_some()
    }

    /// The permit of what is captured now.
    pub(crate) fn permit(&self) -> Permit {
        match self.period() {
            Some(period) => Permit::Granted(period),
            None if self.can_wait => Permit::Waiting,
            None => Permit::Refused,
        }
    }

    /// True if an envelope with this permit may be sent now.
    pub(crate) fn may_send(&self, permit: Permit) -> bool {
        match (permit, self.period()) {
            (Permit::Refused, _) | (_, None) => false,
            (Permit::Waiting, Some(_)) => true,
            (Permit::Granted(then), Some(now)) => then == now || self.can_wait,
        }
    }

    /// True if an envelope with this permit may be sent now or later.
    pub(crate) fn may_send_later(&self, permit: Permit) -> bool {
        self.may_send(permit) || permit != Permit::Refused && self.can_wait
    }

    /// True if what is refused for want of consent is to become a copy.
    pub(crate) fn keeps_refused(&self) -> bool {
        self.keeps_refused
    }

    fn period(&self) -> Option<u32> {
        let changes = self.changes.load(Ordering::Acquire);
        (changes & 1 == 1).then_some(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_period_of_consent_is_another_one() {
        let consent = Consent::new(false, false, false);
        assert_eq!(consent.period(), None);
        assert!(consent.set(true) && !consent.set(true));
        let first = consent.period();
        assert!(first.is_some());
        assert!(consent.set(false) && !consent.set(false));
        assert_eq!(consent.period(), None);
        assert!(consent.set(true));
        assert!(consent.period().is_some() && consent.period() != first);
    }

    #[test]
    fn what_can_wait_outlives_a_revocation() {
        for can_wait in [false, true] {
            let consent = Consent::new(true, can_wait, false);
            let granted = consent.permit();
            consent.set(false);
            let later = match can_wait {
                true => Permit::Waiting,
                false => Permit::Refused,
            };
            assert_eq!(consent.permit(), later);
            assert!(!consent.may_send(granted) && !consent.may_send(later));
            assert_eq!(consent.may_send_later(granted), can_wait);
            consent.set(true);
            assert_eq!(consent.may_send(granted), can_wait);
            assert_eq!(consent.may_send(later), can_wait);
        }
    }
}
