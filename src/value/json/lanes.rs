//! Lanes: which bytes of a block cannot stand in a JSON string as they are.
//!
//! Decides, when the library is compiled, which instructions look at a block at once: SSE2 on x86-64 and NEON on 64-bit
//! ARM, which every such processor has, and a word of eight bytes elsewhere. Entry points: [`marks`], [`first`], [`has_marks`].

pub(super) use wide::{Block, marks};

/// Bytes of a block.
pub(super) const SIZE: usize = size_of::<Block>();

/// The place of the first byte that is marked; of no marks any place behind the block.
#[inline]
pub(super) const fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / wide::BITS) as usize
}

/// True if a byte of these blocks is marked.
#[inline]
pub(super) fn has_marks<const ASCII: bool>(blocks: &[Block; 4]) -> bool {
    let marks = marks::<ASCII>;
    let [one, two, three, four] = blocks;
    marks(one) | marks(two) | marks(three) | marks(four) != 0
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };

    pub(in super::super) type Block = [u8; 16];

    /// Bits of a mark.
    pub(super) const BITS: u32 = 1;

    /// A mark for each byte of the block that is a quote, a backslash or a control character, or none of `ASCII`.
    #[inline]
    pub(in super::super) fn marks<const ASCII: bool>(block: &Block) -> u64 {
        // SAFETY: every x86-64 has SSE2, and the block has as many bytes as are loaded.
        let marks = unsafe {
            let bytes = _mm_loadu_si128(block.as_ptr().cast());
            let is_quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"'.cast_signed()));
            let is_backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\'.cast_signed()));
            let is_control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
            let special = _mm_or_si128(_mm_or_si128(is_quote, is_backslash), is_control);
            // The highest bit of each byte counts.
            let beyond_ascii = if ASCII { bytes } else { special };
            _mm_movemask_epi8(_mm_or_si128(special, beyond_ascii))
        };
        u64::from(marks.cast_unsigned())
    }
}

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod wide {
    use std::arch::aarch64::{
        vceqq_u8, vcgeq_u8, vcltq_u8, vdupq_n_u8, vget_lane_u64, vld1q_u8, vorrq_u8,
        vreinterpret_u64_u8, vreinterpretq_u16_u8, vshrn_n_u16,
    };

    pub(in super::super) type Block = [u8; 16];

    /// Bits of a mark.
    pub(super) const BITS: u32 = 4;

    /// A mark for each byte of the block that is a quote, a backslash or a control character, or none of `ASCII`.
    #[inline]
    pub(in super::super) fn marks<const ASCII: bool>(block: &Block) -> u64 {
        // SAFETY: every 64-bit ARM has NEON, and the block has as many bytes as are loaded.
        unsafe {
            let bytes = vld1q_u8(block.as_ptr());
            let is_quote = vceqq_u8(bytes, vdupq_n_u8(b'"'));
            let is_backslash = vceqq_u8(bytes, vdupq_n_u8(b'\\'));
            let is_control = vcltq_u8(bytes, vdupq_n_u8(b' '));
            let special = vorrq_u8(vorrq_u8(is_quote, is_backslash), is_control);
            let special = if ASCII {
                vorrq_u8(special, vcgeq_u8(bytes, vdupq_n_u8(0x80)))
            } else {
                special
            };
            // There is no instruction for a bit of each byte; this one keeps four.
            let narrow = vshrn_n_u16::<4>(vreinterpretq_u16_u8(special));
            vget_lane_u64::<0>(vreinterpret_u64_u8(narrow))
        }
    }
}

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
)))]
mod wide {
    pub(in super::super) type Block = [u8; 8];

    /// Bits of a mark.
    pub(super) const BITS: u32 = 8;

    /// A mark for each byte of the block that is a quote, a backslash or a control character, or none of `ASCII`.
    #[inline]
    pub(in super::super) const fn marks<const ASCII: bool>(block: &Block) -> u64 {
        super::marks_in_word::<ASCII>(u64::from_le_bytes(*block))
    }
}

/// [`marks`] of a word of which the lowest byte comes first, eight bits for each byte.
#[inline]
const fn marks_in_word<const ASCII: bool>(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
    let quote = word ^ QUOTES;
    let backslash = word ^ BACKSLASHES;
    // A borrow only spoils bytes above one that is marked rightly, and the lowest mark is the one that counts.
    ((word.wrapping_sub(SPACES) & !word)
        | (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | if ASCII { word } else { 0 })
        & HIGH_BITS
}

/// How many of the lowest bytes of a word come before one that is marked.
#[inline]
pub(super) const fn plain_in_word<const ASCII: bool>(word: u64) -> usize {
    (marks_in_word::<ASCII>(word).trailing_zeros() / 8) as usize
}
