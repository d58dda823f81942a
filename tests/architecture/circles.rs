//! Files that use each other in a circle: nobody can read one of them without the others.
//!
//! A file uses another if it names it after `use`, or in a path that begins with `crate`, `super` or `self`. A name that
//! is passed on by a third file counts as that file's.

use std::collections::{BTreeMap, BTreeSet};

/// File to the files it uses, all as paths in `src/`.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The files in circles, one group for each; `sources` is path and code of all files.
pub fn find(sources: &BTreeMap<String, String>) -> Vec<BTreeSet<String>> {
    groups(&arrows(sources))
}

fn arrows(sources: &BTreeMap<String, String>) -> Arrows {
    let modules = sources.keys().map(|file| (module(file), file)).collect();
    let used_by = |file: &String, code: &String| {
        let paths = paths(code);
        let files = paths
            .iter()
            .filter_map(|path| resolve(&modules, file, path));
        files.filter(|used| used != file).collect()
    };
    let all = sources.iter();
    all.map(|(file, code)| (file.clone(), used_by(file, code)))
        .collect()
}

/// `transport/wire/mod.rs` is the module `transport`, `wire`.
fn module(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    let names = path.split('/').filter(|name| *name != "lib");
    names.map(str::to_owned).collect()
}

/// All paths that the code names.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let statements = code.split(';').map(|statement| {
        let at = statement.rfind("use ")?;
        let before = statement[..at].chars().next_back();
        before
            .is_none_or(char::is_whitespace)
            .then(|| &statement[at + "use ".len()..])
    });
    for tree in statements.flatten() {
        expand("", tree, &mut paths);
    }
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_none_or(|it| !it.is_alphanumeric() && it != '_' && it != ':') {
                let end =
                    code[at..].find(|it: char| !it.is_alphanumeric() && it != '_' && it != ':');
                paths.push(
                    code[at..]
                        .split_at(end.unwrap_or(code.len() - at))
                        .0
                        .to_owned(),
                );
            }
        }
    }
    paths
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d`, `a::c::e`.
fn expand(prefix: &str, tree: &str, into: &mut Vec<String>) {
    let (mut depth, mut start) = (0, 0);
    let mut parts = Vec::new();
    for (at, character) in tree.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&tree[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tree[start..]);
    for part in parts.into_iter().map(str::trim) {
        match part.split_once('{') {
            Some((path, rest)) => {
                let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
                expand(&format!("{prefix}{path}"), inner, into);
            }
            None => into.push(format!("{prefix}{part}")),
        }
    }
}

/// The file that a path in `file` leads to; none for what lies outside of `src/`.
fn resolve(modules: &BTreeMap<Vec<String>, &String>, file: &str, path: &str) -> Option<String> {
    let path = path.split(" as ").next().unwrap_or_default();
    let mut names = path.split("::").map(str::trim).peekable();
    let mut at = module(file);
    match *names.peek()? {
        "crate" => {
            names.next();
            at.clear();
        }
        "self" => drop(names.next()),
        "super" => {
            while names.next_if_eq(&"super").is_some() {
                at.pop();
            }
        }
        // A submodule, or a crate.
        first => {
            at.push(first.to_owned());
            modules.get(&at)?;
            names.next();
        }
    }
    for name in names {
        at.push(name.to_owned());
        if !modules.contains_key(&at) {
            at.pop();
            break;
        }
    }
    modules.get(&at).map(|file| (*file).clone())
}

/// Files that lead to each other.
fn groups(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let reachable = |start: &String| {
        let (mut found, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(file) = next.pop() {
            for used in arrows.get(file).into_iter().flatten() {
                if found.insert(used.clone()) {
                    next.push(used);
                }
            }
        }
        found
    };
    let from: BTreeMap<_, _> = arrows.keys().map(|file| (file, reachable(file))).collect();
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    for (file, reached) in &from {
        if reached.contains(*file) && !groups.iter().any(|group| group.contains(*file)) {
            let back = reached.iter().filter(|other| from[other].contains(*file));
            groups.push(back.cloned().collect());
        }
    }
    groups
}

fn sources(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let files = files.iter();
    files
        .map(|(file, code)| ((*file).to_owned(), (*code).to_owned()))
        .collect()
}

#[test]
fn files_that_lead_to_each_other_are_found() {
    let files = sources(&[
        ("lib.rs", "mod a;\nmod b;"),
        (
            "a/mod.rs",
            "mod x;\nmod y;\nuse crate::b::{self, Thing as Other};\nuse x::Part;",
        ),
        ("a/x.rs", "use std::fmt;\nuse super::{y::{Y, Z}, nothing};"),
        ("a/y.rs", "fn f() -> crate::a::x::Part { todo() }"),
        ("b.rs", "use serde::a::x;"),
    ]);
    let found = find(&files);
    // `super::nothing` is something in a/mod.rs.
    let expected = ["a/mod.rs", "a/x.rs", "a/y.rs"].map(str::to_owned);
    assert_eq!(found, [BTreeSet::from(expected)]);
}

#[test]
fn a_chain_is_no_circle() {
    let files = sources(&[
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "use super::c::{C};"),
        ("c.rs", "use std::sync::Arc;"),
    ]);
    assert_eq!(find(&files), [] as [BTreeSet<String>; 0]);
}
