//! Helpers of the integration tests: the built library, C programs, processes with a deadline, scratch directories.
//!
//! Decides where the library of this test build lies and how programs are compiled against it and run. Entry points:
//! [`library_dir`], [`compile_c`], [`run`], [`Scratch`]. A test program says `mod support;`. May use the standard
//! library and the C library; nothing of the crate.
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests reports what is wrong by panicking"
)]

pub mod header;
pub mod programs;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The name under which programs look for the shared library when they start; `build.rs` sets it.
const SONAME: &str = "libsentry.so.0";
/// How long a compiler may take, on a machine that does other things too.
const COMPILE_TIMEOUT: Duration = Duration::from_secs(120);
/// How long killed processes may take to disappear before their output is given up.
const KILL_GRACE: Duration = Duration::from_secs(10);

/// The language standard of a C or C++ program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    C99,
    C11,
    Cxx11,
    Cxx17,
}

impl Standard {
    /// All that the header supports.
    pub const ALL: [Self; 4] = [Self::C99, Self::C11, Self::Cxx11, Self::Cxx17];

    fn flag(self) -> &'static str {
        match self {
            Self::C99 => "-std=c99",
            Self::C11 => "-std=c11",
            Self::Cxx11 => "-std=c++11",
            Self::Cxx17 => "-std=c++17",
        }
    }

    fn is_cxx(self) -> bool {
        matches!(self, Self::Cxx11 | Self::Cxx17)
    }
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The directory with `libsentry.so` and `libsentry.a` of this test build.
pub fn library_dir() -> PathBuf {
    let test = env::current_exe().expect("the system knows the path of this program");
    let deps = test.parent().expect("a program lies in a directory");
    // `cargo test` puts the library beside the test; the copy one level up may be of an earlier `cargo build`.
    let candidates = [Some(deps), deps.parent()];
    let found = candidates
        .into_iter()
        .flatten()
        .find(|dir| dir.join("libsentry.so").exists());
    let Some(dir) = found else {
        panic!(
            "no libsentry.so in {} or above it: run the tests with `cargo test`, which builds it",
            deps.display()
        );
    };
    assert!(
        dir.join("libsentry.a").exists(),
        "{} has libsentry.so, but no libsentry.a",
        dir.display()
    );
    dir.to_path_buf()
}

/// A directory with the shared library under its soname, as after an installation.
pub fn runtime_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libsentry-runtime");
        fs::create_dir_all(&dir).expect("the target directory is writable");
        // Renamed into place: other test programs may be loading the library through the link at this moment.
        let own = dir.join(format!("{SONAME}.{}", process::id()));
        symlink(library_dir().join("libsentry.so"), &own)
            .expect("the target directory takes links");
        fs::rename(&own, dir.join(SONAME)).expect("the target directory is writable");
        dir
    })
}

/// The linker's arguments for the shared library.
pub fn shared_flags() -> Vec<OsString> {
    let mut search = OsString::from("-L");
    search.push(library_dir());
    let mut rpath = OsString::from("-Wl,-rpath,");
    rpath.push(runtime_dir());
    vec![search, "-lsentry".into(), rpath, "-lpthread".into()]
}

/// The linker's arguments for the static library.
pub fn static_flags() -> Vec<OsString> {
    let archive = library_dir().join("libsentry.a").into_os_string();
    let libraries = [
        "-lcurl",
        "-lgcc_s",
        "-lutil",
        "-lrt",
        "-lpthread",
        "-lm",
        "-ldl",
        "-lc",
    ];
    [archive]
        .into_iter()
        .chain(libraries.map(OsString::from))
        .collect()
}

/// What the compiler and the linker need for a library of the machine that an adapter is for; its headers are not ours
/// to be warned about.
pub fn package_flags(module: &str) -> Vec<OsString> {
    let output = Command::new("pkg-config")
        .args(["--cflags", "--libs", module])
        .output()
        .expect("pkg-config is installed");
    assert_success(&output, &format!("{module}: run `scripts/setup test`"));
    let flags = String::from_utf8(output.stdout).expect("flags are text");
    flags
        .split_whitespace()
        .map(|flag| match flag.strip_prefix("-I") {
            Some(directory) => format!("-isystem{directory}").into(),
            None => flag.into(),
        })
        .collect()
}

/// Compiles a C program against the header and the shared library, with all warnings as errors; panics with what the
/// compiler said when that fails.
///
/// `source` is relative to the root of the repository; a C file is compiled as C++ when the standard says so. `CC` and
/// `CXX` name the compilers, arguments included.
pub fn compile_c(source: &str, standard: Standard, output: &Path) {
    compile(source, standard, output, &shared_flags());
}

/// [`compile_c`] with other arguments for the linker.
pub fn compile(source: &str, standard: Standard, output: &Path, link_flags: &[OsString]) {
    let (variable, default, language) = if standard.is_cxx() {
        ("CXX", "c++", "c++")
    } else {
        ("CC", "cc", "c")
    };
    let compiler = env::var(variable)
        .ok()
        .filter(|compiler| !compiler.trim().is_empty());
    let compiler = compiler.unwrap_or_else(|| default.to_owned());
    let mut words = compiler.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or(default));
    command
        .args(words)
        .args([
            standard.flag(),
            "-g",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-Iinclude",
        ])
        // The language holds for the source only, not for an archive among the linker's arguments.
        .args(["-x", language, source, "-x", "none", "-o"])
        .arg(output)
        .args(link_flags)
        .current_dir(repository());
    assert_success(
        &run(&mut command, COMPILE_TIMEOUT),
        &format!("compiling {source} as {standard:?}"),
    );
}

/// Panics with everything the process printed unless it ended with status 0.
pub fn assert_success(output: &Output, what: &str) {
    assert!(
        output.status.success(),
        "{what}: {}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs a command to its end and returns what it printed. Its standard input is empty.
///
/// After `timeout` the process and all others of its process group are killed, and this panics with what they printed
/// until then. A process that ended counts as running while a child of its own holds its output open.
pub fn run(command: &mut Command, timeout: Duration) -> Output {
    let deadline = Instant::now() + timeout;
    let what = format!("{command:?}");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{what} cannot be started: {error}"));
    let (finished, steps) = mpsc::channel();
    let stdout = collect(child.stdout.take().expect("it is piped"), finished.clone());
    let stderr = collect(child.stderr.take().expect("it is piped"), finished.clone());
    watch(&child, finished);

    // Three steps: both outputs ended, and the process did.
    let wait_for_steps = |mut left: u32, deadline: Instant| {
        while left > 0
            && steps
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
                .is_ok()
        {
            left -= 1;
        }
        left
    };
    let left = wait_for_steps(3, deadline);
    if left > 0 {
        let group = libc::pid_t::try_from(child.id()).expect("a process id is positive");
        // SAFETY: no pointers. The group is that of a child which nobody has waited for yet, so the id is still its own.
        unsafe { libc::kill(-group, libc::SIGKILL) };
        // A child that left its group is killed all the same.
        drop(child.kill());
        wait_for_steps(left, Instant::now() + KILL_GRACE);
    }
    let status = child.wait().expect("nobody else waits for the child");
    let output = Output {
        status,
        stdout: take(&stdout),
        stderr: take(&stderr),
    };
    assert!(
        left == 0,
        "{what} did not end within {timeout:?} and was killed\n--- stdout\n{}\n--- stderr\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Reads a pipe to its end on a thread of its own, so that the process never waits for a reader.
fn collect(
    mut pipe: impl Read + Send + 'static,
    finished: mpsc::Sender<()>,
) -> Arc<Mutex<Vec<u8>>> {
    let collected = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&collected);
    thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(length @ 1..) = pipe.read(&mut bytes) {
            let read = bytes.get(..length).unwrap_or_default();
            sink.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend_from_slice(read);
        }
        // Nobody listens any more after a time-out.
        let _ = finished.send(());
    });
    collected
}

fn take(collected: &Mutex<Vec<u8>>) -> Vec<u8> {
    std::mem::take(&mut *collected.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Says when the child has ended, and leaves its status to be waited for.
fn watch(child: &Child, finished: mpsc::Sender<()>) {
    let id = libc::id_t::from(child.id());
    thread::spawn(move || {
        // SAFETY: all zero is a value of this plain structure.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: `info` lives through the call; the child is waited for only after this thread's message or its death.
        while unsafe {
            libc::waitid(
                libc::P_PID,
                id,
                &raw mut info,
                libc::WEXITED | libc::WNOWAIT,
            )
        } != 0
            && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
        {}
        let _ = finished.send(());
    });
}

/// A directory of its own for one test, removed with everything in it when dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes an empty directory; the name helps to recognise it.
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}-{count}", process::id()));
        // A process with the same id may have been killed before it could remove its own.
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).expect("the target directory is writable");
        Self { path }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in the directory.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays below the target directory.
        drop(fs::remove_dir_all(&self.path));
    }
}
