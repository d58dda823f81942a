//! The Rust half of the printf-like log functions, which `log_format.c` calls with what it printed and read.
//!
//! Entry points: [`log_mode`], [`take_log`], under the names that `log_format.h` declares.

use std::ffi::{c_char, c_int};

use super::guard;
use super::logs::{answer, log_return_value_t};
use super::text::c_str_len;
use super::types::sentry_level_arg;
use super::values::{sentry_value_t, take};
use crate::base::diagnostics::Severity;
use crate::client::Client;
use crate::client::capture::entries::Format;
use crate::client::state;
use crate::protocol::attributes::Plain;
use crate::protocol::level::Level;

/// An argument of a format. As `libsentry_parameter_t` in `log_format.h`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    kind: c_int,
    integer: i64,
    number: f64,
    text: *const c_char,
    length: usize,
}

/// A printed text and what it was made of. As `libsentry_log_t` in `log_format.h`.
#[repr(C)]
#[derive(Debug)]
pub struct Formatted {
    text: *const c_char,
    length: usize,
    format: *const c_char,
    parameters: *const Parameter,
    count: usize,
    trouble: c_int,
}

/// 1 if logs are sent, and 2 more if the first argument of a format are attributes.
pub(super) extern "C" fn log_mode() -> c_int {
    guard(0, || {
        let mode = |client: &Client| {
            let options = client.options();
            let is_on = options.enable_logs && client.is_enabled();
            c_int::from(is_on) | (c_int::from(options.logs_with_attributes) << 1)
        };
        state::with_client(mode).unwrap_or(0)
    })
}

/// Takes a log, and its attributes, which are given away.
///
/// # Safety
/// `log` is valid, with texts and parameters of the lengths that it says; one reference of `attributes` is given away.
pub(super) unsafe extern "C" fn take_log(
    level: sentry_level_arg,
    log: *const Formatted,
    attributes: sentry_value_t,
) -> log_return_value_t {
    guard(log_return_value_t::SENTRY_LOG_RETURN_DISABLED, || {
        // SAFETY: as our caller promises: a reference given away.
        let attributes = unsafe { take(attributes) };
        // SAFETY: as our caller promises.
        let Some(log) = (unsafe { log.as_ref() }) else {
            return log_return_value_t::SENTRY_LOG_RETURN_FAILED;
        };
        // SAFETY: as our caller promises: texts and parameters of these lengths, a terminated format.
        let (body, template, parameters) = unsafe {
            (
                bytes(log.text, log.length),
                bytes(log.format, c_str_len(log.format)),
                std::slice::from_raw_parts(log.parameters, log.count),
            )
        };
        let level = Level::from_number(level).unwrap_or(Level::Info);
        // SAFETY: as our caller promises.
        let plain = parameters.iter().map(|it| unsafe { plain(it) });
        let mut list = [Plain::Integer(0); MOST_PARAMETERS];
        list.iter_mut()
            .zip(plain)
            .for_each(|(place, it)| *place = it);
        let format = Format {
            template,
            parameters: list.get(..log.count).unwrap_or_default(),
        };
        let logged = state::with_client(|client| {
            say(client, log.trouble, template);
            client.log(level, Some(body), Some(format), attributes, None)
        });
        answer(logged.unwrap_or_else(|| Err(state::absence())))
    })
}

/// As in `log_format.c`.
const MOST_PARAMETERS: usize = 32;

/// # Safety
/// `text` has `length` readable bytes.
unsafe fn bytes<'a>(text: *const c_char, length: usize) -> &'a [u8] {
    // SAFETY: as our caller promises.
    unsafe { std::slice::from_raw_parts(text.cast(), length) }
}

/// # Safety
/// The text of `parameter` has as many bytes as it says.
unsafe fn plain(parameter: &Parameter) -> Plain<'_> {
    match parameter.kind {
        0 => Plain::Integer(parameter.integer),
        1 => Plain::Double(parameter.number),
        // SAFETY: as our caller promises.
        _ => Plain::Text(unsafe { bytes(parameter.text, parameter.length) }),
    }
}

/// Says why arguments of a format are not among the attributes.
fn say(client: &Client, trouble: c_int, template: &[u8]) {
    let why = match trouble {
        1 => "has positional arguments, which are not read: none become attributes",
        2 => "has %n, which would write through an argument: it is sent as it is",
        3 => "has a conversion that is not known: from there on no arguments become attributes",
        4 => "has more than 32 arguments: the rest become no attributes",
        _ => return,
    };
    let template = String::from_utf8_lossy(template);
    client.diagnostics().log(
        Severity::Warning,
        format_args!("the format of a log {why}: {template}"),
    );
}
