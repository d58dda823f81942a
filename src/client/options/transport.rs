//! Transport: whether envelopes leave through libcurl, through something of the host, or not at all.
//!
//! Entry points: [`Route`], and [`OwnTransport`] for what the host brings along. May use: `transport`.

use std::fmt::Debug;
use std::sync::Arc;

use super::Options;
use crate::transport::wire::host::Way;

/// The choice of the host.
#[derive(Debug, Clone, Default)]
pub(crate) enum Route {
    /// Through libcurl.
    #[default]
    BuiltIn,
    /// Through what the host brings along.
    Own(Arc<dyn OwnTransport>),
    /// Nowhere: everything is discarded.
    Nowhere,
}

/// A transport or HTTP client of the host that has not been started.
pub(crate) trait OwnTransport: Send + Sync + Debug {
    /// Starts it, in init and on its thread; an error is what the host answered.
    fn start(self: Arc<Self>, options: &Options) -> Result<Way, i32>;
}

impl Route {
    /// Opens it: the host's start function runs here.
    pub(crate) fn open(&self, options: &Options) -> Result<Way, i32> {
        match self {
            Self::BuiltIn => Ok(Way::Curl),
            Self::Own(own) => Arc::clone(own).start(options),
            Self::Nowhere => Ok(Way::Nowhere),
        }
    }
}
