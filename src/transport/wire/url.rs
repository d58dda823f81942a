//! URLs as libcurl reads them.
//!
//! Who asks here where a URL leads gets the answer that libcurl will act on: a second parser would be a second opinion,
//! and the key could go where it was not allowed to. Entry point: [`Url`]. Calls libcurl.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::ptr::NonNull;

use super::libcurl::setup;
use parser::{curl_url, curl_url_cleanup, curl_url_get, curl_url_set};

/// `CURLUPART_URL`.
const WHOLE: c_int = 0;
/// `CURLUPART_SCHEME`.
const SCHEME: c_int = 1;
/// `CURLUPART_HOST`.
const HOST: c_int = 5;
/// `CURLUPART_PORT`.
const PORT: c_int = 6;
/// `CURLU_DEFAULT_PORT`: the port of the scheme if the URL names none.
const DEFAULT_PORT: c_uint = 1;
/// `CURLU_DISALLOW_USER`: a URL with user or password is none.
const DISALLOW_USER: c_uint = 1 << 5;

/// Functions that `curl-sys` leaves out; libcurl has them since 7.62.
///
/// cbindgen:ignore
mod parser {
    use std::ffi::{c_char, c_int, c_uint, c_void};

    unsafe extern "C" {
        pub(super) fn curl_url() -> *mut c_void;
        pub(super) fn curl_url_cleanup(handle: *mut c_void);
        pub(super) fn curl_url_set(
            handle: *mut c_void,
            part: c_int,
            value: *const c_char,
            flags: c_uint,
        ) -> c_int;
        pub(super) fn curl_url_get(
            handle: *const c_void,
            part: c_int,
            value: *mut *mut c_char,
            flags: c_uint,
        ) -> c_int;
    }
}

/// A URL without user and password.
#[derive(Debug)]
pub(crate) struct Url(NonNull<c_void>);

/// What decides to whom a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// In lower case.
    pub(crate) scheme: String,
    /// In lower case.
    pub(crate) host: String,
    /// Also if the URL names none.
    pub(crate) port: String,
}

impl Url {
    /// An absolute URL. None if libcurl would not take it, if it names a user, or if it holds what other readers of URLs
    /// take for the end of a host: a backslash, a blank, a control character.
    pub(crate) fn new(text: &str) -> Option<Self> {
        setup::ensure().ok()?;
        // SAFETY: libcurl is set up; NULL is looked at.
        let url = Self(NonNull::new(unsafe { curl_url() })?);
        url.set(text).then_some(url)
    }

    /// Where `location` leads, seen from here.
    pub(crate) fn join(self, location: &str) -> Option<Self> {
        self.set(location).then_some(self)
    }

    /// As text, put together by libcurl.
    pub(crate) fn text(&self) -> Option<String> {
        self.part(WHOLE)
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> Option<Origin> {
        Some(Origin {
            scheme: self.part(SCHEME)?.to_ascii_lowercase(),
            host: self.part(HOST)?.to_ascii_lowercase(),
            port: self.part(PORT)?,
        })
    }

    fn set(&self, text: &str) -> bool {
        let is_ambiguous = |one: char| one == '\\' || one.is_whitespace() || one.is_control();
        if text.contains(is_ambiguous) {
            return false;
        }
        let Ok(text) = CString::new(text) else {
            return false;
        };
        // SAFETY: the handle is valid, and libcurl copies the terminated text.
        unsafe { curl_url_set(self.0.as_ptr(), WHOLE, text.as_ptr(), DISALLOW_USER) == 0 }
    }

    fn part(&self, part: c_int) -> Option<String> {
        let mut value: *mut c_char = std::ptr::null_mut();
        let flags = if part == PORT { DEFAULT_PORT } else { 0 };
        // SAFETY: the handle is valid; on success libcurl leaves a terminated text of its own.
        let code = unsafe { curl_url_get(self.0.as_ptr(), part, &raw mut value, flags) };
        if code != 0 || value.is_null() {
            return None;
        }
        // SAFETY: as above; it is freed after the copy.
        let text = unsafe { CStr::from_ptr(value) }.to_str().map(str::to_owned);
        // SAFETY: the text is libcurl's, and nobody else has it.
        unsafe { curl_sys::curl_free(value.cast()) };
        text.ok()
    }
}

impl Drop for Url {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and has no other owner.
        unsafe { curl_url_cleanup(self.0.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_two_readings_is_none() {
        for text in [
            "http://home\\@elsewhere/",
            "http://home\\.elsewhere/",
            "http://user@home/",
            "http://user:secret@home/",
            "http://:@home/",
            "http://home/a b",
            "http://home\t/",
            "http://home\r\n/",
            "http://home\u{a0}/",
            "http://home:port/",
            "http://home:99999/",
            "http://",
            "//home/",
            "/path",
            "",
        ] {
            assert!(Url::new(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn locations_are_joined_as_libcurl_does() {
        let joined = |location: &str| {
            let from = Url::new("https://home:8443/api/1/envelope/?a=b")?;
            from.join(location)?.text()
        };
        for (location, whole) in [
            ("/other", "https://home:8443/other"),
            ("next", "https://home:8443/api/1/envelope/next"),
            ("../next", "https://home:8443/api/1/next"),
            ("//elsewhere/x", "https://elsewhere/x"),
            ("http://elsewhere/", "http://elsewhere/"),
        ] {
            assert_eq!(joined(location).as_deref(), Some(whole), "{location}");
        }
        assert_eq!(joined("//home\\@elsewhere/"), None);
        assert_eq!(joined("//user@elsewhere/"), None);
    }
}
