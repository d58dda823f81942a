//! What tests of events share: a scope to write with, and the result read back.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::trail::Crumbs;
use super::{Event, EventError, Parts, Written};
use crate::base::uuid::Uuid;
use crate::protocol::level::Level;
use crate::value::json::scan;
use crate::value::shared::members::Members;
use crate::value::shared::pieces::Fragment;

/// What a test gives from options and scope.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) tags: Members,
    pub(super) contexts: Members,
    pub(super) extra: Members,
    /// Each any number of them; two texts are of one scope.
    pub(super) breadcrumbs: Vec<String>,
    pub(super) max_breadcrumbs: usize,
    pub(super) images: Option<String>,
    pub(super) user_id: Option<Uuid>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            tags: Members::new(),
            contexts: Members::new(),
            extra: Members::new(),
            breadcrumbs: Vec::new(),
            max_breadcrumbs: 100,
            images: None,
            user_id: None,
        }
    }
}

impl Given {
    /// The written event as text.
    pub(super) fn try_write(&self, event: &Event<'_>) -> Result<(String, Written), EventError> {
        let crumbs = |text: &String| {
            let count = scan::joined_elements(text).count();
            let last = scan::joined_elements(text).last().map_or(0, str::len);
            Crumbs::new(Fragment::new(Arc::from(&**text), 0), count, last)
        };
        let two =
            |texts: &[String]| [texts.first(), texts.get(1)].map(|text| text.and_then(crumbs));
        let mut scopes = self.breadcrumbs.chunks(2).map(two);
        let breadcrumbs = [(); 2].map(|()| scopes.next().unwrap_or_default());
        let images = self.images.as_deref().map(Arc::from);
        let images = images.map(Fragment::uncharged);
        let parts = Parts {
            event_id: Uuid::from_bytes([0xab; 16]),
            // 2026-01-01T00:00:00.000001Z
            timestamp: SystemTime::UNIX_EPOCH + Duration::from_micros(1_767_225_600_000_001),
            level: Level::Error,
            user_id: self.user_id,
            fields: &self.fields,
            tags: &self.tags,
            contexts: &self.contexts,
            extra: &self.extra,
            breadcrumbs: &breadcrumbs,
            max_breadcrumbs: self.max_breadcrumbs,
            images: images.as_ref(),
            spans: None,
        };
        let written = event.write(&parts)?;
        let text = String::from_utf8(written.payload.whole().into_owned()).unwrap();
        Ok((text, written))
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

/// Reads and writes an event of this one member: what was written of it, and whether anything was trimmed.
pub(super) fn one(key: &str, value: &Value) -> (Value, bool) {
    let (json, written) = written(&serde_json::json!({ key: value }).to_string());
    (json.get(key).cloned().unwrap_or_default(), written.trimmed)
}
