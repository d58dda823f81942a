//! The checksum of gzip: CRC 32 (RFC 1952, 8), eight bytes at a time.
//!
//! Its tables are made once and not linked in: they are most of what a checksum takes.

/// What a byte in each of eight places does to the checksum, of 8 KiB.
type Tables = [[u32; 256]; 8];

/// The polynomial, from its lowest bit on.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// Makes checksums.
#[derive(Debug)]
pub(super) struct Checksum {
    tables: Box<Tables>,
}

impl Checksum {
    /// None without memory for the tables.
    pub(super) fn new() -> Option<Self> {
        let mut tables: Vec<[u32; 256]> = Vec::new();
        tables.try_reserve_exact(8).ok()?;
        let mut table = [0; 256];
        for (byte, entry) in (0_u32..).zip(&mut table) {
            *entry = (0..8).fold(byte, |state, _| {
                (state >> 1) ^ if state & 1 == 1 { POLYNOMIAL } else { 0 }
            });
        }
        for _ in 0..8 {
            tables.push(table);
            // The same bytes, with one more byte behind them.
            let first = tables.first()?;
            table = table.map(|state| step(first, state, 0));
        }
        let tables = tables.into_boxed_slice().try_into().ok()?;
        Some(Self { tables })
    }

    /// That of all the pieces.
    pub(super) fn of<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> u32 {
        let add = |state, piece| self.add(state, piece);
        !pieces.into_iter().fold(!0, add)
    }

    fn add(&self, mut state: u32, piece: &[u8]) -> u32 {
        let (eights, rest) = piece.as_chunks::<8>();
        for eight in eights {
            let word = u64::from_le_bytes(*eight) ^ u64::from(state);
            let bytes = word.to_le_bytes().into_iter().rev();
            let tables = self.tables.iter().zip(bytes);
            state = tables.fold(0, |state, (table, byte)| state ^ entry(table, byte));
        }
        let first = self.tables.first();
        first.map_or(state, |first| {
            rest.iter()
                .fold(state, |state, byte| step(first, state, *byte))
        })
    }
}

/// The state behind one more byte.
fn step(table: &[u32; 256], state: u32, byte: u8) -> u32 {
    let [lowest, ..] = state.to_le_bytes();
    (state >> 8) ^ entry(table, lowest ^ byte)
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a byte is less than 256")]
fn entry(table: &[u32; 256], byte: u8) -> u32 {
    table[usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        let checksum = Checksum::new().unwrap();
        assert_eq!(checksum.of([]), 0);
        assert_eq!(checksum.of([b"123456789".as_slice()]), 0xCBF4_3926);
    }

    #[test]
    fn pieces_of_any_length_are_one_text() {
        let checksum = Checksum::new().unwrap();
        let text: Vec<u8> = (0..100_u32).map(|at| (at * at % 251) as u8).collect();
        let mut known = flate2::Crc::new();
        known.update(&text);
        for at in 0..text.len() {
            let (one, other) = text.split_at(at);
            assert_eq!(checksum.of([one, other]), known.sum(), "{at}");
        }
    }
}
