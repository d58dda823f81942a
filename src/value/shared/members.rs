//! Members: a set of key–value pairs kept as JSON text that is ready to be copied into an event.
//!
//! Decides how scope data is held: a change costs once what every event would otherwise pay. A copy is a few blocks of
//! memory whatever the number of members, and a key is found by its hash.
//! Entry point: [`Members`]. May use: [`crate::value::json::write`].

use std::ops::Range;

use crate::base::memory::{self, OutOfMemory};
use crate::value::json::write;

/// Ordered pairs of key and JSON value, as text `"k":v,"k2":v2`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    text: String,
    /// The keys themselves, one behind the other.
    keys: String,
    entries: Vec<Entry>,
    /// The place of each entry and one more, at its hash or in the next slot that is free; 0 is free. Empty for a few
    /// entries, otherwise a power of two of slots, at least half of them free.
    slots: Vec<u32>,
}

/// Where a member lies.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    /// Its key ends here in `keys`, where the next one begins.
    key_end: u32,
    /// Its value begins here in `text`, and ends there.
    value: u32,
    end: u32,
}

/// Most entries among which a key is looked for one by one.
const FEW: usize = 8;

impl Members {
    /// None yet; allocates nothing.
    pub(crate) const fn new() -> Self {
        Self {
            text: String::new(),
            keys: String::new(),
            entries: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// A copy.
    pub(crate) fn try_clone(&self) -> Result<Self, OutOfMemory> {
        Ok(Self {
            text: memory::copy_text(&self.text)?,
            ..self.without_text()?
        })
    }

    /// A copy of all but the text.
    fn without_text(&self) -> Result<Self, OutOfMemory> {
        let mut entries = Vec::new();
        // One more is usually what a copy is made for.
        entries.try_reserve_exact(self.entries.len().saturating_add(1))?;
        entries.extend_from_slice(&self.entries);
        let mut slots = Vec::new();
        slots.try_reserve_exact(self.slots.len())?;
        slots.extend_from_slice(&self.slots);
        Ok(Self {
            text: String::new(),
            keys: memory::copy_text(&self.keys)?,
            entries,
            slots,
        })
    }

    /// A copy with these changes, made one after the other: a key and its new value as JSON, or none to remove it. The
    /// text is written once, whatever their number.
    pub(crate) fn changed<'c>(
        &self,
        changes: impl IntoIterator<Item = (&'c str, Option<&'c str>)>,
    ) -> Result<Self, OutOfMemory> {
        memory::watch(|| {
            let mut next = self.try_clone()?;
            let mut replaced: Vec<(usize, &str)> = Vec::new();
            for (key, json) in changes {
                match (next.find(key), json) {
                    (Some(place), Some(json)) => {
                        match replaced.binary_search_by_key(&place, |(place, _)| *place) {
                            Ok(at) => replaced.get_mut(at).into_iter().for_each(|it| it.1 = json),
                            Err(at) => {
                                replaced.try_reserve(1)?;
                                replaced.insert(at, (place, json));
                            }
                        }
                    }
                    (None, Some(json)) => next.push(key, json),
                    (Some(place), None) => {
                        next.replace(&replaced);
                        replaced.clear();
                        next.remove_at(place);
                    }
                    (None, None) => {}
                }
            }
            next.replace(&replaced);
            Ok(next)
        })?
    }

    /// Sets `key` to a value that is valid JSON; a key that is there keeps its place.
    /// Without memory for it nothing changes, which is remembered.
    pub(crate) fn set(&mut self, key: &str, json: &str) {
        match self.find(key) {
            Some(place) => self.replace(&[(place, json)]),
            None => self.push(key, json),
        }
    }

    /// Adds `key`, which must not be there, with a value that is valid JSON; does not look for it. Without memory for it
    /// nothing changes, which is remembered.
    pub(crate) fn push(&mut self, key: &str, json: &str) {
        let Ok(name) = memory::watch(|| write::string_to_json(key)) else {
            return memory::note_lack();
        };
        let comma = usize::from(!self.text.is_empty());
        let value = [self.text.len(), comma, name.len(), 1]
            .into_iter()
            .fold(0, usize::saturating_add);
        let end = value.saturating_add(json.len());
        let key_end = self.keys.len().saturating_add(key.len());
        let ends = [key_end, value, end].map(u32::try_from);
        let more = end.saturating_sub(self.text.len());
        let ([Ok(key_end), Ok(value), Ok(end)], Ok(()), Ok(()), Ok(()), Ok(())) = (
            ends,
            self.text.try_reserve(more),
            self.keys.try_reserve(key.len()),
            self.entries.try_reserve(1),
            self.reserve_slot(),
        ) else {
            return memory::note_lack();
        };
        if comma > 0 {
            self.text.push(',');
        }
        self.text.push_str(&name);
        self.text.push(':');
        self.text.push_str(json);
        self.keys.push_str(key);
        let entry = Entry {
            hash: hash(key),
            key_end,
            value,
            end,
        };
        self.entries.push(entry);
        if !self.slots.is_empty() {
            self.occupy(entry.hash, self.entries.len());
        }
    }

    /// Sets `key` to text.
    pub(crate) fn set_text(&mut self, key: &str, text: &str) {
        self.set(key, &write::string_to_json(text));
    }

    /// Puts new values, as JSON, in the place of others; in the order of their places.
    fn replace(&mut self, replaced: &[(usize, &str)]) {
        if replaced.is_empty() {
            return;
        }
        let more = replaced
            .iter()
            .fold(0_usize, |sum, (_, json)| sum.saturating_add(json.len()));
        let most = self.text.len().saturating_add(more);
        let mut text = String::new();
        if u32::try_from(most).is_err() || text.try_reserve_exact(most).is_err() {
            return memory::note_lack();
        }
        let (mut copied, mut moved) = (0, 0);
        for (place, json) in replaced {
            let Some(entry) = self.entries.get(*place) else {
                continue;
            };
            let old = *entry;
            let shift = distance(copied, text.len());
            text.push_str(slice(&self.text, copied, old.value));
            text.push_str(json);
            copied = old.end;
            if let Some(between) = self.entries.get_mut(moved..=*place) {
                between.iter_mut().for_each(|entry| entry.shift(shift));
            }
            if let Some(entry) = self.entries.get_mut(*place) {
                entry.end = offset(text.len());
            }
            moved = place.saturating_add(1);
        }
        let shift = distance(copied, text.len());
        text.push_str(self.text.get(index(copied)..).unwrap_or_default());
        if let Some(rest) = self.entries.get_mut(moved..) {
            rest.iter_mut().for_each(|entry| entry.shift(shift));
        }
        self.text = text;
    }

    /// Removes `key`; true if it was there.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let place = self.find(key);
        place.is_some_and(|place| self.remove_at(place))
    }

    fn remove_at(&mut self, place: usize) -> bool {
        let (text, key) = (self.span(place), self.key_span(place));
        if place >= self.entries.len() {
            return false;
        }
        self.entries.remove(place);
        // With the comma behind it; the last one with the comma before it.
        let end = text.end.saturating_add(1).min(self.text.len());
        let start = if text.end < self.text.len() {
            text.start
        } else {
            text.start.saturating_sub(1)
        };
        let (gone, gone_key) = (offset(end.saturating_sub(start)), offset(key.len()));
        self.text.replace_range(start..end, "");
        self.keys.replace_range(key, "");
        for entry in self.entries.iter_mut().skip(place) {
            entry.shift(gone.wrapping_neg());
            entry.key_end = entry.key_end.saturating_sub(gone_key);
        }
        self.fill_slots();
        true
    }

    /// The place of `key`.
    fn find(&self, key: &str) -> Option<usize> {
        let hash = hash(key);
        let is_it = |place: &usize| {
            let entry = self.entries.get(*place);
            entry.is_some_and(|entry| entry.hash == hash) && self.key(*place) == key
        };
        if self.slots.is_empty() {
            return (0..self.entries.len()).find(is_it);
        }
        let mut slot = self.first_slot(hash);
        loop {
            // The search ends at the first free slot, and there always is one.
            let place = index(*self.slots.get(slot)?).checked_sub(1)?;
            if is_it(&place) {
                return Some(place);
            }
            slot = self.next_slot(slot);
        }
    }

    fn first_slot(&self, hash: u32) -> usize {
        index(hash) & self.slots.len().saturating_sub(1)
    }

    fn next_slot(&self, slot: usize) -> usize {
        slot.saturating_add(1) & self.slots.len().saturating_sub(1)
    }

    /// Makes room for one more entry in the slots.
    fn reserve_slot(&mut self) -> Result<(), OutOfMemory> {
        let count = self.entries.len().saturating_add(1);
        let least = count.saturating_mul(2);
        if count <= FEW || least <= self.slots.len() {
            return Ok(());
        }
        // Twice what is needed, so that this is seldom.
        let size = least.saturating_mul(2).next_power_of_two();
        self.slots
            .try_reserve_exact(size.saturating_sub(self.slots.len()))?;
        self.slots.resize(size, 0);
        self.fill_slots();
        Ok(())
    }

    /// Finds a slot for each entry anew.
    fn fill_slots(&mut self) {
        self.slots.fill(0);
        for place in 0..self.entries.len() {
            if let Some(entry) = self.entries.get(place).filter(|_| !self.slots.is_empty()) {
                self.occupy(entry.hash, place.saturating_add(1));
            }
        }
    }

    /// Notes the place before `number` in the first free slot of its hash.
    fn occupy(&mut self, hash: u32, number: usize) {
        let mut slot = self.first_slot(hash);
        while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
            slot = self.next_slot(slot);
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = offset(number);
        }
    }

    /// Where a key lies in `keys`.
    fn key_span(&self, place: usize) -> Range<usize> {
        let end = |place: usize| {
            self.entries
                .get(place)
                .map_or(0, |entry| index(entry.key_end))
        };
        place.checked_sub(1).map_or(0, end)..end(place)
    }

    fn key(&self, place: usize) -> &str {
        self.keys.get(self.key_span(place)).unwrap_or_default()
    }

    /// Where `"k":v` lies in the text.
    fn span(&self, place: usize) -> Range<usize> {
        let end = |place: usize| self.entries.get(place).map_or(0, |entry| index(entry.end));
        let start = place.checked_sub(1);
        // Behind the comma.
        start.map_or(0, |before| end(before).saturating_add(1))..end(place)
    }

    fn value(&self, entry: &Entry) -> &str {
        slice(&self.text, entry.value, entry.end)
    }

    /// The value of `key` as JSON.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        Some(self.value(self.entries.get(self.find(key)?)?))
    }

    /// Keys and values as JSON, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut from = 0;
        self.entries.iter().map(move |entry| {
            let key = slice(&self.keys, from, entry.key_end);
            from = entry.key_end;
            (key, self.value(entry))
        })
    }

    /// True if there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What it takes in memory beyond its own struct.
    pub(crate) fn byte_cost(&self) -> usize {
        let entries = self.entries.capacity().saturating_mul(size_of::<Entry>());
        let slots = self.slots.capacity().saturating_mul(size_of::<u32>());
        [self.text.capacity(), self.keys.capacity(), entries, slots]
            .into_iter()
            .fold(0, usize::saturating_add)
    }

    /// All of them as JSON, without braces.
    pub(crate) fn json(&self) -> &str {
        &self.text
    }

    /// Appends those whose key is not present elsewhere, with the separators that are due.
    pub(crate) fn write_missing(
        &self,
        out: &mut impl write::Target,
        is_present: impl Fn(&str) -> bool,
    ) {
        for place in 0..self.entries.len() {
            if !is_present(self.key(place)) {
                write::separator(out);
                let text = self.text.as_bytes().get(self.span(place));
                out.extend_from_slice(text.unwrap_or_default());
            }
        }
    }
}

impl Entry {
    /// Moves it in the text; backwards by a number that wraps around.
    fn shift(&mut self, by: u32) {
        self.value = self.value.wrapping_add(by);
        self.end = self.end.wrapping_add(by);
    }
}

/// How far what began at `from` is moved when it begins at `to`; backwards as a number that wraps around.
fn distance(from: u32, to: usize) -> u32 {
    offset(to).wrapping_sub(from)
}

fn slice(text: &str, from: u32, to: u32) -> &str {
    text.get(index(from)..index(to)).unwrap_or_default()
}

/// A length in the text, which is kept below 4 GiB.
fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// FNV-1a. Who chooses keys so that their hashes agree makes a look-up as slow as a walk over them.
fn hash(key: &str) -> u32 {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    key.bytes().fold(0x811c_9dc5, mix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn changed_keys_keep_their_place_and_the_text_is_always_json() {
        let mut members = Members::new();
        members.set("a", "1");
        members.set_text("b\"", "x\ny");
        members.set("c", "[1,2]");
        assert_eq!(members.json(), r#""a":1,"b\"":"x\ny","c":[1,2]"#);
        members.set("b\"", "null");
        members.set("c", "{}");
        assert_eq!(members.json(), r#""a":1,"b\"":null,"c":{}"#);
        assert_eq!(members.get("b\""), Some("null"));
        assert_eq!(members.get("b"), None);
        assert_eq!(members.len(), 3);
    }

    #[test]
    fn removal_leaves_no_stray_comma() {
        for gone in [
            ["a", "b", "c"],
            ["c", "b", "a"],
            ["b", "c", "a"],
            ["b", "a", "c"],
        ] {
            let mut members = Members::new();
            for key in ["a", "b", "c"] {
                members.set_text(key, key);
            }
            for key in gone {
                assert!(members.remove(key));
                assert!(!members.remove(key));
                serde_json::from_str::<serde_json::Value>(&format!("{{{}}}", members.json()))
                    .unwrap();
            }
            assert!(members.is_empty() && members.json().is_empty());
        }
    }

    #[test]
    fn only_missing_ones_are_written() {
        let mut members = Members::new();
        for key in ["a", "b", "c"] {
            members.set_text(key, key);
        }
        let written = |start: &str, present: &[&str]| {
            let mut out = start.as_bytes().to_vec();
            members.write_missing(&mut out, |key| present.contains(&key));
            write::into_text(out)
        };
        assert_eq!(written("{", &[]), r#"{"a":"a","b":"b","c":"c""#);
        assert_eq!(written("{\"x\":1", &["a", "c"]), r#"{"x":1,"b":"b""#);
        assert_eq!(written("{", &["a", "b", "c"]), "{");
    }

    #[test]
    fn many_random_changes_agree_with_a_map() {
        let mut members = Members::new();
        let mut map = BTreeMap::new();
        let mut state = 1_u64;
        for _ in 0..5000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let key = format!("key{}", (state >> 33) % 40);
            if (state >> 60) < 3 {
                assert_eq!(members.remove(&key), map.remove(&key).is_some());
            } else {
                let value = "7".repeat(1 + (state >> 50) as usize % 12);
                members.set(&key, &value);
                map.insert(key, value);
            }
            assert_eq!(members.len(), map.len());
        }
        let json = format!("{{{}}}", members.json());
        let read: BTreeMap<String, u64> = serde_json::from_str(&json).unwrap();
        let expected: BTreeMap<String, u64> = map
            .into_iter()
            .map(|(key, value)| (key, value.parse().unwrap()))
            .collect();
        assert_eq!(read, expected);
        assert!(
            members
                .iter()
                .all(|(key, json)| read[key].to_string() == json)
        );
    }

    #[test]
    fn changes_made_at_once_do_the_same_as_one_after_the_other() {
        let mut state = 1_u64;
        let mut next = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        for count in [0, 1, 5, 8, 9, 20, 1000] {
            let mut one_by_one = Members::new();
            for number in 0..count {
                one_by_one.set(&format!("k\"{number}"), &number.to_string());
            }
            for _ in 0..50 {
                let changes: Vec<_> = (0..next(40))
                    .map(|_| {
                        let key = format!("k\"{}", next(count + 5));
                        let value = "7".repeat(1 + usize::try_from(next(12)).unwrap());
                        (key, (next(10) > 0).then_some(value))
                    })
                    .collect();
                let pairs = changes
                    .iter()
                    .map(|(key, json)| (key.as_str(), json.as_deref()));
                let at_once = one_by_one.changed(pairs.clone()).unwrap();
                for (key, json) in pairs {
                    match json {
                        Some(json) => one_by_one.set(key, json),
                        None => {
                            one_by_one.remove(key);
                        }
                    }
                }
                assert_eq!(at_once.json(), one_by_one.json());
                assert!(at_once.iter().eq(one_by_one.iter()));
                assert!(
                    at_once
                        .iter()
                        .all(|(key, json)| at_once.get(key) == Some(json))
                );
            }
        }
    }
}
