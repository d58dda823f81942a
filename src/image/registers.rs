//! The registers of a thread that a signal interrupted.

use super::native;

/// What unwinding starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Registers {
    /// The instruction.
    pub(crate) instruction: usize,
    /// The stack.
    pub(crate) stack: usize,
    /// The frame, in code that has frame pointers.
    pub(crate) frame: usize,
    /// Where a function that called no other returns to; 0 on machines that keep it on the stack.
    pub(crate) link: usize,
}

impl Registers {
    /// Those of the caller; none on a machine that is not known here.
    #[inline(always)]
    pub(crate) fn here() -> Option<Self> {
        native::own_registers().map(|[instruction, stack, frame, link]| Self {
            instruction,
            stack,
            frame,
            link,
        })
    }

    /// The registers of a context; none on a machine that is not known here.
    pub(crate) fn of(context: &libc::ucontext_t) -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            let all = &context.uc_mcontext.gregs;
            let of = |register: libc::c_int| number(all, register);
            Some(Self {
                instruction: of(libc::REG_RIP)?,
                stack: of(libc::REG_RSP)?,
                frame: of(libc::REG_RBP)?,
                link: 0,
            })
        }
        #[cfg(target_arch = "aarch64")]
        {
            let all = &context.uc_mcontext;
            Some(Self {
                instruction: all.pc as usize,
                stack: all.sp as usize,
                frame: *all.regs.get(29)? as usize,
                link: *all.regs.get(30)? as usize,
            })
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            let _ = context;
            None
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn number(all: &[libc::greg_t], register: libc::c_int) -> Option<usize> {
    let value = *all.get(usize::try_from(register).ok()?)?;
    Some(value.cast_unsigned() as usize)
}

/// Name and value of every general register (STK-4).
#[cfg(target_arch = "x86_64")]
pub(crate) fn named(context: &libc::ucontext_t) -> Vec<(String, usize)> {
    const NAMES: [(&str, libc::c_int); 17] = [
        ("rax", libc::REG_RAX),
        ("rbx", libc::REG_RBX),
        ("rcx", libc::REG_RCX),
        ("rdx", libc::REG_RDX),
        ("rsi", libc::REG_RSI),
        ("rdi", libc::REG_RDI),
        ("rbp", libc::REG_RBP),
        ("rsp", libc::REG_RSP),
        ("r8", libc::REG_R8),
        ("r9", libc::REG_R9),
        ("r10", libc::REG_R10),
        ("r11", libc::REG_R11),
        ("r12", libc::REG_R12),
        ("r13", libc::REG_R13),
        ("r14", libc::REG_R14),
        ("r15", libc::REG_R15),
        ("rip", libc::REG_RIP),
    ];
    let all = &context.uc_mcontext.gregs;
    let named = NAMES
        .into_iter()
        .filter_map(|(name, register)| Some((name.to_owned(), number(all, register)?)));
    named.collect()
}

/// Name and value of every general register (STK-4).
#[cfg(target_arch = "aarch64")]
pub(crate) fn named(context: &libc::ucontext_t) -> Vec<(String, usize)> {
    let all = &context.uc_mcontext;
    let numbered = all.regs.iter().enumerate();
    let mut named: Vec<_> = numbered
        .map(|(at, value)| (format!("x{at}"), *value as usize))
        .collect();
    named.push(("sp".to_owned(), all.sp as usize));
    named.push(("pc".to_owned(), all.pc as usize));
    named
}

/// Nothing: this machine is not known here.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn named(_context: &libc::ucontext_t) -> Vec<(String, usize)> {
    Vec::new()
}
