//! Notices: what happened to files by itself. Entry point: [`Notice`]. Pure data.

use super::index::{Content, Tally};

/// Something that happened to a file and is to be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A file was found and will be sent; nobody has booked it yet.
    Adopted(Vec<Tally>),
    /// Removed by a cap (SP-1).
    Overflow {
        /// What was in it.
        tallies: Vec<Tally>,
        /// True if it is in the books already.
        is_booked: bool,
    },
    /// Another process has it, or somebody removed it.
    TakenOver(Content),
    /// It vanished together with its directory.
    Vanished(Vec<Tally>),
    /// Nothing that could be sent, and removed. The tallies of what it held when it was booked; none before.
    Damaged(Option<Vec<Tally>>),
}
