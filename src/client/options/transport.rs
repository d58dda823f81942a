//! Transport: whether envelopes leave through libcurl, through something of the host, or not at all.
//!
//! Entry points: [`TransportChoice`], and [`TransportFactory`] for what the host brings along. May use: `transport`.

use std::fmt::Debug;
use std::sync::Arc;

use super::Options;
use crate::transport::wire::host::Destination;

/// The choice of the host.
#[derive(Debug, Clone, Default)]
pub(crate) enum TransportChoice {
    /// Through libcurl.
    #[default]
    BuiltIn,
    /// Through what the host brings along.
    Own(Arc<dyn TransportFactory>),
    /// Nowhere: everything is discarded.
    Nowhere,
}

/// A transport or HTTP client of the host that has not been started.
pub(crate) trait TransportFactory: Send + Sync + Debug {
    /// Starts it, in init and on its thread; an error is what the host answered.
    fn start(self: Arc<Self>, options: &Options) -> Result<Destination, i32>;
}

impl TransportChoice {
    /// Opens it: the host's start function runs here.
    pub(crate) fn open(&self, options: &Options) -> Result<Destination, i32> {
        match self {
            Self::BuiltIn => Ok(Destination::Curl),
            Self::Own(own) => Arc::clone(own).start(options),
            Self::Nowhere => Ok(Destination::Nowhere),
        }
    }
}
