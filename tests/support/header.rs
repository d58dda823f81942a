//! The header as a list: the functions that `include/sentry.h` declares.
//!
//! Decides how a declaration is taken apart. Entry points: [`text`], [`functions`]. May use `support`.

use std::fs;

use super::repository;

/// A function as the header declares it.
#[derive(Debug)]
pub struct Function {
    /// What stands in front of the name, blanks as one.
    pub return_type: String,
    pub name: String,
    /// What stands between the brackets, blanks as one.
    pub parameters: String,
    /// The comment right above, without stars; empty without one.
    pub comment: String,
    /// `SENTRY_DEPRECATED` stands in front.
    pub is_deprecated: bool,
}

/// The header that is checked in.
pub fn text() -> String {
    fs::read_to_string(repository().join("include/sentry.h")).expect("the header is checked in")
}

/// All that is declared with `SENTRY_API`, in the order of the header.
pub fn functions() -> Vec<Function> {
    let header = text();
    // A declaration begins a line; in comments a star stands in front.
    let mut parts = header.split("\nSENTRY_API");
    let mut before = parts.next().expect("there is a first part");
    let mut found = Vec::new();
    for part in parts {
        let (code, behind) = part.split_once(';').expect("a declaration ends");
        found.push(function(code, comment_at_the_end(before)));
        before = behind;
    }
    found
}

/// Lines without the stars; nothing if code stands between the comment and the end.
fn comment_at_the_end(text: &str) -> String {
    let comment = text
        .trim_end()
        .strip_suffix("*/")
        .and_then(|text| text.rsplit_once("/**"))
        .map_or("", |(_, comment)| comment);
    let lines = comment.lines().map(|line| {
        let line = line.trim_start();
        line.strip_prefix("* ")
            .unwrap_or(line)
            .trim_end_matches('*')
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn function(code: &str, comment: String) -> Function {
    let code = words(code);
    let deprecated = code.strip_prefix("SENTRY_DEPRECATED(\"");
    let code = match deprecated {
        Some(rest) => rest.split_once("\") ").expect("the note ends").1,
        None => &code,
    };
    let (front, rest) = code.split_once('(').expect("a function has parameters");
    let at = front.rfind([' ', '*']).expect("a type stands in front") + 1;
    let (return_type, name) = front.split_at(at);
    Function {
        return_type: words(return_type),
        name: name.to_owned(),
        parameters: rest.strip_suffix(')').expect("they end").to_owned(),
        comment,
        is_deprecated: deprecated.is_some(),
    }
}

/// The words of the text with one blank between them.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
