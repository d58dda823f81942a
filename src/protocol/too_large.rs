//! Too large: what is left of an envelope that a server refused for its size.
//!
//! The event goes once more without its attachments, and says so in `errors`, which servers show beside it.
//! Entry point: [`without_attachments`]. May use: `value`, `base`.

use super::category::Category;
use super::envelope::Envelope;
use crate::base::memory::{self, Buffer};
use crate::value::json::scan;
use crate::value::json::write;

/// Takes the attachments off an envelope and notes that in its main item; what they count under. None if it has none.
pub(crate) fn without_attachments(envelope: &mut Envelope) -> Option<Vec<(Category, u64)>> {
    let lost = envelope.remove_attachments();
    if lost.is_empty() {
        return None;
    }
    let bytes = lost.iter().fold(0_u64, |sum, it| sum.saturating_add(it.1));
    let main = envelope.items().next();
    let told = main.and_then(|item| told(&item.payload.try_whole().ok()?, bytes));
    if let Some(payload) = told {
        envelope.replace_payload(0, payload);
    }
    Some(lost)
}

/// The event with a word about attachments of so many bytes; none if there is no place or no memory for that.
fn told(payload: &[u8], bytes: u64) -> Option<Vec<u8>> {
    let text = memory::utf8(payload).ok()?;
    let inner = text.trim_end().strip_suffix('}')?;
    if scan::entry(text, "errors").is_some() {
        return None;
    }
    let mut out = Buffer::with_room(payload.len().saturating_add(128));
    out.extend_from_slice(inner.as_bytes());
    write::separator(&mut out);
    let word = br#""errors":[{"type":"too_large","name":"attachments","value":"#;
    out.extend_from_slice(word);
    write::integer(&mut out, bytes);
    out.extend_from_slice(b"}]}");
    out.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::uuid::Uuid;
    use crate::protocol::envelope::{Item, Payload};
    use serde_json::{Value, json};

    fn envelope(payload: &str, attachments: &[&str]) -> Envelope {
        let mut envelope = Envelope::event(Uuid::new_v4(), payload.as_bytes().to_vec());
        for bytes in attachments {
            let payload = Payload::from(bytes.as_bytes().to_vec());
            envelope.push(Item::attachment("a", None, None, payload));
        }
        envelope
    }

    fn event(envelope: &Envelope) -> Value {
        let item = envelope.items().next().unwrap();
        serde_json::from_slice(&item.payload.whole()).unwrap()
    }

    // HTTP-8
    #[test]
    fn the_event_stays_and_says_what_it_lost() {
        let mut full = envelope(r#"{"level":"error"} "#, &["12345", "123"]);
        let lost = without_attachments(&mut full).unwrap();
        assert_eq!(lost, [(Category::Attachment, 5), (Category::Attachment, 3)]);
        assert_eq!(full.items().count(), 1);
        let word = json!([{"type": "too_large", "name": "attachments", "value": 8}]);
        assert_eq!(event(&full), json!({"level": "error", "errors": word}));
        assert_eq!(
            without_attachments(&mut full),
            None,
            "there is nothing more to leave out"
        );

        let mut empty = envelope("{}", &["1"]);
        assert!(without_attachments(&mut empty).is_some());
        assert_eq!(event(&empty)["errors"][0]["value"], 1);
        let mut own = envelope(r#"{"errors":[]}"#, &["1"]);
        assert!(without_attachments(&mut own).is_some());
        assert_eq!(event(&own), json!({"errors": []}), "the host's own stay");
    }
}
