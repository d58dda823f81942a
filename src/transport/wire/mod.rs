//! The wire: how a body of bytes gets to a server, through libcurl or through functions of the host.
//!
//! Entry points: [`sender::Sender`], [`http::HttpClient`], [`probe`]. May use: the rooms that `transport` may use.

pub(crate) mod certificates;
pub(super) mod close_on_exec;
pub(super) mod compress;
pub(crate) mod connection;
pub(super) mod curl_client;
pub(super) mod encode;
mod end;
pub(super) mod exchange;
pub(crate) mod host;
pub(super) mod host_sender;
pub(super) mod http;
pub(super) mod libcurl;
pub(super) mod lookup;
pub(super) mod pool;
pub(super) mod prerequest;
pub(crate) mod probe;
pub(crate) mod proxy;
pub(super) mod redirect;
pub(super) mod sender;
pub(super) mod socket;
mod transfer;
pub(super) mod url;
