//! Claims: what the header, `docs/options.md` and the README say of each option, against the table.
//!
//! Of each option: that it is there, its default, its range, its unit, the names it takes, and whether a variable of the
//! environment sets it. Tests only.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::choice::{Choice, LEVELS};
use super::limit::Limit;
use super::table::{Kind, Options, Row, TABLE};

/// How the documents say that an option is unset by default, or where its value then comes from.
const UNSET: [&str; 10] = [
    "none",
    "`SENTRY_DSN`",
    "`SENTRY_RELEASE`",
    "`https_proxy`",
    "environment",
    "`CURL_CA_BUNDLE`",
    "searched",
    "found by itself",
    "the one in the host of the DSN",
    "from the DSN",
];
/// The default of the option `backend` is a handle in C, and has no name there.
const DEFAULT_BACKEND: &str = "they are";

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What one document says of one option.
struct Claim {
    /// Where it stands, for messages.
    place: String,
    /// Its default.
    default: String,
    /// Its range, its unit and its names are in here.
    text: String,
}

impl Claim {
    fn check(&self, report: &mut Vec<String>, what: &str, is_true: bool) {
        let Self {
            place,
            default,
            text,
        } = self;
        if !is_true {
            report.push(format!(
                "{place}: not so: {what}; default {default:?}, text {text:?}"
            ));
        }
    }
}

/// The cells of a row of a table.
fn cells(row: &str) -> Vec<&str> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|');
    row.split(" | ").map(str::trim).collect()
}

/// The row of an option in `docs/options.md`: name, type, default, meaning.
fn page(option: &str) -> Claim {
    let page = read("docs/options.md");
    let start = format!("| `{option}` |");
    let row = page.lines().find(|line| line.starts_with(&start));
    let row = row.unwrap_or_else(|| panic!("docs/options.md has no row {start}"));
    let cells = cells(row);
    Claim {
        place: format!("docs/options.md, {option}"),
        default: cells[2].to_owned(),
        text: format!("{}; {}", cells[1], cells[3]),
    }
}

/// What the README says of an option, if it names it: a row may be about several, with as many defaults.
fn readme(option: &str) -> Option<Claim> {
    let readme = read("README.md");
    let table = readme.split("\n## Options\n").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let quoted = format!("`{option}`");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let mut rows = rows.map(cells).filter(|row| row[0].contains(&quoted));
    let row = rows.next()?;
    assert!(rows.next().is_none(), "README.md has two rows of {option}");
    let names: Vec<_> = row[0].split(", ").collect();
    let place = names.iter().position(|name| *name == quoted).unwrap();
    let separator = if row[1].contains(';') { ';' } else { ',' };
    let default = match names.len() {
        1 => row[1],
        _ => row[1].split(separator).nth(place).unwrap().trim(),
    };
    Some(Claim {
        place: format!("README.md, {option}"),
        default: default.to_owned(),
        text: row[2].to_owned(),
    })
}

/// What the comment of its setter says in `include/sentry.h`.
fn header(option: &str) -> Claim {
    let header = read("include/sentry.h");
    let place = format!("include/sentry.h, sentry_options_set_{option}");
    // Where it is declared, and not where the first program of the header calls it.
    let at = header.find(&format!("sentry_options_set_{option}(sentry_options_t"));
    let before = &header[..at.unwrap_or_else(|| panic!("{place} is not there"))];
    let comment = before.rsplit("/**").next().unwrap();
    let comment = comment.split("*/").next().unwrap();
    let lines = comment
        .lines()
        .map(|line| line.trim_start_matches([' ', '*']));
    let text = lines.collect::<Vec<_>>().join(" ");
    let text = text.split("Arguments: ").nth(1).unwrap_or_default();
    let ends = ["Ownership:", "Null:", "Threads:", "Returns:", "Since:"];
    let end = ends.iter().filter_map(|end| text.find(end)).min();
    let text = &text[..end.unwrap_or(text.len())];
    let at = text.to_ascii_lowercase().find("default");
    let default = at.map_or("", |at| {
        text[at + "default".len()..].trim_start_matches([':', ' '])
    });
    Claim {
        default: default.trim_end().trim_end_matches('.').to_owned(),
        text: text.to_owned(),
        place,
    }
}

/// The number at the start of a text, as documents write it: `16,777,216`, `20 MiB`, `-1`, `0.5`.
fn number(text: &str) -> Option<f64> {
    let is_part = |letter: &char| letter.is_ascii_digit() || matches!(letter, ',' | '.' | '-');
    let digits: String = text.chars().take_while(is_part).collect();
    let plain = digits.trim_end_matches([',', '.']).replace(',', "");
    let unit = text[digits.len()..].trim_start();
    let factor = if unit.starts_with("MiB") {
        1024.0 * 1024.0
    } else {
        1.0
    };
    plain.parse::<f64>().ok().map(|number| number * factor)
}

/// True if the claimed default is the one of the table.
fn is_default(row: &Row, claimed: &str) -> bool {
    // "`SENTRY_ENVIRONMENT`, else `production`"
    let shown = claimed.rsplit("else ").next().unwrap();
    match Options::default().shown(row) {
        Value::Null => UNSET.iter().any(|unset| claimed.starts_with(unset)),
        Value::Bool(on) => number(shown) == Some(f64::from(u8::from(on))),
        Value::Number(wanted) => number(shown) == wanted.as_f64(),
        Value::String(_) if row.name == "backend" && shown == DEFAULT_BACKEND => true,
        Value::String(wanted) => {
            let word = shown.trim_start_matches('`').split(['`', ',', ';']).next();
            let word = word.unwrap().to_ascii_lowercase().replace(' ', "_");
            // `SENTRY_QUEUE_OVERFLOW_DROP_NEWEST`
            word == wanted || word.starts_with("sentry_") && word.ends_with(&format!("_{wanted}"))
        }
        other => panic!("{}: {other}", row.name),
    }
}

/// With commas between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A range that is no more than what the type in C holds is not worth a word.
fn has_end(limit: &Limit) -> bool {
    limit.most < i64::MAX as u64 && limit.most != u64::from(u32::MAX)
}

fn check_range(report: &mut Vec<String>, claim: &Claim, limit: &Limit, between: &str) {
    if has_end(limit) {
        let (least, most) = (limit.least, limit.most);
        let is_there = claim.text.contains(&format!("{least}{between}{most}"))
            || claim
                .text
                .contains(&format!("{}{between}{}", grouped(least), grouped(most)));
        claim.check(report, &format!("its range is {}", limit.range()), is_there);
    }
    if let Some((number, _)) = limit.unbounded {
        let is_there = claim.text.contains(&number.to_string());
        claim.check(report, &format!("{number} is allowed"), is_there);
    }
}

/// The type in `docs/options.md` that goes with a unit.
fn kind(unit: &str) -> &str {
    match unit {
        "milliseconds" => "ms",
        "bytes" | "seconds" => unit,
        _ => "count",
    }
}

/// The names that an option takes; none for levels, which are listed once.
fn names(row: &Row) -> Vec<&'static str> {
    match row.kind {
        Kind::Choice(Choice { ways, .. }, _) if *ways != LEVELS.ways => {
            ways.iter().map(|(_, name)| *name).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_documents_say_of_each_option_what_it_is() {
    let report = &mut Vec::new();
    // The documents are about the build with everything.
    let is_described = |row: &&&Row| cfg!(feature = "compression") || row.name != "compression";
    for row in TABLE.iter().filter(is_described) {
        let (header, page, readme) = (header(row.name), page(row.name), readme(row.name));
        for claim in [&header, &page].into_iter().chain(&readme) {
            claim.check(
                report,
                &format!("its default is {}", Options::default().shown(row)),
                is_default(row, &claim.default),
            );
            let variable = format!("`SENTRY_{}`", row.name.to_ascii_uppercase());
            let is_named = claim.default.contains(&variable);
            claim.check(
                report,
                &format!("is {variable} read?"),
                is_named == row.variable.is_some(),
            );
        }
        if let Kind::Whole(limit, _) = &row.kind {
            check_range(report, &header, limit, " to ");
            check_range(report, &page, limit, "…");
            header.check(report, "its unit", header.text.contains(limit.unit));
            page.check(report, "its unit", page.text.starts_with(kind(limit.unit)));
            if let Some(readme) = &readme {
                check_range(report, readme, limit, "…");
                let unit = if limit.unit == "milliseconds" {
                    "ms"
                } else {
                    limit.unit
                };
                readme.check(report, "its unit", readme.text.contains(unit));
            }
        }
        for name in names(row) {
            let is_there = page.text.contains(&format!("`{name}`"));
            page.check(report, &format!("takes {name}"), is_there);
            if let Some(readme) = &readme {
                let is_there = readme.text.contains(&name.replace('_', " "));
                readme.check(report, &format!("takes {name}"), is_there);
            }
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn levels_are_listed_once() {
    let names: Vec<_> = LEVELS
        .ways
        .iter()
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    let line = format!("Levels: {}.", names.join(", "));
    assert!(read("docs/options.md").contains(&line), "{line}");
}
