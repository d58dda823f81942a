//! The notation of recorded inputs and outcomes, which keeps long ones short. A test in `tests/` uses it as well.

use std::fmt::Write as _;

/// Text of the notation as what it stands for.
pub(super) fn expanded(notation: &str) -> String {
    let mut text = notation.to_owned();
    while let Some(end) = text.find('»') {
        let start = text[..end].rfind('«').unwrap();
        let group = &text[start + '«'.len_utf8()..end];
        let meaning = match group.rsplit_once('*') {
            Some((unit, count)) => (0..count.parse().unwrap())
                .map(|number: usize| unit.replace('№', &number.to_string()))
                .collect(),
            None => match group {
                "\\n" => "\n".to_owned(),
                "\\r\\n" => "\r\n".to_owned(),
                "\\t" => "\t".to_owned(),
                code => {
                    let code = code
                        .strip_prefix("\\u{")
                        .and_then(|it| it.strip_suffix('}'));
                    let code = u32::from_str_radix(code.unwrap(), 16).unwrap();
                    char::from_u32(code).unwrap().to_string()
                }
            },
        };
        text.replace_range(start..end + '»'.len_utf8(), &meaning);
    }
    text
}

/// An outcome as a line that can be read.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 1200;
    let mut line = String::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let mut count = 1;
        while rest.next_if_eq(&character).is_some() {
            count += 1;
        }
        if count >= 12 {
            write!(line, "«{character}*{count}»").unwrap();
        } else if character.is_control() {
            let code = u32::from(character);
            (0..count).for_each(|_| write!(line, "«\\u{{{code:x}}}»").unwrap());
        } else {
            (0..count).for_each(|_| line.push(character));
        }
    }
    if line.len() > LONGEST {
        let cut = |mut at: usize| {
            while !line.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (cut(LONGEST / 2), cut(line.len() - LONGEST / 4));
        let hash = hash(text);
        let length = text.len();
        line = format!(
            "{} «… {length} bytes, {hash:016x} …» {}",
            &line[..start],
            &line[end..]
        );
    }
    line
}

/// FNV-1a: the same on every machine and with every compiler.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn the_notation_stands_for_what_it_says() {
    assert_eq!(expanded("a«b№,*2»c«{«d*2»}*2»«\\n»"), "ab0,b1,c{dd}{dd}\n");
    assert_eq!(shortened(&("x".repeat(12) + "yy\u{1}")), "«x*12»yy«\\u{1}»");
}
