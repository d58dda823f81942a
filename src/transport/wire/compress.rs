//! gzip, with one compressor kept for the life of the worker.
//!
//! The gzip frame is written here, around `flate2`'s deflate, because its own gzip writer would allocate a new
//! compressor of 300 KiB for each request.

use super::http::Segment;

/// Bodies below this size gain nothing from compression (they fit one packet).
pub(crate) const WORTHWHILE: usize = 1024;

#[cfg(feature = "compression")]
pub(crate) use gzip::Compressor;

#[cfg(feature = "compression")]
mod gzip {
    use super::Segment;
    use flate2::{Compress, Compression, Crc, FlushCompress, Status};

    /// Magic, deflate, no flags, no time, no extra flags, unknown system (RFC 1952).
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

    /// See the module.
    #[derive(Debug)]
    pub(crate) struct Compressor {
        deflate: Compress,
    }

    impl Compressor {
        /// Level 1: envelopes are repetitive text; higher levels cost a multiple for a few per cent.
        pub(crate) fn new() -> Self {
            Self {
                deflate: Compress::new(Compression::fast(), false),
            }
        }

        /// The segments as one gzip member; `None` if the compressor fails, or has no memory.
        pub(crate) fn gzip(&mut self, body: &[Segment]) -> Option<Vec<u8>> {
            let plain: usize = body
                .iter()
                .map(|segment| segment.bytes().len())
                .fold(0, usize::saturating_add);
            let mut out = Vec::new();
            out.try_reserve_exact((plain / 3).saturating_add(64)).ok()?;
            out.extend_from_slice(&HEADER);
            let mut checksum = Crc::new();
            self.deflate.reset();
            for segment in body {
                checksum.update(segment.bytes());
                self.feed(segment.bytes(), &mut out, FlushCompress::None)?;
            }
            self.feed(&[], &mut out, FlushCompress::Finish)?;
            out.extend_from_slice(&checksum.sum().to_le_bytes());
            out.extend_from_slice(&checksum.amount().to_le_bytes());
            out.shrink_to_fit();
            Some(out)
        }

        fn feed(&mut self, input: &[u8], out: &mut Vec<u8>, flush: FlushCompress) -> Option<()> {
            let start = self.deflate.total_in();
            loop {
                let consumed =
                    usize::try_from(self.deflate.total_in().saturating_sub(start)).ok()?;
                let rest = input.get(consumed..)?;
                if rest.is_empty() && !matches!(flush, FlushCompress::Finish) {
                    return Some(());
                }
                if out.capacity().saturating_sub(out.len()) < 256 {
                    out.try_reserve(4096).ok()?;
                }
                match self.deflate.compress_vec(rest, out, flush).ok()? {
                    Status::StreamEnd => return Some(()),
                    Status::Ok | Status::BufError => {}
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::super::*;
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
            let mut compressor = Compressor::new();
            for size in [0, 1, 1000, 300_000] {
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
            assert!(Compressor::new().gzip(&body).unwrap().len() < 1000);
        }
    }
}

/// Stands in when the feature `compression` is off.
#[cfg(not(feature = "compression"))]
#[derive(Debug)]
pub(crate) struct Compressor;

#[cfg(not(feature = "compression"))]
impl Compressor {
    /// A compressor that declines.
    pub(crate) fn new() -> Self {
        Self
    }

    /// Declines.
    pub(crate) fn gzip(&mut self, _body: &[Segment]) -> Option<Vec<u8>> {
        None
    }
}
