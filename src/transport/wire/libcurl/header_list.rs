//! The list of request headers that libcurl keeps a pointer to.

use std::ffi::CString;
use std::ptr::{self, NonNull};

use super::error::Error;

/// Request headers, `Name: value` each.
#[derive(Default)]
pub(super) struct HeaderList(Option<NonNull<curl_sys::curl_slist>>);

impl HeaderList {
    /// One of these lines.
    pub(super) fn new<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut list = Self::default();
        for line in lines {
            let line = CString::new(line).map_err(|_| Error::new(curl_sys::CURLE_CONV_FAILED))?;
            // SAFETY: the list is libcurl's own or none, and the text is terminated and copied.
            let longer = unsafe { curl_sys::curl_slist_append(list.as_ptr(), line.as_ptr()) };
            // Without memory the list stays as it was.
            list.0 = Some(
                NonNull::new(longer).ok_or_else(|| Error::new(curl_sys::CURLE_OUT_OF_MEMORY))?,
            );
        }
        Ok(list)
    }

    /// For libcurl; valid until this is dropped.
    pub(super) fn as_ptr(&self) -> *mut curl_sys::curl_slist {
        self.0.map_or(ptr::null_mut(), NonNull::as_ptr)
    }
}

impl Drop for HeaderList {
    fn drop(&mut self) {
        // SAFETY: the list is libcurl's own or none, and its owner drops it after the handle that has the pointer.
        unsafe { curl_sys::curl_slist_free_all(self.as_ptr()) };
    }
}
