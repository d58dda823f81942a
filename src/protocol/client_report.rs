//! Client reports: what was lost on this side, told to the server (REP-1 … REP-6, ENV-17).
//!
//! Decides which counts fit into one report and how they become the payload of a `client_report` item.
//! Entry points: [`split`], [`write()`]. May use: `value`, [`super::category`], [`super::discard`].

use super::category::Category;
use super::discard::DiscardReason;
use crate::value::json::write as json;

/// Largest payload of a report that servers accept.
pub(crate) const MAX_BYTES: usize = 4096;

/// Largest quantity in one entry: servers read 32 bits and refuse the whole report for one number beyond.
const MAX_QUANTITY: u64 = u32::MAX as u64;

/// So many items of a category, lost for a reason.
pub(crate) type Entry = (DiscardReason, Category, u64);

/// Splits counts into what one report can tell and what stays for the next; together they are what was given.
///
/// What servers do not want to hear of is in neither part: reasons without a name on the wire (REP-6), the library's
/// own items (REP-9), zeros.
pub(crate) fn split(counts: Vec<Entry>) -> (Vec<Entry>, Vec<Entry>) {
    /// What surrounds the entries, with room for any time stamp.
    const FRAME: usize = 96;
    let (mut fit, mut rest) = (Vec::new(), Vec::new());
    let mut length = FRAME;
    let mut text = Vec::new();
    for (reason, category, group) in groups(&counts) {
        text.clear();
        write_entry(&mut text, reason, category, MAX_QUANTITY);
        // One more for the comma.
        let longer = length.saturating_add(text.len()).saturating_add(1);
        if longer > MAX_BYTES {
            rest.extend(group);
            continue;
        }
        length = longer;
        let mut room = MAX_QUANTITY;
        for (reason, category, quantity) in group {
            let told = quantity.min(room);
            room = room.saturating_sub(told);
            let untold = quantity.saturating_sub(told);
            if told > 0 {
                fit.push((reason, category, told));
            }
            if untold > 0 {
                rest.push((reason, category, untold));
            }
        }
    }
    (fit, rest)
}

/// The payload of a report of `counts` that [`split`] found to fit; `timestamp` as RFC 3339 text. Counts whose names
/// on the wire are the same become one entry.
pub(crate) fn write(timestamp: &str, counts: &[Entry]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(256);
    payload.push(b'{');
    json::key(&mut payload, "timestamp");
    json::string(&mut payload, timestamp);
    json::key(&mut payload, "discarded_events");
    payload.push(b'[');
    for (reason, category, group) in groups(counts) {
        let quantities = group.iter().map(|(_, _, quantity)| *quantity);
        let total = quantities.fold(0, u64::saturating_add).min(MAX_QUANTITY);
        json::separator(&mut payload);
        write_entry(&mut payload, reason, category, total);
    }
    payload.extend_from_slice(b"]}");
    payload
}

/// The counts that can be told, gathered by their names on the wire, in the order of their first appearance.
fn groups(counts: &[Entry]) -> Vec<(&'static str, Category, Vec<Entry>)> {
    let mut groups: Vec<(&'static str, Category, Vec<Entry>)> = Vec::new();
    for entry in counts {
        let (reason, category, quantity) = *entry;
        let Some(name) = reason.wire_name() else {
            continue;
        };
        if category == Category::Internal || quantity == 0 {
            continue;
        }
        let same = groups
            .iter_mut()
            .find(|(other, of, _)| *other == name && *of == category);
        match same {
            Some((_, _, group)) => group.push(*entry),
            None => groups.push((name, category, vec![*entry])),
        }
    }
    groups
}

fn write_entry(out: &mut Vec<u8>, reason: &str, category: Category, quantity: u64) {
    out.push(b'{');
    json::key(out, "reason");
    json::string(out, reason);
    json::key(out, "category");
    json::string(out, category.name());
    json::key(out, "quantity");
    json::integer(out, quantity);
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const NOW: &str = "2026-01-01T00:00:00.000000Z";

    fn read(counts: &[Entry]) -> Value {
        let payload = write(NOW, counts);
        assert!(payload.len() <= MAX_BYTES, "{}", payload.len());
        serde_json::from_slice(&payload).unwrap()
    }

    fn sum(entries: &[Entry]) -> u128 {
        let quantities = entries.iter().map(|(_, _, quantity)| *quantity);
        quantities.map(u128::from).sum()
    }

    // REP-1, REP-2
    #[test]
    fn reasons_of_the_same_name_are_summed() {
        let counts = vec![
            (DiscardReason::NetworkError, Category::Error, 2),
            (DiscardReason::QueueOverflow, Category::Attachment, 1000),
            (DiscardReason::Shutdown, Category::Error, 3),
            (DiscardReason::NetworkError, Category::Session, 1),
        ];
        let (fit, rest) = split(counts.clone());
        assert!(rest.is_empty());
        assert_eq!(sum(&fit), sum(&counts));
        assert!(counts.iter().all(|entry| fit.contains(entry)));
        assert_eq!(
            read(&fit),
            serde_json::json!({"timestamp": NOW, "discarded_events": [
                {"reason": "network_error", "category": "error", "quantity": 5},
                {"reason": "queue_overflow", "category": "attachment", "quantity": 1000},
                {"reason": "network_error", "category": "session", "quantity": 1},
            ]})
        );
    }

    // REP-6, REP-9
    #[test]
    fn what_the_server_counts_itself_and_our_own_items_are_not_told() {
        let counts = vec![
            (DiscardReason::ServerRateLimit, Category::Error, 7),
            (DiscardReason::SendError, Category::Internal, 7),
            (DiscardReason::SendError, Category::Error, 0),
        ];
        assert_eq!(read(&counts)["discarded_events"], serde_json::json!([]));
        assert_eq!(split(counts), (Vec::new(), Vec::new()));
    }

    // ENV-17
    #[test]
    fn what_does_not_fit_is_left_and_nothing_is_lost() {
        let every = DiscardReason::ALL.into_iter().flat_map(|reason| {
            let categories = Category::ALL.into_iter();
            categories.map(move |category| (reason, category, u64::from(u32::MAX) - 1))
        });
        let told: Vec<Entry> = every
            .filter(|(reason, category, _)| {
                reason.wire_name().is_some() && *category != Category::Internal
            })
            .collect();
        let (mut waiting, mut written, mut rounds) = (told.clone(), 0, 0);
        while !waiting.is_empty() {
            let (fit, rest) = split(waiting.clone());
            assert!(!fit.is_empty());
            assert_eq!(sum(&fit) + sum(&rest), sum(&waiting));
            let report = read(&fit);
            let entries = report["discarded_events"].as_array().unwrap().iter();
            let quantities = entries.map(|entry| entry["quantity"].as_u64().unwrap());
            let total: u128 = quantities.map(u128::from).sum();
            assert_eq!(total, sum(&fit));
            written += total;
            waiting = rest;
            rounds += 1;
        }
        assert_eq!(written, sum(&told));
        assert!(rounds > 1);
    }

    #[test]
    fn quantities_beyond_32_bits_are_told_in_parts() {
        let bytes = 3 * MAX_QUANTITY + 5;
        let (fit, rest) = split(vec![(
            DiscardReason::QueueOverflow,
            Category::LogByte,
            bytes,
        )]);
        assert_eq!(read(&fit)["discarded_events"][0]["quantity"], MAX_QUANTITY);
        assert_eq!(rest[0].2, bytes - MAX_QUANTITY);
        let (fit, rest) = split(vec![
            (DiscardReason::Invalid, Category::Error, u64::MAX),
            (DiscardReason::TooLarge, Category::Error, u64::MAX),
        ]);
        assert_eq!(
            fit,
            [(DiscardReason::Invalid, Category::Error, MAX_QUANTITY)]
        );
        assert_eq!(rest.len(), 2);
        assert_eq!(sum(&fit) + sum(&rest), 2 * u128::from(u64::MAX));
    }
}
