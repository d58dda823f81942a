//! `make install` and `make uninstall`: what lands where, whether it still works after it was moved, and what is left.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use receiver::Receiver;
use support::{Scratch, assert_success, library_dir, repository, run};

/// `make` copies and fills templates; a compiler run is the longest step here.
const STEP_TIMEOUT: Duration = Duration::from_secs(120);

/// Where the package of a distribution would put things: all three differ from the defaults.
const LAYOUT: [&str; 3] = [
    "PREFIX=/opt/vendor",
    "LIBDIR=/opt/vendor/lib/native",
    "INCLUDEDIR=/opt/vendor/include/s",
];

/// Runs make in the repository, with the library of this test build as what is to be installed.
fn make(target: &str, destdir: &Path, layout: &[&str]) {
    let mut command = Command::new("make");
    command
        .current_dir(repository())
        .arg("--no-print-directory")
        .arg(target)
        .args(layout);
    // The makefile takes these from the environment as well; a test must not depend on the caller's.
    for name in [
        "PREFIX",
        "LIBDIR",
        "INCLUDEDIR",
        "DEBUGDIR",
        "MAKEFLAGS",
        "MAKELEVEL",
    ] {
        command.env_remove(name);
    }
    command.arg(format!("DESTDIR={}", destdir.display()));
    if !layout
        .iter()
        .any(|setting| setting.starts_with("ARTIFACTS="))
    {
        command.arg(format!("ARTIFACTS={}", library_dir().display()));
    }
    assert_success(&run(&mut command, STEP_TIMEOUT), &format!("make {target}"));
}

/// Files and links below a directory, relative to it, sorted.
fn files_below(root: &Path) -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(
                    entry
                        .path()
                        .strip_prefix(root)
                        .unwrap()
                        .display()
                        .to_string(),
                );
            }
        }
    }
    files.sort();
    files
}

/// What pkg-config answers when it sees the installed file and no other, as a shell splits it.
fn pkg_config(pc_dir: &Path, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new("sh");
    command
        .env("PKG_CONFIG_LIBDIR", pc_dir)
        .env_remove("PKG_CONFIG_PATH")
        .args([
            "-c",
            "flags=$(pkg-config \"$@\" sentry) && eval printf \"'%s\\n'\" \"$flags\"",
            "sh",
        ])
        .args(arguments);
    let output = run(&mut command, STEP_TIMEOUT);
    assert_success(&output, "pkg-config");
    let flags = String::from_utf8(output.stdout).unwrap();
    flags.lines().map(str::to_owned).collect()
}

/// Compiles the minimal example with these flags alone.
fn build_minimal<S: AsRef<OsStr>>(program: &Path, flags: impl IntoIterator<Item = S>) {
    let mut command = Command::new("cc");
    command
        .arg("-o")
        .arg(program)
        .arg(repository().join("examples-c/minimal.c"))
        .args(flags);
    assert_success(
        &run(&mut command, STEP_TIMEOUT),
        "building against the installed tree",
    );
}

/// Runs the program; its event must arrive.
fn assert_delivers(program: &Path, library_path: Option<&Path>) {
    let receiver = Receiver::start();
    let mut command = Command::new(program);
    command.arg(receiver.dsn()).env_remove("LD_LIBRARY_PATH");
    if let Some(path) = library_path {
        command.env("LD_LIBRARY_PATH", path);
    }
    assert_success(
        &run(&mut command, STEP_TIMEOUT),
        "the program built against the installed tree",
    );
    assert_eq!(receiver.event_ids().len(), 1);
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

/// Whether the loader has to find the shared library for this program.
fn needs_shared_library(program: &Path) -> bool {
    let output = run(Command::new("readelf").arg("-d").arg(program), STEP_TIMEOUT);
    assert_success(&output, "readelf");
    String::from_utf8(output.stdout)
        .unwrap()
        .contains("libsentry.so.0")
}

/// Installs, moves the tree elsewhere, and returns where the library directory lies then.
fn installed_and_moved(scratch: &Scratch, layout: &[&str], libdir: &str) -> PathBuf {
    make("install", &scratch.join("staging"), layout);
    fs::rename(scratch.join("staging"), scratch.join("moved")).unwrap();
    scratch.join("moved").join(libdir)
}

#[test]
fn a_moved_installation_serves_programs_that_link_the_shared_library() {
    let scratch = Scratch::new("install-shared");
    let libdir = installed_and_moved(&scratch, &LAYOUT, "opt/vendor/lib/native");
    let program = scratch.join("shared");
    build_minimal(
        &program,
        pkg_config(&libdir.join("pkgconfig"), &["--cflags", "--libs"]),
    );
    assert!(needs_shared_library(&program));
    assert_delivers(&program, Some(&libdir));
}

#[test]
fn a_moved_installation_serves_programs_that_link_the_archive() {
    let scratch = Scratch::new("install-static");
    let libdir = installed_and_moved(&scratch, &["PREFIX=/usr"], "usr/lib");
    let pc_dir = libdir.join("pkgconfig");

    // With both installed the archive is named by its path.
    let program = scratch.join("by-variable");
    let mut flags = pkg_config(&pc_dir, &["--cflags"]);
    flags.extend(pkg_config(&pc_dir, &["--variable=static_libs"]));
    build_minimal(&program, flags);
    assert!(!needs_shared_library(&program));
    assert_delivers(&program, None);

    // Where only the archive is installed the usual flags find it.
    for name in [
        "libsentry.so",
        "libsentry.so.0",
        &format!("libsentry.so.{}", env!("CARGO_PKG_VERSION")),
    ] {
        fs::remove_file(libdir.join(name)).unwrap();
    }
    let program = scratch.join("by-static");
    build_minimal(
        &program,
        pkg_config(&pc_dir, &["--static", "--cflags", "--libs"]),
    );
    assert_delivers(&program, None);
}

#[test]
fn debug_symbols_are_installed_where_debuggers_find_them_by_build_id() {
    let scratch = Scratch::new("install-symbols");
    let built = scratch.join("built");
    fs::create_dir(&built).unwrap();
    let step = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.current_dir(&built).args(arguments);
        let output = run(&mut command, STEP_TIMEOUT);
        assert_success(&output, program);
        String::from_utf8(output.stdout).unwrap()
    };
    fs::write(built.join("a.c"), "int sentry_answer(void) { return 7; }\n").unwrap();
    let compile = ["-g", "-shared", "-fPIC", "-Wl,--build-id", "a.c"];
    step("cc", &[&compile[..], &["-o", "libsentry.so"]].concat());
    fs::write(built.join("libsentry.a"), "").unwrap();
    let split = repository().join("scripts/symbols");
    step(split.to_str().unwrap(), &["."]);
    let has_debug = |file: &str| step("readelf", &["-S", file]).contains(".debug_line");
    assert!(!has_debug("libsentry.so") && has_debug("libsentry.so.debug"));

    let notes = step("readelf", &["-n", "libsentry.so"]);
    let id = notes.split("Build ID: ").nth(1).unwrap().trim();
    let debug = format!("usr/lib/debug/.build-id/{}/{}.debug", &id[..2], &id[2..]);
    let artifacts = format!("ARTIFACTS={}", built.display());
    let root = scratch.join("root");
    make("install", &root, &["PREFIX=/usr", &artifacts]);
    assert!(files_below(&root).contains(&debug));
    make("uninstall", &root, &["PREFIX=/usr", &artifacts]);
    assert_eq!(files_below(&root), Vec::<String>::new());
}

#[test]
fn the_installation_consists_of_these_files_and_uninstalling_leaves_none() {
    let scratch = Scratch::new("install-files");
    make("install", scratch.path(), &LAYOUT);
    let version = env!("CARGO_PKG_VERSION");
    let expected = [
        "opt/vendor/include/s/sentry.h".to_owned(),
        "opt/vendor/include/s/sentry/glib.h".to_owned(),
        "opt/vendor/include/s/sentry/qt.hpp".to_owned(),
        "opt/vendor/include/s/sentry/spdlog.hpp".to_owned(),
        "opt/vendor/include/s/sentry/syslog.h".to_owned(),
        "opt/vendor/lib/native/cmake/sentry/sentry-config-version.cmake".to_owned(),
        "opt/vendor/lib/native/cmake/sentry/sentry-config.cmake".to_owned(),
        "opt/vendor/lib/native/libsentry.a".to_owned(),
        "opt/vendor/lib/native/libsentry.so".to_owned(),
        "opt/vendor/lib/native/libsentry.so.0".to_owned(),
        format!("opt/vendor/lib/native/libsentry.so.{version}"),
        "opt/vendor/lib/native/pkgconfig/sentry.pc".to_owned(),
    ];
    assert_eq!(files_below(scratch.path()), expected);

    let libdir = scratch.join("opt/vendor/lib/native");
    for (link, target) in [
        ("libsentry.so", "libsentry.so.0"),
        ("libsentry.so.0", &*format!("libsentry.so.{version}")),
    ] {
        assert_eq!(fs::read_link(libdir.join(link)).unwrap(), Path::new(target));
    }
    for file in [
        "pkgconfig/sentry.pc",
        "cmake/sentry/sentry-config.cmake",
        "cmake/sentry/sentry-config-version.cmake",
    ] {
        let text = fs::read_to_string(libdir.join(file)).unwrap();
        assert!(
            !text.contains('@'),
            "{file} has a place that was not filled:\n{text}"
        );
        assert!(
            !text.contains(scratch.path().to_str().unwrap()),
            "{file} names the staging directory:\n{text}"
        );
        assert!(
            !text.contains("/opt/vendor"),
            "{file} cannot be moved:\n{text}"
        );
    }
    assert_eq!(
        pkg_config(&libdir.join("pkgconfig"), &["--modversion"]),
        [version]
    );

    make("uninstall", scratch.path(), &LAYOUT);
    assert_eq!(files_below(scratch.path()), Vec::<String>::new());
    assert!(!libdir.join("cmake/sentry").exists());
}

/// Builds the minimal example with CMake against the installed tree, and nothing but `sentry::sentry`.
fn build_with_cmake(scratch: &Scratch, libdir: &Path) -> PathBuf {
    let cmake = repository().join("target/venv/bin/cmake");
    assert!(cmake.exists(), "no CMake: run `scripts/setup test`");
    let project = scratch.join("project");
    fs::create_dir_all(&project).unwrap();
    fs::write(
        project.join("CMakeLists.txt"),
        format!(
            "cmake_minimum_required(VERSION 3.13)\nproject(minimal C)\nfind_package(sentry 0.1 REQUIRED)\n\
             add_executable(minimal \"{}\")\ntarget_link_libraries(minimal PRIVATE sentry::sentry)\n",
            repository().join("examples-c/minimal.c").display()
        ),
    )
    .unwrap();
    let build = scratch.join("build");
    let mut configure = Command::new(&cmake);
    configure.arg("-S").arg(&project).arg("-B").arg(&build);
    configure.arg(format!(
        "-Dsentry_DIR={}",
        libdir.join("cmake/sentry").display()
    ));
    assert_success(&run(&mut configure, STEP_TIMEOUT), "cmake");
    let mut command = Command::new(&cmake);
    command.arg("--build").arg(&build);
    assert_success(&run(&mut command, STEP_TIMEOUT), "cmake --build");
    build.join("minimal")
}

#[test]
fn cmake_finds_the_shared_library_below_a_path_with_blanks() {
    let scratch = Scratch::new("install cmake shared");
    let libdir = installed_and_moved(&scratch, &LAYOUT, "opt/vendor/lib/native");
    let program = build_with_cmake(&scratch, &libdir);
    assert!(needs_shared_library(&program));
    assert_delivers(&program, Some(&libdir));
}

#[test]
fn cmake_finds_the_static_library_where_it_is_alone() {
    let scratch = Scratch::new("install-cmake-static");
    let libdir = installed_and_moved(&scratch, &LAYOUT, "opt/vendor/lib/native");
    for name in ["libsentry.so".to_owned(), "libsentry.so.0".to_owned()]
        .into_iter()
        .chain([format!("libsentry.so.{}", env!("CARGO_PKG_VERSION"))])
    {
        fs::remove_file(libdir.join(name)).unwrap();
    }
    let program = build_with_cmake(&scratch, &libdir);
    assert!(!needs_shared_library(&program));
    assert_delivers(&program, None);
}

#[test]
fn pkg_config_serves_an_installation_below_a_path_with_blanks() {
    let scratch = Scratch::new("install blanks");
    for (number, layout) in [
        // Beside the prefix: the file cannot be relative there.
        [
            "PREFIX=/o p t",
            "LIBDIR=/l i b",
            "INCLUDEDIR=/o p t/include",
        ],
        ["PREFIX=/o p t", "LIBDIR=/o p t/lib", "INCLUDEDIR=/h d r"],
    ]
    .iter()
    .enumerate()
    {
        let root = scratch.join(&format!("root {number}"));
        let layout = layout.map(|pair| {
            let (name, path) = pair.split_once('=').unwrap();
            format!("{name}={}{path}", root.display())
        });
        make(
            "install",
            Path::new(""),
            &layout.each_ref().map(String::as_str),
        );
        let libdir = layout[1].split_once('=').unwrap().1;
        let program = root.join("program");
        let pc_dir = Path::new(libdir).join("pkgconfig");
        build_minimal(&program, pkg_config(&pc_dir, &["--cflags", "--libs"]));
        assert_delivers(&program, Some(Path::new(libdir)));
    }
}

/// `make install` of a small tree, whose `cargo` writes what it was asked to build.
#[test]
fn installing_builds_what_is_missing_or_older_than_its_sources() {
    let scratch = Scratch::new("install-stale");
    let tree = scratch.join("tree");
    for folder in ["scripts", "src", "build", "include/sentry", "packaging"] {
        fs::create_dir_all(tree.join(folder)).unwrap();
    }
    for file in [
        "Makefile",
        "Cargo.toml",
        "Cargo.lock",
        "build/libcurl.rs",
        "build.rs",
        "cbindgen.toml",
        "scripts/built",
        "scripts/install",
        "scripts/release",
        "packaging/sentry.pc.in",
        "packaging/sentry-config.cmake.in",
        "packaging/sentry-config-version.cmake.in",
        "include/sentry.h",
        "include/sentry/glib.h",
        "include/sentry/qt.hpp",
        "include/sentry/spdlog.hpp",
        "include/sentry/syslog.h",
    ] {
        fs::copy(repository().join(file), tree.join(file)).unwrap();
    }
    fs::write(tree.join("src/lib.rs"), "one").unwrap();
    let script = |path: &str, text: &str| {
        fs::write(tree.join(path), text).unwrap();
        let mut command = Command::new("chmod");
        assert_success(
            &run(command.arg("+x").arg(tree.join(path)), STEP_TIMEOUT),
            path,
        );
    };
    script("scripts/setup", "#!/bin/sh\n");
    // Stands for cargo: what it builds is the text of the sources and its arguments, but for the paths to hide.
    script(
        "scripts/cargo",
        "#!/bin/sh\nmkdir -p target/release\n\
         for kind in so a; do { cat src/lib.rs; echo \" ${*% --config*}\"; } >target/release/libsentry.$kind; done\n\
         echo built >>builds\n",
    );
    let install = |arguments: &[&str]| {
        let mut command = Command::new("make");
        command.current_dir(&tree).arg("install").args(arguments);
        command.args(["CARGO=scripts/cargo", "PREFIX=/usr"]);
        command.arg(format!("DESTDIR={}", scratch.join("root").display()));
        for name in [
            "ARTIFACTS",
            "LIBDIR",
            "INCLUDEDIR",
            "CARGO_TARGET_DIR",
            "MAKEFLAGS",
            "MAKELEVEL",
        ] {
            command.env_remove(name);
        }
        assert_success(&run(&mut command, STEP_TIMEOUT), "make install");
        let installed = fs::read_to_string(scratch.join("root/usr/lib/libsentry.a")).unwrap();
        let builds = fs::read_to_string(tree.join("builds")).unwrap();
        (installed.trim().to_owned(), builds.lines().count())
    };
    assert_eq!(
        install(&[]),
        ("one build --profile release --lib".to_owned(), 1)
    );
    // Nothing changed: nothing is built, so nobody needs cargo for it.
    assert_eq!(install(&[]).1, 1);
    fs::write(tree.join("src/lib.rs"), "two").unwrap();
    assert_eq!(
        install(&[]),
        ("two build --profile release --lib".to_owned(), 2)
    );
    let (installed, builds) = install(&["CARGOFLAGS=--no-default-features"]);
    assert_eq!(
        (installed.as_str(), builds),
        ("two build --profile release --lib --no-default-features", 3)
    );
    // Somebody built past make.
    fs::write(tree.join("target/release/libsentry.so"), "other").unwrap();
    assert_eq!(install(&["CARGOFLAGS=--no-default-features"]).1, 4);
}
