//! Changes of a scope, in the order in which they were made, until a snapshot contains them.
//!
//! Decides how a change is kept so that it costs the same whatever the size of the scope: it is added at the end of a
//! list and then never changes. Who reads needs no lock: what stands before [`Changes::count`] is complete.
//! Entry points: [`Change`], [`Changes`]. May use: `protocol::level`, `value::json`, `base`.

use std::ops::RangeInclusive;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::memory::{self, OutOfMemory};
use crate::protocol::level::Level;
use crate::value::json::write;

/// A part of the scope that has members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Tags.
    Tags,
    /// Contexts.
    Contexts,
    /// Extra data.
    Extra,
    /// Attributes, which events do not carry.
    Attributes,
}

impl Part {
    /// The field of an event that it becomes, or whose limits hold for it.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Contexts => "contexts",
            Self::Extra | Self::Attributes => "extra",
        }
    }
}

/// One change. Texts are JSON that is ready to be copied into events, except keys.
#[derive(Debug)]
pub(super) enum Change {
    /// The level of events that have none.
    Level(Level),
    /// The context of another trace.
    Trace(String),
    /// A field is set, or removed.
    Field(&'static str, Option<String>),
    /// A member is set.
    Set(Part, Member),
    /// A member is removed.
    Remove(Part, String),
    /// A breadcrumb is added.
    Breadcrumb(String),
}

/// A key and, behind it, a value in one text. A short one lies in place, so that setting a tag needs no allocation.
#[derive(Debug)]
pub(super) struct Member {
    key_length: usize,
    text: Text,
}

#[derive(Debug)]
enum Text {
    Short {
        length: u8,
        bytes: [u8; Member::SHORT],
    },
    Long(String),
}

impl Member {
    /// Bytes in place: longer than most tags, and as much as keeps a change within 64 bytes.
    const SHORT: usize = 46;

    /// The value is what stands between two marks, with them.
    fn new(key: &str, [open, inner, close]: [&str; 3]) -> Result<Self, OutOfMemory> {
        let parts = [key, open, inner, close];
        let length = parts
            .iter()
            .fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        let key_length = key.len();
        if let Ok(short) = u8::try_from(length)
            && length <= Self::SHORT
        {
            let mut bytes = [0; Self::SHORT];
            let mut rest = bytes.as_mut_slice();
            for part in parts {
                let (place, behind) = rest.split_at_mut(part.len());
                place.copy_from_slice(part.as_bytes());
                rest = behind;
            }
            let text = Text::Short {
                length: short,
                bytes,
            };
            return Ok(Self { key_length, text });
        }
        let mut text = String::new();
        text.try_reserve_exact(length)?;
        text.extend(parts);
        let text = Text::Long(text);
        Ok(Self { key_length, text })
    }

    /// Key and value.
    pub(super) fn parts(&self) -> (&str, &str) {
        let text = match &self.text {
            Text::Short { length, bytes } => {
                let bytes = bytes.get(..usize::from(*length)).unwrap_or_default();
                memory::utf8(bytes).unwrap_or_default()
            }
            Text::Long(text) => text,
        };
        text.split_at_checked(self.key_length).unwrap_or_default()
    }

    /// Bytes that it takes outside of itself.
    fn bytes(&self) -> usize {
        match &self.text {
            Text::Short { .. } => 0,
            Text::Long(text) => text.capacity(),
        }
    }
}

impl Change {
    /// A member is set to ready JSON, or removed.
    pub(super) fn member(part: Part, key: &str, json: Option<&str>) -> Result<Self, OutOfMemory> {
        Ok(match json {
            Some(json) => Self::Set(part, Member::new(key, ["", json, ""])?),
            None => Self::Remove(part, memory::copy_text(key)?),
        })
    }

    /// A member is set to text.
    pub(super) fn text(part: Part, key: &str, value: &str) -> Result<Self, OutOfMemory> {
        let is_special = |byte| matches!(byte, ..b' ' | b'"' | b'\\');
        let member = if value.bytes().any(is_special) {
            let json = memory::watch(|| write::string_to_json(value))?;
            Member::new(key, ["", &json, ""])
        } else {
            Member::new(key, ["\"", value, "\""])
        };
        member.map(|member| Self::Set(part, member))
    }

    /// Key and new value, or none, of the member of this part that it changes.
    pub(super) fn of(&self, part: Part) -> Option<(&str, Option<&str>)> {
        match self {
            Self::Set(own, member) if *own == part => {
                let (key, json) = member.parts();
                Some((key, Some(json)))
            }
            Self::Remove(own, key) if *own == part => Some((key, None)),
            _ => None,
        }
    }

    /// Bytes that its texts take outside of itself.
    fn bytes(&self) -> usize {
        match self {
            Self::Level(_) | Self::Field(_, None) => 0,
            Self::Trace(text)
            | Self::Field(_, Some(text))
            | Self::Remove(_, text)
            | Self::Breadcrumb(text) => text.capacity(),
            Self::Set(_, member) => member.bytes(),
        }
    }
}

/// A list with a fixed number of places. One thread at a time may add to it, any number may read.
#[derive(Debug)]
pub(super) struct Changes {
    places: Box<[OnceLock<Change>]>,
    count: AtomicUsize,
    /// Bytes of all texts.
    bytes: AtomicUsize,
    /// So many of them make it full.
    most_bytes: usize,
}

/// Members of a scope and bytes of their texts: what a snapshot copies at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// How many members.
    pub(super) members: usize,
    /// Bytes of their texts.
    pub(super) bytes: usize,
}

impl Changes {
    /// Places of a list, in a small scope and in a large one: enough that the work of a snapshot for each full list does
    /// not count for a single change.
    const PLACES: RangeInclusive<usize> = 64..=1024;
    /// Places of the first list of a scope: the host may make a scope for each event.
    const FIRST: usize = 8;
    /// Bytes of texts with which a list is full: what it holds is kept beside the snapshot, and is bounded.
    const BYTES: RangeInclusive<usize> = 64 * 1024..=1024 * 1024;
    /// A list takes this part of the members of its scope, so that each change pays for a copy of four of them, however
    /// many there are.
    const PART: usize = 4;

    /// A list without places.
    pub(super) fn none() -> Self {
        Self::with_places(Vec::new(), 0)
    }

    /// The list that follows this one, in a scope of this size.
    pub(super) fn next(&self, scope: Size) -> Result<Self, OutOfMemory> {
        let within = |size: usize, range: RangeInclusive<usize>| {
            (size / Self::PART).clamp(*range.start(), *range.end())
        };
        let count = match self.places.len() {
            0 => Self::FIRST,
            _ => within(scope.members, Self::PLACES),
        };
        let mut places = Vec::new();
        places.try_reserve_exact(count)?;
        places.resize_with(count, OnceLock::new);
        Ok(Self::with_places(places, within(scope.bytes, Self::BYTES)))
    }

    fn with_places(places: Vec<OnceLock<Change>>, most_bytes: usize) -> Self {
        Self {
            places: places.into_boxed_slice(),
            count: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            most_bytes,
        }
    }

    /// Adds a change; gives it back if the list is full.
    pub(super) fn add(&self, change: Change) -> Result<(), Change> {
        let (at, bytes) = (self.count(), self.bytes.load(Ordering::Relaxed));
        let with_change = bytes.saturating_add(change.bytes());
        let is_full = at > 0 && with_change > self.most_bytes;
        let Some(place) = self.places.get(at).filter(|_| !is_full) else {
            return Err(change);
        };
        place.set(change)?;
        self.bytes.store(with_change, Ordering::Relaxed);
        // Only now does who reads find it, whole.
        self.count.store(at.saturating_add(1), Ordering::Release);
        Ok(())
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// The changes from one place to another.
    pub(super) fn between(&self, from: usize, to: usize) -> impl Iterator<Item = &Change> + Clone {
        let places = self.places.get(from..to).unwrap_or_default();
        places.iter().filter_map(OnceLock::get)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many changes of so many bytes a list takes.
    fn taken(list: &Changes, bytes: usize) -> usize {
        let change = || Change::member(Part::Extra, "k", Some(&"x".repeat(bytes))).unwrap();
        while list.add(change()).is_ok() {}
        list.count()
    }

    #[test]
    fn a_list_takes_more_in_a_larger_scope() {
        let next = |list: &Changes, members, bytes| list.next(Size { members, bytes }).unwrap();
        let none = Changes::none();
        assert_eq!(taken(&none, 1), 0);
        let first = next(&none, 4000, 0);
        assert_eq!(taken(&first, 1), 8);
        for (members, places) in [(0, 64), (400, 100), (4000, 1000), (1_000_000, 1024)] {
            assert_eq!(taken(&next(&first, members, 0), 1), places);
        }
        for (bytes, longest) in [(0, 64), (400, 100), (1_000_000, 1024)] {
            let list = next(&first, 1_000_000, bytes * 1024);
            assert_eq!(taken(&list, 1023), longest);
            // One that is longer than that has a list of its own.
            assert_eq!(taken(&next(&first, 0, 0), 100_000), 1);
        }
    }
}
