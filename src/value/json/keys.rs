//! Keys: which keys of an object were seen, cheap for a few and still linear for a million.
//!
//! Entry point: [`Keys`]. May use: `base`.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::base::memory;

/// A set of keys.
///
/// A few are kept in a list behind a small filter; many go into a hash set, so that hostile input cannot make this
/// quadratic.
#[derive(Debug, Default)]
pub(crate) struct Keys<'a> {
    filter: u64,
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Keys<'a> {
    /// Most keys that are looked for one by one.
    pub(in crate::value) const FEW: usize = 64;

    /// Adds a key; false if it was there. Without memory it is not added, which is remembered.
    pub(crate) fn insert(&mut self, key: Cow<'a, str>) -> bool {
        if !self.many.is_empty() {
            if self.many.try_reserve(1).is_err() {
                memory::note_lack();
                return true;
            }
            return self.many.insert(key);
        }
        if self.contains(&key) {
            return false;
        }
        if self.few.is_empty() {
            // One allocation for the usual dozen.
            self.few.reserve(16);
        }
        self.filter |= mark(&key);
        self.few.push(key);
        if self.few.len() > Self::FEW && self.many.try_reserve(self.few.len()).is_ok() {
            self.many.extend(self.few.drain(..));
        }
        true
    }

    /// True if the key was added.
    pub(crate) fn contains(&self, key: &str) -> bool {
        if !self.many.is_empty() {
            return self.many.contains(key);
        }
        self.filter & mark(key) != 0 && self.few.iter().any(|few| few == key)
    }
}

/// The key's bit in the filter: different keys of one object mostly differ in length, beginning or end.
pub(in crate::value) fn mark(key: &str) -> u64 {
    let bytes = key.as_bytes();
    let first = bytes.first().copied().unwrap_or_default();
    let last = bytes.last().copied().unwrap_or_default();
    let bit = usize::from(first) ^ (usize::from(last) << 2) ^ (bytes.len() << 1);
    1_u64 << (bit & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_new_once_whatever_their_number() {
        let mut keys = Keys::default();
        let all: Vec<String> = (0..500).map(|number| format!("k{}", number * 7)).collect();
        for (place, key) in all.iter().enumerate() {
            assert!(!keys.contains(key));
            assert!(keys.insert(Cow::Borrowed(key)), "{key}");
            for known in all.iter().take(place + 1) {
                assert!(keys.contains(known));
            }
            assert!(!keys.insert(Cow::Owned(key.clone())));
        }
        assert!(!keys.contains("k1"));
        assert!(keys.insert(Cow::Borrowed("")) && !keys.insert(Cow::Borrowed("")));
    }
}
