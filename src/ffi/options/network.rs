//! Options, compatible part: the way to the server.
//!
//! Entry points: the exported functions. May use: `access`, `text`, `client::options`.

use std::ffi::{c_char, c_int};

use super::access::{get_flag, get_text, get_unsigned, set_flag, set_text, set_whole};
use super::handle::sentry_options_t;
use crate::client::options::row;
use crate::ffi::text;

/// Sets the proxy.
///
/// Arguments: `proxy` is a URL with scheme (`http://`, `socks5://`), credentials allowed; an empty text means no
/// proxy. Default: `https_proxy`, `HTTPS_PROXY`, `http_proxy`, `all_proxy`, `ALL_PROXY` at init, less the hosts of
/// `no_proxy`, `NO_PROXY`.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_proxy(
    opts: *mut sentry_options_t,
    proxy: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_proxy_n(opts, proxy, text::c_str_len(proxy)) }
}

/// Like `sentry_options_set_proxy`, with a length.
///
/// Arguments: `proxy_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_proxy_n(
    opts: *mut sentry_options_t,
    proxy: *const c_char,
    proxy_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::proxy, proxy, proxy_len) };
}

/// Gets the proxy.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_proxy(opts: *const sentry_options_t) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::proxy.name) }
}

/// Sets the proxy, under an older name.
///
/// Arguments: as for `sentry_options_set_proxy`.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[deprecated(note = "use sentry_options_set_proxy")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_http_proxy(
    opts: *mut sentry_options_t,
    proxy: *const c_char,
) {
    #[expect(deprecated, reason = "the twin is deprecated as well")]
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe {
        sentry_options_set_http_proxy_n(opts, proxy, text::c_str_len(proxy))
    }
}

/// Like `sentry_options_set_http_proxy`, with a length.
///
/// Arguments: `proxy_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[deprecated(note = "use sentry_options_set_proxy")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_http_proxy_n(
    opts: *mut sentry_options_t,
    proxy: *const c_char,
    proxy_len: usize,
) {
    // SAFETY: this is the same function under its older name.
    unsafe { sentry_options_set_proxy_n(opts, proxy, proxy_len) }
}

/// Gets the proxy, under an older name.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_http_proxy(
    opts: *const sentry_options_t,
) -> *const c_char {
    // SAFETY: this is the same function under its older name.
    unsafe { sentry_options_get_proxy(opts) }
}

/// Sets the certificates that servers are checked against.
///
/// Arguments: `path` of a PEM file or a directory, in bytes of the file system; while it is not there the option
/// counts as unset. Default: `CURL_CA_BUNDLE`, `NIX_SSL_CERT_FILE`, `SSL_CERT_FILE`, `SSL_CERT_DIR`, the known places of
/// the distributions, then libcurl's own.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_ca_certs(
    opts: *mut sentry_options_t,
    path: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_ca_certs_n(opts, path, text::c_str_len(path)) }
}

/// Like `sentry_options_set_ca_certs`, with a length.
///
/// Arguments: `path_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL unsets the option; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_ca_certs_n(
    opts: *mut sentry_options_t,
    path: *const c_char,
    path_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::ca_certs, path, path_len) };
}

/// Gets the path of the certificates.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_ca_certs(
    opts: *const sentry_options_t,
) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::ca_certs.name) }
}

/// Sets the most that `sentry_close` and `sentry_shutdown` wait.
///
/// Arguments: `shutdown_timeout` in milliseconds; default 2000.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_shutdown_timeout(
    opts: *mut sentry_options_t,
    shutdown_timeout: u64,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::shutdown_timeout, i128::from(shutdown_timeout)) };
}

/// Gets the most that `sentry_close` waits.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_shutdown_timeout(opts: *mut sentry_options_t) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::shutdown_timeout) }
}

/// Sets the longest a whole request may take.
///
/// Arguments: `transfer_timeout` in milliseconds; 0 for no bound; default 30000.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_transfer_timeout(
    opts: *mut sentry_options_t,
    transfer_timeout: u64,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_whole(opts, &row::transfer_timeout, i128::from(transfer_timeout)) };
}

/// Gets the longest a whole request may take.
///
/// Null: 0 for a NULL `opts`.
/// Returns: milliseconds, 0 for no bound.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_transfer_timeout(opts: *mut sentry_options_t) -> u64 {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_unsigned(opts, &row::transfer_timeout) }
}

/// Sets whether the server is told how many items were lost and why.
///
/// Arguments: `val` 0 or not; default 1.
/// Null: a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_send_client_reports(
    opts: *mut sentry_options_t,
    val: c_int,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses.
    unsafe { set_flag(opts, &row::send_client_reports, val) };
}

/// Gets whether the server is told of losses.
///
/// Null: 0 for a NULL `opts`.
/// Returns: 1 or 0.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_send_client_reports(
    opts: *const sentry_options_t,
) -> c_int {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_flag(opts, &row::send_client_reports) }
}

/// Sets the name of the thread that sends.
///
/// Arguments: `name` in UTF-8; the system shows its first 15 bytes; default `sentry-http`.
/// Ownership: the text is copied.
/// Null: NULL gives the thread the name of the program; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_transport_thread_name(
    opts: *mut sentry_options_t,
    name: *const c_char,
) {
    // SAFETY: the caller promises a terminated text or NULL, so the length found is that of readable bytes.
    unsafe { sentry_options_set_transport_thread_name_n(opts, name, text::c_str_len(name)) }
}

/// Like `sentry_options_set_transport_thread_name`, with a length.
///
/// Arguments: `name_len` in bytes, without terminator; with NULL it must be 0.
/// Ownership: the text is copied.
/// Null: NULL gives the thread the name of the program; a NULL `opts` is ignored.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_set_transport_thread_name_n(
    opts: *mut sentry_options_t,
    name: *const c_char,
    name_len: usize,
) {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread uses, and readable bytes.
    unsafe { set_text(opts, &row::transport_thread_name, name, name_len) };
}

/// Gets the name of the thread that sends.
///
/// Ownership: the text stays with the options; it is valid until this option is changed or the options end.
/// Null: NULL for a NULL `opts`.
/// Returns: the text, NULL when unset.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sentry_options_get_transport_thread_name(
    opts: *const sentry_options_t,
) -> *const c_char {
    // SAFETY: the caller promises a handle of ours or NULL that no other thread changes.
    unsafe { get_text(opts, row::transport_thread_name.name) }
}
