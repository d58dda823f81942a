//! Redirects: which ones may be followed, and who may see our key (AUTH-13).

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Absolute URL.
    pub(crate) url: String,
    /// True if it is the server of the DSN: scheme, host and port.
    pub(crate) is_same_origin: bool,
}

/// The target, if an answer from `from` may send us to `to`: http or https only, and never from https to http.
pub(crate) fn may_follow(endpoint: &str, from: &str, to: &str) -> Option<Target> {
    let (target, source) = (origin(to)?, origin(from)?);
    if source.scheme == "https" && target.scheme != "https" {
        return None;
    }
    let is_same_origin = origin(endpoint).is_some_and(|endpoint| endpoint == target);
    Some(Target {
        url: to.to_owned(),
        is_same_origin,
    })
}

/// `location` as an absolute URL, if `from` answered with one that is relative to its root.
pub(crate) fn absolute(from: &str, location: &str) -> String {
    let is_rooted = location.starts_with('/') && !location.starts_with("//");
    let path_at = from.split_once("://").map(|(scheme, rest)| {
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        scheme.len().saturating_add(3).saturating_add(authority)
    });
    match path_at.and_then(|at| from.get(..at)) {
        Some(root) if is_rooted => format!("{root}{location}"),
        _ => location.to_owned(),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

fn origin(url: &str) -> Option<Origin> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let address = authority
        .rsplit_once('@')
        .map_or(authority, |(_, address)| address);
    // The colon of a port stands after the bracket of an IPv6 address.
    let port_at = address
        .rfind(':')
        .filter(|at| address.rfind(']').is_none_or(|bracket| bracket < *at));
    let (host, port) = match port_at.and_then(|at| address.split_at_checked(at)) {
        Some((host, port)) => (host, port.trim_start_matches(':').parse().ok()?),
        None => (address, default_port),
    };
    if host.is_empty() {
        return None;
    }
    Some(Origin {
        scheme,
        host: host.to_ascii_lowercase(),
        port,
    })
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
        assert_eq!(
            is_same("https://sentry.example@elsewhere.example/"),
            Some(false)
        );
        assert_eq!(is_same("https://[::1]:443/"), Some(false));
    }

    // AUTH-13
    #[test]
    fn nothing_leads_from_https_to_http_or_out_of_http() {
        assert_eq!(is_same("http://sentry.example/"), None);
        assert_eq!(is_same("file:///etc/passwd"), None);
        assert_eq!(is_same("/relative"), None);
        assert_eq!(is_same("https:///nohost"), None);
        let up = may_follow("http://a/", "http://a/", "https://a/");
        assert_eq!(up.map(|target| target.is_same_origin), Some(false));
    }
}
