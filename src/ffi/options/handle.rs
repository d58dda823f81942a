//! Handle: the type behind `sentry_options_t` and how every function of these sections reaches into it.
//!
//! The handle is solely owned by the caller, from `sentry_options_new` until `sentry_options_free` or `sentry_init`. It
//! keeps a NUL-terminated copy of each text a getter shows, replaced only when that text changes.
//! Entry points: [`give`], [`take`], [`configure`], [`configure_text`], [`read`], [`read_text`].
//! May use: `text`, `error`, `client::options`.

use std::ffi::c_char;
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt as _;
use std::ptr;
use std::sync::Arc;

use crate::base::memory;
use crate::client::capture::hooks::{FeedbackHook, ValueHook};
use crate::client::options::Options;
use crate::ffi::error;
use crate::ffi::text::{self, TextError};
use crate::ffi::types::sentry_status_t;
use crate::transport::account::outcome::OutcomeSink;
use crate::transport::wire::host::called;

/// What `sentry_options_t` names.
#[expect(non_camel_case_types, reason = "the name is that of the C interface")]
pub struct sentry_options_s {
    options: Options,
    texts: Texts,
}

/// The configuration of the library, to be handed to `sentry_init`.
///
/// Made by `sentry_options_new` or `sentry_options_new_from_json`, changed by the functions `sentry_options_set_…`, read by
/// `sentry_options_get_…`, ended by `sentry_init` or `sentry_options_free`.
/// Threads: one at a time for each handle; different handles do not share anything.
#[expect(non_camel_case_types, reason = "the name is that of the C interface")]
pub type sentry_options_t = sentry_options_s;

/// What setters answer when the library itself failed.
pub(crate) const INTERNAL: sentry_status_t = sentry_status_t::SENTRY_STATUS_INTERNAL_ERROR;

/// The texts that getters lend out.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) dsn: CachedText,
    pub(crate) release: CachedText,
    pub(crate) environment: CachedText,
    pub(crate) dist: CachedText,
    pub(crate) proxy: CachedText,
    pub(crate) ca_certs: CachedText,
    pub(crate) sdk_name: CachedText,
    pub(crate) user_agent: CachedText,
    pub(crate) ignore_errors: CachedText,
    pub(crate) transport_thread_name: CachedText,
}

impl Texts {
    fn update(&mut self, options: &Options) {
        fn optional(text: &Option<String>) -> Option<&[u8]> {
            text.as_ref().map(String::as_bytes)
        }
        self.dsn.update(optional(&options.dsn));
        self.release.update(optional(&options.release));
        self.environment.update(optional(&options.environment));
        self.dist.update(optional(&options.dist));
        self.proxy.update(optional(&options.proxy));
        let ca_certs = options.ca_certs.as_ref();
        self.ca_certs
            .update(ca_certs.map(|path| path.as_os_str().as_bytes()));
        self.sdk_name.update(Some(options.sdk_name.as_bytes()));
        self.user_agent
            .update(Some(options.user_agent().as_bytes()));
        self.transport_thread_name
            .update(optional(&options.transport_thread_name));
        self.ignore_errors
            .update(optional(&options.ignore_errors_lines()));
    }
}

/// A text with its terminator; nothing for an unset option.
#[derive(Default)]
pub(crate) struct CachedText(Option<Box<[u8]>>);

impl CachedText {
    /// Keeps the memory when the text is the same: a pointer lent out stays valid when other options change.
    /// Without memory for a copy a getter finds none.
    fn update(&mut self, text: Option<&[u8]>) {
        let own = self.0.as_deref().and_then(<[u8]>::split_last);
        if own.map(|(_, text)| text) == text {
            return;
        }
        self.0 = text.and_then(|text| {
            let mut terminated = Vec::new();
            terminated
                .try_reserve_exact(text.len().saturating_add(1))
                .ok()?;
            terminated.extend_from_slice(text);
            terminated.push(0);
            Some(terminated.into_boxed_slice())
        });
    }

    fn as_ptr(&self) -> *const c_char {
        self.0
            .as_ref()
            .map_or(ptr::null(), |text| text.as_ptr().cast())
    }
}

/// Hands options to the caller as a handle.
pub(crate) fn give(options: Options) -> *mut sentry_options_t {
    let mut texts = Texts::default();
    texts.update(&options);
    Box::into_raw(Box::new(sentry_options_t { options, texts }))
}

/// Takes a handle back from the caller; none for NULL.
///
/// # Safety
/// `opts` is NULL or a handle that was not given back before; it is not used again.
pub(crate) unsafe fn take(opts: *mut sentry_options_t) -> Option<Options> {
    if opts.is_null() {
        return None;
    }
    // SAFETY: every handle comes from `Box::into_raw` in `give`, and the caller gives it back once.
    let handle = unsafe { Box::from_raw(opts) };
    Some(handle.options)
}

/// [`take`] for `sentry_init`, where NULL stands for the defaults and the environment.
///
/// # Safety
/// As for [`take`].
pub(crate) unsafe fn take_options(opts: *mut sentry_options_t) -> Options {
    // SAFETY: passed on.
    unsafe { take(opts) }.unwrap_or_else(Options::new)
}

/// Sets or unsets what hears of outcomes.
///
/// # Safety
/// As for [`configure`].
pub(crate) unsafe fn configure_outcome(
    opts: *mut sentry_options_t,
    sink: Option<Arc<dyn OutcomeSink>>,
) {
    // SAFETY: passed on.
    unsafe { store(opts, |options| options.on_outcome = sink) };
}

/// Sets a hook, which function of `Options` it is says `place`.
///
/// # Safety
/// As for [`store`].
pub(crate) unsafe fn configure_hook(
    opts: *mut sentry_options_t,
    place: impl FnOnce(&mut Options) -> &mut Option<Arc<dyn ValueHook>>,
    hook: Option<Arc<dyn ValueHook>>,
) {
    // SAFETY: passed on.
    unsafe { store(opts, |options| *place(options) = hook) };
}

/// Sets the hook that sees feedback.
///
/// # Safety
/// As for [`store`].
pub(crate) unsafe fn configure_feedback_hook(
    opts: *mut sentry_options_t,
    hook: Option<Arc<dyn FeedbackHook>>,
) {
    // SAFETY: passed on.
    unsafe { store(opts, |options| options.before_send_feedback = hook) };
}

/// Changes options; the outcome becomes status and last error.
///
/// # Safety
/// `opts` is NULL or a handle that no other thread uses meanwhile.
pub(crate) unsafe fn configure<E: Display>(
    opts: *mut sentry_options_t,
    set: impl FnOnce(&mut Options) -> Result<(), E>,
) -> sentry_status_t {
    const INVALID: sentry_status_t = sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT;
    // SAFETY: promised by the caller.
    let Some(handle) = (unsafe { opts.as_mut() }) else {
        return error::fail(INVALID, "the options are NULL");
    };
    let result = set(&mut handle.options);
    handle.texts.update(&handle.options);
    error::report(INVALID, result)
}

/// [`configure`] for an option that cannot refuse a value.
///
/// # Safety
/// As for [`configure`].
pub(crate) unsafe fn store(opts: *mut sentry_options_t, set: impl FnOnce(&mut Options)) {
    // SAFETY: passed on.
    unsafe {
        configure(opts, |options| {
            set(options);
            Ok::<(), &str>(())
        });
    }
}

/// [`configure`] with a text of the caller, which is none for NULL; an unusable one changes nothing.
///
/// # Safety
/// As for [`configure`], and `ptr` is NULL or points to `len` readable bytes.
pub(crate) unsafe fn configure_text(
    opts: *mut sentry_options_t,
    ptr: *const c_char,
    len: usize,
    set: impl FnOnce(&mut Options, Option<&[u8]>) -> Result<(), String>,
) -> sentry_status_t {
    // SAFETY: promised by the caller.
    let bytes = unsafe { text::optional_bytes(ptr, len) };
    // SAFETY: promised by the caller.
    unsafe {
        configure(opts, |options| {
            let bytes = bytes.map_err(|error| error.to_string())?;
            // Before the option keeps a copy.
            if !bytes.is_none_or(|bytes| memory::is_there(bytes.len())) {
                return Err(TextError::OutOfMemory.to_string());
            }
            set(options, bytes)
        })
    }
}

/// [`configure_text`] for a text in which invalid UTF-8 is replaced; only a lack of memory refuses it.
///
/// # Safety
/// As for [`configure_text`].
pub(crate) unsafe fn store_text(
    opts: *mut sentry_options_t,
    ptr: *const c_char,
    len: usize,
    set: impl FnOnce(&mut Options, Option<&str>),
) -> sentry_status_t {
    // SAFETY: passed on.
    unsafe {
        configure_text(opts, ptr, len, |options, bytes| {
            let text = bytes.map(text::lossy).transpose();
            set(options, text.map_err(|error| error.to_string())?.as_deref());
            Ok(())
        })
    }
}

/// Shows options to a function of the host, as a handle that is valid during the call.
pub(crate) fn lend<T>(options: &Options, show: impl FnOnce(*const sentry_options_t) -> T) -> T {
    let mut texts = Texts::default();
    texts.update(options);
    let handle = sentry_options_t {
        options: options.clone(),
        texts,
    };
    called(|| show(&raw const handle))
}

/// Asks options; `fallback` for NULL.
///
/// # Safety
/// `opts` is NULL or a handle that no other thread changes meanwhile.
pub(crate) unsafe fn read<T>(
    opts: *const sentry_options_t,
    fallback: T,
    get: impl FnOnce(&Options) -> T,
) -> T {
    // SAFETY: promised by the caller.
    unsafe { opts.as_ref() }.map_or(fallback, |handle| get(&handle.options))
}

/// Lends out a text; NULL for NULL and for an unset option.
///
/// # Safety
/// As for [`read`].
pub(crate) unsafe fn read_text(
    opts: *const sentry_options_t,
    get: impl FnOnce(&Texts) -> &CachedText,
) -> *const c_char {
    // SAFETY: promised by the caller.
    unsafe { opts.as_ref() }.map_or(ptr::null(), |handle| get(&handle.texts).as_ptr())
}
