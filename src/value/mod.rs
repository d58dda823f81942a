//! Value: dynamic data. Decides how JSON text is read, checked, bounded and written.
//!
//! Entry points: [`object`] (reads one JSON object into its members without copying), [`scan`] (walks over text that
//! is known to be JSON), [`members`] (a set of members kept as ready JSON), [`pieces`] (text that is shared in part),
//! [`edition`] (who pays for shared text), [`trim`] (cuts down to bounds), [`mod@write`] (strings and numbers as JSON). The
//! grammar of JSON is `serde_json`'s work. May use: `base`.

pub(crate) mod dynamic;
pub(crate) mod edition;
pub(crate) mod keys;
pub(crate) mod members;
pub(crate) mod merge;
pub(crate) mod object;
pub(crate) mod pieces;
pub(crate) mod repair;
pub(crate) mod rewrite;
pub(crate) mod scan;
pub(crate) mod trim;
pub(crate) mod write;
