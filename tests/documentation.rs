//! What the documents say against what there is: options, links, and the program in the README.

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

use support::{Scratch, Standard, compile_c};

fn read(path: &str) -> String {
    fs::read_to_string(support::repository().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
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
            "http_proxy",
            "logger",
            "logs_with_attributes",
            "on_outcome",
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
fn links_between_documents_lead_to_files() {
    let mut documents = vec![
        "README.md".to_owned(),
        "CONTRIBUTING.md".to_owned(),
        "CHANGELOG.md".to_owned(),
    ];
    for entry in fs::read_dir(support::repository().join("docs")).unwrap() {
        documents.push(format!(
            "docs/{}",
            entry.unwrap().file_name().to_string_lossy()
        ));
    }
    let mut checked = 0;
    for document in documents {
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

#[test]
fn the_program_in_the_readme_compiles_without_a_warning() {
    let readme = read("README.md");
    let program = readme
        .split("```c\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    assert!(program.contains("int main(void)"), "{program}");
    let scratch = Scratch::new("readme");
    let source = scratch.join("readme.c");
    fs::write(&source, program).unwrap();
    compile_c(
        source.to_str().unwrap(),
        Standard::C99,
        &scratch.join("readme"),
    );
}

/// Each block of C in the document: whole files begin with an include, the others are statements about `options`.
fn snippets(document: &str) -> Vec<String> {
    let blocks = document.split("```c\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap_or_default());
    blocks
        .map(|block| {
            let is_file = block.starts_with("#include");
            let main = if block.contains("int main(") {
                ""
            } else {
                "int main(void) { return 0; }\n"
            };
            if is_file {
                format!("{block}\n{main}")
            } else {
                format!(
                    "#include <sentry.h>\nvoid snippet(sentry_options_t *options);\n\
                     void snippet(sentry_options_t *options)\n{{\n(void)options;\n{block}\n}}\n{main}"
                )
            }
        })
        .collect()
}

#[test]
fn the_snippets_of_the_migration_guide_compile_and_link() {
    let snippets = snippets(&read("docs/migrating-from-sentry-native.md"));
    assert!(snippets.len() >= 5, "only {} were found", snippets.len());
    let scratch = Scratch::new("migrating");
    for (number, snippet) in snippets.iter().enumerate() {
        let source = scratch.join(&format!("snippet{number}.c"));
        fs::write(&source, snippet).unwrap();
        let binary = scratch.join(&format!("snippet{number}"));
        compile_c(source.to_str().unwrap(), Standard::C99, &binary);
    }
}
