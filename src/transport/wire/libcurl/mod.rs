//! libcurl: the few functions of it that this room uses, behind types that cannot be used wrongly.
//!
//! What is decided here: which option takes what, who owns a handle and what libcurl keeps a pointer to, that no panic
//! crosses libcurl, and when libcurl is set up. What is asked of libcurl is decided by the files around. Entry points:
//! [`easy::Easy`] for one transfer, [`multi::Multi`] for what runs side by side, [`setup`]. May use: `base`.

pub(super) mod easy;
pub(crate) mod error;
pub(super) mod handler;
mod header_list;
pub(super) mod multi;
pub(super) mod options;
mod pinned;
pub(super) mod setup;
