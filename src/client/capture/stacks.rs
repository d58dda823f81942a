//! Stack traces as values: of addresses, of the calling thread.

use crate::image::unwind;
use crate::value::tree::Value;

use crate::client::tables;

/// Most frames of the calling thread.
const MAX_OWN_FRAMES: usize = 256;

/// A stack trace of addresses that come innermost first, as unwinding gives them (STK-1, STK-2).
pub(crate) fn of_addresses(addresses: impl DoubleEndedIterator<Item = usize>) -> Value {
    // A library that was loaded since is looked at now: a capture takes the list as it is.
    tables::MODULES.current();
    let (stacktrace, frames) = (Value::object(), Value::list());
    // New objects and lists take everything.
    for address in addresses.rev() {
        let frame = Value::object();
        let _ = frame.set_key(b"instruction_addr", Value::address(address));
        let _ = frames.append(frame);
    }
    let _ = stacktrace.set_key(b"frames", frames);
    stacktrace
}

/// The stack trace of the calling thread, without our own frames; `bottom` as for [`unwind::own_thread`].
pub(crate) fn of_own_thread(bottom: usize) -> Value {
    let mut addresses = [0; MAX_OWN_FRAMES];
    let count = unwind::own_thread(|| tables::MODULES.current(), bottom, &mut addresses);
    of_addresses(addresses.into_iter().take(count))
}

/// A thread that is nothing but its stack.
pub(crate) fn thread(stacktrace: Value) -> Value {
    let thread = Value::object();
    let _ = thread.set_key(b"stacktrace", stacktrace);
    thread
}

#[cfg(test)]
mod tests {
    use super::*;

    // STK-1
    #[test]
    fn frames_are_oldest_first() {
        let json = of_addresses([0x10, 0x20].into_iter()).to_json().unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"frames":[{"instruction_addr":"0x20"},{"instruction_addr":"0x10"}]}"#
        );
    }
}
