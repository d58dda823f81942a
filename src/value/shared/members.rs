//! Members: a set of key–value pairs kept as JSON text that is ready to be copied into an event.
//!
//! Decides how scope data is held: a change costs once what every event would otherwise pay.
//! Entry point: [`Members`]. May use: [`crate::value::json::write`].

use crate::base::memory::{self, OutOfMemory};
use crate::value::json::write;

/// Ordered pairs of key and JSON value, as text `"k":v,"k2":v2`.
///
/// Look-up walks over the keys; a scope holds tens of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    text: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: Box<str>,
    /// Bytes of `"key":`.
    key_length: usize,
    /// Bytes of the value.
    value_length: usize,
}

impl Entry {
    fn length(&self) -> usize {
        self.key_length.saturating_add(self.value_length)
    }
}

impl Members {
    /// None yet; allocates nothing.
    pub(crate) const fn new() -> Self {
        Self {
            text: String::new(),
            entries: Vec::new(),
        }
    }

    /// A copy.
    pub(crate) fn try_clone(&self) -> Result<Self, OutOfMemory> {
        let mut entries = Vec::new();
        // One more is usually what a copy is made for.
        entries.try_reserve_exact(self.entries.len().saturating_add(1))?;
        for entry in &self.entries {
            entries.push(Entry {
                key: memory::copy_text(&entry.key)?.into(),
                ..*entry
            });
        }
        Ok(Self {
            text: memory::copy_text(&self.text)?,
            entries,
        })
    }

    /// Sets `key` to a value that is valid JSON; a key that is there keeps its place.
    /// Without memory for it nothing changes, which is remembered.
    pub(crate) fn set(&mut self, key: &str, json: &str) {
        let mut at = 0_usize;
        for entry in &mut self.entries {
            let value = at.saturating_add(entry.key_length);
            let end = at.saturating_add(entry.length());
            if &*entry.key == key {
                if !has_room(&mut self.text, json.len()) {
                    return;
                }
                self.text.replace_range(value..end, json);
                entry.value_length = json.len();
                return;
            }
            at = end.saturating_add(1);
        }
        self.push(key, json);
    }

    /// Adds `key`, which must not be there, with a value that is valid JSON; does not look for it. Without memory for it
    /// nothing changes, which is remembered.
    pub(crate) fn push(&mut self, key: &str, json: &str) {
        let (Ok(name), Ok(own_key)) = (
            memory::watch(|| write::string_to_json(key)),
            memory::copy_text(key),
        ) else {
            return memory::note_lack();
        };
        let length = name.len().saturating_add(json.len());
        if !has_room(&mut self.text, length.saturating_add(2))
            || !memory::reserve(&mut self.entries, 1)
        {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(&name);
        self.text.push(':');
        self.text.push_str(json);
        let key_length = name.len().saturating_add(1);
        self.entries.push(Entry {
            key: own_key.into(),
            key_length,
            value_length: json.len(),
        });
    }

    /// Sets `key` to text.
    pub(crate) fn set_text(&mut self, key: &str, text: &str) {
        self.set(key, &write::string_to_json(text));
    }

    /// Removes `key`; true if it was there.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let Some(place) = self.entries.iter().position(|entry| &*entry.key == key) else {
            return false;
        };
        let start = self.entries.iter().take(place).fold(0_usize, |at, entry| {
            at.saturating_add(entry.length()).saturating_add(1)
        });
        let entry = self.entries.remove(place);
        let end = start.saturating_add(entry.length());
        // With the comma after it; the last one with the comma before it.
        if end < self.text.len() {
            self.text.replace_range(start..end.saturating_add(1), "");
        } else {
            self.text.truncate(start.saturating_sub(1));
        }
        true
    }

    /// The value of `key` as JSON.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find_map(|(found, json)| (found == key).then_some(json))
    }

    /// Keys and values as JSON, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut at = 0_usize;
        self.entries.iter().map(move |entry| {
            let value = at.saturating_add(entry.key_length);
            let end = at.saturating_add(entry.length());
            at = end.saturating_add(1);
            (&*entry.key, self.text.get(value..end).unwrap_or_default())
        })
    }

    /// True if there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What it takes in memory beyond its own struct.
    pub(crate) fn byte_cost(&self) -> usize {
        let keys = self
            .entries
            .iter()
            .fold(0_usize, |sum, entry| sum.saturating_add(entry.key.len()));
        let entries = self.entries.capacity().saturating_mul(size_of::<Entry>());
        self.text
            .capacity()
            .saturating_add(entries)
            .saturating_add(keys)
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
        let mut at = 0_usize;
        for entry in &self.entries {
            let end = at.saturating_add(entry.length());
            if !is_present(&entry.key) {
                write::separator(out);
                let text = self.text.as_bytes().get(at..end);
                out.extend_from_slice(text.unwrap_or_default());
            }
            at = end.saturating_add(1);
        }
    }
}

/// Makes room for so many bytes; false without memory, which is remembered.
fn has_room(text: &mut String, bytes: usize) -> bool {
    let has_room = text.try_reserve(bytes).is_ok();
    if !has_room {
        memory::note_lack();
    }
    has_room
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
            let key = format!("key{}", (state >> 33) % 20);
            if (state >> 60) < 5 {
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
}
