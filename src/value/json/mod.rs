//! JSON text: read and checked once, walked over, cut down to bounds, merged, and written.
//!
//! The grammar is `serde_json`'s work, but for values and for text that has nothing remarkable in it: [`quick`]. May use: `base`.

pub(crate) mod keys;
mod lanes;
pub(crate) mod merge;
pub(crate) mod object;
pub(super) mod quick;
pub(crate) mod repair;
pub(crate) mod rewrite;
pub(crate) mod scan;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod trim;
pub(crate) mod write;
