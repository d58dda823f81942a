//! What libcurl calls while it works on a transfer, and how it gets to Rust.
//!
//! No panic crosses libcurl: each function catches one, and gives the answer that ends the transfer.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::RawFd;
use std::ptr::NonNull;
use std::slice;

use curl_sys::{CURL, curl_off_t, curl_sockaddr, curl_socket_t, curlsocktype};

use super::error::{Error, checked};
use super::options::{
    PREREQUEST_DATA, PREREQUEST_FUNCTION, RESOLVER_START_DATA, RESOLVER_START_FUNCTION,
};
use super::pinned::Pinned;
use crate::base::panic::contained;

/// What a transfer does when libcurl asks or tells something: on the thread that called libcurl, before the call returns.
pub(crate) trait Handler {
    /// A socket for a connection; none if there can be none.
    fn open_socket(&mut self, family: c_int, kind: c_int, protocol: c_int) -> Option<RawFd>;

    /// True if libcurl may look up a name now, on a thread that it starts.
    fn may_look_up(&mut self) -> bool;

    /// True if the request may go out now on the connection between these ports. Asked by libcurl from 7.80 on.
    fn may_send(&mut self, own_port: c_int, server_port: c_int) -> bool;

    /// Copies the next part of the body of the request; 0 at its end.
    fn read(&mut self, into: &mut [u8]) -> usize;

    /// Takes one header line of the answer; false ends the transfer.
    fn header(&mut self, line: &[u8]) -> bool;

    /// Takes a part of the body of the answer; false ends the transfer.
    fn body(&mut self, data: &[u8]) -> bool;
}

/// Lets libcurl call this handler for this handle, which must not live longer. True if libcurl will ask
/// [`Handler::may_send`].
pub(super) fn install<H: Handler>(
    handle: NonNull<CURL>,
    handler: &Pinned<H>,
) -> Result<bool, Error> {
    type Data = extern "C" fn(*mut c_char, usize, usize, *mut c_void) -> usize;
    let handle = handle.as_ptr();
    let data: *mut c_void = handler.as_ptr().cast();
    let header: Data = header::<H>;
    let body: Data = body::<H>;
    let read: Data = read::<H>;
    let seek: extern "C" fn(*mut c_void, curl_off_t, c_int) -> c_int = seek;
    let open: extern "C" fn(*mut c_void, curlsocktype, *mut curl_sockaddr) -> curl_socket_t =
        open_socket::<H>;
    let look_up: extern "C" fn(*mut c_void, *mut c_void, *mut c_void) -> c_int = look_up::<H>;
    let send: extern "C" fn(*mut c_void, *mut c_char, *mut c_char, c_int, c_int) -> c_int =
        send::<H>;
    // SAFETY: the handle is valid, and each function has the type that its option asks for.
    let codes = unsafe {
        [
            curl_sys::curl_easy_setopt(handle, curl_sys::CURLOPT_HEADERFUNCTION, header),
            curl_sys::curl_easy_setopt(handle, curl_sys::CURLOPT_WRITEFUNCTION, body),
            curl_sys::curl_easy_setopt(handle, curl_sys::CURLOPT_READFUNCTION, read),
            curl_sys::curl_easy_setopt(handle, curl_sys::CURLOPT_SEEKFUNCTION, seek),
            curl_sys::curl_easy_setopt(handle, curl_sys::CURLOPT_OPENSOCKETFUNCTION, open),
            curl_sys::curl_easy_setopt(handle, RESOLVER_START_FUNCTION, look_up),
        ]
    };
    codes.into_iter().try_for_each(checked)?;
    for option in [
        curl_sys::CURLOPT_HEADERDATA,
        curl_sys::CURLOPT_WRITEDATA,
        curl_sys::CURLOPT_READDATA,
        curl_sys::CURLOPT_OPENSOCKETDATA,
        RESOLVER_START_DATA,
    ] {
        // SAFETY: the handle is valid, and the pointer as long as that.
        checked(unsafe { curl_sys::curl_easy_setopt(handle, option, data) })?;
    }
    // SAFETY: as above; versions that do not know the options say so and change nothing.
    let codes = unsafe {
        [
            curl_sys::curl_easy_setopt(handle, PREREQUEST_FUNCTION, send),
            curl_sys::curl_easy_setopt(handle, PREREQUEST_DATA, data),
        ]
    };
    Ok(codes == [curl_sys::CURLE_OK; 2])
}

/// The handler behind the data of a callback.
///
/// # Safety
///
/// libcurl is calling a function that [`install`] gave it for `H`.
unsafe fn handler<'a, H: Handler>(data: *mut c_void) -> &'a mut H {
    // SAFETY: the handler lives as long as the handle. Others refer to it only outside of calls of libcurl, see `Pinned`,
    // and libcurl calls one function at a time.
    unsafe { &mut *data.cast::<H>() }
}

/// What libcurl hands over for the time of a call.
///
/// # Safety
///
/// There are `size * count` bytes at `data`, or there is nothing.
unsafe fn bytes<'a>(data: *const c_char, size: usize, count: usize) -> &'a [u8] {
    match size.saturating_mul(count) {
        0 => &[],
        // SAFETY: the promise of the caller.
        length => unsafe { slice::from_raw_parts(data.cast(), length) },
    }
}

/// Tells libcurl that all of it was taken, or something else, which ends the transfer.
fn taken(goes_on: Result<bool, String>, size: usize, count: usize) -> usize {
    let offered = size.saturating_mul(count);
    match goes_on {
        Ok(true) => offered,
        _ if offered == 0 => 1,
        _ => 0,
    }
}

extern "C" fn header<H: Handler>(
    line: *mut c_char,
    size: usize,
    count: usize,
    data: *mut c_void,
) -> usize {
    // SAFETY: libcurl calls it with its data and with a line.
    let goes_on = contained(|| unsafe { handler::<H>(data).header(bytes(line, size, count)) });
    taken(goes_on, size, count)
}

extern "C" fn body<H: Handler>(
    part: *mut c_char,
    size: usize,
    count: usize,
    data: *mut c_void,
) -> usize {
    // SAFETY: libcurl calls it with its data and with a part of the body.
    let goes_on = contained(|| unsafe { handler::<H>(data).body(bytes(part, size, count)) });
    taken(goes_on, size, count)
}

extern "C" fn read<H: Handler>(
    into: *mut c_char,
    size: usize,
    count: usize,
    data: *mut c_void,
) -> usize {
    let room = size.saturating_mul(count);
    if room == 0 {
        return 0;
    }
    let read = contained(|| {
        // SAFETY: libcurl calls it with its data and with a buffer of this size, which nobody else uses meanwhile.
        let (handler, into) = unsafe {
            let into = slice::from_raw_parts_mut(into.cast::<u8>(), room);
            (handler::<H>(data), into)
        };
        handler.read(into)
    });
    read.unwrap_or(curl_sys::CURL_READFUNC_ABORT)
}

/// libcurl begins again when a kept connection turns out to be dead. That is for the worker to do, which counts.
extern "C" fn seek(_data: *mut c_void, _offset: curl_off_t, _origin: c_int) -> c_int {
    // Nothing here could panic that `contained(` would catch.
    curl_sys::CURL_SEEKFUNC_FAIL
}

extern "C" fn open_socket<H: Handler>(
    data: *mut c_void,
    _purpose: curlsocktype,
    address: *mut curl_sockaddr,
) -> curl_socket_t {
    let socket = contained(|| {
        // SAFETY: libcurl calls it with its data and with an address.
        let (handler, address) = unsafe { (handler::<H>(data), &*address) };
        handler.open_socket(address.family, address.socktype, address.protocol)
    });
    socket.ok().flatten().unwrap_or(curl_sys::CURL_SOCKET_BAD)
}

/// Called before libcurl starts a thread for a lookup; anything but 0 prevents it. A panic does not.
extern "C" fn look_up<H: Handler>(
    _resolver: *mut c_void,
    _reserved: *mut c_void,
    data: *mut c_void,
) -> c_int {
    // SAFETY: libcurl calls it with its data.
    let may = contained(|| unsafe { handler::<H>(data).may_look_up() });
    c_int::from(!may.unwrap_or(true))
}

/// Called when a connection stands and the request is about to go out; 0 is `CURL_PREREQFUNC_OK`, 1 is
/// `CURL_PREREQFUNC_ABORT`.
extern "C" fn send<H: Handler>(
    data: *mut c_void,
    _server: *mut c_char,
    _own: *mut c_char,
    server_port: c_int,
    own_port: c_int,
) -> c_int {
    // SAFETY: libcurl calls it with its data.
    let may = contained(|| unsafe { handler::<H>(data).may_send(own_port, server_port) });
    c_int::from(!may.unwrap_or(false))
}
