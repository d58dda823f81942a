//! Build script: link options of the shared library, the C half of the variadic functions, whether libcurl has TLS and,
//! with the feature `header`, `include/sentry.h`.

use std::env;
use std::process::{self, Command};

#[cfg(feature = "header")]
#[path = "build/header.rs"]
mod header;
#[path = "build/libcurl.rs"]
mod libcurl;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The soname carries the major version, so that an incompatible release can be installed beside this one.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libsentry.so.0");
    // Thread-local destructors, fork and exit handlers outlive `dlclose`; the code must stay mapped.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    check_libcurl();
    #[cfg(feature = "header")]
    header::generate();
    if env::var_os("CARGO_FEATURE_COMPAT").is_some() {
        compile_variadic();
    }
}

/// `src/ffi/variadic.c`; it reads the header, so this comes after making that. Hidden: what is exported are the jumps
/// of `src/ffi/variadic.rs`.
fn compile_variadic() {
    for file in ["variadic.c", "log_format.c", "log_format.h"] {
        println!("cargo:rerun-if-changed=src/ffi/{file}");
    }
    println!("cargo:rerun-if-changed=include/sentry.h");
    cc::Build::new()
        .file("src/ffi/variadic.c")
        .file("src/ffi/log_format.c")
        .include("include")
        .flag("-std=gnu11")
        .flag("-fvisibility=hidden")
        .flag("-Werror=implicit-function-declaration")
        .compile("sentry_variadic");
}

/// Ends the build with a libcurl that cannot send to an https server, unless that is wanted.
fn check_libcurl() {
    for variable in ["PKG_CONFIG", "PKG_CONFIG_PATH", "DEP_CURL_STATIC"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let is_set = |name: &str| env::var_os(name).is_some();
    if is_set("CARGO_FEATURE_STATIC_CURL") || is_set("CARGO_FEATURE_PLAIN_HTTP") {
        return;
    }
    let pkg_config = env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into());
    let output = Command::new(pkg_config)
        .args(["--variable=supported_protocols", "libcurl"])
        .output();
    let protocols = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let lack = libcurl::lack(is_set("DEP_CURL_STATIC"), &protocols.unwrap_or_default());
    if let Some(lack) = lack {
        eprintln!("\nlibsentry: {lack}\n");
        process::exit(1);
    }
}
