//! One request as it was received.
//!
//! Decides what is kept of a request and how its body is decoded. Entry points: [`Request`], [`Received::finish`].
//! Uses the head from `http`, the envelope, and the checks.

use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use flate2::bufread::GzDecoder;

use crate::check;
use crate::envelope::Envelope;
use crate::http::{self, Head, MAX_BODY_BYTES};

/// One request as it was received.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method, for instance `POST`.
    pub method: String,
    /// The request target as it was sent, for instance `/api/42/envelope/`.
    pub path: String,
    /// All headers in their order, names as they were spelled.
    pub headers: Vec<(String, String)>,
    /// The body after chunks were joined, still compressed if it was sent compressed.
    pub raw_body: Arc<[u8]>,
    /// The body after decompression.
    pub body: Arc<[u8]>,
    /// Bytes of this request on the wire: head, framing and body.
    pub wire_bytes: usize,
    /// When the last byte was read.
    pub received_at: Instant,
    /// The number of the connection it came over, from 1.
    pub connection: u64,
    /// True when the whole body was read; false when the reply did not wait for it or the client went away.
    pub is_complete: bool,
    /// The status it was answered with; `None` while there is no complete answer. Set just before the answer is
    /// written, so a client that has the answer finds it set.
    pub answered: Option<u16>,
    /// The envelope in the body, if it could be read.
    pub envelope: Option<Arc<Envelope>>,
}

impl Request {
    /// The value of the first header of that name, whatever the case of its letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        http::values(&self.headers, name).next()
    }

    /// True when it was answered with a status of 200 to 299.
    pub fn was_accepted(&self) -> bool {
        self.answered
            .is_some_and(|status| (200..=299).contains(&status))
    }
}

/// What a connection read of a request.
pub(crate) struct Received {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) wire_bytes: usize,
    pub(crate) connection: u64,
    pub(crate) is_complete: bool,
}

impl Received {
    /// Decodes and checks; returns the request and what is wrong with it. An incomplete body is neither decoded nor checked.
    pub(crate) fn finish(self) -> (Request, Vec<String>) {
        let mut violations = Vec::new();
        let raw_body: Arc<[u8]> = self.body.into();
        let mut request = Request {
            method: self.head.method,
            path: self.head.target,
            headers: self.head.headers,
            body: Arc::clone(&raw_body),
            raw_body,
            wire_bytes: self.wire_bytes,
            received_at: Instant::now(),
            connection: self.connection,
            is_complete: self.is_complete,
            answered: None,
            envelope: None,
        };
        check::request(&request, &mut violations);
        if request.is_complete {
            match decode(&request) {
                Ok(None) => {}
                Ok(Some(body)) => request.body = body.into(),
                Err(violation) => violations.push(violation),
            }
            if request.path.ends_with("/envelope/") {
                match Envelope::parse(&request.body, &mut violations) {
                    Ok(envelope) => {
                        check::envelope(&envelope, &mut violations);
                        request.envelope = Some(Arc::new(envelope));
                    }
                    Err(violation) => violations.push(violation),
                }
            }
        }
        (request, violations)
    }
}

/// Undoes the content encoding; `None` when there is none.
fn decode(request: &Request) -> Result<Option<Vec<u8>>, String> {
    match request.header("Content-Encoding") {
        None | Some("identity") => Ok(None),
        Some("gzip") => {
            let mut rest: &[u8] = &request.raw_body;
            let mut body = Vec::new();
            // One byte more than the limit tells a body at the limit from one above it.
            let limit = u64::try_from(MAX_BODY_BYTES)
                .unwrap_or(u64::MAX)
                .saturating_add(1);
            let read = GzDecoder::new(&mut rest).take(limit).read_to_end(&mut body);
            read.map_err(|error| format!("AUTH-9: the gzip body cannot be decoded: {error}"))?;
            if body.len() > MAX_BODY_BYTES {
                return Err(format!(
                    "ENV-17: the body has more than {MAX_BODY_BYTES} bytes after decompression"
                ));
            }
            if !rest.is_empty() {
                return Err(format!("AUTH-9: {} bytes follow the gzip body", rest.len()));
            }
            Ok(Some(body))
        }
        Some(other) => Err(format!("AUTH-9: content encoding {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::{Received, Request};
    use crate::http::Head;

    fn finish(encoding: &str, body: Vec<u8>) -> (Request, Vec<String>) {
        let head = format!("POST /elsewhere HTTP/1.1\r\nContent-Encoding: {encoding}\r\n\r\n");
        let head = Head::parse(head.as_bytes()).unwrap();
        let (request, violations) = Received {
            head,
            body,
            wire_bytes: 0,
            connection: 1,
            is_complete: true,
        }
        .finish();
        (
            request,
            violations
                .into_iter()
                .filter(|text| text.starts_with("AUTH-9"))
                .collect(),
        )
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_decoded_and_the_raw_body_is_kept() {
        // AUTH-9
        let packed = gzip(b"hello hello hello");
        let (request, violations) = finish("gzip", packed.clone());
        assert_eq!(&*request.body, b"hello hello hello");
        assert_eq!(&*request.raw_body, packed);
        assert_eq!(violations, [""; 0]);
    }

    #[test]
    fn torn_padded_and_unknown_encodings_are_reported() {
        let mut torn = gzip(b"hello");
        torn.truncate(torn.len().saturating_sub(3));
        let mut padded = gzip(b"hello");
        padded.push(0);
        for (encoding, body) in [("gzip", torn), ("gzip", padded), ("zstd", b"x".to_vec())] {
            assert_eq!(finish(encoding, body).1.len(), 1);
        }
    }
}
