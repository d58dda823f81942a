//! Handle: the type behind `sentry_options_t`, its life, and how functions and other objects of the host get into it.
//!
//! The handle is solely owned by the caller, from `sentry_options_new` until `sentry_options_free` or `sentry_init`. It
//! keeps a NUL-terminated copy of each text a getter shows, replaced only when that text changes.
//! Entry points: [`give`], [`take`], [`configure`], [`store`], [`read`], [`lent_text`]. The values of the table go through
//! `access`. May use: `error`, `client::options`.

use std::ffi::{c_char, c_int};
use std::ptr;
use std::sync::Arc;

use crate::base::callout::{self, Kind};
use crate::client::options::hooks::{FeedbackHook, ValueHook};
use crate::client::options::{Current, Options, Row, TABLE, row};
use crate::ffi::error;
use crate::ffi::types::sentry_status_t;
use crate::transport::account::outcome::OutcomeSink;

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

/// The texts that getters lend out, each with its terminator, by the name of the option.
#[derive(Default)]
struct Texts(Vec<(&'static str, Box<[u8]>)>);

/// The name of a text that is made of options and is none itself.
pub(crate) const USER_AGENT: &str = "user_agent";

impl Texts {
    /// Of all options.
    fn of(options: &Options) -> Self {
        let mut texts = Self::default();
        for row in TABLE {
            texts.update(row, options);
        }
        texts
    }

    /// After the option of `row` was set.
    fn update(&mut self, row: &Row, options: &Options) {
        match options.get(row) {
            Current::Text(text) => self.keep(row.name, &text),
            Current::Unset => self.0.retain(|(name, _)| *name != row.name),
            _ => {}
        }
        if row.name == row::sdk_name.name {
            self.keep(USER_AGENT, options.user_agent().as_bytes());
        }
    }

    /// Keeps the memory when the text is the same: a pointer lent out stays valid when other options change. Without memory
    /// for a copy a getter finds none.
    fn keep(&mut self, name: &'static str, text: &[u8]) {
        let kept = self.get(name).and_then(<[u8]>::split_last);
        if kept.is_some_and(|(_, kept)| kept == text) {
            return;
        }
        self.0.retain(|(other, _)| *other != name);
        let mut terminated = Vec::new();
        let room = text.len().saturating_add(1);
        if terminated.try_reserve_exact(room).is_ok() {
            terminated.extend_from_slice(text);
            terminated.push(0);
            self.0.push((name, terminated.into_boxed_slice()));
        }
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        let mut texts = self.0.iter();
        texts
            .find(|(other, _)| *other == name)
            .map(|(_, text)| &**text)
    }
}

/// Hands options to the caller as a handle.
pub(crate) fn give(options: Options) -> *mut sentry_options_t {
    let texts = Texts::of(&options);
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

/// Changes options: that of `row`, or what has none. The outcome becomes status and last error. One function for all, so
/// that little of it is copied into those that call it.
///
/// # Safety
/// `opts` is NULL or a handle that no other thread uses meanwhile.
pub(crate) unsafe fn configure(
    opts: *mut sentry_options_t,
    row: Option<&Row>,
    set: &mut dyn FnMut(&mut Options) -> Result<(), String>,
) -> sentry_status_t {
    const INVALID: sentry_status_t = sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT;
    // SAFETY: promised by the caller.
    let Some(handle) = (unsafe { opts.as_mut() }) else {
        return error::fail(INVALID, "the options are NULL");
    };
    let result = set(&mut handle.options);
    if let Some(row) = row {
        handle.texts.update(row, &handle.options);
    }
    error::report(INVALID, result)
}

/// [`configure`] for what cannot be refused.
///
/// # Safety
/// As for [`configure`].
pub(crate) unsafe fn store(opts: *mut sentry_options_t, set: impl FnOnce(&mut Options)) {
    let mut set = Some(set);
    // SAFETY: passed on.
    unsafe {
        configure(opts, None, &mut |options| {
            if let Some(set) = set.take() {
                set(options);
            }
            Ok(())
        });
    }
}

/// Shows options to a function of the host's transport, as a handle that is valid during the call; what it answers, 1 if
/// there is no answer.
pub(crate) fn lend(
    options: &Options,
    show: impl FnOnce(*const sentry_options_t) -> c_int,
) -> c_int {
    let texts = Texts::of(options);
    let handle = sentry_options_t {
        options: options.clone(),
        texts,
    };
    callout::call(Kind::Transport, || show(&raw const handle)).unwrap_or(1)
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

/// Lends out the text of that name; NULL for NULL and for one that is not set.
///
/// # Safety
/// As for [`read`].
pub(crate) unsafe fn lent_text(opts: *const sentry_options_t, name: &str) -> *const c_char {
    // SAFETY: promised by the caller.
    let text = unsafe { opts.as_ref() }.and_then(|handle| handle.texts.get(name));
    text.map_or(ptr::null(), |text| text.as_ptr().cast())
}
