//! The account: what became of each item, exactly, and what the host is told of it.
//!
//! Entry points: [`acceptance::Account`], [`ledger::Ledger`], [`stats::Stats`], [`outcome`]. May use: the rooms that `transport` may use.

pub(crate) mod acceptance;
pub(crate) mod counts;
pub(super) mod dead_counts;
mod held;
pub(super) mod layout;
pub(crate) mod ledger;
pub(crate) mod outcome;
pub(super) mod settlement;
pub(crate) mod stats;
pub(super) mod table;
