//! What the documents say against what there is: options, links, examples, and every block of C and C++.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use support::{Scratch, Standard, compile};

fn read(path: &str) -> String {
    fs::read_to_string(support::repository().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// README, CONTRIBUTING, CHANGELOG and everything in docs/.
fn documents() -> Vec<String> {
    let mut documents = vec![
        "README.md".to_owned(),
        "CONTRIBUTING.md".to_owned(),
        "CHANGELOG.md".to_owned(),
    ];
    for entry in fs::read_dir(support::repository().join("docs")).unwrap() {
        let name = entry.unwrap().file_name();
        documents.push(format!("docs/{}", name.to_string_lossy()));
    }
    documents
}

/// Names behind `prefix` in the header, without the twins that take a length.
fn header_names(header: &str, prefix: &str) -> BTreeSet<String> {
    let names = header.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = names
        .filter_map(|word| word.strip_prefix(prefix))
        .filter(|name| !name.is_empty() && !name.ends_with("_n"));
    names.map(str::to_owned).collect()
}

/// The backticked names in the first column of every table whose first heading is `heading`.
fn first_column(document: &str, heading: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_inside = false;
    for line in document.lines() {
        let Some(row) = line.strip_prefix('|') else {
            is_inside = false;
            continue;
        };
        let cell = row.split('|').next().unwrap_or_default().trim();
        if cell == heading {
            is_inside = true;
        } else if is_inside {
            names.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    names
}

#[test]
fn every_option_of_the_header_is_documented_and_every_documented_option_exists() {
    let header = read("include/sentry.h");
    let mut options = header_names(&header, "sentry_options_set_");
    options.extend(header_names(&header, "sentry_options_get_"));
    assert!(
        options.contains("queue_max_items"),
        "the header is not read as intended: {options:?}"
    );
    assert_eq!(first_column(&read("docs/options.md"), "name"), options);
}

#[test]
fn the_options_of_the_readme_exist_and_leave_only_known_ones_out() {
    let options = first_column(&read("docs/options.md"), "name");
    let readme = first_column(&read("README.md"), "option");
    assert!(
        readme.is_subset(&options),
        "not in docs/options.md: {:?}",
        readme.difference(&options)
    );
    // Nobody sets what has no effect. Besides that an alias, a getter, callbacks and a name of a thread; everything else
    // a reader of the README must see.
    let page = read("docs/options.md");
    let has_effect = |option: &&str| {
        let row = format!("| `{option}` |");
        page.lines()
            .any(|line| line.starts_with(&row) && !line.contains("without effect"))
    };
    let left_out: Vec<_> = options
        .difference(&readme)
        .map(String::as_str)
        .filter(has_effect)
        .collect();
    assert_eq!(
        left_out,
        [
            "before_breadcrumb",
            "before_send",
            "before_send_feedback",
            "before_send_log",
            "before_send_metric",
            "before_transaction",
            "enable_logs",
            "enable_metrics",
            "http_proxy",
            "logger",
            "logs_with_attributes",
            "on_outcome",
            "traces_sampler",
            "transport",
            "transport_thread_name",
            "user_agent"
        ]
    );
}

#[test]
fn every_discard_reason_of_delivery_md_is_one_of_the_header() {
    let header = read("include/sentry.h").to_ascii_lowercase();
    let reasons = header_names(&header, "sentry_discard_");
    let documented = first_column(&read("docs/delivery.md"), "reason");
    assert!(documented.len() > 10, "{documented:?}");
    assert!(
        documented.is_subset(&reasons),
        "unknown: {:?}",
        documented.difference(&reasons)
    );
}

#[test]
fn every_test_that_a_document_names_exists() {
    let mut named = 0;
    for document in documents() {
        let text = read(&document);
        let names = text
            .split('`')
            .filter(|part| part.starts_with("tests/") && part.ends_with(".rs"));
        for name in names {
            let is_there = support::repository().join(name).is_file();
            assert!(is_there, "{document} names {name}, which does not exist");
            named += 1;
        }
    }
    assert!(named > 10, "only {named} are named");
}

#[test]
fn links_between_documents_lead_to_files() {
    let mut checked = 0;
    for document in documents() {
        let text = read(&document);
        let folder = support::repository().join(&document);
        let folder = folder.parent().unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = target.split('#').next().unwrap_or_default();
            if target.contains("://") || path.is_empty() {
                continue;
            }
            assert!(
                folder.join(path).exists(),
                "{document} links to {target}, which does not exist"
            );
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} links were found");
}

/// A block of code in a document, as a file that compiles by itself: the includes come first; what is not a definition
/// is put into a function that knows the names the documents use.
fn complete(block: &str) -> String {
    let (includes, rest): (Vec<&str>, Vec<&str>) =
        block.lines().partition(|line| line.starts_with("#include"));
    let (includes, rest) = (includes.join("\n"), rest.join("\n"));
    let is_definition = rest.lines().any(|line| {
        ["static ", "void ", "int main("]
            .iter()
            .any(|start| line.starts_with(start))
    });
    let main = if rest.contains("int main(") {
        ""
    } else {
        "int main(void) { return 0; }\n"
    };
    // `%m` is what a user of syslog writes, and no ISO C.
    let pragma = if rest.contains("%m") {
        "#pragma GCC diagnostic ignored \"-Wformat\"\n"
    } else {
        ""
    };
    let includes = format!("{pragma}#include <sentry.h>\n{includes}\n");
    if is_definition {
        // Nobody calls a lone callback.
        return format!(
            "#pragma GCC diagnostic ignored \"-Wunused-function\"\n{includes}{rest}\n{main}"
        );
    }
    format!(
        "{includes}void snippet(sentry_options_t *options, const char *path);\n\
         void snippet(sentry_options_t *options, const char *path)\n{{\n(void)options;\n(void)path;\n{rest}\n}}\n{main}"
    )
}

/// The blocks of `language` in every document, each with the name of its document.
fn blocks(language: &str) -> Vec<(String, String)> {
    let fence = format!("```{language}\n");
    let mut found = Vec::new();
    for document in documents() {
        let text = read(&document);
        for rest in text.split(&fence).skip(1) {
            let block = rest.split("```").next().unwrap_or_default().to_owned();
            found.push((document.clone(), block));
        }
    }
    found
}

/// Compiles and links each block; `flags` are those of the libraries it uses.
fn compile_blocks(language: &str, standard: Standard, fewest: usize) {
    let scratch = Scratch::new("snippets");
    let blocks = blocks(language);
    assert!(blocks.len() >= fewest, "only {} were found", blocks.len());
    for (number, (document, block)) in blocks.iter().enumerate() {
        // Qt is the one library that the tests do without.
        if block.contains("sentry/qt.hpp") {
            continue;
        }
        let mut flags = Vec::new();
        for (adapter, module) in [("glib", "glib-2.0"), ("spdlog", "spdlog")] {
            if block.contains(&format!("sentry/{adapter}.h")) {
                flags.extend(support::package_flags(module));
            }
        }
        flags.extend(support::shared_flags());
        let source = scratch.join(&format!("block{number}.{language}"));
        fs::write(&source, complete(block)).unwrap();
        println!("{document}, block {number}");
        let binary = scratch.join(&format!("block{number}"));
        compile(source.to_str().unwrap(), standard, &binary, &flags);
    }
}

#[test]
fn every_block_of_c_in_the_documents_compiles_and_links() {
    compile_blocks("c", Standard::C99, 10);
}

#[test]
fn every_block_of_cpp_in_the_documents_compiles_and_links() {
    compile_blocks("cpp", Standard::Cxx17, 2);
}

#[test]
fn every_example_is_named_in_a_document_for_users() {
    let text: String = documents().iter().map(|document| read(document)).collect();
    let mut checked = 0;
    for folder in ["examples-c", "examples-python"] {
        for entry in fs::read_dir(support::repository().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            assert!(text.contains(&path), "{path} is in no document");
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} examples were found");
}

/// All files below the folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// The texts of all sources in `src/` and `tests/`.
fn sources() -> Vec<String> {
    let is_source = |path: &PathBuf| {
        let extension = path.extension().and_then(|it| it.to_str());
        matches!(extension, Some("rs" | "c" | "h" | "py"))
    };
    let files = ["src", "tests"].map(|folder| files_below(&support::repository().join(folder)));
    let files = files.into_iter().flatten().filter(is_source);
    files
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// The word as an id like `RL-7`: its letters and its number.
fn requirement(word: &str) -> Option<(&str, usize)> {
    let word = word.trim_matches(|it: char| !it.is_ascii_alphanumeric());
    let (letters, number) = word.split_once('-')?;
    let is_short = (1..=5).contains(&letters.len()) && number.len() <= 2;
    let is_id = is_short && letters.bytes().all(|it| it.is_ascii_uppercase()) && letters != "UTF";
    Some((letters, number.parse().ok()?)).filter(|_| is_id)
}

/// All ids in the text; of `RL-7 … RL-9` all three.
fn requirements(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut before = None;
    let mut is_range = false;
    let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '…' | '_');
    for word in text.split(|it: char| !is_part(it)) {
        if let Some((letters, number)) = requirement(word) {
            let first = match before {
                Some((same, first)) if is_range && same == letters => first,
                _ => number,
            };
            found.extend((first..=number).map(|number| format!("{letters}-{number}")));
            before = Some((letters, number));
        }
        if !word.is_empty() {
            is_range = word == "…";
        }
    }
    found
}

#[test]
fn every_requirement_that_the_sources_name_is_told_and_no_other() {
    let page = read("docs/protocol.md");
    let told: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split("**").next())
        .map(str::to_owned)
        .collect();
    assert!(told.len() > 100, "only {}", told.len());
    let named: BTreeSet<String> = sources()
        .iter()
        .flat_map(|text| requirements(text))
        .collect();
    let missing: Vec<_> = named.difference(&told).collect();
    assert!(missing.is_empty(), "not in docs/protocol.md: {missing:?}");
    let needless: Vec<_> = told.difference(&named).collect();
    assert!(needless.is_empty(), "named by no source: {needless:?}");
}

#[test]
fn every_requirement_has_a_test_that_exists() {
    let sources = sources();
    let tests: BTreeSet<&str> = sources
        .iter()
        .flat_map(|text| text.split("#[test]").skip(1))
        .filter_map(|rest| rest.split("fn ").nth(1)?.split('(').next())
        .collect();
    let page = read("docs/protocol.md");
    let mut entries = page.split("\n- **").skip(1);
    assert!(
        entries.clone().count() > 100,
        "the page is not read as intended"
    );
    let without = entries.by_ref().find(|entry| {
        let names = entry.split("\n  (").nth(1).unwrap_or_default();
        let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
        let unknown = names.iter().find(|name| !tests.contains(**name));
        assert!(unknown.is_none(), "no test has the name {unknown:?}");
        names.is_empty()
    });
    assert_eq!(without, None, "it names no test");
}

/// The exported functions in a file or folder of `src/ffi`.
fn exported_in(path: &Path) -> Vec<String> {
    let mut names = Vec::new();
    if path.is_dir() {
        for name in modules_without_compat(&path.join("mod.rs")) {
            let file = path.join(format!("{name}.rs"));
            let file = if file.exists() { file } else { path.join(name) };
            names.extend(exported_in(&file));
        }
        names.extend(exported_in(&path.join("mod.rs")));
        return names;
    }
    let text = fs::read_to_string(path).unwrap();
    for (at, _) in text.match_indices("#[unsafe(no_mangle)]") {
        if !text[..at].ends_with("#[cfg(feature = \"compat\")]\n") {
            let name = text[at..].split("fn ").nth(1).unwrap();
            names.push(name.split('(').next().unwrap().to_owned());
        }
    }
    names
}

/// Names behind `mod` in a file of `src/ffi` that are there without the feature `compat`; without tests.
fn modules_without_compat(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let mut modules = Vec::new();
    let mut is_left_out = false;
    for line in text.lines() {
        let item = line
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub ");
        let name = item
            .strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'));
        let name = name.filter(|name| !is_left_out && !name.starts_with("tests"));
        modules.extend(name.map(str::to_owned));
        is_left_out = line == "#[cfg(feature = \"compat\")]";
    }
    modules
}

#[test]
fn the_functions_that_need_no_feature_are_listed() {
    let mut expected = exported_in(&support::repository().join("src/ffi"));
    expected.sort();
    assert!(expected.contains(&"sentry_capture".to_owned()));
    assert!(!expected.contains(&"sentry_value_new_object".to_owned()));
    let document = read("docs/embedded.md");
    let listed = document.split("```text\n").nth(1).unwrap();
    let listed = listed.split("```").next().unwrap();
    let listed: Vec<_> = listed.split_whitespace().map(str::to_owned).collect();
    assert_eq!(listed, expected, "docs/embedded.md lists other functions");
}
