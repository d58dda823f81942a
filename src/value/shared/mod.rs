//! Text that several events share: sets of members kept as ready JSON, and texts made of own and shared parts.
//!
//! May use: `base`, and [`json`](super::json).

pub(crate) mod edition;
pub(crate) mod members;
pub(crate) mod pieces;
