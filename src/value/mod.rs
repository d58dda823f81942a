//! Value: dynamic data. Decides how JSON text is read, checked, bounded and written.
//!
//! Entry points: [`input`] (what a host gave, read in one way whatever its form), [`json::object`] (reads one JSON object into its members without copying), [`json::scan`] (walks over
//! text that is known to be JSON), [`json::trim`] (cuts down to bounds), [`mod@json::write`] (strings and numbers as
//! JSON), [`shared::members`] (a set of members kept as ready JSON), [`shared::pieces`] (text that is shared in part),
//! [`tree`] (values that the host builds). May use: `base`.

pub(crate) mod input;
pub(crate) mod json;
pub(crate) mod shared;
pub(crate) mod tree;
