//! One block: what was found in a piece of text, written with the codes that suit it best (RFC 1951, 3.2.7).
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "indexes are symbols of the alphabets, sums are counts and bits of one block, and sequences describe its text"
)]

use super::bits::BitWriter;
use super::huffman::{Code, LONGEST, codes};

/// Literals, the end, and lengths.
const SYMBOLS: usize = 286;
const END: usize = 256;
const FIRST_LENGTH: usize = 257;
const DISTANCES: usize = 30;
/// The lengths of the codes are written with codes, too: 0 to 15 as they are, and three for repetitions.
const LENGTHS: usize = 19;
const REPEAT: u8 = 16;
const FEW_ZEROS: u8 = 17;
const MANY_ZEROS: u8 = 18;
const LONGEST_OF_LENGTHS: u8 = 7;
/// The order in which the lengths of those codes are written: those that are rare come last and are left out.
const ORDER: [usize; LENGTHS] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// The begin of a block with codes of its own that is not the last one.
const OWN_CODES: (u32, u32) = (2 << 1, 3);
/// An empty block with fixed codes that is the last one.
const LAST: (u32, u32) = (1 | 1 << 1, 3 + 7);

/// Some literals, and then a repetition.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sequence {
    /// How many bytes of the text are written as they are.
    pub(super) literals: u32,
    /// How many bytes are repeated; 0 if none are, at the end.
    pub(super) length: u16,
    /// How far back they are, less one.
    pub(super) distance: u16,
}

/// A symbol, and the bits behind it that say which of its lengths or distances is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Symbol {
    number: usize,
    extra: u32,
    extra_bits: u32,
}

impl Sequence {
    /// The symbol of the length, which is 3 to 258.
    #[inline(always)]
    fn length_symbol(self) -> Symbol {
        if self.length == 258 {
            return Symbol {
                number: SYMBOLS - 1,
                extra: 0,
                extra_bits: 0,
            };
        }
        let symbol = spread(u32::from(self.length).wrapping_sub(3), 2);
        Symbol {
            number: symbol.number + FIRST_LENGTH,
            ..symbol
        }
    }

    /// The symbol of the distance.
    #[inline(always)]
    fn distance_symbol(self) -> Symbol {
        spread(self.distance.into(), 1)
    }
}

/// Both alphabets grow alike: each power of two has `1 << bits` symbols, which stand for more and more numbers.
#[inline(always)]
fn spread(number: u32, bits: u32) -> Symbol {
    let extra_bits = (number | 1).ilog2().saturating_sub(bits);
    Symbol {
        number: ((extra_bits << bits) + (number >> extra_bits)) as usize,
        extra: number & ((1 << extra_bits) - 1),
        extra_bits,
    }
}

/// Writes `text`, which the sequences describe; it is not the end. False without memory.
pub(super) fn write(out: &mut BitWriter, text: &[u8], sequences: &[Sequence]) -> bool {
    let mut symbols = [0_u32; SYMBOLS];
    let mut distances = [0_u32; DISTANCES];
    let mut bits = 0_usize;
    let mut rest = text;
    for sequence in sequences {
        let (literals, behind) = rest.split_at(sequence.literals as usize);
        for literal in literals {
            symbols[usize::from(*literal)] += 1;
        }
        rest = &behind[usize::from(sequence.length)..];
        if sequence.length > 0 {
            let (length, distance) = (sequence.length_symbol(), sequence.distance_symbol());
            symbols[length.number] += 1;
            distances[distance.number] += 1;
            bits += (length.extra_bits + distance.extra_bits) as usize;
        }
    }
    symbols[END] = 1;
    let symbol_codes = codes(symbols, LONGEST);
    let distance_codes = codes(distances, LONGEST);
    bits += total(&symbols, &symbol_codes) + total(&distances, &distance_codes);
    if !write_codes(out, &symbol_codes, &distance_codes, bits) {
        return false;
    }
    *out = write_sequences(
        std::mem::take(out),
        text,
        sequences,
        &symbol_codes,
        &distance_codes,
    );
    true
}

/// Writes the text behind its codes. The writer goes in and out as a value, so that its numbers stay in registers meanwhile.
fn write_sequences(
    mut out: BitWriter,
    text: &[u8],
    sequences: &[Sequence],
    symbols: &[Code; SYMBOLS],
    distances: &[Code; DISTANCES],
) -> BitWriter {
    let mut rest = text;
    for sequence in sequences {
        let (literals, behind) = rest.split_at(sequence.literals as usize);
        for literal in literals {
            put(&mut out, symbols[usize::from(*literal)]);
        }
        rest = &behind[usize::from(sequence.length)..];
        if sequence.length > 0 {
            // Two codes of 15 bits, and 5 and 13 bits behind them, are fewer than `BitWriter::MOST`.
            out.flush();
            let (length, distance) = (sequence.length_symbol(), sequence.distance_symbol());
            add(&mut out, symbols[length.number], length);
            add(&mut out, distances[distance.number], distance);
        }
    }
    put(&mut out, symbols[END]);
    out
}

/// Writes the end of the text; false without memory.
pub(super) fn write_last(out: &mut BitWriter) -> bool {
    let (bits, count) = LAST;
    let has_room = out.reserve(count as usize);
    out.put(bits, count);
    has_room
}

#[inline(always)]
fn put(out: &mut BitWriter, code: Code) {
    out.put(code.bits.into(), code.length.into());
}

#[inline(always)]
fn add(out: &mut BitWriter, code: Code, symbol: Symbol) {
    out.add(code.bits.into(), code.length.into());
    out.add(symbol.extra, symbol.extra_bits);
}

/// The bits that all the symbols need.
fn total(counts: &[u32], codes: &[Code]) -> usize {
    let each = counts.iter().zip(codes);
    each.map(|(count, code)| *count as usize * usize::from(code.length))
        .sum()
}

/// A length of a code, or several.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    symbol: u8,
    extra: u8,
    extra_bits: u8,
}

/// Writes which codes follow, and makes room for `bits` behind them; false without memory.
fn write_codes(
    out: &mut BitWriter,
    symbols: &[Code; SYMBOLS],
    distances: &[Code; DISTANCES],
    bits: usize,
) -> bool {
    let symbols = used(symbols, FIRST_LENGTH);
    let distances = used(distances, 1);
    let mut runs = [Run::default(); SYMBOLS + DISTANCES];
    let runs = find_runs(symbols.iter().chain(distances), &mut runs);
    let mut counts = [0_u32; LENGTHS];
    for run in &*runs {
        counts[usize::from(run.symbol)] += 1;
    }
    let length_codes = codes(counts, LONGEST_OF_LENGTHS);
    let in_order = ORDER.map(|symbol| length_codes[symbol]);
    let in_order = used(&in_order, 4);
    // A code of 7 bits and 7 bits behind it for each run, and less than 80 bits before them.
    if !out.reserve(80 + runs.len() * 14 + bits) {
        return false;
    }
    out.put(OWN_CODES.0, OWN_CODES.1);
    for (number, least, count) in [
        (symbols.len(), FIRST_LENGTH, 5),
        (distances.len(), 1, 5),
        (in_order.len(), 4, 4),
    ] {
        out.put((number - least) as u32, count);
    }
    for code in in_order {
        out.put(code.length.into(), 3);
    }
    for run in &*runs {
        put(out, length_codes[usize::from(run.symbol)]);
        out.put(run.extra.into(), run.extra_bits.into());
    }
    true
}

/// The codes up to the last one that is used, and at least so many.
fn used(codes: &[Code], least: usize) -> &[Code] {
    let last = codes.iter().rposition(|code| code.length > 0);
    &codes[..last.map_or(0, |last| last + 1).max(least)]
}

/// Puts the lengths of these codes into as few symbols as it takes, with room for one each.
fn find_runs<'a>(codes: impl Iterator<Item = &'a Code>, runs: &mut [Run]) -> &mut [Run] {
    let mut lengths = codes.map(|code| code.length).peekable();
    let mut made = 0;
    while let Some(length) = lengths.next() {
        let mut count = 1_usize;
        while lengths.next_if_eq(&length).is_some() {
            count += 1;
        }
        let mut is_first = true;
        while count > 0 {
            let (symbol, least, most, extra_bits) = match count {
                11.. if length == 0 => (MANY_ZEROS, 11, 138, 7),
                3.. if length == 0 => (FEW_ZEROS, 3, 10, 3),
                // What is repeated has to be said once.
                3.. if !is_first => (REPEAT, 3, 6, 2),
                _ => (length, 1, 1, 0),
            };
            let taken = count.min(most);
            runs[made] = Run {
                symbol,
                extra: (taken - least) as u8,
                extra_bits,
            };
            made += 1;
            count -= taken;
            is_first = false;
        }
    }
    &mut runs[..made]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_distances_have_the_symbols_of_the_standard() {
        let of_length = |length| {
            let sequence = Sequence {
                length,
                ..Sequence::default()
            };
            let symbol = sequence.length_symbol();
            (symbol.number, symbol.extra_bits, symbol.extra)
        };
        for (length, symbol) in [
            (3, (257, 0, 0)),
            (10, (264, 0, 0)),
            (11, (265, 1, 0)),
            (12, (265, 1, 1)),
            (13, (266, 1, 0)),
            (18, (268, 1, 1)),
            (19, (269, 2, 0)),
            (257, (284, 5, 30)),
            (258, (285, 0, 0)),
        ] {
            assert_eq!(of_length(length), symbol, "{length}");
        }
        let of_distance = |distance: u32| {
            let symbol = spread(distance - 1, 1);
            (symbol.number, symbol.extra_bits, symbol.extra)
        };
        for (distance, symbol) in [
            (1, (0, 0, 0)),
            (4, (3, 0, 0)),
            (5, (4, 1, 0)),
            (6, (4, 1, 1)),
            (7, (5, 1, 0)),
            (24_577, (29, 13, 0)),
            (32_768, (29, 13, 8191)),
        ] {
            assert_eq!(of_distance(distance), symbol, "{distance}");
        }
    }
}
