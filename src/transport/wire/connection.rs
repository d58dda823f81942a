//! Connection: how libcurl gets to the server: URL, proxy, certificates, HTTP version.
//!
//! Decided in one place, so that the self-test goes the way that envelopes go. Entry points: [`apply`], [`error_text`].
//! May use: `proxy`, `settings`, `libcurl`.

use std::ffi::c_long;
use std::path::Path;
use std::time::Duration;

use super::host::Destination;
use super::libcurl::easy::Handle;
use super::libcurl::error::Error;
use super::libcurl::options::{Number, Text};
use super::libcurl::setup::Version;
use super::proxy::ProxyUrl;
use crate::transport::settings::Settings;

/// What libcurl waits if it is not told.
const USUAL_HAPPY_EYEBALLS: Duration = Duration::from_millis(200);
/// To libcurl 0 is its default.
const SHORTEST: Duration = Duration::from_millis(1);
/// 24 days: milliseconds that every libcurl takes, where its numbers have 32 bits, too.
const LONGEST: Duration = Duration::from_secs(24 * 24 * 60 * 60);
/// `CURL_SSLVERSION_TLSv1_2`: at least that.
const TLS_1_2: c_long = 6;
/// `CURLPROTO_HTTP` and `CURLPROTO_HTTPS`.
const HTTP_AND_HTTPS: c_long = 1 | 2;
/// `CURL_HTTP_VERSION_1_1`.
const HTTP_1_1: c_long = 2;
/// `CURL_HTTP_VERSION_2TLS`.
const HTTP_2_OVER_TLS: c_long = 4;

/// Why this libcurl can send nothing at all to the server: it has no TLS, and the server wants that. Nothing is said of one
/// that cannot be set up: then it has no memory, and the first handle fails.
pub(crate) fn lack(settings: &Settings) -> Option<String> {
    let needs_tls =
        matches!(settings.destination, Destination::Curl) && settings.endpoint.starts_with("https");
    if !needs_tls {
        return None;
    }
    let version = Version::get().filter(|version| !version.has_tls())?;
    Some(format!(
        "libcurl {} has no TLS, so nothing can be sent to an https DSN",
        version.number()
    ))
}

/// Sets how long name, TCP and TLS may take. The second kind of address is tried well before that.
pub(crate) fn set_connect_timeout(easy: &mut Handle, timeout: Duration) -> Result<(), Error> {
    let third = timeout.checked_div(3).unwrap_or(timeout);
    let pause = third.min(USUAL_HAPPY_EYEBALLS).max(SHORTEST);
    let _ = easy.set_millis(Number::HAPPY_EYEBALLS_TIMEOUT_MS, pause);
    easy.set_millis(Number::CONNECT_TIMEOUT_MS, timeout.min(LONGEST))
}

/// Sets how long a whole request may take; zero is no bound. Hosts give any number, libcurl refuses what is too large for
/// its own.
pub(crate) fn set_transfer_timeout(easy: &mut Handle, timeout: Duration) -> Result<(), Error> {
    easy.set_millis(Number::TIMEOUT_MS, timeout.min(LONGEST))
}

/// Sets everything about the connection but the time-outs.
pub(crate) fn apply(easy: &mut Handle, settings: &Settings) -> Result<(), Error> {
    easy.set_text(Text::URL, settings.endpoint.as_bytes())?;
    easy.set_text(Text::USER_AGENT, settings.user_agent.as_bytes())?;
    set_proxy(easy, settings)?;
    set_certificates(easy, settings)?;
    set_http_version(easy, settings, true)?;
    if settings.endpoint.starts_with("https") {
        let several = settings.max_requests_in_flight > 1;
        easy.prefer(Number::PIPE_WAIT, several.into());
    }
    restrict(easy);
    easy.prefer(Number::QUICK_EXIT, 1);
    easy.prefer(Number::SUPPRESS_CONNECT_HEADERS, 1);
    Ok(())
}

/// No protocol but HTTP, no TLS below 1.2, whatever the configuration of the TLS library allows.
fn restrict(easy: &mut Handle) {
    easy.prefer(Number::SSL_VERSION, TLS_1_2);
    easy.prefer(Number::PROXY_SSL_VERSION, TLS_1_2);
    if easy.set_text(Text::PROTOCOLS, b"http,https").is_err() {
        easy.prefer(Number::PROTOCOLS, HTTP_AND_HTTPS);
    }
}

/// HTTP/2 over TLS where the server offers it, if `may_be_2`; else HTTP/1.1.
pub(crate) fn set_http_version(
    easy: &mut Handle,
    settings: &Settings,
    may_be_2: bool,
) -> Result<(), Error> {
    if may_be_2 && settings.endpoint.starts_with("https") {
        // Refused by a libcurl without HTTP/2, which then speaks HTTP/1.1.
        easy.prefer(Number::HTTP_VERSION, HTTP_2_OVER_TLS);
        return Ok(());
    }
    easy.set_number(Number::HTTP_VERSION, HTTP_1_1)
}

/// What libcurl says about a failure, without the credentials of the proxy (HTTP-7).
pub(crate) fn error_text(error: &Error, settings: &Settings) -> String {
    ProxyUrl::new(&settings.proxy).hidden_in(&error.to_string())
}

/// An unusable proxy makes requests fail; they never go around it.
fn set_proxy(easy: &mut Handle, settings: &Settings) -> Result<(), Error> {
    easy.set_text(Text::NO_PROXY, settings.no_proxy.as_bytes())?;
    let proxy = ProxyUrl::new(&settings.proxy);
    if settings.proxy.is_empty() {
        // Not left unset: libcurl would ask the environment.
        return easy.set_text(Text::PROXY, b"");
    }
    proxy.check().map_err(|why| {
        Error::with_detail(
            curl_sys::CURLE_COULDNT_RESOLVE_PROXY,
            format!("the proxy cannot be used: {why}"),
        )
    })?;
    easy.set_text(Text::PROXY, proxy.without_credentials().as_bytes())?;
    match proxy.credentials() {
        // This option takes them percent-encoded, as a URL does; those for user and password differ by version.
        Some(credentials) => easy.set_text(Text::PROXY_USER_PASSWORD, credentials.as_bytes()),
        None => Ok(()),
    }
}

/// The same certificates are trusted for the server and for a proxy that is reached by TLS.
fn set_certificates(easy: &mut Handle, settings: &Settings) -> Result<(), Error> {
    let (file, directory) = settings.certificates.now();
    if file.is_none() && directory.is_none() {
        return Ok(());
    }
    set_trust(easy, (Text::CA_FILE, file), (Text::CA_PATH, directory))?;
    if ProxyUrl::new(&settings.proxy).is_https() {
        let (of_file, of_path) = (Text::PROXY_CA_FILE, Text::PROXY_CA_PATH);
        set_trust(easy, (of_file, file), (of_path, directory))?;
    }
    Ok(())
}

/// For a directory the file that libcurl was built with is unset, so that the directory alone decides.
fn set_trust(
    easy: &mut Handle,
    (of_file, file): (Text, Option<&Path>),
    (of_directory, directory): (Text, Option<&Path>),
) -> Result<(), Error> {
    easy.set_or_unset(of_file, file.map(bytes))?;
    match directory {
        Some(path) => easy.set_text(of_directory, bytes(path)),
        None => Ok(()),
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::exchange::Exchange;
    use super::super::libcurl::easy::Easy;
    use super::*;

    #[test]
    fn libcurl_takes_the_longest_times_that_a_host_may_ask_for() {
        for millis in [0, 1, 30_000, u64::from(u32::MAX), u64::MAX] {
            let mut easy = Easy::new(Exchange::default()).unwrap();
            let time = Duration::from_millis(millis);
            let set = set_transfer_timeout(easy.handle_mut(), time);
            assert!(set.is_ok(), "{millis}: {set:?}");
            let set = set_connect_timeout(easy.handle_mut(), time);
            assert!(set.is_ok(), "{millis}: {set:?}");
        }
    }

    #[test]
    fn no_protocol_but_http_is_spoken() {
        for protocol in Version::get().unwrap().protocols() {
            let mut easy = Easy::new(Exchange::default()).unwrap();
            let handle = easy.handle_mut();
            restrict(handle);
            handle.set_text(Text::NO_PROXY, b"*").unwrap();
            // Nobody listens there.
            let url = match protocol {
                "file" => "file:///dev/null".to_owned(),
                _ => format!("{protocol}://127.0.0.1:1/"),
            };
            handle.set_text(Text::URL, url.as_bytes()).unwrap();
            let error = handle.perform().unwrap_err();
            let is_refused = error.code() == curl_sys::CURLE_UNSUPPORTED_PROTOCOL;
            let is_ours = matches!(protocol, "http" | "https");
            assert_eq!(is_refused, !is_ours, "{protocol}: {error}");
        }
    }
}
