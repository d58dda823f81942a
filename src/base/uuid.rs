//! UUIDs: made here for events, read from and written as text.

use std::ops::Range;

use super::{memory, random};

/// Sixteen bytes, most significant first; all zero is the nil id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Uuid([u8; 16]);

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Where the groups of digits lie in the form with hyphens, and in that without.
const GROUPS: [(Range<usize>, Range<usize>); 5] = [
    (0..8, 0..8),
    (9..13, 8..12),
    (14..18, 12..16),
    (19..23, 16..20),
    (24..36, 20..32),
];

/// Where the hyphens stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl Uuid {
    /// The id that stands for "none".
    pub(crate) const NIL: Self = Self([0; 16]);

    /// A random id, version 4, RFC 4122 variant (EVT-1).
    pub(crate) fn new_v4() -> Self {
        let mut bits = (u128::from(random::next_u64()) << 64) | u128::from(random::next_u64());
        bits &= !(0xf000_u128 << 64) & !(0xc000_u128 << 48);
        bits |= (0x4000_u128 << 64) | (0x8000_u128 << 48);
        Self(bits.to_be_bytes())
    }

    /// The id with these bytes.
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// True for the nil id.
    pub(crate) fn is_nil(&self) -> bool {
        *self == Self::NIL
    }

    /// Reads 32 hex digits or the hyphenated form of 36 characters; nothing else.
    pub(crate) fn parse_strict(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if let Ok(digits) = text.try_into() {
            return Self::from_digits(digits);
        }
        if text.len() != 36 || !HYPHENS.iter().all(|at| text.get(*at) == Some(&b'-')) {
            return None;
        }
        let mut digits = [0; 32];
        for (hyphenated, simple) in GROUPS {
            copy(text.get(hyphenated), digits.get_mut(simple));
        }
        Self::from_digits(&digits)
    }

    fn from_digits(digits: &[u8; 32]) -> Option<Self> {
        /// Stands for a byte that is no digit.
        const NO_DIGIT: u8 = 0x80;
        let number = |digit: u8| match digit {
            b'0'..=b'9' => digit.wrapping_sub(b'0'),
            b'a'..=b'f' => digit.wrapping_sub(b'a' - 10),
            b'A'..=b'F' => digit.wrapping_sub(b'A' - 10),
            _ => NO_DIGIT,
        };
        let (pairs, _) = digits.as_chunks();
        let (mut bytes, mut all) = ([0; 16], 0);
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (number(*high), number(*low));
            all |= high | low;
            *byte = high << 4 | low;
        }
        (all & NO_DIGIT == 0).then_some(Self(bytes))
    }

    /// Reads ids as the compatible interface does: hyphens and zero bytes are skipped anywhere, what follows the
    /// sixteenth byte is ignored, a short text fills the leading bytes; any other character gives the nil id.
    pub(crate) fn parse_lenient(text: &[u8]) -> Self {
        let mut bytes = [0; 16];
        fill_from_hex(text, &mut bytes).map_or(Self::NIL, |()| Self(bytes))
    }

    /// The 32 lower-case hex digits used on the wire.
    pub(crate) fn simple(&self) -> Hex<32> {
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&hex_pair(byte));
        }
        Hex(text)
    }

    /// The hyphenated form of 36 characters.
    pub(crate) fn hyphenated(&self) -> Hex<36> {
        let digits = self.simple().0;
        let mut text = [b'-'; 36];
        for (hyphenated, simple) in GROUPS {
            copy(digits.get(simple), text.get_mut(hyphenated));
        }
        Hex(text)
    }
}

/// Hex text of fixed length that lives on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hex<const N: usize>([u8; N]);

impl<const N: usize> Hex<N> {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        // Only hex digits and hyphens are ever stored.
        memory::utf8(&self.0).unwrap_or_default()
    }
}

/// The id of a span: 16 lower-case hex digits, not all zero (TRACE-1).
pub(crate) type SpanId = Hex<16>;

/// The id that 16 hex digits in any case stand for; all zero is none.
pub(crate) fn span_id(text: &str) -> Option<SpanId> {
    let mut digits: [u8; 16] = text.as_bytes().try_into().ok()?;
    digits.make_ascii_lowercase();
    let is_id = digits.iter().all(u8::is_ascii_hexdigit) && digits != [b'0'; 16];
    is_id.then_some(Hex(digits))
}

/// A random id.
pub(crate) fn new_span_id() -> SpanId {
    let bits = random::next_u64().max(1);
    let mut text = [0; 16];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bits.to_be_bytes()) {
        pair.copy_from_slice(&hex_pair(byte));
    }
    Hex(text)
}

fn hex_pair(byte: u8) -> [u8; 2] {
    let digit = |nibble: u8| HEX.get(usize::from(nibble & 15)).copied().unwrap_or(b'0');
    [digit(byte >> 4), digit(byte)]
}

/// Copies a group of digits.
fn copy(from: Option<&[u8]>, to: Option<&mut [u8]>) {
    if let (Some(from), Some(to)) = (from, to) {
        to.copy_from_slice(from);
    }
}

/// None at the first character that is neither a hex digit, nor a hyphen, nor a zero byte.
fn fill_from_hex(text: &[u8], bytes: &mut [u8; 16]) -> Option<()> {
    let mut places = bytes.iter_mut();
    let mut high: Option<u8> = None;
    let mut place = places.next();
    for &character in text {
        let Some(target) = place.as_deref_mut() else {
            break;
        };
        if matches!(character, b'-' | 0) {
            continue;
        }
        let nibble = u8::try_from((character as char).to_digit(16)?).ok()?;
        match high.take() {
            None => {
                *target = nibble << 4;
                high = Some(nibble);
            }
            Some(high) => {
                *target = (high << 4) | nibble;
                place = places.next();
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ids_are_version_4_and_differ() {
        let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
        assert_ne!(one, two);
        for id in [one, two] {
            let text = id.hyphenated();
            assert_eq!(text.as_str().as_bytes()[14], b'4', "{}", text.as_str());
            assert!(
                b"89ab".contains(&text.as_str().as_bytes()[19]),
                "{}",
                text.as_str()
            );
        }
    }

    #[test]
    fn both_forms_are_read_back() {
        let id = Uuid::new_v4();
        assert_eq!(Uuid::parse_strict(id.simple().as_str()), Some(id));
        assert_eq!(Uuid::parse_strict(id.hyphenated().as_str()), Some(id));
        assert_eq!(
            Uuid::parse_strict(&id.simple().as_str().to_uppercase()),
            Some(id)
        );
        assert_eq!(
            Uuid::parse_strict("f1c3bcc0-2798-65fe-3058-404b2831d9e6")
                .unwrap()
                .simple()
                .as_str(),
            "f1c3bcc0279865fe3058404b2831d9e6"
        );
    }

    #[test]
    fn strict_reading_refuses_everything_else() {
        for text in [
            "",
            "12-34",
            "f1c3bcc0279865fe3058404b2831d9e",
            "f1c3bcc0-279865fe-3058-404b-2831d9e6aa",
            "g1c3bcc0279865fe3058404b2831d9e6",
            "f1c3bcc0279865fe3058404b2831d9e6aa",
            "-f1c3bcc0279865fe3058404b2831d9e",
            "f1c3bcc002798-65fe-3058-404b2831d9e6",
            "f1c3bcc0-2798-65fe-3058-404b2831d9-6",
            "\0f1c3bcc0279865fe3058404b2831d9e",
        ] {
            assert_eq!(Uuid::parse_strict(text), None, "{text}");
        }
    }

    #[test]
    fn lenient_reading_follows_the_compatible_interface() {
        let lenient = |text: &[u8]| Uuid::parse_lenient(text).hyphenated().as_str().to_owned();
        assert_eq!(lenient(b"12-34"), "12340000-0000-0000-0000-000000000000");
        assert_eq!(
            lenient(b"f1c3bcc0279865fe3058404b2831d9e6 trailing"),
            "f1c3bcc0-2798-65fe-3058-404b2831d9e6"
        );
        assert!(Uuid::parse_lenient(b"f1c3!").is_nil());
        assert!(Uuid::parse_lenient(b"").is_nil());
    }

    #[test]
    fn span_ids_are_sixteen_digits() {
        let id = new_span_id();
        assert_eq!(id.as_str().len(), 16);
        assert_eq!(span_id(id.as_str()), Some(id));
        assert_eq!(
            span_id("FDF21CB107484A2D").unwrap().as_str(),
            "fdf21cb107484a2d"
        );
        for none in [
            "",
            "0000000000000000",
            "fdf21cb107484a2",
            "fdf21cb107484a2g",
        ] {
            assert_eq!(span_id(none), None, "{none}");
        }
    }
}
