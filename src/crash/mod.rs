//! Crash: what a signal is called. It installs no signal handlers and holds no state.
//!
//! May use: `image`, `store`, `protocol`, `value`, `base`.

pub(crate) mod signals;
