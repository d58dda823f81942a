//! One transfer: its handle, options and information, and the handler that libcurl calls for it.

use std::ffi::{CStr, CString, c_char, c_long};
use std::ptr::{self, NonNull};
use std::time::Duration;

use curl_sys::{CURL, CURL_ERROR_SIZE, CURLcode};

use super::error::{Error, checked};
use super::handler::{Handler, install};
use super::header_list::HeaderList;
use super::options::{Number, NumberInfo, Text, TextInfo, TimeInfo};
use super::pinned::Pinned;
use super::setup;

/// A handle of libcurl, and what it has pointers to. It is used on one thread at a time.
pub(crate) struct Handle {
    raw: NonNull<CURL>,
    /// Where libcurl writes what exactly went wrong.
    message: Pinned<[c_char; CURL_ERROR_SIZE]>,
    headers: HeaderList,
}

/// Which handle it is; says nothing once that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id(pub(super) *mut CURL);

impl Handle {
    fn new() -> Result<Self, Error> {
        setup::ensure()?;
        // SAFETY: libcurl is set up.
        let raw = NonNull::new(unsafe { curl_sys::curl_easy_init() });
        let handle = Self {
            raw: raw.ok_or_else(|| Error::new(curl_sys::CURLE_OUT_OF_MEMORY))?,
            message: Pinned::new([0; CURL_ERROR_SIZE]),
            headers: HeaderList::default(),
        };
        let message = handle.message.as_ptr();
        // SAFETY: the handle is valid; the buffer has the size that the option asks for, and is freed after the handle.
        checked(unsafe {
            curl_sys::curl_easy_setopt(handle.as_ptr(), curl_sys::CURLOPT_ERRORBUFFER, message)
        })?;
        Ok(handle)
    }

    pub(super) fn as_ptr(&self) -> *mut CURL {
        self.raw.as_ptr()
    }

    /// Sets an option.
    pub(crate) fn set_number(&mut self, option: Number, value: c_long) -> Result<(), Error> {
        // SAFETY: the handle is valid, and such options take a `long`.
        checked(unsafe { curl_sys::curl_easy_setopt(self.as_ptr(), option.0, value) })
    }

    /// Sets an option to milliseconds.
    pub(crate) fn set_millis(&mut self, option: Number, time: Duration) -> Result<(), Error> {
        self.set_number(
            option,
            c_long::try_from(time.as_millis()).unwrap_or(c_long::MAX),
        )
    }

    /// Sets an option that only improves on something: versions that do not know it do without.
    pub(crate) fn prefer(&mut self, option: Number, value: c_long) {
        let _ = self.set_number(option, value);
    }

    /// Sets an option.
    pub(crate) fn set_text(&mut self, option: Text, text: &[u8]) -> Result<(), Error> {
        self.set_or_unset(option, Some(text))
    }

    /// Sets an option; without a text it is as if it had not been set.
    pub(crate) fn set_or_unset(&mut self, option: Text, text: Option<&[u8]>) -> Result<(), Error> {
        let text = text.map(CString::new).transpose();
        let text = text.map_err(|_| Error::new(curl_sys::CURLE_CONV_FAILED))?;
        let pointer = text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        // SAFETY: the handle is valid. Such options take a terminated text, which libcurl copies, or NULL.
        checked(unsafe { curl_sys::curl_easy_setopt(self.as_ptr(), option.0, pointer) })
    }

    /// Sets the headers of the request.
    pub(crate) fn set_headers<'a>(
        &mut self,
        lines: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Error> {
        let headers = HeaderList::new(lines)?;
        // SAFETY: the handle is valid. libcurl keeps the pointer; the list is freed after the handle, or when the next one
        // has taken its place.
        checked(unsafe {
            let option = curl_sys::CURLOPT_HTTPHEADER;
            curl_sys::curl_easy_setopt(self.as_ptr(), option, headers.as_ptr())
        })?;
        self.headers = headers;
        Ok(())
    }

    /// The handler will be asked for a body of so many bytes.
    pub(crate) fn set_body_size(&mut self, size: usize) -> Result<(), Error> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        // SAFETY: the handle is valid. The first option takes a pointer or NULL, the second an `off_t`.
        unsafe {
            let nothing = ptr::null::<c_char>();
            checked(curl_sys::curl_easy_setopt(
                self.as_ptr(),
                curl_sys::CURLOPT_POSTFIELDS,
                nothing,
            ))?;
            checked(curl_sys::curl_easy_setopt(
                self.as_ptr(),
                curl_sys::CURLOPT_POSTFIELDSIZE_LARGE,
                size,
            ))
        }
    }

    /// Hands over a copy of the body, after its size: libcurl sends it in one go with the headers, and does not ask for it.
    fn set_body(&mut self, body: &[u8]) -> Result<(), Error> {
        self.set_body_size(body.len())?;
        // SAFETY: the handle is valid, and libcurl copies as many bytes as it was told just now.
        checked(unsafe {
            let option = curl_sys::CURLOPT_COPYPOSTFIELDS;
            curl_sys::curl_easy_setopt(self.as_ptr(), option, body.as_ptr())
        })
    }

    /// A number that libcurl knows of the transfer.
    pub(crate) fn number(&self, info: NumberInfo) -> Option<c_long> {
        let mut value: c_long = 0;
        // SAFETY: the handle is valid, and such information is a `long`; versions that do not know it say so.
        let code = unsafe { curl_sys::curl_easy_getinfo(self.as_ptr(), info.0, &raw mut value) };
        (code == curl_sys::CURLE_OK).then_some(value)
    }

    /// When a step of the transfer was done; none if it was not.
    pub(crate) fn time(&self, info: TimeInfo) -> Option<Duration> {
        let mut micros: i64 = 0;
        // SAFETY: the handle is valid, and such information is an `off_t`.
        let code = unsafe { curl_sys::curl_easy_getinfo(self.as_ptr(), info.0, &raw mut micros) };
        let micros = u64::try_from(micros).ok().filter(|micros| *micros > 0);
        micros
            .filter(|_| code == curl_sys::CURLE_OK)
            .map(Duration::from_micros)
    }

    /// A text that libcurl knows of the transfer.
    pub(crate) fn text(&self, info: TextInfo) -> Option<String> {
        let mut text: *const c_char = ptr::null();
        // SAFETY: the handle is valid, and such information is a pointer to a text of the handle, or NULL.
        let code = unsafe { curl_sys::curl_easy_getinfo(self.as_ptr(), info.0, &raw mut text) };
        if code != curl_sys::CURLE_OK || text.is_null() {
            return None;
        }
        // SAFETY: the text is terminated, and stays until the next use of the handle.
        let text = unsafe { CStr::from_ptr(text) };
        text.to_str().ok().map(str::to_owned)
    }

    /// The end of the transfer with this result: what exactly went wrong was written meanwhile.
    pub(crate) fn result(&mut self, code: CURLcode) -> Result<(), Error> {
        if code == curl_sys::CURLE_OK {
            return Ok(());
        }
        let message = self.message.get_mut();
        let text: Vec<u8> = message
            .iter()
            .take_while(|letter| **letter != 0)
            .map(|letter| letter.to_ne_bytes()[0])
            .collect();
        message[0] = 0;
        Err(match text.is_empty() {
            true => Error::new(code),
            false => Error::with_detail(code, String::from_utf8_lossy(&text).into_owned()),
        })
    }

    /// Runs the transfer to its end.
    #[cfg(test)]
    pub(crate) fn perform(&mut self) -> Result<(), Error> {
        // SAFETY: the handle is valid and in no multi handle, since `Added` owns those that are.
        let code = unsafe { curl_sys::curl_easy_perform(self.as_ptr()) };
        self.result(code)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and has no other owner. What it has pointers to is dropped after it.
        unsafe { curl_sys::curl_easy_cleanup(self.as_ptr()) };
    }
}

/// A handle with its handler.
pub(crate) struct Easy<H> {
    // Dropped before the handler, which libcurl may call until then.
    handle: Handle,
    handler: Pinned<H>,
    asks_to_send: bool,
}

impl<H: Handler> Easy<H> {
    /// One that uses no signals.
    pub(crate) fn new(handler: H) -> Result<Self, Error> {
        let handler = Pinned::new(handler);
        let mut handle = Handle::new()?;
        handle.set_number(Number::NO_SIGNAL, 1)?;
        let asks_to_send = install(handle.raw, &handler)?;
        Ok(Self {
            handle,
            handler,
            asks_to_send,
        })
    }
}

impl<H> Easy<H> {
    /// Options and information.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Options, to be changed.
    pub(crate) fn handle_mut(&mut self) -> &mut Handle {
        &mut self.handle
    }

    /// What libcurl calls.
    pub(crate) fn handler(&self) -> &H {
        self.handler.get()
    }

    /// What libcurl calls, to be changed.
    pub(crate) fn handler_mut(&mut self) -> &mut H {
        self.handler.get_mut()
    }

    /// False with a libcurl before 7.80, which does not ask [`Handler::may_send`].
    pub(crate) fn asks_to_send(&self) -> bool {
        self.asks_to_send
    }

    /// Hands over a copy of the body that the handler has, if it names one: libcurl then sends it in one go with the headers.
    /// Otherwise, also without memory for the copy, it reads `size` bytes from the handler.
    pub(crate) fn set_body(
        &mut self,
        size: usize,
        whole: impl FnOnce(&H) -> Option<&[u8]>,
    ) -> Result<(), Error> {
        let whole = whole(self.handler.get());
        if whole.is_some_and(|body| self.handle.set_body(body).is_ok()) {
            return Ok(());
        }
        self.handle.set_body_size(size)
    }
}
