//! DSN: where events go and with which key (DSN-1 … DSN-11, AUTH-1 … AUTH-3).
//!
//! Decides what a DSN must look like, the address and the authentication that follow from it, and that the secret in
//! it is never shown. Entry point: [`Dsn::parse`]. May use the standard library only.

use std::fmt;
use std::net::Ipv6Addr;

/// A DSN that was accepted: `{scheme}://{public_key}[:{secret}]@{host}[:{port}]{path}/{project_id}`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dsn {
    raw: String,
    is_https: bool,
    public_key: String,
    secret: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
    project_id: String,
}

/// Why a DSN was refused. The texts say what to do and never repeat any part of the DSN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DsnError {
    /// Nothing but blanks; callers that take this for "disabled" ask before they parse.
    Empty,
    /// No `://`.
    NotAUrl,
    /// Neither http nor https.
    UnknownScheme,
    /// No `@`, or nothing before it.
    MissingPublicKey,
    /// Nothing between `@` and the path.
    MissingHost,
    /// The host is no name and no address.
    InvalidHost,
    /// No decimal number from 1 to 65535 after the host's colon.
    InvalidPort,
    /// No path segment.
    MissingProjectId,
    /// A control character, a blank or another character that may not stand in a URL, at this byte.
    InvalidCharacter(usize),
}

impl fmt::Display for DsnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the DSN is empty; copy it from the project's settings",
            Self::NotAUrl => "the DSN is no URL; it must look like https://key@host/project",
            Self::UnknownScheme => "the DSN must begin with http:// or https://",
            Self::MissingPublicKey => {
                "the DSN has no public key; put it before the host: https://key@host/project"
            }
            Self::MissingHost => {
                "the DSN has no host; put it after the @: https://key@host/project"
            }
            Self::InvalidHost => {
                "the DSN's host is no valid name or address; write IPv6 addresses in brackets and \
                 international names in their ASCII form"
            }
            Self::InvalidPort => "the DSN's port must be a number from 1 to 65535",
            Self::MissingProjectId => {
                "the DSN has no project id; put it at the end: https://key@host/project"
            }
            Self::InvalidCharacter(at) => {
                return write!(
                    f,
                    "the DSN has a character at byte {at} that may not stand there; \
                     remove it or write it percent-encoded"
                );
            }
        })
    }
}

impl std::error::Error for DsnError {}

/// What begins a query or a fragment.
const FOLLOWS_PROJECT: [char; 2] = ['?', '#'];

impl Dsn {
    /// True if there is something behind the project id that means nothing here.
    pub(crate) fn has_excess(text: &str) -> bool {
        text.contains(FOLLOWS_PROJECT)
    }

    /// Reads a DSN; blanks around it and what follows the project id, from `?` or `#` on, are ignored.
    pub(crate) fn parse(text: &str) -> Result<Self, DsnError> {
        let raw = text.trim_matches([' ', '\t', '\r', '\n']);
        let end = raw.find(FOLLOWS_PROJECT).unwrap_or(raw.len());
        let raw = raw.get(..end).unwrap_or_default();
        if raw.is_empty() {
            return Err(DsnError::Empty);
        }
        if let Some(at) = raw.bytes().position(|byte| !may_stand_in_dsn(byte)) {
            // Letters beyond ASCII are a matter of the host name; the text for that says what to do.
            let in_host = raw.as_bytes().get(at).is_some_and(|byte| !byte.is_ascii())
                && raw.get(..at).is_some_and(|before| before.contains('@'));
            return Err(if in_host {
                DsnError::InvalidHost
            } else {
                DsnError::InvalidCharacter(at)
            });
        }
        let (scheme, rest) = raw.split_once("://").ok_or(DsnError::NotAUrl)?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return Err(DsnError::UnknownScheme);
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (user, address) = authority
            .rsplit_once('@')
            .ok_or(DsnError::MissingPublicKey)?;
        let (public_key, secret) = user.split_once(':').unwrap_or((user, ""));
        if public_key.is_empty() {
            return Err(DsnError::MissingPublicKey);
        }
        // A second `@` or `:` would make the parts ambiguous.
        if let Some(at) = user.find('@') {
            let before = scheme.len().saturating_add(3);
            return Err(DsnError::InvalidCharacter(before.saturating_add(at)));
        }
        let (host, port) = split_address(address)?;
        let (path, project_id) = path
            .trim_end_matches('/')
            .rsplit_once('/')
            .ok_or(DsnError::MissingProjectId)?;
        Ok(Self {
            raw: raw.to_owned(),
            is_https,
            public_key: public_key.to_owned(),
            secret: (!secret.is_empty()).then(|| secret.to_owned()),
            host: host.to_owned(),
            port,
            path: path.trim_end_matches('/').to_owned(),
            project_id: project_id.to_owned(),
        })
    }

    /// `http` or `https`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    /// True for https.
    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    /// The public key.
    pub(crate) fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The secret, if there is one that is not empty (DSN-4).
    #[cfg(test)]
    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// The host; IPv6 addresses with their brackets.
    #[cfg(test)]
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to: the one that was given, else the scheme's (DSN-5).
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.is_https { 443 } else { 80 })
    }

    /// Where envelopes are posted to (DSN-2).
    pub(crate) fn envelope_url(&self) -> String {
        let (base, path, project) = (self.base(), &self.path, &self.project_id);
        format!("{base}{path}/api/{project}/envelope/")
    }

    /// The same with its port in any case.
    pub(crate) fn envelope_url_with_port(&self) -> String {
        let (host, port, path, project) = (&self.host, self.port(), &self.path, &self.project_id);
        format!(
            "{}://{host}:{port}{path}/api/{project}/envelope/",
            self.scheme()
        )
    }

    /// The value of the header `X-Sentry-Auth`; `client` is `name/version` (AUTH-1 … AUTH-3).
    pub(crate) fn auth_header(&self, client: &str) -> String {
        let mut header = format!(
            "Sentry sentry_key={}, sentry_version=7, sentry_client={client}",
            self.public_key
        );
        if let Some(secret) = &self.secret {
            header.push_str(", sentry_secret=");
            header.push_str(secret);
        }
        header
    }

    /// The organisation's id, if the host tells it: the digits of a first label `o<digits>` (DSN-11).
    pub(crate) fn org_id(&self) -> Option<&str> {
        let digits = self.host.split('.').next()?.strip_prefix('o')?;
        let is_id = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then_some(digits)
    }

    /// The DSN as it was given, secret included.
    #[cfg(test)]
    pub(crate) fn raw(&self) -> &str {
        &self.raw
    }

    /// The DSN without its secret: all that the server needs in an envelope header, and fit for a file on disk.
    pub(crate) fn public(&self) -> String {
        let scheme_end = self.scheme().len();
        let base = self.base();
        let address = base.get(scheme_end.saturating_add(3)..).unwrap_or_default();
        let (key, path, project) = (&self.public_key, &self.path, &self.project_id);
        format!("{}://{key}@{address}{path}/{project}", self.scheme())
    }

    /// The DSN for logs: without the secret, and with the key's beginning only.
    pub(crate) fn redacted(&self) -> String {
        let key: String = self.public_key.chars().take(4).collect();
        let secret = if self.secret.is_some() { ":***" } else { "" };
        let (path, project) = (&self.path, &self.project_id);
        let base = self.base();
        let address = base.split_once("://").map_or("", |(_, address)| address);
        format!(
            "{}://{key}…{secret}@{address}{path}/{project}",
            self.scheme()
        )
    }

    /// `scheme://host[:port]`
    fn base(&self) -> String {
        let (scheme, host) = (self.scheme(), &self.host);
        match self.port {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dsn").field(&self.redacted()).finish()
    }
}

/// Printable ASCII without what has a meaning of its own in headers and URLs.
fn may_stand_in_dsn(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b',' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

/// Host and port of `host[:port]`.
fn split_address(address: &str) -> Result<(&str, Option<u16>), DsnError> {
    let (host, port) = if address.starts_with('[') {
        let end = address.find(']').ok_or(DsnError::InvalidHost)?;
        let (host, rest) = address.split_at(end.saturating_add(1));
        let inner = host.get(1..end).unwrap_or_default();
        if inner.parse::<Ipv6Addr>().is_err() {
            return Err(DsnError::InvalidHost);
        }
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return Err(DsnError::InvalidHost),
        }
    } else {
        let (host, port) = match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        };
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if host.is_empty() {
            return Err(DsnError::MissingHost);
        }
        if !host.bytes().all(in_name) || host.starts_with('.') || host.contains("..") {
            return Err(DsnError::InvalidHost);
        }
        (host, port)
    };
    let Some(port) = port else {
        return Ok((host, None));
    };
    let only_digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(number) if only_digits && number > 0 => Ok((host, Some(number))),
        _ => Err(DsnError::InvalidPort),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Dsn {
        Dsn::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    // DSN-1, DSN-2, DSN-3, DSN-5, DSN-7, DSN-8
    #[test]
    fn the_endpoint_keeps_scheme_host_port_and_path() {
        for (dsn, url) in [
            ("https://k@h/42", "https://h/api/42/envelope/"),
            ("https://k@h/a/b/42", "https://h/a/b/api/42/envelope/"),
            ("https://k@h/a/b/42///", "https://h/a/b/api/42/envelope/"),
            ("http://k@h:8000/42", "http://h:8000/api/42/envelope/"),
            ("https://k@h:443/42", "https://h:443/api/42/envelope/"),
            (
                "HTTPS://k@h/my-project",
                "https://h/api/my-project/envelope/",
            ),
            ("http://k@[::1]:9000/1", "http://[::1]:9000/api/1/envelope/"),
            (
                "http://k@[2001:db8::1]/1",
                "http://[2001:db8::1]/api/1/envelope/",
            ),
            ("http://k@h//1", "http://h/api/1/envelope/"),
            (" https://k@h/42\n", "https://h/api/42/envelope/"),
            (
                "https://k@h/42?verify_ssl=0&x={y}",
                "https://h/api/42/envelope/",
            ),
            ("https://k@h/42/#x", "https://h/api/42/envelope/"),
        ] {
            assert_eq!(parsed(dsn).envelope_url(), url, "{dsn}");
        }
        assert_eq!(parsed("https://k@h/1").port(), 443);
        assert_eq!(parsed("http://k@h/1").port(), 80);
        assert_eq!(parsed("http://k@h:65535/1").port(), 65535);
        assert_eq!(parsed("http://k@[::1]:9000/1").host(), "[::1]");
        assert!(parsed("https://k@h/1").is_https() && !parsed("http://k@h/1").is_https());
    }

    // DSN-4, AUTH-1, AUTH-2, AUTH-3
    #[test]
    fn the_secret_is_optional_and_sent_only_if_there_is_one() {
        for dsn in ["https://k@h/1", "https://k:@h/1"] {
            assert_eq!(parsed(dsn).secret(), None);
            assert_eq!(
                parsed(dsn).auth_header("lib/1.0"),
                "Sentry sentry_key=k, sentry_version=7, sentry_client=lib/1.0"
            );
        }
        let dsn = parsed("https://k:s3cr3t@h/1");
        assert_eq!(dsn.public_key(), "k");
        assert_eq!(
            dsn.auth_header("lib/1.0"),
            "Sentry sentry_key=k, sentry_version=7, sentry_client=lib/1.0, sentry_secret=s3cr3t"
        );
    }

    // DSN-6
    #[test]
    fn each_defect_has_an_error_of_its_own() {
        for (dsn, error) in [
            ("", DsnError::Empty),
            (" \n", DsnError::Empty),
            ("nonsense", DsnError::NotAUrl),
            ("https:/k@h/1", DsnError::NotAUrl),
            ("ftp://k@h/1", DsnError::UnknownScheme),
            ("://k@h/1", DsnError::UnknownScheme),
            ("https://h/1", DsnError::MissingPublicKey),
            ("https://@h/1", DsnError::MissingPublicKey),
            ("https://:s@h/1", DsnError::MissingPublicKey),
            ("https://h/a@b/1", DsnError::MissingPublicKey),
            ("https://k@/1", DsnError::MissingHost),
            ("https://k@:80/1", DsnError::MissingHost),
            ("https://k@h h/1", DsnError::InvalidCharacter(11)),
            ("https://k@[::1/1", DsnError::InvalidHost),
            ("https://k@[nonsense]/1", DsnError::InvalidHost),
            ("https://k@[::1]x/1", DsnError::InvalidHost),
            ("https://k@a..b/1", DsnError::InvalidHost),
            ("https://k@h%41/1", DsnError::InvalidHost),
            ("https://k@bücher.example/1", DsnError::InvalidHost),
            ("https://k@h:x/1", DsnError::InvalidPort),
            ("https://k@h:/1", DsnError::InvalidPort),
            ("https://k@h:0/1", DsnError::InvalidPort),
            ("https://k@h:65536/1", DsnError::InvalidPort),
            ("https://k@h:+80/1", DsnError::InvalidPort),
            ("https://k@h:80:90/1", DsnError::InvalidPort),
            ("https://k@h", DsnError::MissingProjectId),
            ("https://k@h/", DsnError::MissingProjectId),
            ("https://k@h///", DsnError::MissingProjectId),
            ("https://k@h?x=/1", DsnError::MissingProjectId),
            ("https://k?@h/1", DsnError::MissingPublicKey),
            ("https://k:s@x@h/1", DsnError::InvalidCharacter(11)),
            ("https://k@h/1\r\nX-Evil: 1", DsnError::InvalidCharacter(13)),
            (
                "https://k,sentry_secret=x@h/1",
                DsnError::InvalidCharacter(9),
            ),
            ("https://k\0@h/1", DsnError::InvalidCharacter(9)),
            ("https://ключ@h/1", DsnError::InvalidCharacter(8)),
        ] {
            assert_eq!(Dsn::parse(dsn), Err(error), "{dsn:?}");
        }
    }

    // DSN-10
    #[test]
    fn the_secret_is_never_shown() {
        let dsn = parsed("https://publickey:s3cr3t@h:1/a/7");
        for shown in [format!("{dsn:?}"), dsn.redacted(), dsn.public()] {
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        assert_eq!(dsn.redacted(), "https://publ…:***@h:1/a/7");
        assert_eq!(dsn.public(), "https://publickey@h:1/a/7");
        assert!(dsn.raw().contains("s3cr3t"));
        let error = Dsn::parse("https://k:s3cr3t@h/").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }

    // DSN-11
    #[test]
    fn the_organisation_is_told_by_the_first_label() {
        let org = |host: &str| {
            let dsn = parsed(&format!("https://k@{host}/1"));
            dsn.org_id().map(str::to_owned)
        };
        assert_eq!(org("o123.ingest.sentry.io").as_deref(), Some("123"));
        assert_eq!(org("o1").as_deref(), Some("1"));
        for none in ["oxyz.example", "o.example", "o12a.example", "x.o12.example"] {
            assert_eq!(org(none), None, "{none}");
        }
    }
}
