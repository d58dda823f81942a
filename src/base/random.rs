//! Random numbers: a generator per thread, seeded by the system, seeded again in a forked child.
//!
//! The numbers make ids unique and spread retries; they are no secrets.

use std::cell::Cell;

use super::process;

/// xoshiro256++ (Blackman and Vigna): 256 bits of state, so that ids of different threads do not meet.
#[derive(Debug, Clone, Copy)]
struct Generator {
    state: [u64; 4],
    generation: u32,
}

thread_local! {
    static GENERATOR: Cell<Option<Generator>> = const { Cell::new(None) };
}

/// 64 random bits.
pub(crate) fn next_u64() -> u64 {
    let generation = process::fork_generation();
    // During thread exit the generator may be gone already; a fresh one serves the few calls left.
    let stored = GENERATOR.try_with(Cell::get).ok().flatten();
    let mut generator = match stored {
        Some(generator) if generator.generation == generation => generator,
        _ => Generator {
            state: seed(),
            generation,
        },
    };
    let value = step(&mut generator.state);
    let _ = GENERATOR.try_with(|cell| cell.set(Some(generator)));
    value
}

/// A number in `[0, 1)`.
pub(crate) fn next_unit() -> f64 {
    // 53 bits: all that a double holds.
    (next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn step(state: &mut [u64; 4]) -> u64 {
    let [a, b, c, d] = state;
    let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
    let shifted = *b << 17;
    *c ^= *a;
    *d ^= *b;
    *b ^= *c;
    *a ^= *d;
    *c ^= shifted;
    *d = d.rotate_left(45);
    result
}

/// Seed from the system; should it refuse (seccomp, very old kernel), from what differs between threads and runs.
fn seed() -> [u64; 4] {
    let mut seed = [0_u64; 4];
    let wanted = size_of_val(&seed);
    // SAFETY: the buffer is `wanted` bytes long and any bytes are valid integers.
    let got = unsafe { libc::getrandom(seed.as_mut_ptr().cast(), wanted, libc::GRND_NONBLOCK) };
    if usize::try_from(got) != Ok(wanted) || seed == [0; 4] {
        use std::hash::{BuildHasher, Hasher, RandomState};
        for (salt, word) in seed.iter_mut().enumerate() {
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_usize(salt);
            hasher.write_u32(std::process::id());
            hasher.write_usize(std::ptr::from_ref(word).addr());
            hasher.write_u128(
                std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map_or(0, |elapsed| elapsed.as_nanos()),
            );
            *word = hasher.finish() | 1;
        }
    }
    seed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn threads_do_not_share_a_sequence() {
        let draw = || (0..1000).map(|_| next_u64()).collect::<Vec<_>>();
        let other = std::thread::spawn(draw);
        let mut all: HashSet<u64> = draw().into_iter().collect();
        all.extend(other.join().unwrap());
        assert_eq!(all.len(), 2000);
    }

    #[test]
    fn unit_numbers_stay_below_one_and_spread() {
        let sum: f64 = (0..10_000)
            .map(|_| {
                let value = next_unit();
                assert!((0.0..1.0).contains(&value));
                value
            })
            .sum();
        assert!((4_500.0..5_500.0).contains(&sum), "{sum}");
    }

    #[test]
    fn a_forked_child_draws_other_numbers() {
        next_u64();
        let mut pipe = [0; 2];
        // SAFETY: `pipe` has room for two descriptors.
        assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0);
        // SAFETY: the child only draws a number, writes eight bytes and leaves.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let value = next_u64().to_ne_bytes();
            // SAFETY: the buffer is eight bytes long.
            unsafe {
                libc::write(pipe[1], value.as_ptr().cast(), 8);
                libc::_exit(0);
            }
        }
        let ours = next_u64();
        let mut theirs = [0_u8; 8];
        // SAFETY: room for eight bytes; `child` is our child.
        unsafe {
            assert_eq!(libc::read(pipe[0], theirs.as_mut_ptr().cast(), 8), 8);
            libc::waitpid(child, std::ptr::null_mut(), 0);
            libc::close(pipe[0]);
            libc::close(pipe[1]);
        }
        assert_ne!(ours, u64::from_ne_bytes(theirs));
    }
}
