//! Whatever the text is, a standard decoder reads it again, also behind others.

use std::io::Read;

use super::*;

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::DeflateDecoder::new(bytes)
        .read_to_end(&mut text)
        .unwrap();
    text
}

/// Compresses the pieces, checks that they are read again, and returns how many bytes they took.
fn check(deflate: &mut Deflate, pieces: &[&[u8]]) -> usize {
    let bytes = deflate
        .compress(b"before".to_vec(), pieces.iter().copied())
        .unwrap();
    let bytes = bytes.strip_prefix(b"before").unwrap();
    assert!(unpacked(bytes) == pieces.concat());
    bytes.len()
}

/// Numbers that look like chance, and are the same each time.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn short_texts_are_read_again() {
    let mut deflate = Deflate::new().unwrap();
    check(&mut deflate, &[]);
    check(&mut deflate, &[b"", b""]);
    for length in 0..70 {
        check(&mut deflate, &[&b"abcd".repeat(20)[..length]]);
        check(&mut deflate, &[&noise(length, 1)]);
        check(&mut deflate, &[&vec![0; length]]);
    }
}

#[test]
fn long_repetitions_are_read_again() {
    let mut deflate = Deflate::new().unwrap();
    for length in [257, 258, 259, 262, 516, 520, BLOCK - 1, BLOCK, BLOCK + 5] {
        let taken = check(&mut deflate, &[&vec![b'x'; length]]);
        assert!(taken < length / 50 + 30, "{length}: {taken}");
    }
    // Repetitions from farther and farther away, until they are out of reach.
    let part = noise(300, 2);
    for between in [0, 1, 32_000, 32_467, 32_468, 32_469, 40_000] {
        let text = [part.clone(), noise(between, 3), part.clone()].concat();
        check(&mut deflate, &[&text]);
    }
}

#[test]
fn all_kinds_of_text_are_read_again_behind_each_other() {
    let mut deflate = Deflate::new().unwrap();
    for round in 0..60_u64 {
        // From a few letters to all bytes, so that repetitions are of any length, and codes of any.
        let letters = 1 << (round % 9);
        let length = usize::try_from(round * round * 37).unwrap();
        let text: Vec<u8> = noise(length, round + 1)
            .into_iter()
            .map(|byte| (u32::from(byte) % letters) as u8)
            .collect();
        let (one, other) = text.split_at(length / 3);
        check(&mut deflate, &[one, other]);
    }
}

#[test]
fn letters_of_very_different_frequency_are_read_again() {
    // Each is half as frequent as the one before: their best codes are longer than deflate allows.
    let mut text = Vec::new();
    for letter in 0..17_u8 {
        text.resize(text.len() + (1 << (16 - letter)), letter);
    }
    let mut order = noise(text.len(), 4)
        .into_iter()
        .zip(text)
        .collect::<Vec<_>>();
    order.sort_unstable_by_key(|(chance, _)| *chance);
    let text: Vec<u8> = order.into_iter().map(|(_, letter)| letter).collect();
    check(&mut Deflate::new().unwrap(), &[&text]);
}

#[test]
fn more_repetitions_than_one_block_takes_are_read_again() {
    let words: Vec<Vec<u8>> = (0..50).map(|seed| noise(5, seed)).collect();
    let order = noise(SEQUENCES * 5, 9);
    let text: Vec<u8> = order
        .iter()
        .flat_map(|at| words[usize::from(*at) % words.len()].clone())
        .collect();
    assert!(text.len() < BLOCK);
    let taken = check(&mut Deflate::new().unwrap(), &[&text]);
    assert!(taken < text.len() / 2, "{taken} of {}", text.len());
}

#[test]
fn what_earlier_texts_left_is_not_pointed_to() {
    let mut deflate = Deflate::new().unwrap();
    let text = noise(1000, 5);
    let first = check(&mut deflate, &[&text]);
    assert_eq!(check(&mut deflate, &[&text]), first);
    // The numbers of the places come to their end.
    deflate.next = u32::MAX - WINDOW - 1500;
    for _ in 0..3 {
        assert_eq!(check(&mut deflate, &[&text]), first);
    }
    assert!(deflate.next < 5 * WINDOW);
}
