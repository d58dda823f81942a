//! Prefix codes: how many bits a symbol gets, and which.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "indexes are symbols and nodes, of which there are at most `MOST`; sums are counts of one block"
)]

/// Longest code that deflate allows.
pub(super) const LONGEST: u8 = 15;
/// Most symbols that one set of codes is for.
const MOST: usize = 286;
/// Bits that a symbol takes, and more than the nodes that are made for them need.
const SYMBOL_BITS: u32 = 9;

/// A code: its bits from the first one on, and how many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bits: u16,
    pub(super) length: u8,
}

/// Codes for at most [`MOST`] symbols that occur so often, none longer than `longest`. A symbol that does not occur gets
/// none, but there are always two codes, since some readers want that.
pub(super) fn codes<const N: usize>(mut counts: [u32; N], longest: u8) -> [Code; N] {
    let mut codes = [Code::default(); N];
    // Halved counts make a flatter tree. When all are equal, no code has more than 9 bits, and of the 19 for lengths 5.
    while !set_lengths(&counts, longest, &mut codes) {
        for count in &mut counts {
            *count = count.div_ceil(2);
        }
    }
    set_bits(&mut codes);
    codes
}

/// Sets the lengths that need the fewest bits in total, as Huffman found; false if one would be too long.
#[inline(never)]
fn set_lengths(counts: &[u32], longest: u8, codes: &mut [Code]) -> bool {
    // Count and symbol in one number, which is sorted by the count.
    let mut leaves = [0_u32; MOST];
    let mut used = 0;
    for (symbol, count) in (0_u32..).zip(counts) {
        if *count > 0 {
            leaves[used] = count << SYMBOL_BITS | symbol;
            used += 1;
        }
    }
    let symbol_of = |leaf: u32| (leaf & ((1 << SYMBOL_BITS) - 1)) as usize;
    if used < 2 {
        let only = symbol_of(leaves[0]);
        codes[only].length = 1;
        codes[usize::from(only == 0)].length = 1;
        return true;
    }
    let leaves = &mut leaves[..used];
    leaves.sort_unstable();
    // The two lightest of leaves and nodes become one node, again and again. Nodes are made in the order of their weight, so
    // that the lightest of either kind is the next one.
    let mut weights = [0_u32; MOST];
    let mut parents = [0_u16; MOST];
    let mut parents_of_leaves = [0_u16; MOST];
    let (mut leaf, mut node) = (0, 0);
    for (made, number) in (0..used - 1).zip(0_u16..) {
        for _ in 0..2 {
            if leaf < used && (node == made || leaves[leaf] >> SYMBOL_BITS <= weights[node]) {
                weights[made] += leaves[leaf] >> SYMBOL_BITS;
                parents_of_leaves[leaf] = number;
                leaf += 1;
            } else {
                weights[made] += weights[node];
                parents[node] = number;
                node += 1;
            }
        }
    }
    // The last node is the root, from which depths go down.
    let mut depths = [0_u8; MOST];
    for node in (0..used - 2).rev() {
        depths[node] = depths[usize::from(parents[node])].saturating_add(1);
    }
    for (leaf, parent) in leaves.iter().zip(parents_of_leaves) {
        let length = depths[usize::from(parent)].saturating_add(1);
        if length > longest {
            return false;
        }
        codes[symbol_of(*leaf)].length = length;
    }
    true
}

/// Sets the bits of codes that have their lengths, in the order that deflate prescribes (RFC 1951, 3.2.2).
#[inline(never)]
fn set_bits(codes: &mut [Code]) {
    const LENGTHS: usize = LONGEST as usize + 1;
    let mut counts = [0_u16; LENGTHS];
    for code in &*codes {
        counts[usize::from(code.length)] += 1;
    }
    counts[0] = 0;
    let mut next = [0_u16; LENGTHS];
    for length in 1..LENGTHS {
        next[length] = (next[length - 1] + counts[length - 1]) << 1;
    }
    for code in codes.iter_mut().filter(|code| code.length > 0) {
        let next = &mut next[usize::from(code.length)];
        code.bits = next.reverse_bits() >> (16 - code.length);
        *next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the codes take of all that there is, with 1 << 15 for all.
    fn taken(codes: &[Code]) -> u32 {
        let taken = |code: &Code| (1 << LONGEST) >> code.length;
        let used = codes.iter().filter(|code| code.length > 0);
        used.map(taken).sum()
    }

    #[test]
    fn frequent_symbols_get_short_codes() {
        // RFC 1951, 3.2.2, has this example.
        let lengths = codes([3, 3, 3, 3, 3, 8, 2, 2], LONGEST).map(|code| code.length);
        assert_eq!(lengths, [3, 3, 3, 3, 3, 2, 4, 4]);
        let bits = codes([3, 3, 3, 3, 3, 8, 2, 2], LONGEST)
            .map(|code| code.bits.reverse_bits() >> (16 - code.length));
        assert_eq!(bits, [2, 3, 4, 5, 6, 0, 14, 15]);
    }

    #[test]
    fn no_code_is_too_long_and_none_is_wasted() {
        // Numbers like these make the deepest tree.
        let mut counts = [0; 30];
        (counts[0], counts[1]) = (1, 1);
        for at in 2..30 {
            counts[at] = counts[at - 1] + counts[at - 2];
        }
        for longest in [7, LONGEST] {
            let codes = codes(counts, longest);
            assert!(
                codes
                    .iter()
                    .all(|code| (1..=longest).contains(&code.length))
            );
            assert_eq!(taken(&codes), 1 << LONGEST);
        }
    }

    #[test]
    fn there_are_always_two_codes() {
        for (used, both) in [(None, [0, 1]), (Some(0), [0, 1]), (Some(7), [0, 7])] {
            let mut counts = [0; 30];
            if let Some(used) = used {
                counts[used] = 9;
            }
            let codes = codes(counts, LONGEST);
            assert_eq!(both.map(|at: usize| codes[at].length), [1, 1]);
            assert_eq!(taken(&codes), 1 << LONGEST);
        }
    }
}
