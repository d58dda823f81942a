//! The event of a crash: signal, registers, and the stack of the thread it hit (EXC-3, EXC-4, EXC-5, STK-4).

use crate::client::{construct, tables};

use crate::client::capture::stacks;
use crate::crash::signals;
use crate::image::registers::{self, Registers};
use crate::image::unwind;
use crate::value::tree::Value;

/// Most frames of a crashed thread.
const MAX_FRAMES: usize = 128;

/// The event for a signal, its `si_code` and the context of the thread, as far as they are known.
pub(crate) fn new(signal: i32, code: Option<i32>, context: Option<&libc::ucontext_t>) -> Value {
    let (name, description) = signals::name(signal);
    let exception = construct::exception(Some(name.as_bytes()), Some(description.as_bytes()));
    let _ = exception.set_key(b"mechanism", mechanism(signal, name, code));
    if let Some(context) = context {
        let _ = exception.set_key(b"stacktrace", stacktrace(context));
    }
    let event = construct::event();
    let _ = event.set_key(b"level", Value::text(b"fatal"));
    construct::add_to(&event, "exception", exception);
    event
}

fn mechanism(signal: i32, name: &str, code: Option<i32>) -> Value {
    let facts = construct::object([
        ("number", Some(Value::Int32(signal))),
        ("name", Some(Value::text(name.as_bytes()))),
        ("code", code.map(Value::Int32)),
    ]);
    construct::object([
        ("type", Some(Value::text(b"signalhandler"))),
        ("synthetic", Some(Value::Bool(true))),
        ("handled", Some(Value::Bool(false))),
        ("meta", Some(construct::object([("signal", Some(facts))]))),
    ])
}

fn stacktrace(context: &libc::ucontext_t) -> Value {
    let mut addresses = [0; MAX_FRAMES];
    let count = Registers::of(context).map_or(0, |registers| {
        unwind::from_context(&tables::MODULES.current(), registers, &mut addresses)
    });
    let stacktrace = stacks::of_addresses(addresses.into_iter().take(count));
    let registers = Value::object();
    for (name, value) in registers::named(context) {
        let _ = registers.set_key(name.as_bytes(), Value::address(value));
    }
    if registers.len() > 0 {
        let _ = stacktrace.set_key(b"registers", registers);
    }
    stacktrace
}
