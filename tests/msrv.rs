//! The oldest compiler: stated where users look, and no dependency asks for a newer one.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use support::{assert_success, repository, run};

const TIMEOUT: Duration = Duration::from_secs(60);

/// Major and minor number.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap_or(0))
}

#[test]
fn the_oldest_compiler_is_stated_and_enough_for_every_dependency() {
    let stated = env!("CARGO_PKG_RUST_VERSION");
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    assert!(
        readme.contains(&format!("Rust {stated}")),
        "README.md does not name Rust {stated}"
    );

    let mut command = Command::new(env!("CARGO"));
    // What a user builds: without the generator of the header and the packages of the tests.
    command
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .current_dir(repository());
    let output = run(&mut command, TIMEOUT);
    assert_success(&output, "cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut with_version = 0;
    for package in used_by_the_library(&metadata) {
        let package = packages
            .iter()
            .find(|other| other["id"] == package)
            .unwrap();
        if let Some(needed) = package["rust_version"].as_str() {
            with_version += 1;
            assert!(
                version(needed) <= version(stated),
                "{} {} needs Rust {needed}, and {stated} is stated",
                package["name"],
                package["version"]
            );
        }
    }
    assert!(
        with_version > 5,
        "only {with_version} dependencies name a version"
    );
}

/// Ids of the packages that the library is built from, in its usual features.
fn used_by_the_library(metadata: &Value) -> Vec<Value> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let root = &metadata["resolve"]["root"];
    let mut found = vec![root.clone()];
    let mut next = 0;
    while let Some(id) = found.get(next).cloned() {
        next += 1;
        let node = nodes.iter().find(|node| node["id"] == id).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            let is_built = kinds.iter().any(|kind| kind["kind"] != "dev");
            if is_built && !found.contains(&dependency["pkg"]) {
                found.push(dependency["pkg"].clone());
            }
        }
    }
    found
}
