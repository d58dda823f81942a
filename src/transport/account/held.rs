//! Held: what stands in the books for an envelope that the worker has taken.

use super::ledger::Tally;
use crate::base::uuid::Uuid;
use crate::protocol::category::Category;
use crate::transport::queue::durable::Charge;
use crate::transport::queue::permit::Permit;

/// An envelope that the worker holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) ticket: u64,
    pub(super) event_id: Uuid,
    pub(super) category: Category,
    pub(super) tallies: Vec<Tally>,
    pub(super) permit: Permit,
    pub(super) place: Place,
}

/// What an envelope that the worker holds takes up.
#[derive(Debug)]
pub(super) enum Place {
    /// Room in the queue; it is booked as pending.
    Memory(Charge),
    /// A file; it is booked as spooled.
    Disk,
}
