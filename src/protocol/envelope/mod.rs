//! Envelopes: what one request carries (ENV-1 … ENV-16).
//!
//! Decides how items and headers become bytes, what an envelope costs in the queue, and (in [`read`]) how such bytes
//! become an envelope again. Composition, for instance which items travel together, is the caller's decision.
//! Entry points: [`Envelope`], [`Envelope::parse`]. May use: `value`, `base`.

use std::borrow::Cow;
use std::sync::Arc;

use super::category::Category;
use crate::base::memory::OutOfMemory;
use crate::base::uuid::Uuid;
use crate::value::json::scan;
use crate::value::json::write as json;
use crate::value::shared::members::Members;

mod item;
mod payload;
mod read;

pub(crate) use item::{Item, ItemExtras, ItemKind, base_name};
pub(crate) use payload::Payload;

/// Items under common headers.
///
/// The first item lies in the envelope itself, so that the usual envelope, one event, needs no list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    /// The id of the event in it, or that its attachments belong to.
    pub(crate) event_id: Option<Uuid>,
    /// The dynamic sampling context, a JSON object (TRACE-20).
    pub(crate) trace: Option<Arc<str>>,
    first: Option<Item>,
    rest: Vec<Item>,
    /// Headers that it has already: all of those that it was read with, as they were (ENV-7), or those that it got for
    /// somebody who gets it whole.
    stored: Option<Box<Members>>,
    was_read: bool,
}

/// Headers that are the same for all envelopes of a client, and the time of sending.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeaderFields<'a> {
    /// The DSN; absent: the one that was read, if any.
    pub(crate) dsn: Option<&'a str>,
    /// The `sdk` object as JSON; gives way to one that was read, which tells who made the event (ENV-10).
    pub(crate) sdk: Option<&'a str>,
    /// When the bytes go on the wire; absent in files (ENV-11, ENV-12).
    pub(crate) sent_at: Option<&'a str>,
}

impl Envelope {
    /// An envelope without items, for instance for sessions; `event_id` of what is put in, if it has one.
    #[cfg(test)]
    pub(crate) fn new(event_id: Option<Uuid>) -> Self {
        Self {
            event_id,
            ..Self::default()
        }
    }

    /// An envelope of one event.
    #[cfg(test)]
    pub(crate) fn event(event_id: Uuid, payload: impl Into<Payload>) -> Self {
        Self {
            event_id: Some(event_id),
            first: Some(Item::new(ItemKind::Event, payload)),
            ..Self::default()
        }
    }

    /// An envelope of one item without further headers.
    #[cfg(test)]
    pub(crate) fn single(
        event_id: Option<Uuid>,
        kind: ItemKind,
        payload: impl Into<Payload>,
    ) -> Self {
        Self::of(event_id, Item::new(kind, payload))
    }

    /// An envelope of this item; allocates nothing.
    pub(crate) fn of(event_id: Option<Uuid>, item: Item) -> Self {
        Self {
            event_id,
            first: Some(item),
            ..Self::default()
        }
    }

    /// The DSN in the bytes it was read from.
    pub(crate) fn stored_dsn(&self) -> Option<Cow<'_, str>> {
        scan::text(self.stored.as_ref()?.get("dsn")?)
    }

    /// Takes headers of the client into the envelope, for somebody who gets it whole and writes it later. One that was
    /// read keeps the `sdk` it had.
    pub(crate) fn keep_headers(&mut self, header: &HeaderFields<'_>) {
        let stored = self.stored.get_or_insert_default();
        if let Some(dsn) = header.dsn {
            stored.set_text("dsn", dsn);
        }
        if let Some(sdk) = header.sdk.filter(|_| stored.get("sdk").is_none()) {
            stored.set("sdk", sdk);
        }
        if let Some(sent_at) = header.sent_at {
            stored.set_text("sent_at", sent_at);
        }
    }

    /// Forgets when it was sent, for an envelope that will be sent again (ENV-12).
    pub(crate) fn forget_sending(&mut self) {
        if let Some(stored) = &mut self.stored {
            stored.remove("sent_at");
        }
    }

    /// Adds an item after the others.
    pub(crate) fn push(&mut self, item: Item) {
        if self.first.is_none() {
            self.first = Some(item);
        } else {
            if self.rest.is_empty() {
                // Usually the session, and nothing more.
                self.rest.reserve_exact(1);
            }
            self.rest.push(item);
        }
    }

    /// The items in their order.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.first.iter().chain(&self.rest)
    }

    /// Puts another payload into the item at that place.
    pub(crate) fn replace_payload(&mut self, place: usize, payload: Vec<u8>) {
        let mut items = self.first.iter_mut().chain(&mut self.rest);
        if let Some(item) = items.nth(place) {
            item.payload = payload.into();
        }
    }

    /// True if it was read from bytes, and not made here.
    pub(crate) fn was_read(&self) -> bool {
        self.was_read
    }

    /// Keeps the items for which `keep` answers true; it is asked once for each, in order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Item) -> bool) {
        if self.first.as_ref().is_some_and(|item| !keep(item)) {
            self.first = None;
        }
        self.rest.retain(|item| keep(item));
        if self.first.is_none() && !self.rest.is_empty() {
            self.first = Some(self.rest.remove(0));
        }
    }

    /// Removes what may not be sent now: the items whose category is limited, and with an event, transaction or
    /// feedback its attachments (RL-10, RL-11). Returns what the removed items count under.
    pub(crate) fn remove_limited(
        &mut self,
        is_limited: impl Fn(Category) -> bool,
    ) -> Vec<(Category, u64)> {
        let is_owner = |item: &Item| {
            let kind = &item.kind;
            kind.needs_event_id() && *kind != ItemKind::Attachment
        };
        let is_owner_lost = self
            .items()
            .any(|item| is_owner(item) && is_limited(item.category()));
        let mut lost = Vec::new();
        self.retain(|item| {
            let goes_along = is_owner_lost && item.kind == ItemKind::Attachment;
            let is_kept = !goes_along && !is_limited(item.category());
            if !is_kept {
                lost.extend(item.tallies());
            }
            is_kept
        });
        lost
    }

    /// Removes the attachments that came along with something else. Returns what they count under.
    pub(crate) fn remove_attachments(&mut self) -> Vec<(Category, u64)> {
        self.remove_companions(Category::Attachment)
    }

    /// Removes the news of sessions that came along with something else. Returns what they count under.
    pub(crate) fn remove_sessions(&mut self) -> Vec<(Category, u64)> {
        self.remove_companions(Category::Session)
    }

    fn remove_companions(&mut self, category: Category) -> Vec<(Category, u64)> {
        let mut lost = Vec::new();
        if self.category() != category {
            self.retain(|item| {
                let is_kept = item.category() != category;
                if !is_kept {
                    lost.extend(item.tallies());
                }
                is_kept
            });
        }
        lost
    }

    /// True if there is nothing to send (ENV-13).
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The category of its main item, which decides its place in the queue: the first item's.
    pub(crate) fn category(&self) -> Category {
        let first = self.first.as_ref();
        first.map_or(Category::Default, Item::category)
    }

    /// What all its items count under; a category may come several times.
    pub(crate) fn tallies(&self) -> impl Iterator<Item = (Category, u64)> + '_ {
        self.items().flat_map(Item::tallies)
    }

    /// What it takes in memory: everything it owns, spare capacity included.
    pub(crate) fn byte_cost(&self) -> usize {
        let items: usize = self
            .items()
            .fold(0, |sum, item| sum.saturating_add(item.heap_cost()));
        let stored = self.stored.as_ref().map_or(0, |stored| {
            size_of::<Members>().saturating_add(stored.byte_cost())
        });
        size_of::<Self>()
            .saturating_add(self.rest.capacity().saturating_mul(size_of::<Item>()))
            .saturating_add(items)
            .saturating_add(self.trace.as_ref().map_or(0, |trace| trace.len()))
            .saturating_add(stored)
    }

    /// How many bytes [`Envelope::write`] appends, or a little more.
    pub(crate) fn serialized_len(&self, header: &HeaderFields<'_>) -> usize {
        /// Keys, punctuation and numbers of a header line.
        const LINE: usize = 128;
        let text = |it: Option<&str>| it.map_or(0, str::len);
        let headers = LINE
            .saturating_add(text(header.dsn))
            .saturating_add(text(header.sdk))
            .saturating_add(text(header.sent_at))
            .saturating_add(text(self.trace.as_deref()));
        let stored = self.stored.as_ref();
        let stored = stored.map_or(0, |stored| stored.json().len());
        let item = |item: &Item| {
            let extras = item.extras.as_ref().map_or(0, |extras| {
                // Escapes may lengthen a file name sixfold.
                text(extras.filename.as_deref())
                    .saturating_mul(6)
                    .saturating_add(text(extras.content_type.as_deref()).saturating_mul(6))
                    .saturating_add(text(extras.attachment_type.as_deref()).saturating_mul(6))
                    .saturating_add(extras.read.json().len())
            });
            LINE.saturating_add(item.payload.len())
                .saturating_add(item.kind.name().len())
                .saturating_add(extras)
        };
        self.items()
            .map(item)
            .fold(headers.saturating_add(stored), usize::saturating_add)
    }

    /// Appends the envelope as it goes on the wire, or into a file when `header` has no `sent_at`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, header: &HeaderFields<'_>) {
        out.reserve(self.serialized_len(header));
        self.write_header(out, header, true);
        for item in self.items() {
            item.write_header(out);
            item.payload.write(out);
            out.push(b'\n');
        }
    }

    /// As [`Envelope::write`], in bytes of its own.
    pub(crate) fn to_bytes(&self, header: &HeaderFields<'_>) -> Result<Vec<u8>, OutOfMemory> {
        let mut bytes = Vec::new();
        // What `write` reserves is there then.
        bytes.try_reserve_exact(self.serialized_len(header))?;
        self.write(&mut bytes, header);
        Ok(bytes)
    }

    /// Appends the header line with its line feed; the items follow. Without `with_key` it says nothing of DSN and trace,
    /// which hold the public key: for a server that is not the one of the DSN.
    pub(crate) fn write_header(
        &self,
        out: &mut Vec<u8>,
        header: &HeaderFields<'_>,
        with_key: bool,
    ) {
        out.push(b'{');
        let stored = self.stored.as_deref();
        let is_stored = |key: &str| stored.is_some_and(|stored| stored.get(key).is_some());
        let needs_id = self.items().any(|item| item.kind.needs_event_id());
        if let Some(id) = self.event_id.filter(|_| needs_id && !is_stored("event_id")) {
            json::key(out, "event_id");
            json::string(out, id.simple().as_str());
        }
        let dsn = header.dsn.filter(|_| with_key);
        // What the client says gives way to nothing that was stored, but the SDK that made the event.
        for (key, value) in stored.into_iter().flat_map(Members::iter) {
            match (key, dsn, header.sent_at) {
                ("dsn" | "trace", ..) if !with_key => {}
                ("dsn", Some(text), _) | ("sent_at", _, Some(text)) => {
                    json::key(out, key);
                    json::string(out, text);
                }
                _ => {
                    json::key(out, key);
                    out.extend_from_slice(value.as_bytes());
                }
            }
        }
        if let Some(dsn) = dsn.filter(|_| !is_stored("dsn")) {
            json::key(out, "dsn");
            json::string(out, dsn);
        }
        if let Some(sdk) = header.sdk.filter(|_| !is_stored("sdk")) {
            json::key(out, "sdk");
            out.extend_from_slice(sdk.as_bytes());
        }
        if let Some(sent_at) = header.sent_at.filter(|_| !is_stored("sent_at")) {
            json::key(out, "sent_at");
            json::string(out, sent_at);
        }
        let may_carry_trace = with_key && self.may_carry_trace() && !is_stored("trace");
        if let Some(trace) = self.trace.as_deref().filter(|_| may_carry_trace) {
            json::key(out, "trace");
            out.extend_from_slice(trace.as_bytes());
        }
        out.extend_from_slice(b"}\n");
    }

    /// Logs and metrics may mix traces (ENV-16).
    fn may_carry_trace(&self) -> bool {
        !self.items().any(|item| item.kind.is_container())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: HeaderFields<'_> = HeaderFields {
        dsn: Some("https://k@h/1"),
        sdk: Some(r#"{"name":"libsentry.native","version":"1.2.3"}"#),
        sent_at: Some("2026-01-01T00:00:00.000000Z"),
    };

    fn id() -> Uuid {
        Uuid::from_bytes([0xab; 16])
    }

    fn text(envelope: &Envelope, header: &HeaderFields<'_>) -> String {
        let mut out = Vec::new();
        envelope.write(&mut out, header);
        assert!(out.len() <= envelope.serialized_len(header));
        String::from_utf8(out).unwrap()
    }

    // ENV-1 … ENV-5, ENV-9 … ENV-11
    #[test]
    fn an_event_is_written_with_all_headers_on_one_line() {
        let mut envelope = Envelope::event(id(), b"{\n}".to_vec());
        envelope.trace = Some(Arc::from(r#"{"trace_id":"t"}"#));
        assert_eq!(
            text(&envelope, &HEADER),
            concat!(
                r#"{"event_id":"abababababababababababababababab","dsn":"https://k@h/1","#,
                r#""sdk":{"name":"libsentry.native","version":"1.2.3"},"sent_at":"2026-01-01T00:00:00.000000Z","#,
                r#""trace":{"trace_id":"t"}}"#,
                "\n{\"type\":\"event\",\"length\":3}\n{\n}\n"
            )
        );
    }

    #[test]
    fn attachments_are_removed_only_from_what_they_came_along_with() {
        let attachment = |size| Item::attachment("a", None, None, Payload::Owned(vec![0; size]));
        let mut envelope = Envelope::event(id(), b"{}".to_vec());
        assert_eq!(envelope.remove_attachments(), []);
        envelope.push(attachment(5));
        envelope.push(Item::new(ItemKind::Session, b"{}".to_vec()));
        envelope.push(attachment(0));
        let lost = envelope.remove_attachments();
        assert_eq!(lost, [(Category::Attachment, 5), (Category::Attachment, 1)]);
        assert_eq!(envelope.items().count(), 2);
        let mut alone = Envelope::new(Some(id()));
        alone.push(attachment(5));
        assert_eq!(alone.remove_attachments(), []);
    }

    // ENV-3, ENV-6, ENV-12
    #[test]
    fn empty_payloads_and_absent_headers_are_written_as_the_grammar_wants() {
        let mut envelope = Envelope::new(Some(id()));
        let payload = Payload::Owned(Vec::new());
        envelope.push(Item::attachment("é\n\".log", None, None, payload));
        assert_eq!(
            text(&envelope, &HeaderFields::default()),
            concat!(
                "{\"event_id\":\"abababababababababababababababab\"}\n",
                "{\"type\":\"attachment\",\"length\":0,\"filename\":\"é\\n\\\".log\"}\n\n"
            )
        );
    }

    // ENV-9
    #[test]
    fn the_event_id_is_told_only_where_it_is_asked_for() {
        for (kind, is_told) in [
            (ItemKind::Event, true),
            (ItemKind::Transaction, true),
            (ItemKind::Attachment, true),
            (ItemKind::Feedback, true),
            (ItemKind::UserReport, true),
            (ItemKind::Session, false),
            (ItemKind::ClientReport, false),
            (ItemKind::Log, false),
        ] {
            let mut envelope = Envelope::new(Some(id()));
            envelope.push(Item::new(kind.clone(), b"{}".to_vec()));
            assert_eq!(
                text(&envelope, &HEADER).contains("event_id"),
                is_told,
                "{kind:?}"
            );
        }
    }

    // ENV-16
    #[test]
    fn logs_and_metrics_carry_no_trace() {
        for (kind, is_told) in [
            (ItemKind::Log, false),
            (ItemKind::TraceMetric, false),
            (ItemKind::Transaction, true),
        ] {
            let mut envelope = Envelope::new(Some(id()));
            envelope.trace = Some(Arc::from("{}"));
            envelope.push(Item::new(kind, b"{}".to_vec()));
            assert_eq!(text(&envelope, &HEADER).contains("trace\":{}"), is_told);
        }
    }

    // RL-10, ENV-13
    #[test]
    fn items_can_be_removed_from_any_place() {
        let kinds = [
            ItemKind::Event,
            ItemKind::Attachment,
            ItemKind::Session,
            ItemKind::ClientReport,
        ];
        for mask in 0..16_usize {
            let mut envelope = Envelope::new(Some(id()));
            for kind in &kinds {
                envelope.push(Item::new(kind.clone(), Vec::new()));
            }
            let mut place = 0;
            envelope.retain(|item| {
                assert_eq!(item.kind, kinds[place]);
                place += 1;
                mask & (1 << (place - 1)) != 0
            });
            let kept: Vec<_> = envelope.items().map(|item| item.kind.clone()).collect();
            let expected: Vec<_> = (0..4)
                .filter(|bit| mask & (1 << bit) != 0)
                .map(|bit| kinds[bit].clone())
                .collect();
            assert_eq!(kept, expected);
            assert_eq!(envelope.is_empty(), mask == 0);
        }
    }

    // RL-10, RL-11, RL-12
    #[test]
    fn a_limited_event_takes_its_attachments_along_and_leaves_the_session() {
        let full = || {
            let mut envelope = Envelope::event(id(), b"{}".to_vec());
            let bytes = Payload::Owned(vec![0; 9]);
            envelope.push(Item::attachment("a", None, None, bytes));
            envelope.push(Item::new(ItemKind::Session, b"{}".to_vec()));
            envelope.push(Item::new(ItemKind::ClientReport, b"{}".to_vec()));
            envelope
        };
        let after = |limited: &[Category]| {
            let mut envelope = full();
            let lost = envelope.remove_limited(|category| limited.contains(&category));
            let kept: Vec<_> = envelope.items().map(|item| item.kind.clone()).collect();
            (kept, lost)
        };
        assert_eq!(
            after(&[Category::Error]),
            (
                vec![ItemKind::Session, ItemKind::ClientReport],
                vec![(Category::Error, 1), (Category::Attachment, 9)]
            )
        );
        assert_eq!(
            after(&[Category::Attachment]).1,
            [(Category::Attachment, 9)]
        );
        assert_eq!(after(&[Category::Transaction]).0.len(), 4);
        assert_eq!(after(&Category::ALL).0, []);
    }

    #[test]
    fn the_cost_covers_all_that_is_owned() {
        let bare = Envelope::event(id(), Vec::new()).byte_cost();
        assert!(bare >= size_of::<Envelope>());
        let mut roomy = Vec::with_capacity(5000);
        roomy.push(b'x');
        let mut envelope = Envelope::event(id(), roomy);
        assert_eq!(envelope.byte_cost(), bare + 5000);
        envelope.trace = Some(Arc::from("12345"));
        assert_eq!(envelope.byte_cost(), bare + 5005);
        let shared: Arc<[u8]> = Arc::from(vec![0; 700]);
        let attachment = Item::attachment("name", None, None, Payload::Shared(shared));
        envelope.push(attachment);
        assert!(envelope.byte_cost() >= bare + 5705 + size_of::<Item>() + size_of::<ItemExtras>());
    }

    // REP-4, REP-5
    #[test]
    fn tallies_cover_all_items() {
        let mut envelope = Envelope::event(id(), b"{}".to_vec());
        let bytes = Payload::Owned(vec![0; 20]);
        envelope.push(Item::attachment("a", None, None, bytes));
        envelope.push(Item::new(ItemKind::ClientReport, b"{}".to_vec()));
        let tallies: Vec<_> = envelope.tallies().collect();
        assert_eq!(tallies, [(Category::Error, 1), (Category::Attachment, 20)]);
    }
}
