//! Observed: a process that is not this one, alive or recorded: its modules and the stacks of its threads.
//!
//! Everything it reads may have been broken by the process it is about: reads have bounds, and what is not there is left
//! out. May use: `images`, `mappings`, `memory`, `registers`, `unwinder`, `base`.

use std::io;

use super::images::{self, Image};
use super::mappings::Mappings;
use super::memory::{Memory, ProcessMemory};
use super::registers::Registers;
use super::unwinder::Unwinder;

/// What is known of the process.
#[derive(Debug)]
pub(crate) struct Observed<M> {
    memory: M,
    images: Vec<Image>,
    unwinder: Unwinder,
}

impl Observed<ProcessMemory> {
    /// A process that this one may trace, by its id.
    pub(crate) fn process(id: u32) -> io::Result<Self> {
        let memory = ProcessMemory::open(id)?;
        Ok(Self::new(memory, &Mappings::of_process(id)?))
    }
}

impl<M: Memory> Observed<M> {
    /// The process that had this memory, with these mappings.
    pub(crate) fn new(memory: M, mappings: &Mappings) -> Self {
        let images = images::of(&memory, mappings);
        let unwinder = Unwinder::copied(&images, &memory);
        Self {
            memory,
            images,
            unwinder,
        }
    }

    /// Its modules, the one with the lowest address first: with usual linkers that is the program.
    pub(crate) fn images(&self) -> &[Image] {
        &self.images
    }

    /// Fills in the instruction of these registers of one of its threads and the return addresses below it, innermost
    /// first; returns how many. The thread must stand still meanwhile.
    pub(crate) fn frames(&self, registers: Registers, out: &mut [usize]) -> usize {
        self.unwinder.frames(&self.memory, registers, out)
    }
}

#[cfg(test)]
#[cfg(all(
    feature = "crash",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod tests {
    use super::*;
    use crate::image::memory::RecordedMemory;
    use crate::image::modules::ModuleCache;
    use crate::image::unwind;
    use std::hint::black_box;
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::process::{Child, Command, Stdio};

    const CHILD: &str = "image::observed::tests::a_child_that_stops";
    const IS_CHILD: &str = "SENTRY_TEST_OBSERVED_CHILD";

    /// Says where it is, by its registers and by how it sees its own stack, and waits for its end.
    #[inline(never)]
    fn inner() -> usize {
        let registers = Registers::here().unwrap();
        let mut out = [0; 64];
        let count = unwind::from_context(&ModuleCache::new().current(), registers, &mut out);
        let registers = [
            registers.instruction,
            registers.stack,
            registers.frame,
            registers.link,
        ];
        let functions = [inner as fn() -> usize, middle, outer].map(|it| it as usize);
        for numbers in [&registers[..], &functions, &out[..count]] {
            println!("observed {numbers:?}");
        }
        std::io::stdout().flush().unwrap();
        let _ = std::io::stdin().read(&mut [0]);
        count
    }

    #[inline(never)]
    fn middle() -> usize {
        black_box(inner()).wrapping_add(black_box(0))
    }

    #[inline(never)]
    fn outer() -> usize {
        black_box(middle()).wrapping_add(black_box(0))
    }

    /// The other process of the tests below; by itself it does nothing.
    #[test]
    fn a_child_that_stops() {
        if std::env::var_os(IS_CHILD).is_some() {
            outer();
        }
    }

    /// A process that stands in `inner`, called by `middle`, called by `outer`.
    struct Stopped {
        child: Child,
        registers: Registers,
        functions: Vec<usize>,
        own_frames: Vec<usize>,
    }

    impl Stopped {
        fn start() -> Self {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", CHILD, "--nocapture"])
                .env(IS_CHILD, "1")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let output = BufReader::new(child.stdout.take().unwrap());
            let lines = output.lines().map_while(Result::ok);
            let mut told = lines.filter_map(|line| {
                let numbers = line.split_once("observed [")?.1.trim_end_matches(']');
                let numbers = numbers.split(", ").map(|it| it.parse().unwrap());
                Some(numbers.collect::<Vec<usize>>())
            });
            let mut next = || told.next().unwrap();
            let registers = next();
            Self {
                child,
                registers: Registers {
                    instruction: registers[0],
                    stack: registers[1],
                    frame: registers[2],
                    link: registers[3],
                },
                functions: next(),
                own_frames: next(),
            }
        }

        fn maps(&self) -> Vec<u8> {
            std::fs::read(format!("/proc/{}/maps", self.child.id())).unwrap()
        }

        fn assert_right(&self, frames: &[usize]) {
            assert_eq!(frames, self.own_frames);
            for (frame, function) in frames.iter().zip(&self.functions) {
                assert!((*function..function + 4000).contains(frame));
            }
        }
    }

    impl Drop for Stopped {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn frames<M: Memory>(observed: &Observed<M>, registers: Registers) -> Vec<usize> {
        let mut out = [0; 64];
        let count = observed.frames(registers, &mut out);
        out[..count].to_vec()
    }

    #[test]
    fn another_process_is_unwound_as_it_unwinds_itself() {
        let stopped = Stopped::start();
        let observed = Observed::process(stopped.child.id()).unwrap();
        stopped.assert_right(&frames(&observed, stopped.registers));

        let program = &observed.images()[0];
        let own = std::env::current_exe().unwrap();
        assert_eq!(program.file, own.as_os_str().as_encoded_bytes());
        assert!(program.memory.contains(&stopped.functions[0]));
        // It is the same file as this process's, and has the same identity.
        let (_, ours) = images::read();
        assert_eq!(program.debug_id, ours[0].debug_id);
        let is_kernel_module = |image: &&Image| image.file == b"linux-gate.so";
        assert_eq!(observed.images().iter().filter(is_kernel_module).count(), 1);
    }

    #[test]
    fn a_recorded_process_is_unwound_after_its_end() {
        let stopped = Stopped::start();
        let (maps, memory) = (
            stopped.maps(),
            ProcessMemory::open(stopped.child.id()).unwrap(),
        );
        let mut pieces = Vec::new();
        for line in String::from_utf8(maps.clone()).unwrap().lines() {
            let (place, rest) = line.split_once(' ').unwrap();
            let (start, end) = place.split_once('-').unwrap();
            let number = |hex| usize::from_str_radix(hex, 16).unwrap();
            let mut bytes = vec![0; number(end) - number(start)];
            if rest.starts_with('r') && memory.read(number(start), &mut bytes) {
                pieces.push((number(start), bytes));
            }
        }
        let (registers, own_frames) = (stopped.registers, stopped.own_frames.clone());
        drop(stopped);

        let recorded = pieces.iter().map(|(start, bytes)| (*start, &bytes[..]));
        let recorded = RecordedMemory::new(recorded.collect());
        let observed = Observed::new(recorded, &Mappings::recorded(maps.clone()));
        assert_eq!(frames(&observed, registers), own_frames);

        // Without the stack, the instruction is all there is.
        let without_stack = pieces
            .iter()
            .filter(|(start, bytes)| !(*start..start + bytes.len()).contains(&registers.stack));
        let without_stack = without_stack.map(|(start, bytes)| (*start, &bytes[..]));
        let memory = RecordedMemory::new(without_stack.collect());
        let observed = Observed::new(memory, &Mappings::recorded(maps));
        assert_eq!(frames(&observed, registers), [registers.instruction]);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(Observed::process(child.id()).is_err());
    }
}
