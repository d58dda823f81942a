//! gzip (RFC 1952), with one compressor kept for the life of the worker.
//!
//! The frame is written here, around the deflate of `flate2` and `zlib-rs`: a gzip writer of the crate would make a
//! new compressor of 380 KB for each request.

#[cfg(not(feature = "compression"))]
use super::http::Segment;

/// Bodies below this size gain nothing from compression (they fit one packet).
pub(crate) const WORTHWHILE: usize = 1024;

#[cfg(feature = "compression")]
pub(crate) use gzip::Compressor;

#[cfg(feature = "compression")]
mod gzip {
    use crate::base::memory;
    use crate::base::panic::contained;
    use crate::transport::wire::http::Segment;
    use flate2::{Compress, Compression, Crc, FlushCompress, Status};

    /// Magic, deflate, no flags, no time, no extra flags, unknown system.
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    /// Checksum and length.
    const TRAILER: usize = 8;
    /// What zlib-rs allocates once for a compressor, rounded up: window, hash tables, and what is not yet written.
    const STATE: usize = 384 * 1024;
    /// What the output grows by where the guess was too small.
    const STEP: usize = 4096;

    /// Makes gzip members.
    #[derive(Debug)]
    pub(crate) struct Compressor {
        deflate: Compress,
    }

    impl Compressor {
        /// At level 1: envelopes are repetitive text, and the next level takes twice the time for a fifth fewer bytes.
        /// None without memory for it, which the crate would answer with a panic.
        pub(crate) fn new() -> Option<Self> {
            if !memory::is_there(STATE) {
                return None;
            }
            let deflate = contained(|| Compress::new(Compression::fast(), false));
            Some(Self {
                deflate: deflate.ok()?,
            })
        }

        /// The segments as one gzip member; none if that is no shorter, or without memory.
        pub(crate) fn gzip(&mut self, body: &[Segment]) -> Option<Vec<u8>> {
            let plain = body
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
            if out.len().saturating_add(TRAILER) >= plain {
                return None;
            }
            out.try_reserve_exact(TRAILER).ok()?;
            out.extend_from_slice(&checksum.sum().to_le_bytes());
            out.extend_from_slice(&checksum.amount().to_le_bytes());
            out.shrink_to_fit();
            Some(out)
        }

        fn feed(&mut self, input: &[u8], out: &mut Vec<u8>, flush: FlushCompress) -> Option<()> {
            let start = self.deflate.total_in();
            loop {
                let consumed = self.deflate.total_in().saturating_sub(start);
                let rest = input.get(usize::try_from(consumed).ok()?..)?;
                if rest.is_empty() && !matches!(flush, FlushCompress::Finish) {
                    return Some(());
                }
                if out.capacity() == out.len() {
                    out.try_reserve(STEP).ok()?;
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
