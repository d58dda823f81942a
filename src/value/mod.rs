//! Value: dynamic data. Decides how JSON text is read, checked, bounded and written.
//!
//! Entry points: [`object`] (reads one JSON object into its members without copying), [`members`] (a set of members kept
//! as ready JSON), [`write`] (strings and numbers as JSON). May use: `base`.

pub(crate) mod members;
pub(crate) mod object;
pub(crate) mod trim;
pub(crate) mod write;
