//! Encoding: an envelope and the losses to report with it become one request body.
//!
//! Small bodies are built as one piece and compressed. Large ones are sent as pieces that point into the envelope, so
//! that what the worker copies stays below [`COPY_BUDGET`] however many requests run side by side.

use std::sync::Arc;

use super::compress::{Compressor, WORTHWHILE};
use super::http::{Request, Segment};
use crate::base::timestamp::Timestamp;
use crate::protocol::envelope::{Envelope, HeaderFields, Item, ItemKind};
use crate::transport::settings::Settings;
use crate::transport::shared::Shared;

/// Bytes that all bodies under way may copy together: half of what the library may hold beside its queue.
const COPY_BUDGET: usize = 2 * 1024 * 1024;

/// Room for the envelope's header and an item's, so that the usual body is one allocation.
const HEADERS: usize = 512;

/// Makes request bodies, one after the other.
#[derive(Debug)]
pub(crate) struct Encoder {
    compressor: Option<Compressor>,
    largest_copy: usize,
}

impl Encoder {
    /// An encoder for these settings.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            compressor: settings.compress.then(Compressor::new).flatten(),
            largest_copy: COPY_BUDGET
                .checked_div(settings.max_requests_in_flight)
                .unwrap_or(COPY_BUDGET),
        }
    }

    /// The request for `envelope` (or for a report alone), stamped with the time of sending (ENV-11).
    ///
    /// `report` is the payload of a client report that is sent with it.
    pub(crate) fn encode(
        &mut self,
        shared: &Shared,
        envelope: Option<&Arc<Envelope>>,
        report: Option<Vec<u8>>,
        redirect: Option<(String, bool)>,
    ) -> Request {
        let settings = &shared.settings;
        let sent_at = Timestamp::new(shared.clock.wall());
        let (url, with_auth) =
            redirect.map_or((None, true), |(url, with_auth)| (Some(url), with_auth));
        let header = HeaderFields {
            // AUTH-13: the DSN holds our key.
            dsn: with_auth.then_some(settings.dsn.as_str()),
            sdk: Some(&settings.sdk),
            sent_at: Some(sent_at.as_str()),
        };
        let mut segments = Vec::new();
        let items = envelope.iter().flat_map(|envelope| envelope.items());
        let all = items
            .map(|item| item.payload.len())
            .fold(0, usize::saturating_add);
        let mut room = self.largest_copy;
        let mut text = Vec::new();
        let copied = all.min(room).saturating_add(HEADERS);
        if text.try_reserve_exact(copied).is_err() {
            // Then all of it is sent from its pieces.
            room = 0;
        }
        match envelope {
            Some(envelope) => {
                envelope.write_header(&mut text, &header, with_auth);
                for (at, item) in envelope.items().enumerate() {
                    item.write_header(&mut text);
                    let length = item.payload.len();
                    if length <= room {
                        room = room.saturating_sub(length);
                        item.payload.write(&mut text);
                    } else {
                        segments.push(Segment::Bytes(std::mem::take(&mut text)));
                        let pieces = 0..item.payload.pieces().count();
                        segments.extend(pieces.map(|piece| Segment::Piece {
                            envelope: Arc::clone(envelope),
                            item: at,
                            piece,
                        }));
                    }
                    text.push(b'\n');
                }
            }
            None => {
                Envelope::default().write_header(&mut text, &header, with_auth);
            }
        }
        if let Some(payload) = report {
            let report = Item::new(ItemKind::ClientReport, payload);
            report.write_header(&mut text);
            report.payload.write(&mut text);
            text.push(b'\n');
        }
        segments.push(Segment::Bytes(text));
        let mut request = Request {
            redirected_to: url,
            with_auth,
            body: segments,
            is_gzip: false,
        };
        self.compress(&mut request);
        request
    }

    fn compress(&mut self, request: &mut Request) {
        let size = request.body_len();
        if size < WORTHWHILE || size > self.largest_copy {
            return;
        }
        let packed = self
            .compressor
            .as_mut()
            .and_then(|compressor| compressor.gzip(&request.body));
        if let Some(packed) = packed {
            request.body = vec![Segment::Bytes(packed)];
            request.is_gzip = true;
        }
    }
}
