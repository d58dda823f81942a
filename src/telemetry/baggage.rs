//! Baggage: the members of the header `baggage` that are ours, in both directions (TRACE-3).
//!
//! Pure data. The members of other vendors are not read and not passed on. Entry points: [`read`], [`write()`].
//! May use: `base`.

use std::borrow::Cow;

use crate::base::memory::{self, OutOfMemory};

/// Most members, and most bytes of the header: what the W3C asks every program to take.
const MAX_MEMBERS: usize = 64;
const MAX_BYTES: usize = 8192;

/// What the keys of our members begin with.
const PREFIX: &str = "sentry-";

/// Keys without their prefix, and decoded values.
pub(crate) type Members = Vec<(Cow<'static, str>, String)>;

/// Adds the members of a header that are ours; one that is there already gets the new value. A header of more than 8192
/// bytes adds nothing, and what is beyond 64 members is left out.
pub(crate) fn read(members: &mut Members, header: &str) {
    if header.len() > MAX_BYTES {
        return;
    }
    for member in header.split(',') {
        let (key, value) = member.split_once('=').unwrap_or_default();
        let Some(key) = key.trim().strip_prefix(PREFIX).filter(|key| is_key(key)) else {
            continue;
        };
        // Properties of a member follow its value.
        let value = value.split(';').next().unwrap_or_default();
        let Ok(value) = decode(value.trim()) else {
            continue;
        };
        if let Some((_, own)) = members.iter_mut().find(|(own, _)| own == key) {
            *own = value;
        } else if members.len() < MAX_MEMBERS
            && let Ok(key) = memory::copy_text(key)
        {
            members.push((Cow::Owned(key), value));
        }
    }
}

/// A copy.
pub(crate) fn copy(members: &Members) -> Result<Members, OutOfMemory> {
    let own = |(key, value): &(Cow<'static, str>, String)| {
        let key = match key {
            Cow::Borrowed(key) => Cow::Borrowed(*key),
            Cow::Owned(key) => Cow::Owned(memory::copy_text(key)?),
        };
        Ok((key, memory::copy_text(value)?))
    };
    members.iter().map(own).collect()
}

/// The header with these members, as far as they are within the bounds, and there is memory for them; none without any.
pub(crate) fn write(members: &Members) -> Option<String> {
    let mut header = String::new();
    for (key, value) in members.iter().take(MAX_MEMBERS) {
        let before = header.len();
        // Each byte of the value may become three; a comma, and a sign between key and value.
        let most = value.len().saturating_mul(3);
        let most = most.saturating_add(key.len()).saturating_add(16);
        if header.try_reserve(most).is_err() {
            continue;
        }
        if before > 0 {
            header.push(',');
        }
        header.push_str(PREFIX);
        header.push_str(key);
        header.push('=');
        encode(&mut header, value);
        if header.len() > MAX_BYTES {
            header.truncate(before);
        }
    }
    (!header.is_empty()).then_some(header)
}

/// True for a name that needs no percent code.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Replaces `%` and two digits by the byte they stand for; what is not such a code stays.
fn decode(text: &str) -> Result<String, OutOfMemory> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(text.len())?;
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let code = (digit(behind.first()), digit(behind.get(1)));
        rest = match (first, code) {
            (b'%', (Some(high), Some(low))) => {
                bytes.push((high << 4 | low) as u8);
                behind.get(2..).unwrap_or_default()
            }
            _ => {
                bytes.push(*first);
                behind
            }
        };
    }
    match memory::lossy(&bytes)? {
        // As it is.
        Cow::Borrowed(_) => memory::into_text(bytes),
        Cow::Owned(text) => Ok(text),
    }
}

fn encode(out: &mut String, value: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(*DIGITS.get(usize::from(nibble & 15)).unwrap_or(&b'0'));
    for byte in value.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(header: &str) -> Members {
        let mut members = Members::new();
        read(&mut members, header);
        members
    }

    fn pairs(pairs: &[(&'static str, &str)]) -> Members {
        let owned =
            |(key, value): &(&'static str, &str)| (Cow::Borrowed(*key), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    // TRACE-3
    #[test]
    fn only_our_members_are_read_and_decoded() {
        let header = " other=1, sentry-release = r%401%2c2 ;ttl=7,sentry-environment=%zz%4,SENTRY-x=1,sentry-=2,\
             sentry-a b=3,sentry-empty=,sentry-utf=%C3%A9%ff,novalue,sentry-novalue";
        assert_eq!(
            members(header),
            pairs(&[
                ("release", "r@1,2"),
                ("environment", "%zz%4"),
                ("empty", ""),
                ("utf", "é\u{fffd}"),
            ])
        );
    }

    // TRACE-3
    #[test]
    fn several_headers_add_up_and_the_last_value_counts() {
        let mut all = members("sentry-a=1,sentry-b=2");
        read(&mut all, "vendor=x");
        read(&mut all, "sentry-b=3,sentry-c=4");
        assert_eq!(all, pairs(&[("a", "1"), ("b", "3"), ("c", "4")]));
    }

    // TRACE-3
    #[test]
    fn what_is_out_of_bounds_is_not_read_and_not_written() {
        let long = format!("sentry-a=1,sentry-b={}", "x".repeat(MAX_BYTES));
        assert_eq!(members(&long), []);
        let many = |count: usize| {
            let member = |at| format!("sentry-k{at}=v");
            (0..count).map(member).collect::<Vec<_>>().join(",")
        };
        assert_eq!(members(&many(64)).len(), 64);
        assert_eq!(members(&many(200)).len(), 64);
        let written = write(&members(&many(64))).unwrap();
        assert_eq!(written, many(64));
        let large = pairs(&[("a", "1"), ("b", &"é".repeat(2000)), ("c", "3")]);
        assert_eq!(write(&large).unwrap(), "sentry-a=1,sentry-c=3");
        assert_eq!(write(&Vec::new()), None);
    }

    // TRACE-3
    #[test]
    fn values_come_back_as_they_were() {
        let all = pairs(&[
            ("release", "app@1.0 +é,;=%\"\\\n"),
            ("transaction", "GET /a?b"),
        ]);
        let header = write(&all).unwrap();
        assert!(header.starts_with("sentry-release=app%401.0%20%2B%C3%A9%2C%3B%3D%25%22%5C%0A,"));
        assert_eq!(members(&header), all);
    }
}
