//! What this room asks of the system: the loader's list, memory that may not be there, the frames of the calling thread,
//! the symbol at an address. The one file of the room with raw pointers.

use std::ffi::{CStr, c_int, c_void};
use std::ops::{ControlFlow, Range};
use std::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

use super::loaded::{Counters, Loaded, Segment};
use super::memory::Memory;
use crate::base::fork_gate;
use crate::base::panic::contained;
use crate::base::process;

/// False if the library was built without the feature: then nothing is found.
const IS_BUILT_IN: bool = cfg!(feature = "crash");

/// What the loader says of a module.
fn of_loader(info: &libc::dl_phdr_info) -> Loaded<'_> {
    let headers = if info.dlpi_phdr.is_null() {
        &[]
    } else {
        // SAFETY: the loader gives that many headers, which stay while it visits the module.
        unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) }
    };
    let bias = info.dlpi_addr as usize;
    let segments = headers.iter().map(|header| {
        let start = bias.wrapping_add(header.p_vaddr as usize);
        Segment {
            kind: header.p_type,
            flags: header.p_flags,
            memory: start..start.saturating_add(header.p_memsz as usize),
            align: header.p_align as usize,
        }
    });
    Loaded {
        name: if info.dlpi_name.is_null() {
            &[]
        } else {
            // SAFETY: the loader's names are terminated and stay while it visits the module.
            unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes()
        },
        segments: segments.collect(),
        source: &OwnMemory,
        counters: Some(Counters {
            loaded: info.dlpi_adds,
            unloaded: info.dlpi_subs,
        }),
    }
}

/// False in a forked child: another thread may have held the loader's list at the fork, and would hold it for ever.
/// (glibc renews some of the loader's locks in a child, and not the one of its list.)
pub(super) fn may_ask_loader() -> bool {
    process::fork_generation() == 0
}

/// Shows each module to `visit`, the program first, while the loader holds its list: briefly, without I/O. In a forked
/// child there is nothing to see.
pub(super) fn each_loaded(mut visit: impl FnMut(&Loaded<'_>) -> ControlFlow<()>) {
    if !IS_BUILT_IN || !may_ask_loader() {
        return;
    }
    let mut visit: &mut dyn FnMut(&Loaded<'_>) -> ControlFlow<()> = &mut visit;
    fork_gate::outside_of_forks(|| {
        // SAFETY: the callback gets back what is passed here, during this call only.
        unsafe { libc::dl_iterate_phdr(Some(on_module), (&raw mut visit).cast()) };
    });
}

/// Called by the loader for one module; anything but 0 ends the visit.
unsafe extern "C" fn on_module(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    visitor: *mut c_void,
) -> c_int {
    type Visitor<'a> = &'a mut dyn FnMut(&Loaded<'_>) -> ControlFlow<()>;
    // SAFETY: as `each_loaded` passed it, and as the loader promises.
    let (visit, info) = unsafe { (&mut *visitor.cast::<Visitor<'_>>(), &*info) };
    // No panic crosses the loader.
    match contained(|| visit(&of_loader(info))) {
        Ok(ControlFlow::Continue(())) => 0,
        Ok(ControlFlow::Break(())) | Err(_) => 1,
    }
}

/// The loader's counters now; none where it may not be asked.
pub(super) fn counters() -> Option<Counters> {
    let mut found = None;
    each_loaded(|module| {
        found = module.counters;
        ControlFlow::Break(())
    });
    found
}

/// Where the kernel put its own module.
pub(super) fn kernel_module() -> usize {
    // SAFETY: reads a number the kernel gave the process.
    unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) as usize }
}

/// The memory at `range`.
///
/// # Safety
/// It is readable as long as the slice is used.
pub(super) unsafe fn assume_mapped(range: Range<usize>) -> &'static [u8] {
    // SAFETY: as our caller promises.
    unsafe { std::slice::from_raw_parts(with_exposed_provenance(range.start), range.len()) }
}

/// The memory of this process. Reading it takes no heap and no lock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnMemory;

impl Memory for OwnMemory {
    fn read(&self, address: usize, into: &mut [u8]) -> bool {
        read_memory(address, into)
    }
}

fn read_memory(address: usize, into: &mut [u8]) -> bool {
    let local = libc::iovec {
        iov_base: into.as_mut_ptr().cast(),
        iov_len: into.len(),
    };
    let remote = libc::iovec {
        iov_base: with_exposed_provenance_mut(address),
        iov_len: into.len(),
    };
    // SAFETY: the kernel checks the remote side; the local side is `into`.
    let read = unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, &remote, 1, 0) };
    if read >= 0 {
        return usize::try_from(read).is_ok_and(|read| read == into.len());
    }
    let error = std::io::Error::last_os_error().raw_os_error();
    error != Some(libc::EFAULT) && read_tested(address, into)
}

/// For sandboxes that forbid the call above: lets the kernel read a word of each page, as a signal mask for an operation
/// that does not exist, which it refuses in one of two ways.
fn read_tested(address: usize, into: &mut [u8]) -> bool {
    const PAGE_BYTES: usize = 4096;
    const WORD_BYTES: usize = 8;
    let Some(end) = address.checked_add(into.len()) else {
        return false;
    };
    let mut page = address & !(PAGE_BYTES.wrapping_sub(1));
    while page < end {
        let mask = with_exposed_provenance::<c_void>(page);
        let none = std::ptr::null_mut::<c_void>();
        // SAFETY: -1 is no operation: the call changes nothing.
        let answer = unsafe { libc::syscall(libc::SYS_rt_sigprocmask, -1, mask, none, WORD_BYTES) };
        // Success is the answer to no mask at all, which is what the page at 0 looks like.
        let error = std::io::Error::last_os_error().raw_os_error();
        if answer == 0 || error != Some(libc::EINVAL) {
            return false;
        }
        let Some(next) = page.checked_add(PAGE_BYTES) else {
            return false;
        };
        page = next;
    }
    for (offset, byte) in into.iter_mut().enumerate() {
        let place = with_exposed_provenance::<u8>(address.wrapping_add(offset));
        // SAFETY: the kernel has just read from this page.
        *byte = unsafe { place.read_volatile() };
    }
    true
}

/// Instruction, stack, frame and link register of the function this is inlined into.
#[inline(always)]
pub(super) fn own_registers() -> Option<[usize; 4]> {
    #[cfg(target_arch = "x86_64")]
    {
        let (instruction, stack, frame);
        // SAFETY: reads three registers, and changes nothing.
        unsafe {
            std::arch::asm!(
                "lea {0}, [rip]",
                "mov {1}, rsp",
                "mov {2}, rbp",
                out(reg) instruction,
                out(reg) stack,
                out(reg) frame,
                options(nomem, nostack, preserves_flags),
            );
        }
        Some([instruction, stack, frame, 0])
    }
    #[cfg(target_arch = "aarch64")]
    {
        let (instruction, stack, frame, link);
        // SAFETY: reads four registers, and changes nothing.
        unsafe {
            std::arch::asm!(
                "adr {0}, .",
                "mov {1}, sp",
                "mov {2}, x29",
                "mov {3}, x30",
                out(reg) instruction,
                out(reg) stack,
                out(reg) frame,
                out(reg) link,
                options(nomem, nostack, preserves_flags),
            );
        }
        Some([instruction, stack, frame, link])
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    None
}

/// An opaque frame of the unwinder that comes with the compiler.
type Context = *mut c_void;

unsafe extern "C" {
    fn _Unwind_Backtrace(
        visit: unsafe extern "C" fn(Context, *mut c_void) -> c_int,
        visitor: *mut c_void,
    ) -> c_int;
    #[cfg(not(target_arch = "arm"))]
    fn _Unwind_GetIP(context: Context) -> usize;
    #[cfg(not(target_arch = "arm"))]
    fn _Unwind_GetCFA(context: Context) -> usize;
    #[cfg(target_arch = "arm")]
    fn _Unwind_VRS_Get(
        context: Context,
        class: c_int,
        register: u32,
        representation: c_int,
        value: *mut c_void,
    ) -> c_int;
}

/// Return address and stack pointer of a frame.
///
/// # Safety
/// `context` was given by the unwinder just now.
#[cfg(not(target_arch = "arm"))]
unsafe fn frame(context: Context) -> (usize, usize) {
    // SAFETY: as our caller promises.
    unsafe { (_Unwind_GetIP(context), _Unwind_GetCFA(context)) }
}

/// Return address and stack pointer of a frame: registers 15 (whose lowest bit is the instruction set) and 13.
///
/// # Safety
/// `context` was given by the unwinder just now.
#[cfg(target_arch = "arm")]
unsafe fn frame(context: Context) -> (usize, usize) {
    let register = |number| {
        let mut value = 0_u32;
        // SAFETY: as our caller promises; the class is "core", the representation a 32-bit number.
        unsafe { _Unwind_VRS_Get(context, 0, number, 0, (&raw mut value).cast()) };
        value as usize
    };
    (register(15) & !1, register(13))
}

/// Shows the frames of the calling thread, innermost first: return address and stack pointer.
pub(super) fn each_frame(mut visit: impl FnMut(usize, usize) -> ControlFlow<()>) {
    if !IS_BUILT_IN {
        return;
    }
    let mut visit: &mut dyn FnMut(usize, usize) -> ControlFlow<()> = &mut visit;
    // SAFETY: the callback gets back what is passed here, during this call only.
    unsafe { _Unwind_Backtrace(on_frame, (&raw mut visit).cast()) };
}

/// Called by the unwinder for one frame.
unsafe extern "C" fn on_frame(context: Context, visitor: *mut c_void) -> c_int {
    type Visitor<'a> = &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>;
    /// Of the unwinder's interface: go on, and stop.
    const NO_REASON: c_int = 0;
    const NORMAL_STOP: c_int = 4;
    // SAFETY: as `each_frame` passed it, and as the unwinder promises.
    let (visit, (address, stack)) =
        unsafe { (&mut *visitor.cast::<Visitor<'_>>(), frame(context)) };
    match contained(|| visit(address, stack)) {
        Ok(ControlFlow::Continue(())) => NO_REASON,
        Ok(ControlFlow::Break(())) | Err(_) => NORMAL_STOP,
    }
}

/// What the loader knows of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// The name and the start of the symbol at or before it.
    pub(super) symbol: Option<(String, usize)>,
    /// The name of the file, as it was loaded.
    pub(super) file: String,
    /// Where the file lies in memory.
    pub(super) base: usize,
}

/// Asks the loader. It waits while another thread is loading a library.
pub(super) fn symbol(address: usize) -> Option<Known> {
    if !IS_BUILT_IN {
        return None;
    }
    let mut info = libc::Dl_info {
        dli_fname: std::ptr::null(),
        dli_fbase: std::ptr::null_mut(),
        dli_sname: std::ptr::null(),
        dli_saddr: std::ptr::null_mut(),
    };
    // SAFETY: any address may be asked for; `info` is a valid place.
    if unsafe { libc::dladdr(with_exposed_provenance(address), &mut info) } == 0 {
        return None;
    }
    // SAFETY: terminated names of a module that is loaded; one that the host unloads at this very moment is in use by
    // the stack that is being looked at.
    let text = |name| unsafe { CStr::from_ptr(name) }.to_string_lossy();
    let has_symbol = !info.dli_sname.is_null() && !info.dli_saddr.is_null();
    Some(Known {
        symbol: has_symbol.then(|| (text(info.dli_sname).into_owned(), info.dli_saddr.addr())),
        file: if info.dli_fname.is_null() {
            String::new()
        } else {
            text(info.dli_fname).into_owned()
        },
        base: info.dli_fbase.addr(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_not_there_is_told_from_memory_that_is() {
        let bytes = *b"eight by";
        let place = std::ptr::from_ref(&bytes).expose_provenance();
        for read in [read_memory, read_tested] {
            let mut copy = [0; 8];
            assert!(read(place, &mut copy));
            assert_eq!(copy, bytes);
            for missing in [0, 8, usize::MAX, usize::MAX - 4095] {
                assert!(!read(missing, &mut copy), "{missing:#x}");
            }
        }
    }

    #[test]
    fn frames_come_innermost_first_with_rising_stack_pointers() {
        let mut stacks = Vec::new();
        each_frame(|_, stack| {
            stacks.push(stack);
            ControlFlow::Continue(())
        });
        assert_eq!(stacks.is_empty(), !IS_BUILT_IN);
        assert!(stacks.is_sorted());
    }
}
