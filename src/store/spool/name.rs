//! Names of spooled files: what a name says, and which names are ours.
//!
//! Two forms, with the id of the event in it or a random one:
//!
//! - `<milliseconds>-<attempts>-<uuid>.envelope` waits for a retry: when it was written or tried last, and how often;
//! - `<uuid>.envelope` was written when a run ended (in a run directory), or is a copy to keep (in the cache).
//!
//! Everything else is somebody else's and is left alone. Entry point: [`Name`]. May use: `base`.

use crate::base::uuid::Uuid;

const EXTENSION: &str = ".envelope";

/// The name of a spooled file, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    /// What is there besides the id; none in the plain form.
    pub(crate) retry: Option<Retry>,
    id: [u8; 16],
}

/// The part of a name that says when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Retry {
    /// Milliseconds since 1970 of the last attempt, or of the writing before the first.
    pub(crate) millis: u64,
    /// Failed attempts from disk; 99 at most.
    pub(crate) attempts: u8,
}

impl Name {
    /// `<uuid>.envelope`
    pub(crate) fn plain(id: Uuid) -> Self {
        Self {
            retry: None,
            id: *id.as_bytes(),
        }
    }

    /// `<milliseconds>-<attempts>-<uuid>.envelope`
    pub(crate) fn retry(id: Uuid, retry: Retry) -> Self {
        Self {
            retry: Some(retry),
            id: *id.as_bytes(),
        }
    }

    /// The id in it.
    pub(crate) fn id(&self) -> Uuid {
        Uuid::from_bytes(self.id)
    }

    /// The same with a random id, for when there is such a file already: the host may choose one id twice.
    pub(crate) fn with_fresh_id(&self) -> Self {
        Self {
            id: *Uuid::new_v4().as_bytes(),
            ..*self
        }
    }

    /// Reads a file name. Only what this library would write is read: nothing else is ours to touch.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let stem = text.strip_suffix(EXTENSION)?;
        // An id has five groups; the numbers stand in front of them.
        let (retry, id) = match stem.splitn(3, '-').collect::<Vec<_>>().as_slice() {
            [millis, attempts, id] if id.len() == 36 => {
                let retry = Retry {
                    millis: millis.parse().ok()?,
                    attempts: attempts.parse().ok()?,
                };
                (Some(retry), *id)
            }
            _ => (None, stem),
        };
        let id = Uuid::parse_strict(id)?;
        let name = Self {
            retry,
            id: *id.as_bytes(),
        };
        (name.to_string() == text).then_some(name)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(Retry { millis, attempts }) = self.retry {
            write!(f, "{millis}-{:02}-", attempts.min(99))?;
        }
        write!(f, "{}{EXTENSION}", self.id().hyphenated().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123abcd-4567-4890-abcd-ef0123456789";

    #[test]
    fn both_forms_lead_back() {
        let id = Uuid::parse_strict(ID).unwrap();
        let retry = Retry {
            millis: 1_767_225_600_123,
            attempts: 3,
        };
        for (name, text) in [
            (Name::plain(id), format!("{ID}.envelope")),
            (
                Name::retry(id, retry),
                format!("1767225600123-03-{ID}.envelope"),
            ),
        ] {
            assert_eq!(name.to_string(), text);
            assert_eq!(Name::parse(&text), Some(name));
            assert_eq!(name.id(), id);
        }
    }

    #[test]
    fn what_we_would_not_write_is_not_ours() {
        for text in [
            "",
            ".envelope",
            "session.json",
            "__sentry-crash.envelope",
            &format!("{ID}.dmp"),
            &format!("{ID}.envelope.tmp"),
            &format!("{ID}-1.envelope"),
            &format!("{}.envelope", ID.to_uppercase()),
            &format!("{}.envelope", ID.replace('-', "")),
            &format!("5-3-{ID}.envelope"),
            &format!("5-003-{ID}.envelope"),
            &format!("05-03-{ID}.envelope"),
            &format!("+5-03-{ID}.envelope"),
            &format!("-5-03-{ID}.envelope"),
            &format!("5-03--{ID}.envelope"),
            &format!("5-100-{ID}.envelope"),
            &format!("99999999999999999999-00-{ID}.envelope"),
            &format!(" 5-03-{ID}.envelope"),
        ] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
    }
}
