//! Proxy: which proxy the transport uses (OPT-4).
//!
//! Decided once, at init, and handed to libcurl in full, so that libcurl does not read the environment later (OPT-5).
//! Order: the option (empty: no proxy) → for https `https_proxy`, `HTTPS_PROXY` → `http_proxy` → `all_proxy`,
//! `ALL_PROXY` → none. `HTTP_PROXY` in upper case is not read, as in libcurl: a CGI server sets it from a request
//! header. Hosts in `no_proxy`, `NO_PROXY` are exempt from a proxy of the environment, not from that of the option.
//! Entry point: [`Options::resolve_proxy`]. May use: `environment`.

use std::ffi::OsString;
use std::fmt;

use super::Options;
use super::environment::non_empty;

/// What the transport tells libcurl. Both must be set there also when `None`, as an empty text: libcurl asks the
/// environment for what is not set.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyChoice {
    /// URL of the proxy; `None`: none.
    pub(crate) url: Option<String>,
    /// Host suffixes that are reached without it, in the form libcurl reads; `None`: no exceptions.
    pub(crate) no_proxy: Option<String>,
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
        };
    }
    let first = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| non_empty(&lookup, name))
            .map(|value| value.to_string_lossy().into_owned())
    };
    let https: &[&str] = if is_https {
        &["https_proxy", "HTTPS_PROXY"]
    } else {
        &[]
    };
    let url = first(https).or_else(|| first(&["http_proxy", "all_proxy", "ALL_PROXY"]));
    let no_proxy = url
        .is_some()
        .then(|| first(&["no_proxy", "NO_PROXY"]))
        .flatten();
    ProxyChoice { url, no_proxy }
}

#[cfg(test)]
mod tests {
    use super::*;

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
