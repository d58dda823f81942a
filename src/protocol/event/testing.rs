//! What tests of events share: a scope to write with, and the result read back.

use serde_json::Value;

use super::{Event, EventError, Parts, Written};
use crate::base::uuid::Uuid;
use crate::protocol::level::Level;
use crate::value::members::Members;

/// What a test gives from options and scope.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) tags: Members,
    pub(super) contexts: Members,
    pub(super) extra: Members,
    pub(super) breadcrumbs: String,
    pub(super) max_breadcrumbs: usize,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            tags: Members::new(),
            contexts: Members::new(),
            extra: Members::new(),
            breadcrumbs: String::new(),
            max_breadcrumbs: 100,
        }
    }
}

impl Given {
    /// The written event as text, behind what was in the buffer before.
    pub(super) fn try_write(&self, event: &Event<'_>) -> Result<(String, Written), EventError> {
        let parts = Parts {
            event_id: Uuid::from_bytes([0xab; 16]),
            timestamp: "2026-01-01T00:00:00.000001Z",
            level: Level::Error,
            fields: &self.fields,
            tags: &self.tags,
            contexts: &self.contexts,
            extra: &self.extra,
            breadcrumbs: &self.breadcrumbs,
            max_breadcrumbs: self.max_breadcrumbs,
        };
        let mut out = b"before".to_vec();
        let result = event.write(&parts, &mut out);
        let text = String::from_utf8(out).unwrap();
        let text = text.strip_prefix("before").unwrap().to_owned();
        match result {
            Ok(written) => Ok((text, written)),
            Err(error) => {
                assert_eq!(text, "", "nothing is appended on an error");
                Err(error)
            }
        }
    }

    /// The written event, read back.
    pub(super) fn write(&self, event: &Event<'_>) -> (Value, Written) {
        let (text, written) = self.try_write(event).unwrap();
        assert!(text.len() <= super::limits::EVENT_BYTES);
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        (json, written)
    }

    /// Reads the text as an event and writes it.
    pub(super) fn read_and_write(&self, text: &str) -> (Value, Written) {
        self.write(&Event::parse(text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }
}

/// Reads and writes with an empty scope.
pub(super) fn written(text: &str) -> (Value, Written) {
    Given::default().read_and_write(text)
}
