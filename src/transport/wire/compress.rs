//! gzip (RFC 1952), with one compressor kept for the life of the worker.

#[cfg(feature = "compression")]
use super::deflate::Deflate;
use super::http::Segment;
#[cfg(feature = "compression")]
use crate::base::panic::contained;

/// Bodies below this size gain nothing from compression (they fit one packet).
pub(crate) const WORTHWHILE: usize = 1024;

/// Magic, deflate, no flags, no time, no extra flags, unknown system.
#[cfg(feature = "compression")]
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// Checksum and length.
#[cfg(feature = "compression")]
const TRAILER: usize = 8;

/// Makes gzip members.
#[cfg(feature = "compression")]
#[derive(Debug)]
pub(crate) struct Compressor {
    deflate: Deflate,
}

#[cfg(feature = "compression")]
impl Compressor {
    /// None without memory for it.
    pub(crate) fn new() -> Option<Self> {
        let deflate = Deflate::new()?;
        Some(Self { deflate })
    }

    /// The segments as one gzip member; none if that is no shorter, or without memory.
    pub(crate) fn gzip(&mut self, body: &[Segment]) -> Option<Vec<u8>> {
        let pieces = || body.iter().map(Segment::bytes);
        let mut checksum = crc32fast::Hasher::new();
        pieces().for_each(|piece| checksum.update(piece));
        let length = pieces().map(<[u8]>::len).fold(0, usize::saturating_add);
        // A mistake in the compressor costs the compression, not the request.
        let out = contained(|| self.deflate.compress(HEADER.to_vec(), pieces()));
        let mut out = out.ok().flatten()?;
        if out.len().saturating_add(TRAILER) >= length {
            return None;
        }
        out.try_reserve_exact(TRAILER).ok()?;
        out.extend_from_slice(&checksum.finalize().to_le_bytes());
        // Of the length, too, the format has 32 bits.
        out.extend_from_slice(&(length as u32).to_le_bytes());
        out.shrink_to_fit();
        Some(out)
    }
}

/// Stands in when the feature `compression` is off.
#[cfg(not(feature = "compression"))]
#[derive(Debug)]
pub(crate) struct Compressor;

#[cfg(not(feature = "compression"))]
impl Compressor {
    /// There is none.
    pub(crate) fn new() -> Option<Self> {
        None
    }

    /// Declines.
    pub(crate) fn gzip(&mut self, _body: &[Segment]) -> Option<Vec<u8>> {
        None
    }
}

#[cfg(feature = "compression")]
#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn unpack(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes)
            .read_to_end(&mut plain)
            .unwrap();
        plain
    }

    // AUTH-9
    #[test]
    fn members_are_read_by_a_standard_decoder_again_and_again() {
        let mut compressor = Compressor::new().unwrap();
        for size in [1000, 300_000] {
            let text: Vec<u8> = (0..size)
                .map(|at: usize| b'a' + (at * at % 23) as u8)
                .collect();
            let halves = text.split_at(size / 2);
            let body = [
                Segment::Bytes(halves.0.to_vec()),
                Segment::Bytes(halves.1.to_vec()),
            ];
            assert_eq!(unpack(&compressor.gzip(&body).unwrap()), text);
        }
    }

    #[test]
    fn repetitive_text_shrinks() {
        let body = [Segment::Bytes(b"{\"message\":\"again\"}".repeat(500))];
        let mut compressor = Compressor::new().unwrap();
        assert!(compressor.gzip(&body).unwrap().len() < 200);
    }

    #[test]
    fn what_does_not_shrink_stays_as_it_is() {
        let mut compressor = Compressor::new().unwrap();
        assert_eq!(compressor.gzip(&[]), None);
        let all_once = (0..=255).collect::<Vec<u8>>();
        assert_eq!(compressor.gzip(&[Segment::Bytes(all_once)]), None);
    }
}
