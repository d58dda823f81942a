//! Proxy URL: its parts, what makes it unusable, and how it is shown.
//!
//! Nobody but libcurl sees user and password, and libcurl gets them apart from the URL, which it repeats in its errors
//! (HTTP-7). Entry point: [`ProxyUrl`]. May use: the standard library.

/// What libcurl speaks to a proxy; without a scheme it is http.
const SCHEMES: [&str; 7] = [
    "http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h",
];
/// libcurl's port of a proxy whose URL names none; 443 for https.
const DEFAULT_PORT: u16 = 1080;
/// Stands for what is not shown.
const HIDDEN: &str = "***";
/// Shorter passwords are not looked for in texts: replacing them would point at them.
const RECOGNISABLE: usize = 4;

/// The parts of a proxy's URL.
#[derive(Clone, Copy)]
pub(crate) struct ProxyUrl<'a> {
    whole: &'a str,
    scheme: Option<&'a str>,
    credentials: Option<&'a str>,
    address: &'a str,
}

impl std::fmt::Debug for ProxyUrl<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.shown())
    }
}

impl<'a> ProxyUrl<'a> {
    /// Takes any text apart. Everything before the last `@` counts as user and password, whatever else it may be.
    pub(crate) fn new(url: &'a str) -> Self {
        let is_scheme =
            |text: &str| !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric());
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, url),
        };
        let (credentials, address) = match rest.rsplit_once('@') {
            Some((credentials, address)) => (Some(credentials), address),
            None => (None, rest),
        };
        Self {
            whole: url,
            scheme,
            credentials,
            address,
        }
    }

    /// Says why it cannot be used, without any part of it.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.scheme.is_some() && !SCHEMES.iter().any(|scheme| self.has_scheme(scheme)) {
            return Err(
                "its scheme is none of http, https, socks4, socks4a, socks5, socks5h".into(),
            );
        }
        if self.whole.contains(char::is_control) || self.address.contains(char::is_whitespace) {
            return Err("it contains a control character or a space".into());
        }
        let (host, port) = self.host_and_port();
        if host.is_empty() {
            return Err("it names no host".into());
        }
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        if !port.is_empty() && (!is_number || !port.parse().is_ok_and(|port: u16| port > 0)) {
            return Err(
                "its port is no number from 1 to 65535 (brackets go around an IPv6 address)".into(),
            );
        }
        Ok(())
    }

    /// `user:password`, still percent-encoded.
    pub(crate) fn credentials(&self) -> Option<&'a str> {
        self.credentials
    }

    /// The URL with everything but user and password.
    pub(crate) fn without_credentials(&self) -> String {
        match self.scheme {
            Some(scheme) => format!("{scheme}://{}", self.address),
            None => self.address.to_owned(),
        }
    }

    /// For reports: the same, or nothing but the fact where parts may be in the wrong places.
    pub(crate) fn shown(&self) -> String {
        match self.check() {
            Ok(()) => self.without_credentials(),
            Err(_) => HIDDEN.to_owned(),
        }
    }

    /// `text` without user and password.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        let credentials = self.credentials.unwrap_or_default();
        let password = credentials.split_once(':').map_or("", |(_, after)| after);
        [self.whole, credentials, password]
            .into_iter()
            .filter(|part| !credentials.is_empty() && part.len() >= RECOGNISABLE)
            .fold(text.to_owned(), |text, part| text.replace(part, HIDDEN))
    }

    /// True if requests over http are handed to it whole; others get a tunnel.
    pub(crate) fn is_http(&self) -> bool {
        self.scheme.is_none() || self.has_scheme("http") || self.is_https()
    }

    /// True if the connection to the proxy itself is encrypted.
    pub(crate) fn is_https(&self) -> bool {
        self.has_scheme("https")
    }

    /// The port libcurl connects to.
    pub(crate) fn port(&self) -> u16 {
        let default = if self.is_https() { 443 } else { DEFAULT_PORT };
        self.host_and_port().1.parse().unwrap_or(default)
    }

    fn has_scheme(&self, wanted: &str) -> bool {
        self.scheme
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(wanted))
    }

    fn host_and_port(&self) -> (&'a str, &'a str) {
        let authority = self.address.split(['/', '?', '#']).next();
        let authority = authority.unwrap_or_default();
        let bracketed = authority.strip_prefix('[');
        match bracketed.and_then(|inner| inner.split_once(']')) {
            // What follows a bracket and is no port makes one that is no number.
            Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or(rest)),
            None => authority.split_once(':').unwrap_or((authority, "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libcurl_can_use_is_usable() {
        for url in [
            "proxy",
            "proxy:3128",
            "user:pass@proxy:3128",
            "http://proxy:3128/",
            "HTTPS://user@proxy",
            "socks5h://user:p@ss/w?r#d@[::1]:1080",
            "socks4a://10.0.0.1:65535",
            "socks5h://localhost/run/socket",
            "http://user:a b@proxy:",
        ] {
            assert_eq!(ProxyUrl::new(url).check(), Ok(()), "{url}");
        }
    }

    // HTTP-7
    #[test]
    fn what_is_unusable_is_named_without_the_password() {
        for (url, why) in [
            ("foo://user:s3cret@proxy:1", "scheme"),
            ("http://user:s3cret@proxy:99999", "port"),
            ("http://user:s3cret@proxy:0", "port"),
            ("http://user:s3cret@proxy:+1", "port"),
            ("http://user:s3cret@::1", "host"),
            ("http://user:s3cret@fe80::1", "port"),
            ("http://user:s3cret@[::1]s3cret", "port"),
            ("http://user:s3cret", "port"),
            ("http://user:s3cret@", "host"),
            ("http://user:s3cret@:3128", "host"),
            ("user:s3cret@", "host"),
            ("http://", "host"),
            ("http://user:s3cret@pro xy", "space"),
            ("http://user:s3cret\r\nX: y@proxy", "control"),
            ("user:s3cret://x@:1", "host"),
        ] {
            let proxy = ProxyUrl::new(url);
            let text = proxy.check().unwrap_err();
            assert!(text.contains(why), "{url}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
            assert!(!format!("{proxy:?}").contains("s3cret"), "{proxy:?}");
        }
    }

    #[test]
    fn user_and_password_are_taken_out() {
        for (url, credentials, rest) in [
            (
                "http://u:p@ss@host:3128",
                Some("u:p@ss"),
                "http://host:3128",
            ),
            ("u:p@host:3128", Some("u:p"), "host:3128"),
            ("u:p://q@host", Some("u:p://q"), "host"),
            ("socks5://u:p/q@host/", Some("u:p/q"), "socks5://host/"),
            ("http://host", None, "http://host"),
        ] {
            let proxy = ProxyUrl::new(url);
            assert_eq!(proxy.credentials(), credentials);
            assert_eq!(proxy.without_credentials(), rest);
            assert_eq!(proxy.shown(), rest);
        }
    }

    #[test]
    fn texts_lose_user_and_password() {
        let hidden = |url, text| ProxyUrl::new(url).hidden_in(text);
        let url = "http://user:s3cret@host:1";
        for text in [
            "in 'http://user:s3cret@host:1'",
            "in 'user:s3cret@host'",
            "s3cret",
        ] {
            assert!(!hidden(url, text).contains("s3cret"));
        }
        assert_eq!(hidden("http://u:1@127.0.0.1:1", "127.0.0.1"), "127.0.0.1");
        assert_eq!(hidden("http://host:1", "http://host:1"), "http://host:1");
        assert_eq!(hidden("", "text"), "text");
    }

    #[test]
    fn the_port_is_that_of_libcurl() {
        for (url, port) in [
            ("proxy", 1080),
            ("http://proxy/", 1080),
            ("https://proxy", 443),
            ("http://[::1]:8080", 8080),
            ("u:p@proxy:3128", 3128),
        ] {
            assert_eq!(ProxyUrl::new(url).port(), port, "{url}");
        }
    }
}
