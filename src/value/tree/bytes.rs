//! Bytes: short ones lie in place, so that the many short keys and texts of an event need no allocation of their own.
//!
//! Entry point: [`Bytes`]. May use: [`crate::base::memory`].

use std::ops::Deref;

use crate::base::memory::OutOfMemory;

/// Bytes that do not change; up to `N` of them in place, more of them behind an `A`.
#[derive(Debug, Clone)]
pub(crate) enum Bytes<const N: usize, A> {
    /// The first `length` of these.
    InPlace {
        /// At most `N`.
        length: u8,
        /// Zeros behind the length.
        bytes: [u8; N],
    },
    /// More than `N`.
    Apart(A),
}

impl<const N: usize, A: From<Box<[u8]>>> Bytes<N, A> {
    /// None.
    pub(crate) const EMPTY: Self = Self::InPlace {
        length: 0,
        bytes: [0; N],
    };

    /// A copy of `bytes` and, behind them, of `end`.
    pub(crate) fn new(bytes: &[u8], end: &[u8]) -> Result<Self, OutOfMemory> {
        let length = bytes.len().saturating_add(end.len());
        let mut place = [0; N];
        if let (Ok(short), Some(room)) = (u8::try_from(length), place.get_mut(..length)) {
            let (first, second) = room.split_at_mut(bytes.len());
            first.copy_from_slice(bytes);
            second.copy_from_slice(end);
            return Ok(Self::InPlace {
                length: short,
                bytes: place,
            });
        }
        let mut copy = Vec::new();
        copy.try_reserve_exact(length)?;
        copy.extend_from_slice(bytes);
        copy.extend_from_slice(end);
        Ok(Self::Apart(A::from(copy.into_boxed_slice())))
    }
}

impl<const N: usize, A: Deref<Target: AsRef<[u8]>>> Deref for Bytes<N, A> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InPlace { length, bytes } => {
                bytes.get(..usize::from(*length)).unwrap_or_default()
            }
            Self::Apart(bytes) => (**bytes).as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_lies_in_place_and_all_is_kept() {
        for length in 0..40_u8 {
            let given: Vec<u8> = (0..length).collect();
            let bytes = Bytes::<22, Box<[u8]>>::new(&given, b"").unwrap();
            assert_eq!(*bytes, *given);
            assert_eq!(matches!(bytes, Bytes::Apart(_)), length > 22);
            let bytes = Bytes::<22, Box<[u8]>>::new(&given, &[0]).unwrap();
            assert_eq!(*bytes, *[&given[..], &[0]].concat());
            assert_eq!(matches!(bytes, Bytes::Apart(_)), length > 21);
        }
        // More than a length in one byte can say.
        let long = [7; 300];
        assert_eq!(
            *Bytes::<290, Box<[u8]>>::new(&long[..280], b"").unwrap(),
            long[..280]
        );
        assert_eq!(size_of::<Bytes<22, Box<[u8]>>>(), 24);
    }
}
