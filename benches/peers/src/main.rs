//! The `sentry` crate, driven through the scenarios of `../programs/libsentry.c`, with the same events and output.
//!
//! `peers reqwest|curl SCENARIO DSN [NAME=VALUE]...`; scenarios: capture, memory, burst, close, init.

use std::fs;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sentry::protocol::{Breadcrumb, Event, LogEntry};
use sentry::transports::{CurlHttpTransport, ReqwestHttpTransport};
use sentry::{ClientInitGuard, ClientOptions, Level, TransportFactory};

const MESSAGE: usize = 1024;
const CRUMBS: u32 = 20;

struct Arguments(Vec<String>);

impl Arguments {
    fn text(&self, at: usize) -> &str {
        self.0.get(at).map_or("", String::as_str)
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    fn number(&self, name: &str, otherwise: usize) -> usize {
        self.option(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    }
}

/// Never dropped: against a server that hangs, dropping would not come back.
fn start(arguments: &Arguments) -> ManuallyDrop<ClientInitGuard> {
    let transport: Arc<dyn TransportFactory> = match arguments.text(1) {
        "curl" => Arc::new(|options: &ClientOptions| {
            Arc::new(CurlHttpTransport::new(options)) as Arc<dyn sentry::Transport>
        }),
        _ => Arc::new(|options: &ClientOptions| {
            Arc::new(ReqwestHttpTransport::new(options)) as Arc<dyn sentry::Transport>
        }),
    };
    let mut options = ClientOptions::default();
    options.dsn = arguments.text(3).parse().ok();
    options.release = Some("bench@1.0".into());
    options.transport = Some(transport);
    options.shutdown_timeout = Duration::from_secs(2);
    ManuallyDrop::new(sentry::init(options))
}

fn add_crumb(serial: u32) {
    sentry::add_breadcrumb(Breadcrumb {
        category: Some("http".to_owned()),
        level: Level::Info,
        message: Some(format!("GET /api/items/{serial} answered 200")),
        data: [
            ("status".to_owned(), 200.into()),
            ("ms".to_owned(), (serial % 90).into()),
        ]
        .into(),
        ..Breadcrumb::default()
    });
}

fn start_with_scope(arguments: &Arguments) -> ManuallyDrop<ClientInitGuard> {
    let guard = start(arguments);
    sentry::configure_scope(|scope| scope.set_tag("customer", "acme"));
    if arguments.number("crumbs", 1) > 0 {
        (0..CRUMBS).for_each(add_crumb);
    }
    guard
}

fn message(bytes: usize) -> String {
    const SENTENCE: &str = "could not read the block of the file after 3 attempts; ";
    SENTENCE.chars().cycle().take(bytes).collect()
}

fn capture_one(kind: &str, message: &str) {
    let mut event = Event {
        level: Level::Error,
        logentry: Some(LogEntry {
            message: message.to_owned(),
            params: Vec::new(),
        }),
        ..Event::default()
    };
    if kind != "short" {
        event.logger = Some("storage".to_owned());
        event.tags.insert("part".to_owned(), "reader".to_owned());
    }
    sentry::capture_event(event);
}

fn proc_number(name: &str) -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn cpu_seconds() -> f64 {
    // SAFETY: all zeroes is a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is valid during the call.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn capture(arguments: &Arguments) {
    let (count, threads) = (
        arguments.number("n", 100_000),
        arguments.number("threads", 1),
    );
    let gap = Duration::from_micros(arguments.number("gap_us", 0) as u64);
    let _guard = start_with_scope(arguments);
    let text = message(MESSAGE);
    capture_one("json", &text);
    let time_each = |hub: Arc<sentry::Hub>| {
        sentry::Hub::run(hub, || {
            let mut nanoseconds = vec![1_u128; count / threads];
            for slot in &mut nanoseconds {
                if gap > Duration::ZERO {
                    std::thread::sleep(gap);
                }
                let from = Instant::now();
                capture_one("json", &text);
                *slot = from.elapsed().as_nanos();
            }
            nanoseconds
        })
    };
    let mut all: Vec<u128> = std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..threads)
            .map(|_| {
                let hub = Arc::new(sentry::Hub::new_from_top(sentry::Hub::current()));
                scope.spawn(|| time_each(hub))
            })
            .collect();
        let joined = spawned.into_iter().map(|thread| thread.join().unwrap());
        joined.flatten().collect()
    });
    all.sort_unstable();
    let at = |permille: usize| all[(all.len() - 1) * permille / 1000];
    print!(
        "\"p50_ns\":{},\"p90_ns\":{},\"p99_ns\":{},\"p999_ns\":{},\"max_ns\":{},\"count\":{}",
        at(500),
        at(900),
        at(990),
        at(999),
        at(1000),
        all.len()
    );
}

fn memory(arguments: &Arguments) {
    let _guard = start_with_scope(arguments);
    let text = message(MESSAGE);
    capture_one("json", &text);
    let before = proc_number("VmRSS:");
    let from = Instant::now();
    for _ in 0..arguments.number("n", 1_000_000) {
        capture_one("json", &text);
    }
    print!(
        "\"before_kib\":{before},\"growth_kib\":{},\"seconds\":{:.3}",
        proc_number("VmHWM:") - before,
        from.elapsed().as_secs_f64()
    );
}

fn burst(arguments: &Arguments) {
    let guard = start_with_scope(arguments);
    let kind = arguments.option("kind").unwrap_or("json");
    let text = message(if kind == "short" { 64 } else { MESSAGE });
    capture_one(kind, &text);
    guard.flush(Some(Duration::from_secs(10)));
    let (cpu, from) = (cpu_seconds(), Instant::now());
    for serial in 0..arguments.number("n", 10_000) {
        capture_one(kind, &text);
        // To find the cost of a delivery: so slowly that the queue of 30 does not overflow.
        if arguments.number("paced", 0) > 0 && serial % 20 == 19 {
            guard.flush(Some(Duration::from_secs(10)));
        }
    }
    guard.flush(Some(Duration::from_secs(60)));
    print!(
        "\"seconds\":{:.4},\"cpu\":{:.4}",
        from.elapsed().as_secs_f64(),
        cpu_seconds() - cpu
    );
}

fn close(arguments: &Arguments) {
    let guard = ManuallyDrop::into_inner(start_with_scope(arguments));
    let text = message(MESSAGE);
    for _ in 0..2000 {
        capture_one("json", &text);
    }
    let from = Instant::now();
    guard.close(Some(Duration::from_secs(2)));
    print!("\"seconds\":{:.4}", from.elapsed().as_secs_f64());
}

fn init(arguments: &Arguments) {
    let before = proc_number("VmRSS:");
    let from = Instant::now();
    let guard = start(arguments);
    let seconds = from.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_millis(200));
    let (idle, threads) = (proc_number("VmRSS:"), proc_number("Threads:") - 1);
    capture_one("short", &message(64));
    guard.flush(Some(Duration::from_secs(5)));
    print!(
        "\"before_kib\":{before},\"idle_kib\":{idle},\"sent_kib\":{},\"threads\":{threads},\"init_seconds\":{seconds:.6}",
        proc_number("VmRSS:")
    );
}

fn main() {
    let arguments = Arguments(std::env::args().collect());
    let run: fn(&Arguments) = match arguments.text(2) {
        "capture" => capture,
        "memory" => memory,
        "burst" => burst,
        "close" => close,
        "init" => init,
        _ => {
            eprintln!(
                "usage: peers reqwest|curl capture|memory|burst|close|init DSN [NAME=VALUE]..."
            );
            std::process::exit(2);
        }
    };
    print!("{{");
    run(&arguments);
    println!("}}");
    // As the C program: without what an orderly end would still cost.
    use std::io::Write;
    let _ = std::io::stdout().flush();
    // SAFETY: ends the process; nothing is left to do.
    unsafe { libc::_exit(0) };
}
