//! The small files of the database: one module for each, each read and replaced whole.
//!
//! May use: the rooms that `store` may use.

pub(crate) mod consent;
pub(crate) mod crash_mark;
pub(crate) mod installation;
pub(crate) mod session_file;
