//! Connection: how libcurl gets to the server: URL, proxy, certificates, HTTP version.
//!
//! Decided in one place, so that the self-test goes the way that envelopes go. Entry points: [`apply`], [`error_text`].
//! May use: `proxy`, `settings`; calls libcurl for options that the `curl` crate has no method for.

use std::ffi::{CString, c_long};
use std::time::Duration;

use curl::Error;
use curl::easy::{Easy2, HttpVersion};

use super::host::Destination;
use super::lookup;
use super::proxy::ProxyUrl;
use crate::transport::settings::Settings;

/// `CURLOPT_QUICK_EXIT` (libcurl 7.87): do not wait for a resolver thread when a transfer ends. Unknown to older
/// versions, where a name server that never answers can hold the thread (never the host's) until the resolver gives up.
const QUICK_EXIT: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_LONG + 322;
/// `CURLOPT_SUPPRESS_CONNECT_HEADERS` (libcurl 7.54): what a proxy says before the tunnel stands is no sign of the server.
const SUPPRESS_CONNECT_HEADERS: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_LONG + 265;
/// `CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS` (libcurl 7.59): how long an IPv6 address is tried before an IPv4 address is, too.
const HAPPY_EYEBALLS_MS: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_LONG + 271;
/// What libcurl waits if it is not told.
const USUAL_HAPPY_EYEBALLS: Duration = Duration::from_millis(200);
/// 24 days: milliseconds that every libcurl takes, where its numbers have 32 bits, too.
const LONGEST_TRANSFER: Duration = Duration::from_secs(24 * 24 * 60 * 60);
/// `CURLOPT_PROXY_SSLVERSION` (libcurl 7.52).
const PROXY_SSLVERSION: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_LONG + 250;
/// `CURL_SSLVERSION_TLSv1_2`: at least that.
const TLS_1_2: c_long = 6;
/// `CURLOPT_PROTOCOLS_STR` (libcurl 7.85), and the option before it with its bits.
const PROTOCOLS_STR: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_OBJECTPOINT + 318;
const PROTOCOLS: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_LONG + 181;
const HTTP_AND_HTTPS: c_long = 1 | 2;

/// Why this libcurl can send nothing at all to the server: it has no TLS, and the server wants that.
pub(crate) fn lack(settings: &Settings) -> Option<String> {
    let version = curl::Version::get();
    let needs_tls =
        matches!(settings.destination, Destination::Curl) && settings.endpoint.starts_with("https");
    (needs_tls && !version.feature_ssl()).then(|| {
        format!(
            "libcurl {} has no TLS, so nothing can be sent to an https DSN",
            version.version()
        )
    })
}

/// Sets how long name, TCP and TLS may take. The second kind of address is tried well before that.
pub(crate) fn set_connect_timeout<H>(easy: &mut Easy2<H>, timeout: Duration) -> Result<(), Error> {
    let third = timeout.checked_div(3).unwrap_or(timeout);
    let pause = third.min(USUAL_HAPPY_EYEBALLS).as_millis().max(1);
    let pause = c_long::try_from(pause).unwrap_or(c_long::MAX);
    set_number(easy, HAPPY_EYEBALLS_MS, pause);
    easy.connect_timeout(timeout)
}

/// Sets how long a whole request may take; zero is no bound. Hosts give any number, libcurl refuses what is too large for
/// its own.
pub(crate) fn set_transfer_timeout<H>(easy: &mut Easy2<H>, timeout: Duration) -> Result<(), Error> {
    easy.timeout(timeout.min(LONGEST_TRANSFER))
}

/// Sets everything about the connection but the time-outs.
pub(crate) fn apply<H>(easy: &mut Easy2<H>, settings: &Settings) -> Result<(), Error> {
    easy.url(&settings.endpoint)?;
    easy.useragent(&settings.user_agent)?;
    set_proxy(easy, settings)?;
    set_certificates(easy, settings)?;
    set_http_version(easy, settings, true)?;
    if settings.endpoint.starts_with("https") {
        let _ = easy.pipewait(settings.max_requests_in_flight > 1);
    }
    restrict(easy);
    lookup::watch(easy);
    for option in [QUICK_EXIT, SUPPRESS_CONNECT_HEADERS] {
        set_number(easy, option, 1);
    }
    Ok(())
}

/// No protocol but HTTP, no TLS below 1.2, whatever the configuration of the TLS library allows.
fn restrict<H>(easy: &mut Easy2<H>) {
    set_number(easy, curl_sys::CURLOPT_SSLVERSION, TLS_1_2);
    set_number(easy, PROXY_SSLVERSION, TLS_1_2);
    if set_bytes(easy, PROTOCOLS_STR, Some(b"http,https")).is_err() {
        set_number(easy, PROTOCOLS, HTTP_AND_HTTPS);
    }
}

/// HTTP/2 over TLS where the server offers it, if `may_be_2`; else HTTP/1.1.
pub(crate) fn set_http_version<H>(
    easy: &mut Easy2<H>,
    settings: &Settings,
    may_be_2: bool,
) -> Result<(), Error> {
    if may_be_2 && settings.endpoint.starts_with("https") {
        // Refused by a libcurl without HTTP/2, which then speaks HTTP/1.1.
        let _ = easy.http_version(HttpVersion::V2TLS);
        return Ok(());
    }
    easy.http_version(HttpVersion::V11)
}

/// Sets an option that only improves on something: versions that do not know it say so and change nothing.
pub(crate) fn set_number<H>(easy: &mut Easy2<H>, option: curl_sys::CURLoption, value: c_long) {
    if option < curl_sys::CURLOPTTYPE_OBJECTPOINT {
        // SAFETY: the handle is valid, and options with such numbers take a `long`.
        unsafe { curl_sys::curl_easy_setopt(easy.raw(), option, value) };
    }
}

/// What libcurl says about a failure, without the credentials of the proxy (HTTP-7).
pub(crate) fn error_text(error: &Error, settings: &Settings) -> String {
    let text = match error.extra_description() {
        Some(extra) => format!("{} ({extra})", error.description()),
        None => error.description().to_owned(),
    };
    ProxyUrl::new(&settings.proxy).hidden_in(&text)
}

/// An unusable proxy makes requests fail; they never go around it.
fn set_proxy<H>(easy: &mut Easy2<H>, settings: &Settings) -> Result<(), Error> {
    easy.noproxy(&settings.no_proxy)?;
    let proxy = ProxyUrl::new(&settings.proxy);
    if settings.proxy.is_empty() {
        // Not left unset: libcurl would ask the environment.
        return easy.proxy("");
    }
    match proxy.check() {
        Ok(()) => easy.proxy(&proxy.without_credentials())?,
        Err(why) => {
            let mut error = Error::new(curl_sys::CURLE_COULDNT_RESOLVE_PROXY);
            error.set_extra(format!("the proxy cannot be used: {why}"));
            return Err(error);
        }
    }
    match proxy.credentials() {
        // This option takes them percent-encoded, as a URL does; those for user and password differ by version.
        Some(credentials) => set_bytes(
            easy,
            curl_sys::CURLOPT_PROXYUSERPWD,
            Some(credentials.as_bytes()),
        ),
        None => Ok(()),
    }
}

/// The same certificates are trusted for the server and for a proxy that is reached by TLS.
fn set_certificates<H>(easy: &mut Easy2<H>, settings: &Settings) -> Result<(), Error> {
    let (file, directory) = settings.certificates.now();
    if file.is_none() && directory.is_none() {
        return Ok(());
    }
    let file = file.map(|path| path.as_os_str().as_encoded_bytes());
    let directory = directory.map(|path| path.as_os_str().as_encoded_bytes());
    // For a directory the file that libcurl was built with is unset, so that the directory alone decides.
    set_bytes(easy, curl_sys::CURLOPT_CAINFO, file)?;
    if directory.is_some() {
        set_bytes(easy, curl_sys::CURLOPT_CAPATH, directory)?;
    }
    if ProxyUrl::new(&settings.proxy).is_https() {
        set_bytes(easy, curl_sys::CURLOPT_PROXY_CAINFO, file)?;
        if directory.is_some() {
            set_bytes(easy, curl_sys::CURLOPT_PROXY_CAPATH, directory)?;
        }
    }
    Ok(())
}

fn set_bytes<H>(
    easy: &mut Easy2<H>,
    option: curl_sys::CURLoption,
    value: Option<&[u8]>,
) -> Result<(), Error> {
    let value = value.map(CString::new).transpose()?;
    let pointer = value
        .as_ref()
        .map_or(std::ptr::null(), |value| value.as_ptr());
    // SAFETY: the handle is valid. The options take a terminated text, which libcurl copies, or NULL to unset.
    let code = unsafe { curl_sys::curl_easy_setopt(easy.raw(), option, pointer) };
    match code {
        curl_sys::CURLE_OK => Ok(()),
        code => Err(Error::new(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curl::easy::Handler;

    struct Nothing;

    impl Handler for Nothing {}

    #[test]
    fn libcurl_takes_the_longest_transfer_that_a_host_may_ask_for() {
        for millis in [0, 1, 30_000, u64::from(u32::MAX), u64::MAX] {
            let mut easy = Easy2::new(Nothing);
            let set = set_transfer_timeout(&mut easy, Duration::from_millis(millis));
            assert!(set.is_ok(), "{millis}: {set:?}");
        }
    }

    #[test]
    fn no_protocol_but_http_is_spoken() {
        for protocol in curl::Version::get().protocols() {
            let mut easy = Easy2::new(Nothing);
            restrict(&mut easy);
            easy.noproxy("*").unwrap();
            // Nobody listens there.
            let url = match protocol {
                "file" => "file:///dev/null".to_owned(),
                _ => format!("{protocol}://127.0.0.1:1/"),
            };
            easy.url(&url).unwrap();
            let error = easy.perform().unwrap_err();
            let is_ours = matches!(protocol, "http" | "https");
            assert_eq!(
                error.is_unsupported_protocol(),
                !is_ours,
                "{protocol}: {error}"
            );
        }
    }
}
