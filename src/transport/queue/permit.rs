//! Permits: what the user's consent means for one envelope (SP-8).
//!
//! An envelope gets its permit when it is captured, and keeps it: what was refused then is never sent, whatever the user
//! decides before the worker looks at it. A revocation ends the permits that were granted before it. Entry points:
//! [`Gate`], and on [`Shared`] [`Shared::permit`], [`Shared::may_send`].

use std::sync::atomic::{AtomicU32, Ordering};

use crate::transport::shared::Shared;
use crate::transport::wire::host::Destination;
use crate::transport::worker::spooling::Keep;

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

/// Whether anything may be sent now, and in which period of consent.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Odd while it is open; each change adds one.
    changes: AtomicU32,
}

impl Gate {
    /// A gate that is open or closed.
    pub(crate) fn new(is_open: bool) -> Self {
        Self {
            changes: AtomicU32::new(u32::from(is_open)),
        }
    }

    /// Opens or closes it; true if that changed anything. Only one thread at a time may call it.
    pub(crate) fn set(&self, is_open: bool) -> bool {
        if self.is_open() == is_open {
            return false;
        }
        self.changes.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// True while sending is allowed.
    pub(crate) fn is_open(&self) -> bool {
        self.period().is_some()
    }

    fn period(&self) -> Option<u32> {
        let changes = self.changes.load(Ordering::Acquire);
        (changes & 1 == 1).then_some(changes)
    }
}

impl Shared {
    /// The permit of what is captured now.
    pub(crate) fn permit(&self) -> Permit {
        match self.gate.period() {
            Some(period) => Permit::Granted(period),
            None if self.can_wait_for_consent() => Permit::Waiting,
            None => Permit::Refused,
        }
    }

    /// True if an envelope with this permit may be sent now.
    pub(crate) fn may_send(&self, permit: Permit) -> bool {
        match (permit, self.gate.period()) {
            (Permit::Refused, _) | (_, None) => false,
            (Permit::Waiting, Some(_)) => true,
            (Permit::Granted(then), Some(now)) => then == now || self.can_wait_for_consent(),
        }
    }

    /// True if an envelope with this permit may be sent now or later.
    pub(crate) fn may_send_later(&self, permit: Permit) -> bool {
        self.may_send(permit) || permit != Permit::Refused && self.can_wait_for_consent()
    }

    /// True if what is refused for want of consent is to become a copy.
    pub(crate) fn keeps_refused(&self) -> bool {
        self.has_place() && self.settings.spool.keep != Keep::Nothing
    }

    /// True if there is a place on disk for what cannot be sent now.
    pub(crate) fn has_place(&self) -> bool {
        self.backing.database.is_some()
            && !matches!(self.settings.destination, Destination::Nowhere)
    }

    fn can_wait_for_consent(&self) -> bool {
        self.has_place() && self.settings.spool.is_retrying
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_period_of_consent_is_another_one() {
        let gate = Gate::new(false);
        assert_eq!(gate.period(), None);
        assert!(gate.set(true) && !gate.set(true));
        let first = gate.period();
        assert!(first.is_some());
        assert!(gate.set(false) && !gate.set(false));
        assert_eq!(gate.period(), None);
        assert!(gate.set(true));
        assert!(gate.period().is_some() && gate.period() != first);
    }
}
