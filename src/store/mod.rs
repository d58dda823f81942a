//! Store: the database directory.
//!
//! Decides which files lie there, who may read them, which run of which process they belong to, and how a later start
//! takes over what a dead run left. Entry points: [`database::Database`], [`directory::Directory`], [`run::old_runs`], and one
//! module for each kind of file.
//! May use: `protocol`, `value`, `base`.
//!
//! Several processes share the directory. What they share is replaced whole, by renaming; what one of them owns lies in
//! its run, and its lock says how long it lives. Nothing is ever followed through a link below the directory, and a
//! file whose name is not one of ours is left alone.

pub(crate) mod counters;
pub(crate) mod database;
pub(crate) mod directory;
pub(crate) mod files;
mod lock;
pub(crate) mod queue_log;
pub(crate) mod run;
#[cfg(test)]
pub(crate) mod scratch;
mod segment;
pub(crate) mod spool;
