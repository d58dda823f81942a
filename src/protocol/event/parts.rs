//! Parts: what an event gets from options and scope.

use std::time::SystemTime;

use super::trail::Trail;
use crate::base::uuid::Uuid;
use crate::protocol::level::Level;
use crate::value::shared::members::Members;
use crate::value::shared::pieces::Fragment;

/// What an event gets from options and scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// The id it is sent under.
    pub(crate) event_id: Uuid,
    /// Time of capture, for an event without a time of its own.
    pub(crate) timestamp: SystemTime,
    /// For an event without a level.
    pub(crate) level: Level,
    /// The id of a user that the event names without one.
    pub(crate) user_id: Option<Uuid>,
    /// Keys and JSON for top-level keys that the event lacks, for instance `release` and `sdk`.
    pub(crate) fields: &'a [(&'static str, String)],
    /// Tags of the scope; keys and values as [`names::tag_key`](crate::protocol::names::tag_key) and
    /// [`names::tag_value`](crate::protocol::names::tag_value) make them.
    pub(crate) tags: &'a Members,
    /// Contexts of the scope.
    pub(crate) contexts: &'a Members,
    /// Extra values of the scope.
    pub(crate) extra: &'a Members,
    /// Breadcrumbs of each scope, as [`breadcrumb`](super::breadcrumb) makes them, those of the outermost scope first.
    pub(crate) breadcrumbs: &'a [Trail; 2],
    /// Most breadcrumbs on the event; 0 for none.
    pub(crate) max_breadcrumbs: usize,
    /// The list `debug_meta.images` as JSON, for an event with native frames (IMG-4).
    pub(crate) images: Option<&'a Fragment>,
    /// For a transaction: then it is written as one.
    pub(crate) spans: Option<Spans<'a>>,
}

/// The spans of a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spans<'a> {
    /// Those that are there, as JSON, in the order in which they finished.
    pub(crate) json: &'a [&'a str],
    /// How many there were, with those that were lost.
    pub(crate) all: u64,
}

impl Parts<'static> {
    /// Nothing but the id: for an event that is complete.
    pub(crate) fn bare(event_id: Uuid) -> Self {
        static EMPTY: Members = Members::new();
        Self {
            event_id,
            timestamp: SystemTime::UNIX_EPOCH,
            level: Level::Error,
            user_id: None,
            fields: &[],
            tags: &EMPTY,
            contexts: &EMPTY,
            extra: &EMPTY,
            breadcrumbs: &[[None, None], [None, None]],
            max_breadcrumbs: usize::MAX,
            images: None,
            spans: None,
        }
    }
}
