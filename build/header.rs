//! `include/sentry.h`: cbindgen writes the declarations from `src/ffi`, this puts them into the order in which a reader
//! learns. Each section has a banner, the types that it is the first to need, and its functions.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// A section of the header.
struct Section {
    title: &'static str,
    /// What a reader should know first.
    introduction: &'static str,
    /// The files and folders of `src/ffi` whose functions it holds, in order; `file:prefix` means those functions of a file
    /// whose names begin so, and goes before the name of the file alone.
    files: &'static [&'static str],
}

const SECTIONS: [Section; 18] = [
    Section {
        title: "Life",
        introduction: "\
From sentry_init to sentry_close. Between the two there is one client for the process; before and after, every function
answers that the library is disabled.",
        files: &["lifecycle", "status", "memory", "sdk"],
    },
    Section {
        title: "Options",
        introduction: "\
What sentry_init is given. A setter that answers with a status refuses what makes no sense and leaves the option as it was.
Times are in milliseconds and sizes in bytes where the name does not say otherwise.",
        files: &["options", "options_json", "options_delivery", "logger"],
    },
    Section {
        title: "Capture",
        introduction: "\
Events, messages and feedback on their way to the server. A capture does no network I/O: the event is queued, and a thread of
the library sends it. Events are JSON text or values; feedback is what a user wrote; check-ins are signs of life of
scheduled jobs.",
        files: &["capture", "capture_value", "feedback", "check_ins", "uuid"],
    },
    Section {
        title: "Scope",
        introduction: "\
What is added to every event. There is one scope for the process; scopes of your own stand between it and single events.",
        files: &[
            "scope",
            "scope_values",
            "variadic:sentry_set_fingerprint",
            "variadic:sentry_scope_set_fingerprint",
            "scopes",
        ],
    },
    Section {
        title: "Breadcrumbs",
        introduction: "\
What happened before an event. The scope keeps the newest of them, as many as the option max_breadcrumbs says.",
        files: &["breadcrumbs"],
    },
    Section {
        title: "Hooks",
        introduction: "\
Functions of yours that see, change or drop what is captured. They run on the thread that captures, without any lock of the
library, and may call it.",
        files: &["hooks", "feedback:sentry_options_set_before_send_feedback"],
    },
    Section {
        title: "Values",
        introduction: "\
Events and their parts as data built piece by piece. A value is counted: sentry_value_decref gives a reference back, and what
is put into a container belongs to it. Reading a value never changes its count, except where a name ends in _owned.",
        files: &["values", "values_access", "events", "stacks"],
    },
    Section {
        title: "Attachments",
        introduction: "\
Files and bytes that travel with events. A file is read when an event is captured; a hint attaches to one capture only.",
        files: &["attachments", "hints"],
    },
    Section {
        title: "Envelopes",
        introduction: "\
What is sent, as one piece: for transports of your own, and for what another program has left.",
        files: &["envelopes"],
    },
    Section {
        title: "Transports",
        introduction: "\
How envelopes leave the process, where the built-in way over libcurl will not do: a function that takes each envelope, or an
HTTP client that makes the requests while the library keeps queue, retries and rate limits.",
        files: &["transports", "http_client", "http_transports"],
    },
    Section {
        title: "Sessions",
        introduction: "\
Release health: how many runs of a program ended well.",
        files: &["sessions"],
    },
    Section {
        title: "Consent",
        introduction: "\
What the user allows. With the option require_user_consent nothing is sent before sentry_user_consent_give.",
        files: &["consent"],
    },
    Section {
        title: "Tracing",
        introduction: "\
The trace that ties events of several programs together, and the transactions and spans in it: what took how long. Nothing is
sent without the option traces_sample_rate or a function of sentry_options_set_traces_sampler.",
        files: &[
            "tracing/mod",
            "tracing/environment",
            "tracing/context",
            "tracing/transactions",
            "tracing/spans",
            "tracing",
        ],
    },
    Section {
        title: "Logs",
        introduction: "\
Structured logs, and attributes for logs and metrics. This version does not send logs; each call says so.",
        files: &["logs", "attributes", "variadic"],
    },
    Section {
        title: "Metrics",
        introduction: "\
Counters, gauges and distributions. This version does not send metrics; each call says so.",
        files: &["metrics"],
    },
    Section {
        title: "Crashes",
        introduction: "\
Crashes that the program caught itself, minidumps of other programs, and what stacks and modules look like. This version does
not catch crashes.",
        files: &["crash", "minidump", "modules", "unwind"],
    },
    Section {
        title: "Statistics",
        introduction: "\
What waits, what was delivered, and what was lost for which reason. At any instant, for each category, what was captured is
what was delivered, discarded, spooled or is pending.",
        files: &["stats", "outcome"],
    },
    Section {
        title: "Platform names",
        introduction: "\
Names that mean something on other platforms only. They are accepted, so that one source compiles everywhere.",
        files: &["options/platforms", "app_hang"],
    },
];

/// Stands in the configuration where the declarations begin.
const BEGIN: &str = "/* The declarations follow. */\n";

/// Stands in front of the functions.
const OPEN: &str = "#ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\n";

/// Stands behind the functions.
const CLOSE: &str = "#ifdef __cplusplus\n}  // extern \"C\"\n#endif  // __cplusplus\n";

/// Writes the header to `SENTRY_HEADER_OUT` if that is set (the test compares), else into the source tree.
pub fn generate() {
    println!("cargo:rerun-if-changed=src/ffi");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-changed=build/header.rs");
    println!("cargo:rerun-if-env-changed=SENTRY_HEADER_OUT");
    let root = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let root = PathBuf::from(root);
    let target = env::var_os("SENTRY_HEADER_OUT")
        .map_or_else(|| root.join("include/sentry.h"), PathBuf::from);
    let config =
        cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is readable");
    let mut generated = Vec::new();
    cbindgen::Builder::new()
        .with_crate(&root)
        .with_config(config)
        .generate()
        .expect("the sources of src/ffi describe a header")
        .write(&mut generated);
    let generated = String::from_utf8(generated).expect("the header is text");
    let arranged = arranged(&generated, &files_of_functions(&root.join("src/ffi")));
    if fs::read_to_string(&target).is_ok_and(|kept| kept == arranged) {
        return;
    }
    fs::write(target, arranged).expect("the header can be written");
}

/// Each exported function and the file that it is in, as in [`Section::files`].
fn files_of_functions(folder: &Path) -> BTreeMap<String, String> {
    let mut functions = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("src/ffi is readable") {
            let path = entry.expect("its entries are readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(folder)
                    .expect("it is below")
                    .with_extension("");
                let name = name.to_str().expect("names are text").to_owned();
                let text = fs::read_to_string(&path).expect("sources are readable");
                for part in text.split("extern \"C\" fn ").skip(1) {
                    let function = part.split('(').next().unwrap_or_default();
                    functions.insert(function.to_owned(), name.clone());
                }
            }
        }
    }
    functions
}

/// A declaration and the comment before it.
struct Item<'h> {
    text: &'h str,
    /// Of a function, or the last name of a type.
    name: &'h str,
    is_function: bool,
    /// Names that are used, itself among them.
    words: BTreeSet<&'h str>,
}

impl<'h> Item<'h> {
    fn new(text: &'h str) -> Self {
        let code = match text.strip_prefix("/**") {
            Some(rest) => rest.split_once("*/").map_or("", |(_, code)| code.trim()),
            None => text,
        };
        let is_type = code.starts_with("typedef") || code.starts_with("#define");
        let is_word = |it: char| it.is_ascii_alphanumeric() || it == '_';
        // Comments inside of types name what they like.
        let words: Vec<&str> = code
            .split("/**")
            .enumerate()
            .map(|(at, part)| {
                if at == 0 {
                    part
                } else {
                    part.split_once("*/").map_or("", |(_, code)| code)
                }
            })
            .flat_map(|code| code.split(|it| !is_word(it)))
            .filter(|word| !word.is_empty())
            .collect();
        let name = if code.starts_with("#define") {
            words.get(1).copied()
        } else if let Some((_, pointer)) = code.split_once("(*").filter(|_| is_type) {
            pointer.split(')').next()
        } else if is_type {
            words.last().copied()
        } else {
            let before = code.match_indices('(').map(|(at, _)| &code[..at]);
            before
                .filter_map(|before| before.rsplit(|it| !is_word(it)).next())
                .find(|name| name.starts_with("sentry_"))
        };
        Self {
            text,
            name: name.unwrap_or_else(|| panic!("no name in {code}")),
            is_function: !is_type,
            words: words.into_iter().collect(),
        }
    }
}

/// The header with its declarations in sections.
fn arranged(generated: &str, files: &BTreeMap<String, String>) -> String {
    let (top, rest) = generated
        .split_once(BEGIN)
        .expect("the configuration says where");
    let (types, rest) = rest.split_once(OPEN).expect("types come first");
    let (functions, bottom) = rest.split_once(CLOSE).expect("functions end");
    let items: Vec<Item<'_>> = [types, functions]
        .iter()
        .flat_map(|part| part.split("\n\n"))
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(Item::new)
        .collect();
    let mut members: Vec<Vec<(usize, &Item<'_>)>> = SECTIONS.iter().map(|_| Vec::new()).collect();
    for item in items.iter().filter(|item| item.is_function) {
        let file = files
            .get(item.name)
            .unwrap_or_else(|| panic!("{} is in no file", item.name));
        let (section, rank) = place_of(file, item.name).unwrap_or_else(|| {
            panic!("src/ffi/{file}.rs belongs to no section in build/header.rs")
        });
        members[section].push((rank, item));
    }
    let mut header = format!("{top}{OPEN}\n");
    let mut written = BTreeSet::new();
    for (number, (section, mut members)) in SECTIONS.iter().zip(members).enumerate() {
        members.sort_by_key(|(rank, _)| *rank);
        let functions: Vec<_> = members.into_iter().map(|(_, item)| item).collect();
        let mut needed: BTreeSet<&str> = functions
            .iter()
            .flat_map(|item| item.words.iter().copied())
            .collect();
        let is_last = number + 1 == SECTIONS.len();
        // What a type is made of comes before it, so one walk from the end finds all.
        for item in items.iter().rev().filter(|item| !item.is_function) {
            if is_last || needed.contains(item.name) {
                needed.extend(item.words.iter().copied());
            }
        }
        header += &banner(number + 1, section);
        let types = items
            .iter()
            .filter(|item| !item.is_function && needed.contains(item.name));
        for item in types.filter(|item| written.insert(item.text)) {
            header += &format!("{}\n\n", item.text);
        }
        for item in functions {
            header += &format!("{}\n\n", item.text);
        }
        header += "/** @} */\n\n";
    }
    header + CLOSE + bottom
}

/// The section of a function, and its place among the files of that.
fn place_of(file: &str, function: &str) -> Option<(usize, usize)> {
    let mut best: Option<(usize, (usize, usize))> = None;
    for (section, Section { files, .. }) in SECTIONS.iter().enumerate() {
        for (rank, entry) in files.iter().enumerate() {
            let (name, prefix) = entry.split_once(':').unwrap_or((entry, ""));
            let is_below = file
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            // The longest entry that fits says it best.
            if is_below
                && function.starts_with(prefix)
                && best.is_none_or(|(length, _)| entry.len() > length)
            {
                best = Some((entry.len(), (section, rank)));
            }
        }
    }
    best.map(|(_, place)| place)
}

fn banner(number: usize, section: &Section) -> String {
    let Section {
        title,
        introduction,
        ..
    } = section;
    let group = title.to_lowercase().replace(' ', "_");
    let rule = "=".repeat(95);
    let mut text = format!("/* {rule} */\n\n/**\n * @defgroup {group} {number}. {title}\n *\n");
    for line in introduction.lines() {
        text += &format!(" * {line}\n");
    }
    text + " *\n * @{\n */\n\n"
}
