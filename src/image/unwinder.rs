//! The unwinder for a thread whose registers are given: `framehop`, on the machines it knows. It takes no lock and, for the
//! own process, no memory; it reads the stack through the kernel, since a broken program may have broken it, and every
//! loop has an end. May use: `images`, `tables`, `memory`, `registers`, `native`.

use std::ops::ControlFlow;

use super::memory::Memory;
use super::registers::Registers;

#[cfg(all(
    feature = "crash",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod walk;
#[cfg(all(
    feature = "crash",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub(super) use walk::Unwinder;

/// Knows nothing: for machines without an unwinder here.
#[cfg(not(all(
    feature = "crash",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
#[derive(Debug)]
pub(super) struct Unwinder;

#[cfg(not(all(
    feature = "crash",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
impl Unwinder {
    /// Knows nothing of them.
    pub(super) fn in_place(_images: &[super::images::Image]) -> Self {
        Self
    }

    /// Knows nothing of them.
    pub(super) fn copied(_images: &[super::images::Image], _memory: &dyn Memory) -> Self {
        Self
    }

    /// Only the instruction itself.
    pub(super) fn walk(
        &self,
        _memory: &dyn Memory,
        registers: Registers,
        push: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        push(registers.instruction, registers.stack)
    }
}

impl Unwinder {
    /// Fills in the instruction of these registers and the return addresses below it, innermost first; returns how many.
    pub(super) fn frames(
        &self,
        memory: &dyn Memory,
        registers: Registers,
        out: &mut [usize],
    ) -> usize {
        let mut filled = Filled::new(out);
        let _ = self.walk(memory, registers, &mut |address, _| filled.push(address));
        filled.count()
    }
}

/// A list of addresses of a given length, as far as it is filled.
pub(super) struct Filled<'a> {
    out: &'a mut [usize],
    count: usize,
}

impl<'a> Filled<'a> {
    /// An empty one.
    pub(super) fn new(out: &'a mut [usize]) -> Self {
        Self { out, count: 0 }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Stops when it is full.
    pub(super) fn push(&mut self, address: usize) -> ControlFlow<()> {
        let Some(place) = self.out.get_mut(self.count) else {
            return ControlFlow::Break(());
        };
        *place = address;
        self.count = self.count.saturating_add(1);
        if self.count < self.out.len() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
