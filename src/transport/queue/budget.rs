//! The budget: how many envelopes and bytes may wait, charged and released without a lock.
//!
//! Items and bytes are charged together in one atomic word, so that two threads can never both take the last place.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of the word that count bytes: up to 1 TiB. The other 24 count envelopes: up to 16 million.
const BYTE_BITS: u32 = 40;
const BYTE_MASK: u64 = (1 << BYTE_BITS) - 1;
/// The most envelopes that can be counted.
pub(crate) const MAX_ITEMS: u64 = (1 << (u64::BITS - BYTE_BITS)) - 1;

/// What may be held at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Envelopes.
    pub(crate) items: u64,
    /// Bytes.
    pub(crate) bytes: u64,
}

impl Limits {
    /// `percent` of these limits, but room for one envelope at least.
    pub(crate) fn share(self, percent: u64) -> Self {
        let part = |whole: u64| {
            let part = u128::from(whole).saturating_mul(u128::from(percent)) / 100;
            u64::try_from(part).unwrap_or(whole)
        };
        Self {
            items: part(self.items).max(1),
            bytes: part(self.bytes).max(1),
        }
    }
}

/// What is held now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    /// Envelopes.
    pub(crate) items: u64,
    /// Bytes.
    pub(crate) bytes: u64,
}

/// Items and bytes that are charged now, in one word, and the most that ever were.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    word: AtomicU64,
    peak_items: AtomicU64,
    peak_bytes: AtomicU64,
}

impl Budget {
    /// Charges one envelope of `bytes` if it fits below `limits`; false changes nothing.
    pub(crate) fn try_charge(&self, bytes: u64, limits: Limits) -> bool {
        self.try_add(1, bytes, limits)
    }

    fn try_add(&self, items: u64, bytes: u64, limits: Limits) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let usage = unpack(word);
            let more = usage.items.saturating_add(items);
            let bytes = usage.bytes.saturating_add(bytes);
            let has_place = items == 0 || more <= limits.items.min(MAX_ITEMS);
            if !has_place || bytes > limits.bytes.min(BYTE_MASK) {
                return false;
            }
            let charged = (more << BYTE_BITS) | bytes;
            match self.word.compare_exchange_weak(
                word,
                charged,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    self.peak_items.fetch_max(more, Ordering::Relaxed);
                    self.peak_bytes.fetch_max(bytes, Ordering::Relaxed);
                    return true;
                }
                Err(now) => word = now,
            }
        }
    }

    /// Charges `bytes` more for an envelope that is charged already if they fit below `limits`; false changes nothing.
    pub(crate) fn try_grow(&self, bytes: u64, limits: Limits) -> bool {
        self.try_add(0, bytes, limits)
    }

    /// Gives back `bytes` of an envelope that stays charged.
    pub(crate) fn shrink(&self, bytes: u64) {
        self.word.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Gives back one envelope of `bytes` that was charged.
    pub(crate) fn release(&self, bytes: u64) {
        let one = (1_u64 << BYTE_BITS).saturating_add(bytes);
        self.word.fetch_sub(one, Ordering::AcqRel);
    }

    /// What is held now.
    pub(crate) fn usage(&self) -> Usage {
        unpack(self.word.load(Ordering::Acquire))
    }

    /// The most that was ever held, each for itself.
    pub(crate) fn peak(&self) -> Usage {
        Usage {
            items: self.peak_items.load(Ordering::Relaxed),
            bytes: self.peak_bytes.load(Ordering::Relaxed),
        }
    }
}

fn unpack(word: u64) -> Usage {
    Usage {
        items: word >> BYTE_BITS,
        bytes: word & BYTE_MASK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn both_limits_hold_and_releases_make_room() {
        let budget = Budget::default();
        let limits = Limits {
            items: 2,
            bytes: 100,
        };
        assert!(budget.try_charge(60, limits));
        assert!(!budget.try_charge(41, limits));
        assert!(budget.try_charge(40, limits));
        assert!(!budget.try_charge(0, limits));
        assert_eq!(
            budget.usage(),
            Usage {
                items: 2,
                bytes: 100
            }
        );
        budget.release(60);
        assert_eq!(
            budget.usage(),
            Usage {
                items: 1,
                bytes: 40
            }
        );
        assert!(budget.try_charge(60, limits));
        budget.release(60);
        budget.release(40);
        assert_eq!(budget.usage(), Usage::default());
        assert_eq!(
            budget.peak(),
            Usage {
                items: 2,
                bytes: 100
            }
        );
    }

    #[test]
    fn what_is_charged_can_grow_and_shrink() {
        let budget = Budget::default();
        let limits = Limits {
            items: 1,
            bytes: 100,
        };
        assert!(budget.try_charge(60, limits));
        assert!(!budget.try_grow(41, limits));
        assert!(budget.try_grow(40, limits));
        budget.shrink(30);
        let usage = budget.usage();
        assert_eq!((usage.items, usage.bytes), (1, 70));
        // Another of higher priority may have taken more places than these limits have.
        assert!(budget.try_charge(0, Limits { items: 2, ..limits }));
        assert!(budget.try_grow(1, limits));
        budget.release(71);
        budget.release(0);
        assert_eq!(budget.usage(), Usage::default());
    }

    #[test]
    fn shares_leave_room_for_one() {
        let limits = Limits {
            items: 4,
            bytes: 1000,
        };
        assert_eq!(
            limits.share(50),
            Limits {
                items: 2,
                bytes: 500
            }
        );
        assert_eq!(
            Limits { items: 1, bytes: 1 }.share(50),
            Limits { items: 1, bytes: 1 }
        );
    }

    #[test]
    fn a_charge_too_large_for_the_word_is_refused() {
        let budget = Budget::default();
        let limits = Limits {
            items: u64::MAX,
            bytes: u64::MAX,
        };
        assert!(!budget.try_charge(u64::MAX, limits));
        assert!(budget.try_charge(BYTE_MASK, limits));
        assert!(!budget.try_charge(1, limits));
    }

    #[test]
    fn threads_never_exceed_the_limits() {
        let budget = Budget::default();
        let limits = Limits {
            items: 7,
            bytes: 700,
        };
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        if budget.try_charge(100, limits) {
                            assert!(inside.fetch_add(1, Ordering::SeqCst) < 7);
                            inside.fetch_sub(1, Ordering::SeqCst);
                            budget.release(100);
                        }
                    }
                });
            }
        });
        assert_eq!(budget.usage(), Usage::default());
        assert!(budget.peak().items <= 7);
    }
}
