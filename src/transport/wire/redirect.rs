//! Redirects: which ones may be followed, and who may see our key (AUTH-13).

use super::url::Url;

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Absolute URL.
    pub(crate) url: String,
    /// True if it is the server of the DSN: scheme, host and port.
    pub(crate) is_same_origin: bool,
}

/// The target, if an answer from `from` may send us to `to`: http or https only, never from https to http, and never
/// to a URL that names a user or that can be read in two ways (see [`Url::new`]).
pub(crate) fn may_follow(endpoint: &str, from: &str, to: &str) -> Option<Target> {
    let to = Url::new(to)?;
    let (target, source) = (to.origin()?, Url::new(from)?.origin()?);
    let is_http = matches!(target.scheme.as_str(), "http" | "https");
    if !is_http || source.scheme == "https" && target.scheme != "https" {
        return None;
    }
    let endpoint = Url::new(endpoint).and_then(|endpoint| endpoint.origin());
    Some(Target {
        is_same_origin: endpoint.is_some_and(|endpoint| endpoint == target),
        // Not the server's own words: what was looked at is what is sent to.
        url: to.text()?,
    })
}

/// `location` as an absolute URL, if it is relative to the `from` that answered with it.
pub(crate) fn absolute(from: &str, location: &str) -> String {
    let joined = Url::new(from).and_then(|from| from.join(location));
    let text = joined.and_then(|joined| joined.text());
    text.unwrap_or_else(|| location.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "https://sentry.example/api/1/envelope/";

    fn is_same(to: &str) -> Option<bool> {
        may_follow(HOME, HOME, to).map(|target| target.is_same_origin)
    }

    // AUTH-13
    #[test]
    fn our_key_goes_to_the_original_server_only() {
        assert_eq!(is_same("https://sentry.example:443/other"), Some(true));
        assert_eq!(is_same("HTTPS://Sentry.Example/other"), Some(true));
        assert_eq!(is_same("https://elsewhere.example/"), Some(false));
        assert_eq!(is_same("https://sentry.example:8443/"), Some(false));
        assert_eq!(is_same("https://sentry.example./"), Some(false));
        assert_eq!(is_same("https://[::1]:443/"), Some(false));
    }

    // AUTH-13
    #[test]
    fn a_target_that_can_be_read_in_two_ways_is_refused() {
        for to in [
            "https://sentry.example\\@elsewhere.example/",
            "https://sentry.example@elsewhere.example/",
            "https://elsewhere.example@sentry.example/",
            "https://key:secret@sentry.example/",
            "https://sentry.example\t.elsewhere.example/",
        ] {
            assert_eq!(is_same(to), None, "{to}");
        }
        let relative = absolute(HOME, "//sentry.example\\@elsewhere.example/");
        assert_eq!(is_same(&relative), None);
    }

    // AUTH-13
    #[test]
    fn nothing_leads_from_https_to_http_or_out_of_http() {
        assert_eq!(is_same("http://sentry.example/"), None);
        assert_eq!(is_same("file:///etc/passwd"), None);
        assert_eq!(is_same("/relative"), None);
        assert_eq!(is_same("https://"), None);
        let up = may_follow("http://a/", "http://a/", "https://a/");
        assert_eq!(up.map(|target| target.is_same_origin), Some(false));
    }
}
