//! The stack of a thread whose registers are given: frame by frame, by the unwind tables of the modules.

use std::fmt;
use std::ops::{ControlFlow, Deref, Range};
use std::sync::Mutex;

use framehop::{
    CacheNative, ExplicitModuleSectionInfo, FrameAddress, Module, MustNotAllocateDuringUnwind,
    UnwindRegsNative, Unwinder as _, UnwinderNative,
};

use crate::base::lock::try_lock;
use crate::base::memory;
use crate::image::images::Image;
use crate::image::memory::Memory;
use crate::image::native;
use crate::image::registers::Registers;
use crate::image::tables::Tables;

/// Longer stacks do not end by themselves.
const MAX_STEPS: usize = 10_000;
const WORD_BYTES: usize = size_of::<usize>();

type Cache = CacheNative<MustNotAllocateDuringUnwind>;

/// Knows how to leave the functions of all modules.
pub(in crate::image) struct Unwinder {
    inner: UnwinderNative<Section, MustNotAllocateDuringUnwind>,
    /// Where the modules lie.
    places: Vec<Range<usize>>,
    /// What was read in place, and may be gone.
    tables: Vec<Tables>,
    /// Made ahead: where unwinding is wanted, memory may not be had. Two at once make another one.
    spare: Mutex<Option<Box<Cache>>>,
}

/// None without memory for it: then the stack is its first frame.
fn new_cache() -> Option<Box<Cache>> {
    /// More than it takes in two pieces: how large they are is not told.
    const BYTES: usize = 64 * 1024;
    memory::is_there(BYTES).then(Box::default)
}

impl fmt::Debug for Unwinder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Unwinder")
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

impl Unwinder {
    /// For this process, whose tables are used where they lie.
    pub(in crate::image) fn in_place(images: &[Image]) -> Self {
        // SAFETY: used by `walk_with` only, right after it has checked that the memory is there. A module that a thread
        // executes stays; one that is unloaded while its addresses are looked up was not on the stack, or the host is
        // lost.
        let read = |range: &Range<usize>| unsafe { native::assume_mapped(range.clone()) };
        let section = |range: &Range<usize>| Some(Section::InPlace(read(range)));
        Self {
            tables: memory::collect(images.iter().filter_map(|image| image.tables.clone())),
            ..Self::new(images, section)
        }
    }

    /// For the process that `memory` is of: its tables are copied.
    pub(in crate::image) fn copied(images: &[Image], memory: &dyn Memory) -> Self {
        Self::new(images, |range| Section::copy(range, memory))
    }

    /// Learns of the modules; without memory, of none.
    fn new(images: &[Image], section: impl Fn(&Range<usize>) -> Option<Section>) -> Self {
        let mut inner = UnwinderNative::new();
        // Its list grows to twice as much at most, and holds both while it grows.
        let bytes = size_of::<Module<Section>>().saturating_mul(images.len());
        if memory::is_there(bytes.saturating_mul(3)) {
            let tables = images.iter().filter_map(|image| image.tables.as_ref());
            for module in tables.filter_map(|tables| module(tables, &section)) {
                inner.add_module(module);
            }
        }
        Self {
            inner,
            places: memory::collect(images.iter().map(|image| image.memory.clone())),
            tables: Vec::new(),
            spare: Mutex::new(new_cache()),
        }
    }

    /// Shows the instruction of the registers, then return addresses, each with the stack pointer there, until `push`
    /// breaks or the stack ends.
    pub(in crate::image) fn walk(
        &self,
        memory: &dyn Memory,
        registers: Registers,
        push: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        push(registers.instruction, registers.stack)?;
        let spare = try_lock(&self.spare).and_then(|mut spare| spare.take());
        let Some(mut cache) = spare.or_else(new_cache) else {
            return ControlFlow::Continue(());
        };
        let flow = self.walk_with(memory, registers, &mut cache, push);
        if let Some(mut spare) = try_lock(&self.spare) {
            *spare = Some(cache);
        }
        flow
    }

    fn walk_with(
        &self,
        memory: &dyn Memory,
        registers: Registers,
        cache: &mut Cache,
        push: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let is_code = |address: usize| self.places.iter().any(|it| it.contains(&address));
        let (mut state, first) = if is_code(registers.instruction) {
            (registers, None)
        } else {
            // A call through a pointer that leads nowhere: who called is on the stack, or in the link register.
            let caller = after_bad_call(memory, registers).filter(|it| is_code(it.instruction));
            let Some(caller) = caller else {
                return ControlFlow::Break(());
            };
            push(caller.instruction, caller.stack)?;
            (
                caller,
                FrameAddress::from_return_address(wide(caller.instruction)),
            )
        };
        let mut address = first
            .unwrap_or_else(|| FrameAddress::from_instruction_pointer(wide(state.instruction)));
        let mut native = native_registers(state);
        let mut checked = None;
        for _ in 0..MAX_STEPS {
            let place = narrow(address.address_for_lookup());
            let interrupted = behind_signal(memory, narrow(address.address()), native.sp());
            if let Some(interrupted) = interrupted {
                state = interrupted;
                native = native_registers(state);
                address = FrameAddress::from_instruction_pointer(wide(state.instruction));
                push(state.instruction, state.stack)?;
                continue;
            }
            self.still_there(memory, place, &mut checked)?;
            let next = self
                .inner
                .unwind_frame(address, &mut native, cache, &mut |at| {
                    read_word(memory, narrow(at)).map(wide).ok_or(())
                });
            let Some(next) = next
                .ok()
                .flatten()
                .and_then(FrameAddress::from_return_address)
            else {
                return ControlFlow::Continue(());
            };
            // Where no table says more, frame pointers are followed: they may lead to anything.
            if !is_code(narrow(next.address())) {
                return ControlFlow::Continue(());
            }
            push(narrow(next.address()), narrow(native.sp()))?;
            address = next;
        }
        ControlFlow::Continue(())
    }

    /// Breaks if the tables for `place` are gone: the host unloaded the module since the list was read.
    fn still_there(
        &self,
        memory: &dyn Memory,
        place: usize,
        checked: &mut Option<Range<usize>>,
    ) -> ControlFlow<()> {
        if checked.as_ref().is_some_and(|it| it.contains(&place)) {
            return ControlFlow::Continue(());
        }
        let Some(tables) = self.tables.iter().find(|it| it.module.contains(&place)) else {
            return ControlFlow::Continue(());
        };
        if !tables.are_mapped(memory) {
            return ControlFlow::Break(());
        }
        *checked = Some(tables.module.clone());
        ControlFlow::Continue(())
    }
}

/// A part of the tables of a module.
enum Section {
    /// In this process, where it is used as it lies.
    InPlace(&'static [u8]),
    /// Of another process.
    Copied(Vec<u8>),
}

impl Section {
    /// None if it is not there, is larger than the tables of any module, or there is no memory for it.
    fn copy(range: &Range<usize>, memory: &dyn Memory) -> Option<Self> {
        const MOST: usize = 256 << 20;
        if range.len() > MOST || !memory::is_there(range.len()) {
            return None;
        }
        let mut bytes = vec![0; range.len()];
        memory
            .read(range.start, &mut bytes)
            .then_some(Self::Copied(bytes))
    }
}

impl Default for Section {
    fn default() -> Self {
        Self::InPlace(&[])
    }
}

impl Deref for Section {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InPlace(bytes) => bytes,
            Self::Copied(bytes) => bytes,
        }
    }
}

fn module(
    tables: &Tables,
    section: impl Fn(&Range<usize>) -> Option<Section>,
) -> Option<Module<Section>> {
    // Addresses inside of the file do not matter here: all of them are given as they are in memory.
    let place = |range: &Range<usize>| wide(range.start)..wide(range.end);
    let start = wide(tables.module.start);
    let sections = ExplicitModuleSectionInfo {
        base_svma: start,
        text_svma: Some(place(&tables.code)),
        eh_frame_svma: Some(place(&tables.frames)),
        eh_frame: Some(section(&tables.frames)?),
        eh_frame_hdr_svma: Some(place(&tables.index)),
        eh_frame_hdr: Some(section(&tables.index)?),
        ..Default::default()
    };
    let place = place(&tables.module);
    Some(Module::new(String::new(), place, start, sections))
}

fn wide(address: usize) -> u64 {
    address as u64
}

fn narrow(address: u64) -> usize {
    address as usize
}

fn read_word(memory: &dyn Memory, address: usize) -> Option<usize> {
    let mut bytes = [0; WORD_BYTES];
    memory
        .read(address, &mut bytes)
        .then(|| usize::from_ne_bytes(bytes))
}

#[cfg(target_arch = "x86_64")]
fn native_registers(state: Registers) -> UnwindRegsNative {
    UnwindRegsNative::new(
        wide(state.instruction),
        wide(state.stack),
        wide(state.frame),
    )
}

#[cfg(target_arch = "aarch64")]
fn native_registers(state: Registers) -> UnwindRegsNative {
    /// User addresses; above them lies the signature of a return address.
    const ADDRESS_BITS: u64 = (1 << 48) - 1;
    UnwindRegsNative::new_with_ptr_auth_mask(
        framehop::aarch64::PtrAuthMask(ADDRESS_BITS),
        wide(state.link),
        wide(state.stack),
        wide(state.frame),
    )
}

/// The registers of the caller, if the call itself is all that happened.
#[cfg(target_arch = "x86_64")]
fn after_bad_call(memory: &dyn Memory, state: Registers) -> Option<Registers> {
    Some(Registers {
        instruction: read_word(memory, state.stack)?,
        stack: state.stack.checked_add(WORD_BYTES)?,
        ..state
    })
}

/// The registers of the caller, if the call itself is all that happened.
#[cfg(target_arch = "aarch64")]
fn after_bad_call(memory: &dyn Memory, state: Registers) -> Option<Registers> {
    read_word(memory, state.stack)?;
    Some(Registers {
        instruction: state.link,
        ..state
    })
}

/// What a signal handler returns to: `mov $15, %rax; syscall`, and `mov x8, 139; svc 0`.
#[cfg(target_arch = "x86_64")]
const RETURN_FROM_SIGNAL: [u8; 9] = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];
#[cfg(target_arch = "aarch64")]
const RETURN_FROM_SIGNAL: [u8; 8] = [0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4];

/// Where the kernel put the interrupted registers, from the stack pointer there: frame, stack, instruction, link.
#[cfg(target_arch = "x86_64")]
const SAVED: [usize; 4] = [120, 160, 168, 168];
#[cfg(target_arch = "aarch64")]
const SAVED: [usize; 4] = {
    /// `siginfo_t`, and what precedes the registers in `ucontext_t`.
    const REGISTERS: usize = 128 + 184;
    [
        REGISTERS + 29 * 8,
        REGISTERS + 31 * 8,
        REGISTERS + 32 * 8,
        REGISTERS + 30 * 8,
    ]
};

/// The registers that a signal interrupted, if `address` is where its handler returns to. (The tables describe this place
/// in a form that the unwinder does not know.)
fn behind_signal(memory: &dyn Memory, address: usize, stack: u64) -> Option<Registers> {
    let mut code = RETURN_FROM_SIGNAL;
    code.fill(0);
    if !memory.read(address, &mut code) || code != RETURN_FROM_SIGNAL {
        return None;
    }
    let [frame, pointer, instruction, link] =
        SAVED.map(|offset| read_word(memory, narrow(stack).checked_add(offset)?));
    Some(Registers {
        instruction: instruction?,
        stack: pointer?,
        frame: frame?,
        link: link?,
    })
}
