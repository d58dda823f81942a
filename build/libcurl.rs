//! What a libcurl lacks to be built with, and what to do about it; for the build script, and for the test of it.

/// What helps, whatever is lacking.
const REMEDY: &str = "
  on Debian and Ubuntu: apt-get install libcurl4-openssl-dev pkg-config
  on Fedora: dnf install libcurl-devel pkgconf-pkg-config
or build one in: cargo build --features static-curl (needs OpenSSL's headers)
or do without TLS, for http only: cargo build --features plain-http";

/// Why nothing could be sent to an https server. `is_compiled`: `curl-sys` compiles a libcurl of its own, which it does
/// when pkg-config finds none, and which has no TLS. `protocols`: what pkg-config says that the libcurl it finds speaks.
pub fn lack(is_compiled: bool, protocols: &str) -> Option<String> {
    if is_compiled {
        let what = "pkg-config does not find libcurl and its headers. Install them:";
        return Some(format!("{what}{REMEDY}"));
    }
    let mut names = protocols.split(|one: char| !one.is_ascii_alphanumeric());
    // Nothing said: a library of which pkg-config knows only where it lies.
    let says_something = protocols.contains(|one: char| one.is_ascii_alphanumeric());
    if says_something && !names.any(|name| name.eq_ignore_ascii_case("https")) {
        let what = "the libcurl that pkg-config finds has no TLS. Install one that has:";
        return Some(format!("{what}{REMEDY}"));
    }
    None
}
