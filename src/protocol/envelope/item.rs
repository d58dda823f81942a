//! Items: the parts of an envelope (ENV-4, ENV-6, ENV-14, RL-9).
//!
//! Decides which kinds there are, the category each counts under and how much it counts. Entry point: [`Item`].
//! May use: `value`, [`crate::protocol::category`].

use std::borrow::Cow;

use super::payload::Payload;
use crate::protocol::category::Category;
use crate::value::json::scan;
use crate::value::json::write as json;
use crate::value::shared::members::Members;

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// An error or message event.
    Event,
    /// A file.
    Attachment,
    /// Counts of what was lost.
    ClientReport,
    /// One update of one session.
    Session,
    /// Aggregated sessions.
    Sessions,
    /// A transaction with its spans.
    Transaction,
    /// A container of log entries.
    Log,
    /// A container of metrics.
    TraceMetric,
    /// What a user wrote.
    Feedback,
    /// A sign of life of a scheduled job.
    CheckIn,
    /// The older form of feedback.
    UserReport,
    /// Anything else, by its name on the wire: read from a file that another version wrote.
    Other(Box<str>),
}

impl ItemKind {
    /// The kinds that have a name here.
    const KNOWN: [Self; 11] = [
        Self::Event,
        Self::Attachment,
        Self::ClientReport,
        Self::Session,
        Self::Sessions,
        Self::Transaction,
        Self::Log,
        Self::TraceMetric,
        Self::Feedback,
        Self::CheckIn,
        Self::UserReport,
    ];

    /// The table: the name on the wire, the category that limits it (RL-9), and whether the envelope must tell the id of
    /// the event it belongs to (ENV-9).
    const fn row(&self) -> (&'static str, Category, bool) {
        match self {
            Self::Event => ("event", Category::Error, true),
            Self::Attachment => ("attachment", Category::Attachment, true),
            Self::ClientReport => ("client_report", Category::Internal, false),
            Self::Session => ("session", Category::Session, false),
            Self::Sessions => ("sessions", Category::Session, false),
            Self::Transaction => ("transaction", Category::Transaction, true),
            Self::Log => ("log", Category::LogItem, false),
            Self::TraceMetric => ("trace_metric", Category::TraceMetric, false),
            Self::Feedback => ("feedback", Category::Feedback, true),
            Self::CheckIn => ("check_in", Category::Monitor, false),
            Self::UserReport => ("user_report", Category::Feedback, true),
            Self::Other(_) => ("", Category::Default, false),
        }
    }

    /// Its name on the wire.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => known.row().0,
        }
    }

    /// The kind of that name.
    pub(crate) fn from_name(name: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|kind| kind.row().0 == name);
        known.unwrap_or_else(|| Self::Other(name.into()))
    }

    /// The category that limits it.
    pub(crate) fn category(&self) -> Category {
        match self {
            Self::Other(name) => match &**name {
                "span" => Category::Span,
                "profile" | "profile_chunk" => Category::Profile,
                "replay_event" | "replay_recording" | "replay_video" => Category::Replay,
                _ => Category::Default,
            },
            known => known.row().1,
        }
    }

    /// True if the payload is a list of entries, whose number the header tells.
    pub(super) fn is_container(&self) -> bool {
        matches!(self, Self::Log | Self::TraceMetric)
    }

    /// True if the envelope must tell the id of the event it belongs to.
    pub(crate) fn needs_event_id(&self) -> bool {
        self.row().2
    }
}

/// Item headers beyond `type` and `length`; most items have none.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemExtras {
    /// Base name of an attachment (ATT-1).
    pub(crate) filename: Option<String>,
    /// Media type.
    pub(crate) content_type: Option<Cow<'static, str>>,
    /// Kind of attachment; absent means `event.attachment`.
    pub(crate) attachment_type: Option<Cow<'static, str>>,
    /// All headers of an item that was read, as they were (ENV-7): then they are written, and the fields above are not.
    pub(crate) read: Members,
}

impl ItemExtras {
    fn byte_cost(&self) -> usize {
        let text = |it: &Option<Cow<'static, str>>| match it {
            Some(Cow::Owned(text)) => text.capacity(),
            _ => 0,
        };
        size_of::<Self>()
            .saturating_add(self.filename.as_ref().map_or(0, String::capacity))
            .saturating_add(text(&self.content_type))
            .saturating_add(text(&self.attachment_type))
            .saturating_add(self.read.byte_cost())
    }
}

/// One part of an envelope.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// What it is.
    pub(crate) kind: ItemKind,
    /// Its bytes.
    pub(crate) payload: Payload,
    /// Its less usual headers.
    pub(crate) extras: Option<Box<ItemExtras>>,
    /// How many entries the payload holds: logs and metrics of a container, spans of a transaction. Known since the item was
    /// made or read.
    entries: u64,
}

impl Item {
    /// An item without further headers.
    pub(crate) fn new(kind: ItemKind, payload: impl Into<Payload>) -> Self {
        let payload = payload.into();
        let entries = match kind {
            ItemKind::Transaction => spans_in(&payload),
            _ => 1,
        };
        Self {
            kind,
            payload,
            extras: None,
            entries,
        }
    }

    /// A container of so many entries, or a transaction of so many spans.
    pub(crate) fn container(kind: ItemKind, payload: impl Into<Payload>, entries: u64) -> Self {
        Self {
            kind,
            payload: payload.into(),
            extras: None,
            entries,
        }
    }

    /// An attachment; of `filename` only what follows the last slash is kept (ATT-1).
    pub(crate) fn attachment(
        filename: &str,
        content_type: Option<Cow<'static, str>>,
        attachment_type: Option<Cow<'static, str>>,
        payload: Payload,
    ) -> Self {
        Self {
            kind: ItemKind::Attachment,
            payload,
            entries: 1,
            extras: Some(Box::new(ItemExtras {
                filename: Some(base_name(filename).to_owned()),
                content_type,
                attachment_type,
                ..ItemExtras::default()
            })),
        }
    }

    /// The category that limits it.
    pub(crate) fn category(&self) -> Category {
        self.kind.category()
    }

    /// How much it counts in its category (REP-5): bytes of an attachment, entries of a container, else 1.
    pub(crate) fn quantity(&self) -> u64 {
        match self.kind {
            ItemKind::Attachment => self.length().max(1),
            _ if self.kind.is_container() => self.entries.max(1),
            _ => 1,
        }
    }

    /// All it counts under: logs and metrics also by bytes (LOG-9), transactions also by spans (REP-4). A client
    /// report counts nowhere, its loss is never told (REP-9).
    pub(crate) fn tallies(&self) -> impl Iterator<Item = (Category, u64)> + use<> {
        let also = match self.kind {
            ItemKind::Log => Some((Category::LogByte, self.length())),
            ItemKind::TraceMetric => Some((Category::TraceMetricByte, self.length())),
            ItemKind::Transaction => Some((Category::Span, self.entries.saturating_add(1))),
            _ => None,
        };
        let main = match self.kind {
            ItemKind::ClientReport => None,
            _ => Some((self.category(), self.quantity())),
        };
        main.into_iter().chain(also)
    }

    fn length(&self) -> u64 {
        u64::try_from(self.payload.len()).unwrap_or(u64::MAX)
    }

    /// What it takes in memory beyond its own struct.
    pub(crate) fn heap_cost(&self) -> usize {
        let extras = self.extras.as_ref().map_or(0, |extras| extras.byte_cost());
        let name = match &self.kind {
            ItemKind::Other(name) => name.len(),
            _ => 0,
        };
        self.payload
            .byte_cost()
            .saturating_add(extras)
            .saturating_add(name)
    }

    /// Appends the header line with its line feed; the payload and another line feed follow.
    pub(crate) fn write_header(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(extras) = self.extras.as_ref().filter(|it| !it.read.is_empty()) {
            self.write_read_header(out, &extras.read);
            return;
        }
        json::key(out, "type");
        json::string(out, self.kind.name());
        json::key(out, "length");
        json::integer(out, self.length());
        if let Some(extras) = &self.extras {
            let texts = [
                ("attachment_type", extras.attachment_type.as_deref()),
                ("content_type", extras.content_type.as_deref()),
                ("filename", extras.filename.as_deref()),
            ];
            for (name, text) in texts {
                if let Some(text) = text {
                    json::key(out, name);
                    json::string(out, text);
                }
            }
        }
        if self.kind.is_container() {
            json::key(out, "item_count");
            json::integer(out, self.entries);
        }
        out.extend_from_slice(b"}\n");
    }

    /// Writes a header as it was read. The length is always there (ENV-4).
    fn write_read_header(&self, out: &mut Vec<u8>, read: &Members) {
        read.write_missing(out, |key| key == "length" && read.get(key) == Some("null"));
        if read.get("length").is_none_or(|length| length == "null") {
            json::key(out, "length");
            json::integer(out, self.length());
        }
        out.extend_from_slice(b"}\n");
    }
}

/// How many spans a transaction holds.
fn spans_in(transaction: &Payload) -> u64 {
    let bytes = transaction.whole();
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let spans = scan::entry(text, "spans").unwrap_or_default();
    u64::try_from(scan::elements(spans).count()).unwrap_or(u64::MAX)
}

/// What follows the last slash.
pub(crate) fn base_name(filename: &str) -> &str {
    let name = filename.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.is_empty() { "attachment" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn tallies(item: &Item) -> Vec<(Category, u64)> {
        item.tallies().collect()
    }

    // RL-9
    #[test]
    fn every_kind_has_its_category() {
        for (name, category) in [
            ("event", Category::Error),
            ("attachment", Category::Attachment),
            ("client_report", Category::Internal),
            ("session", Category::Session),
            ("sessions", Category::Session),
            ("transaction", Category::Transaction),
            ("log", Category::LogItem),
            ("trace_metric", Category::TraceMetric),
            ("feedback", Category::Feedback),
            ("user_report", Category::Feedback),
            ("check_in", Category::Monitor),
            ("span", Category::Span),
            ("profile", Category::Profile),
            ("replay_event", Category::Replay),
            ("of_next_year", Category::Default),
        ] {
            let kind = ItemKind::from_name(name);
            assert_eq!(kind.name(), name);
            assert_eq!(kind.category(), category, "{name}");
        }
    }

    // REP-4, REP-5, REP-9, LOG-9
    #[test]
    fn quantities_follow_the_kind() {
        let bytes = |length: usize| Payload::Owned(vec![0; length]);
        let attachment = |length| Item::attachment("a", None, None, bytes(length));
        assert_eq!(tallies(&attachment(1234)), [(Category::Attachment, 1234)]);
        assert_eq!(tallies(&attachment(0)), [(Category::Attachment, 1)]);
        let log = Item::container(ItemKind::Log, vec![b' '; 50], 7);
        assert_eq!(
            tallies(&log),
            [(Category::LogItem, 7), (Category::LogByte, 50)]
        );
        let payload = br#"{"a":1,"spans":[{"x":[1,2]},{}]}"#.to_vec();
        let transaction = Item::new(ItemKind::Transaction, payload);
        assert_eq!(
            tallies(&transaction),
            [(Category::Transaction, 1), (Category::Span, 3)]
        );
        assert_eq!(tallies(&Item::new(ItemKind::ClientReport, Vec::new())), []);
        assert_eq!(
            tallies(&Item::new(ItemKind::Event, Vec::new())),
            [(Category::Error, 1)]
        );
    }

    // ATT-1
    #[test]
    fn attachments_carry_a_base_name() {
        for (given, kept) in [
            ("/var/log/app.log", "app.log"),
            ("C:\\logs\\app.log", "app.log"),
            ("app.log", "app.log"),
            ("dir/", "attachment"),
            ("", "attachment"),
        ] {
            let item = Item::attachment(given, None, None, Payload::Shared(Arc::from(&b"x"[..])));
            let mut out = Vec::new();
            item.write_header(&mut out);
            let expected =
                format!("{{\"type\":\"attachment\",\"length\":1,\"filename\":\"{kept}\"}}\n");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
