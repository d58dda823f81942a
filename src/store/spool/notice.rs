//! Notices: what happened to files by itself. Entry point: [`Notice`]. Pure data.

use super::index::{Content, Tally};

/// Something that happened to a file and is to be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A file of another process, or of an earlier one, is to be booked here from now on.
    Adopted(Vec<Tally>),
    /// Removed by a cap (SP-1).
    Overflow {
        /// What was in it.
        tallies: Vec<Tally>,
        /// True if it is in the books already; else it may be in those of the process that wrote it, which gives it away when
        /// it finds it gone.
        is_booked: bool,
    },
    /// The same of what was for another server, which cannot be told from here.
    ForeignOverflow(Vec<Tally>),
    /// Another process has it, or has removed it, and books it; or somebody else removed it.
    TakenOver(Content),
    /// It vanished together with its directory.
    Vanished(Vec<Tally>),
    /// Nothing that could be sent, and removed. The tallies of what it held when it was booked; none before.
    Damaged(Option<Vec<Tally>>),
}
