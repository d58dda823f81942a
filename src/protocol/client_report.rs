//! Client reports: what was lost on this side, told to the server (REP-1 … REP-6, ENV-17).
//!
//! Decides how counts become the payload of a `client_report` item and which of them fit.
//! Entry point: [`write`]. May use: `value`, [`super::category`], [`super::discard`].

use super::category::Category;
use super::discard::DiscardReason;
use crate::value::write as json;

/// Largest payload of a report that servers accept.
pub(crate) const MAX_BYTES: usize = 4096;

/// Largest quantity in one entry: servers read 32 bits and refuse the whole report for one number beyond.
const MAX_QUANTITY: u64 = u32::MAX as u64;

/// So many items of a category, lost for a reason.
pub(crate) type Entry = (DiscardReason, Category, u64);

/// A report, and what became of the counts it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientReport {
    /// The payload of the item; without meaning when nothing was taken.
    pub(crate) payload: Vec<u8>,
    /// What the payload says: goes back to the counters if the request that carries it fails (REP-8).
    pub(crate) taken: Vec<Entry>,
    /// What did not fit: stays for the next report.
    pub(crate) left: Vec<Entry>,
}

impl ClientReport {
    /// True if there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }
}

/// Makes a report of `counts`, at most [`MAX_BYTES`] long; `timestamp` as RFC 3339 text.
///
/// Counts whose names on the wire are the same become one entry. What servers do not want to hear of is neither taken
/// nor left: reasons without a name on the wire (REP-6), the library's own items (REP-9), zeros.
pub(crate) fn write(timestamp: &str, counts: impl IntoIterator<Item = Entry>) -> ClientReport {
    let mut waiting: Vec<(&'static str, Entry)> = counts
        .into_iter()
        .filter(|(_, category, quantity)| *category != Category::Internal && *quantity > 0)
        .filter_map(|entry| Some((entry.0.wire_name()?, entry)))
        .collect();
    let mut payload = Vec::with_capacity(256);
    payload.extend_from_slice(b"{");
    json::key(&mut payload, "timestamp");
    json::string(&mut payload, timestamp);
    json::key(&mut payload, "discarded_events");
    payload.push(b'[');
    let mut taken = Vec::new();
    let mut left = Vec::new();
    while let Some(&(reason, (_, category, _))) = waiting.first() {
        let is_same = |(name, (_, other, _)): &(&str, Entry)| *name == reason && *other == category;
        let group: Vec<Entry> = waiting
            .iter()
            .filter(|entry| is_same(entry))
            .map(|(_, entry)| *entry)
            .collect();
        waiting.retain(|entry| !is_same(entry));
        let total = group
            .iter()
            .fold(0_u64, |total, (_, _, quantity)| {
                total.saturating_add(*quantity)
            })
            .min(MAX_QUANTITY);
        let before = payload.len();
        write_entry(&mut payload, reason, category, total);
        // The two closing brackets must fit as well.
        if payload.len().saturating_add(2) > MAX_BYTES {
            payload.truncate(before);
            left.extend(group);
            continue;
        }
        let mut room = total;
        for (reason, category, quantity) in group {
            let told = quantity.min(room);
            room = room.saturating_sub(told);
            let rest = quantity.saturating_sub(told);
            if told > 0 {
                taken.push((reason, category, told));
            }
            if rest > 0 {
                left.push((reason, category, rest));
            }
        }
    }
    payload.extend_from_slice(b"]}");
    ClientReport {
        payload,
        taken,
        left,
    }
}

fn write_entry(out: &mut Vec<u8>, reason: &str, category: Category, quantity: u64) {
    json::separator(out);
    out.push(b'{');
    json::key(out, "reason");
    json::string(out, reason);
    json::key(out, "category");
    json::string(out, category.name());
    json::key(out, "quantity");
    json::number_u64(out, quantity);
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const NOW: &str = "2026-01-01T00:00:00.000000Z";

    fn read(report: &ClientReport) -> Value {
        serde_json::from_slice(&report.payload).unwrap()
    }

    // REP-1, REP-2
    #[test]
    fn reasons_of_the_same_name_are_summed() {
        let counts = [
            (DiscardReason::NetworkError, Category::Error, 2),
            (DiscardReason::QueueOverflow, Category::Attachment, 1000),
            (DiscardReason::Shutdown, Category::Error, 3),
            (DiscardReason::NetworkError, Category::Session, 1),
        ];
        let report = write(NOW, counts);
        assert_eq!(
            read(&report),
            serde_json::json!({"timestamp": NOW, "discarded_events": [
                {"reason": "network_error", "category": "error", "quantity": 5},
                {"reason": "queue_overflow", "category": "attachment", "quantity": 1000},
                {"reason": "network_error", "category": "session", "quantity": 1},
            ]})
        );
        assert!(report.left.is_empty() && !report.is_empty());
        let mut taken = report.taken.clone();
        taken.sort_by_key(|entry| (entry.0.index(), entry.1.index()));
        let mut expected = counts.to_vec();
        expected.sort_by_key(|entry| (entry.0.index(), entry.1.index()));
        assert_eq!(taken, expected);
    }

    // REP-6, REP-9
    #[test]
    fn what_the_server_counts_itself_and_our_own_items_are_not_told() {
        let report = write(
            NOW,
            [
                (DiscardReason::ServerRateLimit, Category::Error, 7),
                (DiscardReason::SendError, Category::Internal, 7),
                (DiscardReason::SendError, Category::Error, 0),
            ],
        );
        assert!(report.is_empty() && report.left.is_empty());
    }

    // ENV-17
    #[test]
    fn what_does_not_fit_is_left_and_nothing_is_lost() {
        let every = DiscardReason::ALL.into_iter().flat_map(|reason| {
            Category::ALL
                .into_iter()
                .map(move |category| (reason, category, u64::from(u32::MAX)))
        });
        let told: Vec<Entry> = every
            .filter(|(reason, category, _)| {
                reason.wire_name().is_some() && *category != Category::Internal
            })
            .collect();
        let sum = |entries: &[Entry]| -> u128 {
            entries
                .iter()
                .map(|(_, _, quantity)| u128::from(*quantity))
                .sum()
        };
        let mut waiting = told.clone();
        let mut taken = 0;
        let mut rounds = 0;
        while !waiting.is_empty() {
            let report = write(NOW, waiting.clone());
            assert!(
                report.payload.len() <= MAX_BYTES,
                "{}",
                report.payload.len()
            );
            assert!(!report.is_empty());
            assert_eq!(sum(&report.taken) + sum(&report.left), sum(&waiting));
            let entries = read(&report);
            let written: u128 = entries["discarded_events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| u128::from(entry["quantity"].as_u64().unwrap()))
                .sum();
            assert_eq!(written, sum(&report.taken));
            taken += written;
            waiting = report.left;
            rounds += 1;
        }
        assert_eq!(taken, sum(&told));
        assert!(rounds > 1);
    }

    #[test]
    fn quantities_beyond_32_bits_are_told_in_parts() {
        let bytes = 3 * MAX_QUANTITY + 5;
        let report = write(
            NOW,
            [(DiscardReason::QueueOverflow, Category::LogByte, bytes)],
        );
        assert_eq!(
            read(&report)["discarded_events"][0]["quantity"],
            MAX_QUANTITY
        );
        assert_eq!(report.taken[0].2, MAX_QUANTITY);
        assert_eq!(report.left[0].2, bytes - MAX_QUANTITY);
        let most = [
            (DiscardReason::Invalid, Category::Error, u64::MAX),
            (DiscardReason::TooLarge, Category::Error, u64::MAX),
        ];
        let report = write(NOW, most);
        assert_eq!(
            report.taken,
            [(DiscardReason::Invalid, Category::Error, MAX_QUANTITY)]
        );
        assert_eq!(report.left.len(), 2);
    }
}
