//! Build script: link options of the shared library, the C half of the variadic functions and, with the feature
//! `header`, `include/sentry.h`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The soname carries the major version, so that an incompatible release can be installed beside this one.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libsentry.so.0");
    // Thread-local destructors, fork and exit handlers outlive `dlclose`; the code must stay mapped.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    #[cfg(feature = "header")]
    header::generate();
    compile_variadic();
}

/// `src/ffi/variadic.c`; it reads the header, so this comes after making that. Hidden: what is exported are the jumps
/// of `src/ffi/variadic.rs`.
fn compile_variadic() {
    println!("cargo:rerun-if-changed=src/ffi/variadic.c");
    println!("cargo:rerun-if-changed=include/sentry.h");
    cc::Build::new()
        .file("src/ffi/variadic.c")
        .include("include")
        .flag("-std=gnu11")
        .flag("-fvisibility=hidden")
        .flag("-Werror=implicit-function-declaration")
        .compile("sentry_variadic");
}

#[cfg(feature = "header")]
mod header {
    use std::env;
    use std::path::PathBuf;

    /// Writes the header to `SENTRY_HEADER_OUT` if that is set (the test compares), else into the source tree.
    pub fn generate() {
        println!("cargo:rerun-if-changed=src/ffi");
        println!("cargo:rerun-if-changed=cbindgen.toml");
        println!("cargo:rerun-if-env-changed=SENTRY_HEADER_OUT");
        let root = PathBuf::from(
            env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"),
        );
        let target = env::var_os("SENTRY_HEADER_OUT")
            .map_or_else(|| root.join("include/sentry.h"), PathBuf::from);
        let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))
            .expect("cbindgen.toml is readable");
        cbindgen::Builder::new()
            .with_crate(&root)
            .with_config(config)
            .generate()
            .expect("the sources of src/ffi describe a header")
            .write_to_file(target);
    }
}
