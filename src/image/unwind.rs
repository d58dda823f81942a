//! Stacks: the frames of the calling thread, and of a thread whose registers are given. Code without frame pointers is
//! what both are made for.
//!
//! The own stack is walked by the unwinder that comes with the compiler, which is linked in any case, knows every machine,
//! and handles what exceptions of the host could pass. It starts from where it is called, so a thread that was
//! interrupted needs the one of `unwinder`. May use: `unwinder`, `modules`, `registers`, `native`.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::modules::ModuleList;
use super::native::{self, OwnMemory};
use super::registers::Registers;
use super::unwinder::Filled;

/// Fills in the return addresses of the calling thread, innermost first; returns how many.
///
/// `bottom` is the address of a local variable of the function called by the host: frames up to and including that
/// function's are ours, and left out. (Told by the stack and not by the module: a static library is in the host's module.)
///
/// `modules` gives the module list: in a forked child it is what the stack is walked by, since the compiler's unwinder may
/// ask the loader, see [`native::may_ask_loader`].
pub(crate) fn own_thread(
    modules: impl FnOnce() -> Arc<ModuleList>,
    bottom: usize,
    out: &mut [usize],
) -> usize {
    let modules = (!native::may_ask_loader()).then(modules);
    walk_own(modules.as_deref(), bottom, out)
}

/// [`own_thread`] by the tables of `modules` where that can be, else by the compiler's unwinder.
#[inline(never)]
fn walk_own(modules: Option<&ModuleList>, bottom: usize, out: &mut [usize]) -> usize {
    let mut filled = Filled::new(out);
    let mut visit = |address, stack| {
        if stack <= bottom {
            return ControlFlow::Continue(());
        }
        if address == 0 {
            return ControlFlow::Break(());
        }
        filled.push(address)
    };
    match (modules, Registers::here()) {
        (Some(modules), Some(registers)) => {
            let _ = modules.unwinder().walk(&OwnMemory, registers, &mut visit);
        }
        _ => native::each_frame(visit),
    }
    filled.count()
}

/// Fills in the instruction of these registers and the return addresses below it, innermost first; returns how many.
pub(crate) fn from_context(modules: &ModuleList, registers: Registers, out: &mut [usize]) -> usize {
    modules.unwinder().frames(&OwnMemory, registers, out)
}

#[cfg(all(test, feature = "crash"))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[inline(never)]
    fn inner(out: &mut [usize]) -> usize {
        let bottom = black_box(0_u8);
        black_box(own_thread(
            || unreachable!("this is no forked child"),
            black_box(std::ptr::from_ref(&bottom).addr()),
            out,
        ))
    }

    #[inline(never)]
    fn outer(out: &mut [usize]) -> usize {
        black_box(inner(out)).wrapping_add(black_box(0))
    }

    #[test]
    fn the_first_frame_is_the_caller_of_the_function_with_the_marker() {
        let (mut out, mut again) = ([0; 64], [0; 64]);
        let count = outer(&mut out);
        assert!(count > 3);
        assert_eq!(outer(&mut again), count);
        let start = outer as *const () as usize;
        assert!((start..start + 400).contains(&out[0]), "{out:x?}");
        // Two calls differ in where they were made, and in nothing else.
        assert_eq!(out[0], again[0]);
        assert_ne!(out[1], again[1]);
        assert_eq!(out[2..], again[2..]);
    }

    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    #[test]
    fn both_ways_to_walk_the_own_stack_find_the_same() {
        use crate::image::modules::ModuleCache;
        #[inline(never)]
        fn walk(modules: Option<&ModuleList>, out: &mut [usize]) -> usize {
            let bottom = black_box(0_u8);
            let bottom = black_box(std::ptr::from_ref(&bottom)).addr();
            black_box(walk_own(modules, bottom, out))
        }
        let modules = ModuleCache::new().current();
        let found = [None, Some(&*modules)].map(|modules| {
            let mut out = [0; 64];
            let count = walk(modules, &mut out);
            out[..count].to_vec()
        });
        assert!(found[0].len() > 3);
        assert_eq!(found[0], found[1]);
    }

    #[test]
    fn no_more_frames_than_there_is_room() {
        assert_eq!(outer(&mut []), 0);
        let mut two = [0; 2];
        assert_eq!(outer(&mut two), 2);
    }
}
