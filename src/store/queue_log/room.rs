//! Room: which blocks of the log are free, and which belong to a record. Known in memory only. No I/O.
//!
//! A record gets blocks that follow one another if it can, so that it is written with one call. Entry point: [`Room`].

use std::collections::{BTreeMap, HashMap};

/// Blocks that follow one another: the first, and how many.
pub(super) type Run = (u32, u32);

/// The blocks of a log: which are free, and which each record has.
#[derive(Debug)]
pub(super) struct Room {
    free: BTreeMap<u32, u32>,
    left: u32,
    taken: HashMap<u32, Vec<Run>>,
}

impl Room {
    /// Blocks from 1 to below `blocks`, all free.
    pub(super) fn new(blocks: u32) -> Self {
        let left = blocks.saturating_sub(1);
        Self {
            free: std::iter::once((1, left)).filter(|_| left > 0).collect(),
            left,
            taken: HashMap::new(),
        }
    }

    /// How many blocks are free.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// Takes `count` blocks for a record, which is called by the first of them; none if there are not so many.
    pub(super) fn take(&mut self, count: u32) -> Option<Vec<Run>> {
        /// Free places looked at for one that is large enough.
        const LOOKED_AT: usize = 32;
        if count == 0 || count > self.left {
            return None;
        }
        let mut places = self.free.iter().take(LOOKED_AT);
        let fitting = places.find(|(_, length)| **length >= count);
        let fitting = fitting.map(|(first, _)| *first);
        let mut runs = Vec::with_capacity(1);
        let mut missing = count;
        while missing > 0 {
            let first = fitting.or_else(|| self.free.keys().next().copied())?;
            let length = self.free.remove(&first)?;
            let used = length.min(missing);
            if used < length {
                let rest = length.saturating_sub(used);
                self.free.insert(first.saturating_add(used), rest);
            }
            runs.push((first, used));
            missing = missing.saturating_sub(used);
        }
        self.left = self.left.saturating_sub(count);
        let name = runs.first()?.0;
        self.taken.insert(name, runs.clone());
        Some(runs)
    }

    /// Gives the blocks of a record back.
    pub(super) fn give_back(&mut self, record: u32) {
        for (first, length) in self.taken.remove(&record).unwrap_or_default() {
            self.left = self.left.saturating_add(length);
            self.free(first, length);
        }
    }

    fn free(&mut self, first: u32, length: u32) {
        let (mut first, mut length) = (first, length);
        if let Some(after) = self.free.remove(&first.saturating_add(length)) {
            length = length.saturating_add(after);
        }
        let before = self.free.range(..first).next_back();
        if let Some((at, before)) = before.map(|(at, before)| (*at, *before))
            && at.saturating_add(before) == first
        {
            self.free.remove(&at);
            (first, length) = (at, before.saturating_add(length));
        }
        self.free.insert(first, length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_one_another_where_they_can() {
        let mut room = Room::new(11);
        assert_eq!(room.take(4), Some(vec![(1, 4)]));
        assert_eq!(room.take(2), Some(vec![(5, 2)]));
        assert_eq!(room.take(4), Some(vec![(7, 4)]));
        assert_eq!((room.take(1), room.left()), (None, 0));
        room.give_back(1);
        room.give_back(7);
        assert_eq!(room.take(9), None);
        // In two places only.
        assert_eq!(room.take(6), Some(vec![(1, 4), (7, 2)]));
        assert_eq!(room.take(2), Some(vec![(9, 2)]));
    }

    #[test]
    fn neighbours_become_one_again() {
        let mut room = Room::new(11);
        let names: Vec<u32> = (0..5).map(|_| room.take(2).unwrap()[0].0).collect();
        for name in [0, 2, 1, 4, 3] {
            room.give_back(names[name]);
        }
        room.give_back(names[0]);
        assert_eq!((room.left(), room.take(10)), (10, Some(vec![(1, 10)])));
    }

    #[test]
    fn nothing_of_nothing() {
        let mut room = Room::new(1);
        assert_eq!((room.take(1), room.take(0), room.left()), (None, None, 0));
    }
}
