//! What libcurl says when it did not do something.

use std::ffi::{CStr, c_char};

use curl_sys::{CURLMcode, CURLcode};

/// Why libcurl did not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    code: CURLcode,
    text: &'static str,
    detail: Option<String>,
}

impl Error {
    /// That of a transfer.
    pub(crate) fn new(code: CURLcode) -> Self {
        // SAFETY: any number is allowed.
        let text = unsafe { curl_sys::curl_easy_strerror(code) };
        Self {
            code,
            text: static_text(text),
            detail: None,
        }
    }

    /// That of a transfer, and what exactly happened.
    pub(crate) fn with_detail(code: CURLcode, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::new(code)
        }
    }

    /// That of what runs side by side; its codes are others and say nothing of a transfer.
    pub(super) fn of_multi(code: CURLMcode) -> Self {
        // SAFETY: any number is allowed.
        let text = unsafe { curl_sys::curl_multi_strerror(code) };
        Self {
            code: curl_sys::CURLE_FAILED_INIT,
            text: static_text(text),
            detail: None,
        }
    }

    /// libcurl's number for it.
    pub(crate) fn code(&self) -> CURLcode {
        self.code
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.text)?;
        match &self.detail {
            Some(detail) => write!(formatter, " ({detail})"),
            None => Ok(()),
        }
    }
}

/// What a call answered.
pub(super) fn checked(code: CURLcode) -> Result<(), Error> {
    match code {
        curl_sys::CURLE_OK => Ok(()),
        code => Err(Error::new(code)),
    }
}

/// What a call of the multi interface answered.
pub(super) fn checked_multi(code: CURLMcode) -> Result<(), Error> {
    match code {
        curl_sys::CURLM_OK => Ok(()),
        code => Err(Error::of_multi(code)),
    }
}

/// A text that libcurl never frees.
fn static_text(text: *const c_char) -> &'static str {
    if text.is_null() {
        return "";
    }
    // SAFETY: both callers have a terminated text of libcurl's own, which is never freed.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_libcurl_says_and_what_exactly() {
        let error = Error::with_detail(curl_sys::CURLE_COULDNT_CONNECT, "port 1".to_owned());
        let text = error.to_string();
        assert!(text.ends_with(" (port 1)") && text.len() > 12, "{text}");
        assert_eq!(error.code(), curl_sys::CURLE_COULDNT_CONNECT);
        assert!(
            !Error::of_multi(curl_sys::CURLM_OUT_OF_MEMORY)
                .to_string()
                .is_empty()
        );
    }
}
