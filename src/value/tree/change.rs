//! Changes: members set and removed, elements added and removed, objects merged.
//!
//! Decides that what was held is freed outside of the lock of its container: it may be large. Entry points: the methods of
//! [`Value`]. May use: `base`.

use super::bytes::Bytes;
use super::container::Container;
use super::{MAX_DEPTH, NotChanged, Value};
use crate::base::memory::OutOfMemory;

impl Value {
    /// Copies the members of `newer` into this object; objects that both have are merged. As deep as JSON is written.
    pub(crate) fn merge(&self, newer: &Self) {
        self.merge_at(newer, 1);
    }

    fn merge_at(&self, newer: &Self, depth: usize) {
        for (key, value) in newer.members() {
            let own = self.get_key(&key).filter(|own| own.is_object());
            match own {
                Some(own) if value.is_object() && depth < MAX_DEPTH => {
                    own.merge_at(&value, depth.saturating_add(1));
                }
                _ => {
                    // A frozen object stays as it is.
                    let _ = self.set_key(&key, value);
                }
            }
        }
    }

    /// Sets a member of an object; an existing one keeps its place.
    pub(crate) fn set_key(&self, key: &[u8], value: Self) -> Result<(), NotChanged> {
        let mut object = self
            .as_object()
            .and_then(Container::write)
            .ok_or(NotChanged)?;
        let old = match object.iter_mut().find(|(name, _)| **name == *key) {
            Some((_, place)) => Some(std::mem::replace(place, value)),
            None => {
                let key = Bytes::new(key, b"")?;
                object.try_reserve(1).map_err(OutOfMemory::from)?;
                object.push((key, value));
                None
            }
        };
        // Freed outside of the lock: it may be large.
        drop(object);
        drop(old);
        Ok(())
    }

    /// Removes a member of an object.
    pub(crate) fn remove_key(&self, key: &[u8]) -> Result<(), NotChanged> {
        let mut object = self
            .as_object()
            .and_then(Container::write)
            .ok_or(NotChanged)?;
        let place = object
            .iter()
            .position(|(name, _)| **name == *key)
            .ok_or(NotChanged)?;
        let old = object.remove(place);
        drop(object);
        drop(old);
        Ok(())
    }

    /// Adds an element to a list.
    pub(crate) fn append(&self, value: Self) -> Result<(), NotChanged> {
        let mut list = self
            .as_list()
            .and_then(Container::write)
            .ok_or(NotChanged)?;
        list.try_reserve(1).map_err(OutOfMemory::from)?;
        list.push(value);
        Ok(())
    }

    /// Sets an element of a list; a list that is too short is filled up with null.
    pub(crate) fn set_index(&self, index: usize, value: Self) -> Result<(), NotChanged> {
        let mut list = self
            .as_list()
            .and_then(Container::write)
            .ok_or(NotChanged)?;
        if index >= list.len() {
            let length = index.checked_add(1).ok_or(NotChanged)?;
            let more = length.saturating_sub(list.len());
            // A nonsense index must be an error, not the end of the host.
            list.try_reserve(more).map_err(OutOfMemory::from)?;
            list.resize(length, Self::Null);
        }
        let old = list
            .get_mut(index)
            .map(|place| std::mem::replace(place, value));
        drop(list);
        drop(old);
        Ok(())
    }

    /// Removes an element of a list; one that is not there is no error.
    pub(crate) fn remove_index(&self, index: usize) -> Result<(), NotChanged> {
        let mut list = self
            .as_list()
            .and_then(Container::write)
            .ok_or(NotChanged)?;
        let old = (index < list.len()).then(|| list.remove(index));
        drop(list);
        drop(old);
        Ok(())
    }
}
