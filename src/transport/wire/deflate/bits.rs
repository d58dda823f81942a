//! Bits, written from the lowest of a byte on, as deflate wants them.

/// Writes bits into room that was made before; what finds no room is lost.
#[derive(Default)]
pub(super) struct BitWriter {
    out: Vec<u8>,
    /// Bytes of `out` that are written.
    length: usize,
    /// Bits that wait for the rest of their bytes, and how many.
    waiting: u64,
    count: u32,
}

impl BitWriter {
    /// Most bits that [`BitWriter::add`] takes between two calls of [`BitWriter::flush`], after which up to 7 wait.
    pub(super) const MOST: u32 = u64::BITS - 8;

    /// Goes on behind these bytes.
    pub(super) fn new(out: Vec<u8>) -> Self {
        Self {
            length: out.len(),
            out,
            waiting: 0,
            count: 0,
        }
    }

    /// Makes room for so many further bits; false without memory for it.
    pub(super) fn reserve(&mut self, bits: usize) -> bool {
        /// What waits, what [`BitWriter::flush`] writes at a time whatever part of it counts, and a byte that is begun.
        const SPARE: usize = 24;
        let needed = (bits / 8).saturating_add(SPARE).saturating_add(self.length);
        let more = needed.saturating_sub(self.out.len());
        let has_room = self.out.try_reserve_exact(more).is_ok();
        if has_room {
            self.out.resize(self.out.len().max(needed), 0);
        }
        has_room
    }

    /// Adds the lowest `count` of `bits`, of which the others are 0.
    #[inline(always)]
    pub(super) fn add(&mut self, bits: u32, count: u32) {
        self.waiting |= u64::from(bits).wrapping_shl(self.count);
        self.count = self.count.wrapping_add(count);
    }

    /// Adds up to 15 bits, and flushes when that is needed.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        if self.count >= Self::MOST - 15 {
            self.flush();
        }
        self.add(bits, count);
    }

    /// Writes the bytes that are complete.
    #[inline(always)]
    pub(super) fn flush(&mut self) {
        let place = self.out.get_mut(self.length..);
        if let Some(place) = place.and_then(<[u8]>::first_chunk_mut) {
            *place = self.waiting.to_le_bytes();
        }
        self.length = self.length.wrapping_add((self.count / 8) as usize);
        self.waiting = self.waiting.wrapping_shr(self.count & !7);
        self.count &= 7;
    }

    /// The bytes; the last one is filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.flush();
        let begun = usize::from(self.count > 0);
        self.out.truncate(self.length.saturating_add(begun));
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_fill_bytes_from_the_lowest_on() {
        let mut writer = BitWriter::new(vec![9]);
        assert!(writer.reserve(24));
        for (bits, count) in [(1, 1), (0b10, 2), (0b1_0110, 5), (0x7fff, 15)] {
            writer.put(bits, count);
        }
        assert_eq!(writer.finish(), [9, 0b1011_0101, 0xff, 0x7f]);
    }

    #[test]
    fn many_bits_are_written_as_they_become_bytes() {
        let mut writer = BitWriter::new(Vec::new());
        assert!(writer.reserve(8 * 3000));
        for number in 0..2000 {
            writer.put(number & 0xfff, 12);
        }
        let bytes = writer.finish();
        assert_eq!(bytes.len(), 3000);
        // 1998 and 1999, of 12 bits each.
        assert_eq!(bytes[2997..], [0xce, 0xf7, 0x7c]);
    }
}
