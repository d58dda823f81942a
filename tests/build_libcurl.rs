//! The build ends with a libcurl without TLS, and says what to do.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

#[path = "../build/libcurl.rs"]
mod libcurl;

#[test]
fn a_libcurl_with_tls_is_taken() {
    for protocols in [
        "DICT FILE FTP HTTP HTTPS IMAP\n",
        "\"HTTP HTTPS\"",
        "http https",
        // Older versions and other build systems say nothing.
        "",
        "\n",
    ] {
        assert_eq!(libcurl::lack(false, protocols), None, "{protocols:?}");
    }
}

#[test]
fn a_libcurl_without_tls_is_refused_with_a_remedy() {
    for (is_compiled, protocols, why) in [
        (true, "", "does not find libcurl"),
        (false, "DICT FILE FTP HTTP\n", "has no TLS"),
        (false, "HTTPSRR HTTP", "has no TLS"),
    ] {
        let text = libcurl::lack(is_compiled, protocols).unwrap();
        for word in [why, "libcurl4-openssl-dev", "static-curl", "plain-http"] {
            assert!(text.contains(word), "{text}");
        }
    }
}
