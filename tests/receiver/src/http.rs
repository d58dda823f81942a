//! HTTP/1.1 requests as text: head, framing, chunks.
//!
//! Decides what is a request head and how its body is framed. Entry points: [`Head::parse`], [`Head::framing`],
//! [`ChunkedBody`]. Pure: the bytes come from the connection.

/// The longest head that is read. Clients send a few hundred bytes; a head without end must not grow the receiver.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The largest body that is read, before and after decompression. The protocol's own limit (ENV-17) is 200 MiB.
pub(crate) const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;

/// Request line and headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

impl Head {
    /// The length of the head at the start of `bytes` including its empty line, once it is complete.
    pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
        let end = b"\r\n\r\n";
        let start = bytes.windows(end.len()).position(|window| window == end)?;
        start.checked_add(end.len())
    }

    /// Reads a complete head, its empty line included or not.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| format!("HTTP: the head is not UTF-8: {error}"))?;
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let request_line = lines.next().unwrap_or_default();
        let mut words = request_line.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(format!("HTTP: no request line: {request_line:?}"));
        };
        if !is_token(method) || target.is_empty() || !matches!(version, "HTTP/1.0" | "HTTP/1.1") {
            return Err(format!("HTTP: no request line: {request_line:?}"));
        }
        let mut headers = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((name, value)) if is_token(name) && !value.contains(['\r', '\n', '\0']) => {
                    headers.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
                }
                _ => return Err(format!("HTTP: no header line: {line:?}")),
            }
        }
        Ok(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            version: version.to_owned(),
            headers,
        })
    }

    /// The values of all headers of that name, whatever the case of its letters.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        values(&self.headers, name)
    }

    /// How the body is framed.
    pub(crate) fn framing(&self) -> Result<Framing, String> {
        let lengths: Vec<&str> = self.values("Content-Length").collect();
        let encodings: Vec<&str> = self.values("Transfer-Encoding").collect();
        match (lengths.as_slice(), encodings.as_slice()) {
            ([], []) if matches!(self.method.as_str(), "POST" | "PUT") => Err(format!(
                "HTTP: {} with neither Content-Length nor chunks",
                self.method
            )),
            ([], []) => Ok(Framing::Length(0)),
            ([], [encoding]) if encoding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
            ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                match length.parse() {
                    Ok(length) if length <= MAX_BODY_BYTES => Ok(Framing::Length(length)),
                    _ => Err(format!("HTTP: Content-Length {length:?}")),
                }
            }
            _ => Err(format!(
                "HTTP: Content-Length {lengths:?} with Transfer-Encoding {encodings:?}"
            )),
        }
    }

    /// True when the client keeps the connection for another request.
    pub(crate) fn keeps_alive(&self) -> bool {
        let asks = |word: &str| {
            let mut words = self.values("Connection").flat_map(|value| value.split(','));
            words.any(|found| found.trim().eq_ignore_ascii_case(word))
        };
        if self.version == "HTTP/1.0" {
            asks("keep-alive")
        } else {
            !asks("close")
        }
    }
}

/// The values of all headers of one name, whatever the case of its letters.
pub(crate) fn values<'h>(
    headers: &'h [(String, String)],
    name: &str,
) -> impl Iterator<Item = &'h str> {
    headers
        .iter()
        .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A chunked body, fed as its bytes arrive.
#[derive(Debug, Default)]
pub(crate) struct ChunkedBody {
    body: Vec<u8>,
    stage: ChunkStage,
}

#[derive(Debug, Default, Clone, Copy)]
enum ChunkStage {
    #[default]
    Size,
    Data(usize),
    DataEnd,
    Trailer,
    Complete,
}

impl ChunkedBody {
    /// Takes what it can use from the front of `input`; true once the body is complete.
    pub(crate) fn feed(&mut self, input: &mut Vec<u8>) -> Result<bool, String> {
        loop {
            match self.stage {
                ChunkStage::Complete => return Ok(true),
                ChunkStage::Data(left) => {
                    let taken = left.min(input.len());
                    self.body.extend(input.drain(..taken));
                    match left.saturating_sub(taken) {
                        0 => self.stage = ChunkStage::DataEnd,
                        left => {
                            self.stage = ChunkStage::Data(left);
                            return Ok(false);
                        }
                    }
                }
                ChunkStage::Size | ChunkStage::DataEnd | ChunkStage::Trailer => {
                    let Some(line) = take_line(input)? else {
                        return Ok(false);
                    };
                    self.stage = self.after_line(&line)?;
                }
            }
        }
    }

    /// The bytes of all chunks so far.
    pub(crate) fn into_body(self) -> Vec<u8> {
        self.body
    }

    fn after_line(&self, line: &str) -> Result<ChunkStage, String> {
        match self.stage {
            ChunkStage::DataEnd if line.is_empty() => Ok(ChunkStage::Size),
            ChunkStage::DataEnd => Err(format!(
                "HTTP: a chunk is longer than its size says: {line:?}"
            )),
            ChunkStage::Trailer if line.is_empty() => Ok(ChunkStage::Complete),
            ChunkStage::Size => {
                let digits = line.split(';').next().unwrap_or_default();
                match usize::from_str_radix(digits, 16) {
                    Ok(0) => Ok(ChunkStage::Trailer),
                    Ok(size) if size <= MAX_BODY_BYTES.saturating_sub(self.body.len()) => {
                        Ok(ChunkStage::Data(size))
                    }
                    _ => Err(format!("HTTP: chunk size {line:?}")),
                }
            }
            stage => Ok(stage),
        }
    }
}

/// Takes one line from the front of `input`, without its line end, once it is there.
fn take_line(input: &mut Vec<u8>) -> Result<Option<String>, String> {
    let end = b"\r\n";
    let Some(length) = input.windows(end.len()).position(|window| window == end) else {
        let limit = MAX_HEAD_BYTES;
        return if input.len() > limit {
            Err("HTTP: a chunk line without end".to_owned())
        } else {
            Ok(None)
        };
    };
    let line = String::from_utf8_lossy(input.get(..length).unwrap_or_default()).into_owned();
    input.drain(..length.saturating_add(end.len()));
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use super::{ChunkedBody, Framing, Head};

    fn head(text: &str) -> Head {
        Head::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_head_ends_with_its_empty_line() {
        assert_eq!(Head::length(b"GET / HTTP/1.1\r\nA: b\r\n"), None);
        assert_eq!(Head::length(b"GET / HTTP/1.1\r\n\r\nbody"), Some(18));
    }

    #[test]
    fn header_names_are_found_in_any_case_and_values_are_trimmed() {
        let head = head("POST /x HTTP/1.1\r\nContent-TYPE:  text/plain \r\n\r\n");
        assert_eq!(
            head.values("content-type").collect::<Vec<_>>(),
            ["text/plain"]
        );
        assert_eq!((head.method.as_str(), head.target.as_str()), ("POST", "/x"));
    }

    #[test]
    fn malformed_heads_are_refused() {
        for text in [
            "\r\n\r\n",
            "hello\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nBad : x\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        ] {
            assert!(Head::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn framing_is_one_length_or_chunks_and_nothing_else() {
        let framing = |headers: &str| head(&format!("POST / HTTP/1.1\r\n{headers}\r\n")).framing();
        assert_eq!(framing("Content-Length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(
            framing("Transfer-Encoding: Chunked\r\n"),
            Ok(Framing::Chunked)
        );
        assert_eq!(
            head("GET / HTTP/1.1\r\n\r\n").framing(),
            Ok(Framing::Length(0))
        );
        for headers in [
            "",
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: gzip\r\n",
        ] {
            assert!(framing(headers).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn keep_alive_is_the_default_of_1_1_only() {
        assert!(head("GET / HTTP/1.1\r\n\r\n").keeps_alive());
        assert!(!head("GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n").keeps_alive());
        assert!(!head("GET / HTTP/1.0\r\n\r\n").keeps_alive());
        assert!(head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keeps_alive());
    }

    #[test]
    fn chunks_are_joined_however_they_are_cut() {
        let text = b"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nnext";
        for step in 1..text.len() {
            let (mut chunked, mut input, mut complete) =
                (ChunkedBody::default(), Vec::new(), false);
            for piece in text.chunks(step) {
                input.extend_from_slice(piece);
                complete = chunked.feed(&mut input).unwrap();
            }
            assert!(complete, "step {step}");
            assert_eq!(chunked.into_body(), b"abc0123456789");
            assert_eq!(input, b"next");
        }
    }

    #[test]
    fn wrong_chunk_sizes_are_refused() {
        for text in [
            "x\r\n",
            "2\r\nabc\r\n",
            "\r\n",
            "fffffffffffffffff\r\n",
            "fffffff0\r\n",
        ] {
            assert!(
                ChunkedBody::default()
                    .feed(&mut text.as_bytes().to_vec())
                    .is_err(),
                "{text:?}"
            );
        }
    }
}
