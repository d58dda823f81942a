//! Facts: what the host says about a transaction or a span while it runs: status, tags, data.
//!
//! Each belongs to one transaction or span and has a lock of its own, held while one member is set. It is bounded.
//! Entry point: [`Facts`]. May use: `protocol`, `value`, `base`.

use crate::base::memory::{self, OutOfMemory};
use crate::protocol::event::within_limits;
use crate::protocol::names;
use crate::value::json::write as json;
use crate::value::shared::members::Members;
use crate::value::tree::Value;

/// Bytes of a tag's value; it is cut between two characters.
const TAG_BYTES: usize = 200;

/// Bytes of all tags, and of all data: what a span is worth of the 1 MiB that a transaction has.
const MAX_BYTES: usize = 64 * 1024;

/// What the host said.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// How it ended, or is going to.
    pub(crate) status: Option<&'static str>,
    /// Tags as JSON.
    pub(crate) tags: Members,
    /// Data as JSON.
    pub(crate) data: Members,
}

/// A member was not kept: there is too much already, or no memory for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl From<OutOfMemory> for NoRoom {
    fn from(_: OutOfMemory) -> Self {
        Self
    }
}

impl Facts {
    /// Status and data, as events tell them; without the data where there is no memory for a copy.
    pub(crate) fn told(&self) -> (Option<&'static str>, Members) {
        (self.status, self.data.try_clone().unwrap_or_default())
    }

    /// Sets a tag; one without a value is removed, as servers know none.
    pub(crate) fn set_tag(&mut self, key: &str, value: Option<&str>) -> Result<(), NoRoom> {
        let key = names::tag_key(key);
        let Some(value) = value else {
            self.tags.remove(&key);
            return Ok(());
        };
        let value = names::without_control(cut(value, TAG_BYTES));
        set(&mut self.tags, &key, &json::string_to_json(&value))
    }

    /// Removes a tag.
    pub(crate) fn remove_tag(&mut self, key: &str) {
        self.tags.remove(&names::tag_key(key));
    }

    /// Sets data to ready JSON, see [`data_of`].
    pub(crate) fn set_data(&mut self, key: &str, value: &str) -> Result<(), NoRoom> {
        set(&mut self.data, key, value)
    }

    /// Removes data.
    pub(crate) fn remove_data(&mut self, key: &str) {
        self.data.remove(key);
    }
}

/// A value as it stands in data, brought within the limits of extra data of events.
pub(crate) fn data_of(key: &str, value: &Value) -> Result<String, NoRoom> {
    let json = within_limits(&["extra", key], &value.to_json_cut()?)?;
    Ok(json.unwrap_or_else(|| "null".to_owned()))
}

fn set(members: &mut Members, key: &str, value: &str) -> Result<(), NoRoom> {
    let old = members.get(key).map_or(0, str::len);
    let others = members.json().len().saturating_sub(old);
    let new = key.len().saturating_add(value.len());
    if others.saturating_add(new) > MAX_BYTES || !memory::is_there(others.saturating_add(new)) {
        return Err(NoRoom);
    }
    members.set(key, value);
    Ok(())
}

/// The beginning of a text, at most so many bytes, up to the end of a character.
pub(crate) fn cut(text: &str, max_bytes: usize) -> &str {
    let mut length = max_bytes.min(text.len());
    while !text.is_char_boundary(length) {
        length = length.saturating_sub(1);
    }
    text.get(..length).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_cut_between_characters_and_removed() {
        let mut facts = Facts::default();
        facts.set_tag("a b", Some(&"é".repeat(101))).unwrap();
        facts
            .set_tag("long", Some(&("x".to_owned() + &"é".repeat(100))))
            .unwrap();
        facts.set_tag("line", Some("a\nb\"")).unwrap();
        let text = |key: &str| {
            let json = facts.tags.get(key).unwrap();
            serde_json::from_str::<String>(json).unwrap()
        };
        assert_eq!(text("a_b"), "é".repeat(100));
        assert_eq!(text("long").len(), 199);
        assert_eq!(text("line"), "a b\"");
        facts.remove_tag("line");
        facts.set_tag("long", None).unwrap();
        facts.remove_tag("none");
        assert_eq!(facts.tags.len(), 1);
    }

    #[test]
    fn data_is_bounded_and_what_is_there_may_be_replaced() {
        let mut facts = Facts::default();
        let value = Value::text(&[b'x'; 100_000]);
        let json = data_of("k", &value).unwrap();
        assert!(json.len() <= 16 * 1024);
        let kept = (0..10).filter(|at| facts.set_data(&at.to_string(), &json).is_ok());
        let kept = kept.count();
        assert!((3..=4).contains(&kept), "{kept}");
        facts.set_data("0", &json).unwrap();
        facts.set_data("1", "1").unwrap();
        assert!(facts.data.json().len() <= MAX_BYTES + 1024);
        facts.remove_data("0");
        assert!(facts.data.get("0").is_none());
        assert_eq!(data_of("k", &Value::Null).unwrap(), "null");
    }
}
