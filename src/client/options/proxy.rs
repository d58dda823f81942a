//! Proxy: which proxy the transport uses (OPT-4).
//!
//! Decided once, at init, and handed to libcurl in full, so that libcurl does not read the environment later (OPT-5).
//! Order: the option (empty: no proxy) → for https `https_proxy`, `HTTPS_PROXY` → `http_proxy` → `all_proxy`,
//! `ALL_PROXY` → none. `HTTP_PROXY` in upper case is not read, as in libcurl: a CGI server sets it from a request
//! header. Hosts in `no_proxy`, `NO_PROXY` are exempt from a proxy of the environment, not from that of the option.
//! A variable that names no usable proxy is passed over; the option is taken as it is, since what it is to hide must not
//! go around it.
//! Entry point: [`Options::resolve_proxy`]. May use: `environment`, `transport::proxy`.

use std::ffi::{OsStr, OsString};
use std::fmt;

use super::environment::non_empty;
use super::table::Options;
use crate::transport::wire::proxy::ProxyUrl;

/// What the transport tells libcurl. Both must be set there also when `None`, as an empty text: libcurl asks the
/// environment for what is not set.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyChoice {
    /// URL of the proxy; `None`: none.
    pub(crate) url: Option<String>,
    /// Host suffixes that are reached without it, in the form libcurl reads; `None`: no exceptions.
    pub(crate) no_proxy: Option<String>,
    /// Variables that were passed over, and why.
    pub(crate) ignored: Vec<(&'static str, String)>,
}

impl fmt::Debug for ProxyChoice {
    /// Leaves out what stands before the host: it may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self
            .url
            .as_deref()
            .map(|url| url.rsplit_once('@').map_or(url, |(_, host)| host));
        f.debug_struct("ProxyChoice")
            .field("host", &host)
            .field("no_proxy", &self.no_proxy)
            .field("ignored", &self.ignored)
            .finish()
    }
}

impl Options {
    /// The proxy for a server that is reached by https or not, from the options and the process environment.
    pub(crate) fn resolve_proxy(&self, is_https: bool) -> ProxyChoice {
        choose(self.proxy.as_deref(), is_https, |name| {
            std::env::var_os(name)
        })
    }
}

fn choose(
    option: Option<&str>,
    is_https: bool,
    lookup: impl Fn(&str) -> Option<OsString>,
) -> ProxyChoice {
    if let Some(url) = option {
        return ProxyChoice {
            url: (!url.is_empty()).then(|| url.to_owned()),
            no_proxy: None,
            ignored: Vec::new(),
        };
    }
    let mut ignored = Vec::new();
    let names = if is_https { &VARIABLES } else { OF_HTTP };
    let url = names.iter().copied().find_map(|name| {
        let value = non_empty(&lookup, name)?;
        match usable(&value) {
            Ok(url) => Some(url),
            Err(why) => {
                ignored.push((name, why));
                None
            }
        }
    });
    let no_proxy = url.as_ref().and_then(|_| {
        let mut names = ["no_proxy", "NO_PROXY"].into_iter();
        names.find_map(|name| non_empty(&lookup, name))
    });
    ProxyChoice {
        url,
        no_proxy: no_proxy.map(|hosts| hosts.to_string_lossy().into_owned()),
        ignored,
    }
}

/// In the order in which they are asked; the first two for https only.
const VARIABLES: [&str; 5] = [
    "https_proxy",
    "HTTPS_PROXY",
    "http_proxy",
    "all_proxy",
    "ALL_PROXY",
];
const OF_HTTP: &[&str] = VARIABLES.split_at(2).1;

/// The proxy that a variable names, or why it names none, without any part of it: it may hold a password.
fn usable(value: &OsStr) -> Result<String, String> {
    let url = value.to_str().ok_or("it is not valid UTF-8")?;
    ProxyUrl::new(url).check()?;
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt as _;

    fn chosen(option: Option<&str>, is_https: bool, variables: &[(&str, &str)]) -> ProxyChoice {
        choose(option, is_https, |wanted| {
            variables
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| OsString::from(value))
        })
    }

    const ALL: &[(&str, &str)] = &[
        ("https_proxy", "http://https-lower"),
        ("HTTPS_PROXY", "http://https-upper"),
        ("http_proxy", "http://http-lower"),
        ("HTTP_PROXY", "http://http-upper"),
        ("all_proxy", "socks5://all-lower"),
        ("ALL_PROXY", "socks5://all-upper"),
        ("no_proxy", "localhost,.example.com"),
    ];

    // OPT-4
    #[test]
    fn the_option_wins_and_knows_no_exceptions() {
        let choice = chosen(Some("socks5://mine:1080"), true, ALL);
        assert_eq!(choice.url.as_deref(), Some("socks5://mine:1080"));
        assert_eq!(choice.no_proxy, None);
    }

    // OPT-4
    #[test]
    fn an_empty_option_is_no_proxy_at_all() {
        let choice = chosen(Some(""), true, ALL);
        assert_eq!((choice.url, choice.no_proxy), (None, None));
    }

    // OPT-4
    #[test]
    fn the_environment_is_asked_in_the_documented_order() {
        let url = |is_https, skipped| chosen(None, is_https, &ALL[skipped..]).url;
        assert_eq!(url(true, 0).as_deref(), Some("http://https-lower"));
        assert_eq!(url(true, 1).as_deref(), Some("http://https-upper"));
        assert_eq!(url(true, 2).as_deref(), Some("http://http-lower"));
        assert_eq!(url(true, 3).as_deref(), Some("socks5://all-lower"));
        assert_eq!(url(true, 5).as_deref(), Some("socks5://all-upper"));
        assert_eq!(url(true, 6), None);
        assert_eq!(url(false, 0).as_deref(), Some("http://http-lower"));
        assert_eq!(url(false, 3).as_deref(), Some("socks5://all-lower"));
    }

    #[test]
    fn a_variable_that_names_no_usable_proxy_is_passed_over() {
        let choice = chosen(
            None,
            true,
            &[
                ("https_proxy", "foo://user:s3cret@proxy"),
                ("HTTPS_PROXY", "http://user:s3cret@proxy:99999"),
                ("http_proxy", "http://p"),
            ],
        );
        assert_eq!(choice.url.as_deref(), Some("http://p"));
        let names: Vec<_> = choice.ignored.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["https_proxy", "HTTPS_PROXY"]);
        assert!(!format!("{choice:?}").contains("s3cret"), "{choice:?}");
        let choice = chosen(None, true, &[("all_proxy", "://")]);
        assert_eq!((choice.url, choice.ignored.len()), (None, 1));
        assert_eq!(
            usable(OsStr::from_bytes(b"http://\xff")).unwrap_err(),
            "it is not valid UTF-8"
        );
        // What the option is to hide must not go around it.
        let choice = chosen(Some("foo://proxy"), true, ALL);
        assert_eq!(choice.url.as_deref(), Some("foo://proxy"));
    }

    // OPT-1
    #[test]
    fn empty_variables_are_skipped() {
        let choice = chosen(
            None,
            true,
            &[
                ("https_proxy", ""),
                ("HTTPS_PROXY", "http://p"),
                ("no_proxy", ""),
                ("NO_PROXY", "h"),
            ],
        );
        assert_eq!(choice.url.as_deref(), Some("http://p"));
        assert_eq!(choice.no_proxy.as_deref(), Some("h"));
    }

    // OPT-4
    #[test]
    fn no_proxy_goes_with_a_proxy_of_the_environment() {
        assert_eq!(
            chosen(None, true, ALL).no_proxy.as_deref(),
            Some("localhost,.example.com")
        );
        assert_eq!(chosen(None, true, &ALL[6..]).no_proxy, None);
    }

    #[test]
    fn debug_output_holds_no_password() {
        let shown = format!(
            "{:?}",
            chosen(Some("http://user:pass@word@proxy:3128"), true, &[])
        );
        assert!(
            shown.contains("proxy:3128") && !shown.contains("pass"),
            "{shown}"
        );
    }
}
