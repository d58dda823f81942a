//! Options of libcurl, each with the type that it takes, and pieces of information with the type they have.
//!
//! Versions that do not know one say so and change nothing. Those after 7.68, which is the oldest that is supported, name
//! the version they came with.

use curl_sys::{
    CURLINFO, CURLMoption, CURLOPTTYPE_FUNCTIONPOINT, CURLOPTTYPE_LONG, CURLOPTTYPE_OBJECTPOINT,
    CURLoption,
};

/// An option of a transfer that takes a `long`.
#[derive(Clone, Copy)]
pub(crate) struct Number(pub(super) CURLoption);

impl Number {
    pub(crate) const BUFFER_SIZE: Self = Self(curl_sys::CURLOPT_BUFFERSIZE);
    pub(crate) const CONNECT_ONLY: Self = Self(curl_sys::CURLOPT_CONNECT_ONLY);
    pub(crate) const CONNECT_TIMEOUT_MS: Self = Self(curl_sys::CURLOPT_CONNECTTIMEOUT_MS);
    /// How long an IPv6 address is tried before an IPv4 address is, too.
    pub(crate) const HAPPY_EYEBALLS_TIMEOUT_MS: Self = Self(CURLOPTTYPE_LONG + 271);
    pub(crate) const HTTP_VERSION: Self = Self(curl_sys::CURLOPT_HTTP_VERSION);
    /// Wait for a connection that may carry several requests rather than make another one.
    pub(crate) const PIPE_WAIT: Self = Self(curl_sys::CURLOPT_PIPEWAIT);
    pub(crate) const POST: Self = Self(curl_sys::CURLOPT_POST);
    /// Replaced by [`Text::PROTOCOLS`].
    pub(crate) const PROTOCOLS: Self = Self(CURLOPTTYPE_LONG + 181);
    pub(crate) const PROXY_SSL_VERSION: Self = Self(CURLOPTTYPE_LONG + 250);
    /// 7.87: do not wait for a resolver thread when a transfer ends.
    pub(crate) const QUICK_EXIT: Self = Self(CURLOPTTYPE_LONG + 322);
    pub(crate) const SSL_VERSION: Self = Self(curl_sys::CURLOPT_SSLVERSION);
    /// What a proxy says before the tunnel stands is not handed on.
    pub(crate) const SUPPRESS_CONNECT_HEADERS: Self = Self(CURLOPTTYPE_LONG + 265);
    pub(crate) const TIMEOUT_MS: Self = Self(curl_sys::CURLOPT_TIMEOUT_MS);
    pub(crate) const UPLOAD_BUFFER_SIZE: Self = Self(curl_sys::CURLOPT_UPLOAD_BUFFERSIZE);
    pub(super) const NO_SIGNAL: Self = Self(curl_sys::CURLOPT_NOSIGNAL);
}

/// An option of a transfer that takes a text, which libcurl copies.
#[derive(Clone, Copy)]
pub(crate) struct Text(pub(super) CURLoption);

impl Text {
    pub(crate) const CA_FILE: Self = Self(curl_sys::CURLOPT_CAINFO);
    pub(crate) const CA_PATH: Self = Self(curl_sys::CURLOPT_CAPATH);
    pub(crate) const NO_PROXY: Self = Self(curl_sys::CURLOPT_NOPROXY);
    /// 7.85.
    pub(crate) const PROTOCOLS: Self = Self(CURLOPTTYPE_OBJECTPOINT + 318);
    pub(crate) const PROXY: Self = Self(curl_sys::CURLOPT_PROXY);
    pub(crate) const PROXY_CA_FILE: Self = Self(curl_sys::CURLOPT_PROXY_CAINFO);
    pub(crate) const PROXY_CA_PATH: Self = Self(curl_sys::CURLOPT_PROXY_CAPATH);
    /// User and password, percent-encoded as in a URL.
    pub(crate) const PROXY_USER_PASSWORD: Self = Self(curl_sys::CURLOPT_PROXYUSERPWD);
    pub(crate) const URL: Self = Self(curl_sys::CURLOPT_URL);
    pub(crate) const USER_AGENT: Self = Self(curl_sys::CURLOPT_USERAGENT);
}

/// `CURLOPT_RESOLVER_START_FUNCTION`.
pub(super) const RESOLVER_START_FUNCTION: CURLoption = CURLOPTTYPE_FUNCTIONPOINT + 272;
/// `CURLOPT_RESOLVER_START_DATA`.
pub(super) const RESOLVER_START_DATA: CURLoption = CURLOPTTYPE_OBJECTPOINT + 273;
/// `CURLOPT_PREREQFUNCTION` (7.80).
pub(super) const PREREQUEST_FUNCTION: CURLoption = CURLOPTTYPE_FUNCTIONPOINT + 312;
/// `CURLOPT_PREREQDATA` (7.80).
pub(super) const PREREQUEST_DATA: CURLoption = CURLOPTTYPE_OBJECTPOINT + 313;

/// An option of a multi handle that takes a `long`.
#[derive(Clone, Copy)]
pub(crate) struct MultiNumber(pub(super) CURLMoption);

impl MultiNumber {
    pub(crate) const MAX_CONNECTS: Self = Self(curl_sys::CURLMOPT_MAXCONNECTS);
    pub(crate) const MAX_HOST_CONNECTIONS: Self = Self(curl_sys::CURLMOPT_MAX_HOST_CONNECTIONS);
    pub(crate) const PIPELINING: Self = Self(curl_sys::CURLMOPT_PIPELINING);
    /// 8.20: the end of the handle does not wait for a lookup.
    pub(crate) const QUICK_EXIT: Self = Self(CURLOPTTYPE_LONG + 21);
    /// 8.20: how many threads for lookups it keeps.
    pub(crate) const RESOLVE_THREADS_MAX: Self = Self(CURLOPTTYPE_LONG + 20);
}

/// A piece of information on a transfer that is a `long`.
#[derive(Clone, Copy)]
pub(crate) struct NumberInfo(pub(super) CURLINFO);

impl NumberInfo {
    /// Connections that were made for it.
    pub(crate) const CONNECTS: Self = Self(curl_sys::CURLINFO_NUM_CONNECTS);
    pub(crate) const PRIMARY_PORT: Self = Self(curl_sys::CURLINFO_PRIMARY_PORT);
    pub(crate) const RESPONSE_CODE: Self = Self(curl_sys::CURLINFO_RESPONSE_CODE);
    /// 8.7.
    pub(crate) const USED_PROXY: Self = Self(curl_sys::CURLINFO_LONG + 66);
}

/// A piece of information that is a time since the begin of the transfer, in microseconds.
#[derive(Clone, Copy)]
pub(crate) struct TimeInfo(pub(super) CURLINFO);

/// `CURLINFO_OFF_T`.
const OFFSET: CURLINFO = 0x60_0000;

impl TimeInfo {
    /// Until the name was found.
    pub(crate) const NAME_LOOKUP: Self = Self(OFFSET + 51);
    /// Until the TCP connection stood.
    pub(crate) const CONNECT: Self = Self(OFFSET + 52);
    /// Until the request was about to go out.
    pub(crate) const PRETRANSFER: Self = Self(OFFSET + 53);
    /// Until the TLS connection stood.
    pub(crate) const APP_CONNECT: Self = Self(OFFSET + 56);
}

/// A piece of information that is a text.
#[derive(Clone, Copy)]
pub(crate) struct TextInfo(pub(super) CURLINFO);

impl TextInfo {
    pub(crate) const PRIMARY_IP: Self = Self(curl_sys::CURLINFO_PRIMARY_IP);
    /// Where a redirect leads, made absolute.
    pub(crate) const REDIRECT_URL: Self = Self(curl_sys::CURLINFO_REDIRECT_URL);
}
