# libsentry: build, demonstrate, test, install. `make help` lists the targets.

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR    ?=
CARGO      ?= cargo
# More arguments for `cargo build`, for instance CARGOFLAGS=--no-default-features
CARGOFLAGS ?=
# `release`, or `small`, see docs/embedded.md
PROFILE    ?= release
# With SYMBOLS=1 the build leaves libsentry.so.debug beside the library, and it is installed for debuggers.
SYMBOLS    ?=
DEBUGDIR   ?= $(PREFIX)/lib/debug
WITH_SYMBOLS = --config profile.$(PROFILE).strip=false --config 'profile.$(PROFILE).debug="line-tables-only"'
# Where cargo builds.
CARGO_TARGET_DIR ?= target
# Where the built libraries lie. Whoever names another place answers for what lies there; it is installed as it is.
ifneq ($(ARTIFACTS),)
FOREIGN_ARTIFACTS := 1
endif
ARTIFACTS  ?= $(CARGO_TARGET_DIR)/$(PROFILE)

export PREFIX LIBDIR INCLUDEDIR DEBUGDIR DESTDIR CARGO CARGOFLAGS SYMBOLS CARGO_TARGET_DIR ARTIFACTS FOREIGN_ARTIFACTS

.PHONY: build setup demo examples test soak bench bench-quick header fmt install uninstall clean help
.DEFAULT_GOAL := build

## build       the library: target/release/libsentry.so and libsentry.a (default; PROFILE, CARGOFLAGS, SYMBOLS)
build:
	@scripts/setup build
	@scripts/release --profile $(PROFILE) --lib $(if $(SYMBOLS),$(WITH_SYMBOLS)) $(CARGOFLAGS)
	@$(if $(SYMBOLS),scripts/symbols $(ARTIFACTS))
	@scripts/built record

## examples    the C and C++ programs of examples-c/ and the tool sentry-cron, into target/examples/
examples: build
	@scripts/setup demo
	@scripts/examples

## demo        a program reports to a local server; then the server hangs, is flooded, and comes back
demo:
	@scripts/setup demo
	@scripts/demo/run

## test        everything CI runs: format, lints, tests, examples, installation
test:
	@scripts/test

## soak        what takes long: 500 processes killed at random, 20,000 envelopes through a small cache (KILLS, CAPTURES)
soak:
	@scripts/soak

## bench       the figures of docs/benchmarks.md, measured on this machine; writes the table there
bench:
	@scripts/setup demo
	$(CARGO) bench --bench capture
	python3 benches/run.py

## bench-quick the same in seconds: short inputs, without the peers, nothing written
bench-quick:
	@scripts/setup demo
	python3 benches/run.py --quick

## header      writes include/sentry.h anew from the sources of src/ffi/
header:
	$(CARGO) build --lib --features header

## fmt         formats the Rust sources
fmt:
	$(CARGO) fmt --all

## install     library, header, pkg-config and CMake files (PREFIX, LIBDIR, INCLUDEDIR, DESTDIR); builds what is missing or old
install:
	@scripts/built check || $(MAKE) build
	@scripts/install install

## uninstall   removes what install put there, with the same variables
uninstall:
	@scripts/install uninstall

## clean       removes target/: everything built, downloaded or unpacked for the tests
clean:
	$(CARGO) clean
	rm -rf target

## help        this list
help:
	@sed -n 's/^## /  /p' Makefile
