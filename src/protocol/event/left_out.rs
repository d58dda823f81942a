//! What is left out: members that servers cannot take, so that the rest of an event, a breadcrumb or feedback can go.
//!
//! Decides how that is told: the first of them in words, the others by their number. Entry point: [`LeftOut`].

use std::fmt::{self, Write as _};

use crate::value::object::{JsonError, JsonErrorReason, RawObject, parse_leniently};
use crate::value::trim::trim_str;

/// See the module. Nothing is allocated while nothing is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    count: usize,
    first: String,
}

/// Characters of a key of the host's in a sentence about it.
const KEY_CHARS: usize = 64;

impl LeftOut {
    /// Notes one: what it is, and why.
    pub(crate) fn note(&mut self, what: fmt::Arguments<'_>) {
        self.count = self.count.saturating_add(1);
        if self.count == 1 {
            // A string takes everything.
            let _ = self.first.write_fmt(what);
        }
    }

    /// Notes the member of this key.
    pub(crate) fn note_key(&mut self, key: &str, why: &str) {
        self.note(format_args!("{:?} {why}", trim_str(key, KEY_CHARS)));
    }

    /// Reads an object and notes the members of it that cannot be kept.
    pub(super) fn read<'a>(&mut self, text: &'a str) -> Result<RawObject<'a>, JsonError> {
        parse_leniently(text, |key, reason| match reason {
            JsonErrorReason::DuplicateKey(_) => self.note_key(key, "is there twice"),
            other => self.note(format_args!("{:?} is {other}", trim_str(key, KEY_CHARS))),
        })
    }

    /// Both.
    pub(crate) fn and(mut self, other: Self) -> Self {
        if self.count == 0 {
            return other;
        }
        self.count = self.count.saturating_add(other.count);
        self
    }

    /// True if there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "left out: {}", self.first)?;
        match self.count {
            0 | 1 => Ok(()),
            count => write!(f, ", and {} more", count.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_in_words_and_the_others_are_counted() {
        let mut left_out = LeftOut::default();
        assert!(left_out.is_empty());
        left_out.note_key(&"k".repeat(100), "is odd");
        let text = left_out.to_string();
        assert!(text.starts_with("left out: \"kkk") && text.ends_with("...\" is odd"));
        let mut other = LeftOut::default();
        other.note(format_args!("a {}", 1));
        assert_eq!(other.to_string(), "left out: a 1");
        other.note(format_args!("b"));
        assert_eq!(other.to_string(), "left out: a 1, and 1 more");
        assert_eq!(
            other.clone().and(left_out).to_string(),
            "left out: a 1, and 2 more"
        );
        assert_eq!(LeftOut::default().and(other.clone()), other);
    }
}
