//! The log on a real directory: what is left in it, whole, torn and by several threads.

use super::layout::LINK;
use super::*;
use crate::store::scratch::Scratch;
use std::fs;
use std::path::Path;

fn create(scratch: &Scratch, name: &str, bytes: u64, dsn: &str) -> io::Result<QueueLog> {
    QueueLog::create(&Directory::open(scratch.path()).unwrap(), name, bytes, dsn)
}

fn open(path: &Path) -> io::Result<Option<Leftovers>> {
    let directory = Directory::open(path.parent().unwrap()).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    Leftovers::open(&directory, name, 1 << 30)
}

const DSN: &str = "https://key@example.com/1";

fn log(scratch: &Scratch, max_bytes: u64) -> QueueLog {
    create(scratch, "queue.log", max_bytes, DSN).unwrap()
}

fn left(scratch: &Scratch) -> Vec<Result<Vec<u8>, Unread>> {
    let leftovers = open(&scratch.path().join("queue.log")).unwrap().unwrap();
    assert_eq!(leftovers.dsn(), DSN);
    leftovers.collect()
}

fn record(number: usize) -> Vec<u8> {
    // All lengths around the borders of words and blocks.
    (0..number * 37)
        .map(|at| (at * 31 + number) as u8)
        .collect()
}

#[test]
fn records_come_back_in_order_and_settled_ones_do_not() {
    let scratch = Scratch::new();
    let log = log(&scratch, 1 << 20);
    let records: Vec<_> = (0..90)
        .map(|number| log.append(&record(number)).unwrap().unwrap())
        .collect();
    for settled in records.iter().step_by(3) {
        log.settle(*settled);
    }
    // Nothing was synced or closed: the file is read as a killed process leaves it.
    let expected: Vec<_> = (0..90)
        .filter(|number| number % 3 != 0)
        .map(|number| Ok(record(number)))
        .collect();
    assert_eq!(left(&scratch), expected);
    assert_eq!(left(&scratch), [], "each is given once");
}

#[test]
fn the_room_is_bounded_and_comes_back() {
    let scratch = Scratch::new();
    let log = log(&scratch, 64 * 1024);
    let size = fs::metadata(scratch.path().join("queue.log"))
        .unwrap()
        .len();
    assert!(size <= 64 * 1024 * 105 / 100 + 2048, "{size}");
    let bytes = vec![7; 5000];
    for _ in 0..10 {
        let mut kept = Vec::new();
        while let Some(record) = log.append(&bytes).unwrap() {
            kept.push(record);
        }
        // 5 blocks each, of the 67 there are.
        assert_eq!(kept.len(), 13);
        assert!(log.append(&vec![0; 64 * 1024]).unwrap().is_none());
        for record in kept {
            log.settle(record);
        }
    }
    assert!(log.append(&vec![1; 60 * 1024]).unwrap().is_some());
    assert_eq!(
        fs::metadata(scratch.path().join("queue.log"))
            .unwrap()
            .len(),
        size
    );
}

#[test]
fn a_record_that_is_given_back_comes_again_also_to_a_later_start() {
    let scratch = Scratch::new();
    let log = log(&scratch, 1 << 16);
    for bytes in [b"first", b"other"] {
        log.append(bytes).unwrap().unwrap();
    }
    let path = scratch.path().join("queue.log");
    let mut leftovers = open(&path).unwrap().unwrap();
    assert_eq!(leftovers.next(), Some(Ok(b"first".to_vec())));
    leftovers.give_back();
    assert_eq!(leftovers.len(), 2);
    assert_eq!(leftovers.next(), Some(Ok(b"first".to_vec())));
    assert_eq!(leftovers.next(), Some(Ok(b"other".to_vec())));
    leftovers.give_back();
    assert_eq!(leftovers.next(), Some(Ok(b"other".to_vec())));
    leftovers.settle();
    leftovers.give_back();
    assert_eq!(leftovers.len(), 0);
    assert_eq!(left(&scratch), []);
}

#[test]
fn a_log_that_cannot_be_opened_now_is_not_over() {
    let scratch = Scratch::new();
    let (path, away) = (scratch.path().join("queue.log"), scratch.path().join("x"));
    log(&scratch, 1 << 16).append(b"first").unwrap();
    let mut leftovers = open(&path).unwrap().unwrap();
    fs::rename(&path, &away).unwrap();
    assert_eq!(leftovers.next(), Some(Err(Unread::NotNow)));
    fs::rename(&away, &path).unwrap();
    assert_eq!(leftovers.next(), Some(Ok(b"first".to_vec())));
    assert_eq!(leftovers.next(), None);
}

#[test]
fn what_a_record_holds_is_never_taken_for_a_record() {
    let scratch = Scratch::new();
    let mut bytes = vec![0; 3000];
    // Where a head has its mark, in the second block.
    let at = (BLOCK - HEAD + MARK - LINK) * WORD;
    bytes[at..at + WORD].copy_from_slice(&(COMMITTED ^ 1).to_ne_bytes());
    log(&scratch, 1 << 16).append(&bytes).unwrap();
    assert_eq!(left(&scratch), [Ok(bytes)]);
}

#[test]
fn threads_write_side_by_side() {
    let scratch = Scratch::new();
    let log = log(&scratch, 1 << 20);
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..200_usize {
                    let bytes = vec![thread; 100 + number * 7];
                    let record = log.append(&bytes).unwrap().unwrap();
                    if number % 10 != 0 {
                        log.settle(record);
                    }
                }
            });
        }
    });
    let left = left(&scratch);
    assert_eq!(left.len(), 4 * 20);
    for record in left {
        let bytes = record.unwrap();
        assert!(bytes.iter().all(|byte| *byte == bytes[0]) && (bytes.len() - 100) % 70 == 0);
    }
}

#[test]
fn lost_pages_cost_only_their_own_records() {
    let scratch = Scratch::new();
    let path = scratch.path().join("queue.log");
    let log = log(&scratch, 1 << 20);
    for number in 0..60 {
        log.append(&record(number)).unwrap().unwrap();
    }
    drop(log);
    let whole = fs::read(&path).unwrap();
    for lost in 1..80 {
        let mut bytes = whole.clone();
        bytes[lost * 1024..(lost + 1) * 1024].fill(0);
        fs::write(&path, &bytes).unwrap();
        let found = left(&scratch);
        let torn = found.iter().filter(|record| record.is_err()).count();
        assert!(
            found.len() >= 59 && torn <= 1,
            "{lost}: {torn} of {}",
            found.len()
        );
        for bytes in found.into_iter().flatten() {
            assert_eq!(bytes, record(bytes.len() / 37));
        }
    }
}

#[test]
fn what_is_no_log_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.path().join("queue.log");
    drop(log(&scratch, 1 << 16));
    let whole = fs::read(&path).unwrap();
    let foreign = vec![b'x'; 4096];
    for bytes in [&whole[..0], &whole[..1000], &whole[..2048], &foreign] {
        fs::write(&path, bytes).unwrap();
        assert!(open(&path).unwrap().is_none(), "{}", bytes.len());
    }
    // As large as it says, and sparse: reading it would take minutes.
    let huge = fs::File::create(&path).unwrap();
    let mut head = whole[..1024].to_vec();
    head[WORD..2 * WORD].copy_from_slice(&(100_u64 << 20).to_ne_bytes());
    huge.write_all_at(&head, 0).unwrap();
    huge.set_len(100 << 30).unwrap();
    assert!(open(&path).unwrap().is_none());
    assert!(open(&scratch.path().join("missing")).is_err());
    assert!(create(&scratch, "x", 1 << 16, &"d".repeat(2000)).is_err());
    assert!(create(&scratch, "x", u64::MAX, DSN).is_err());
}

#[test]
fn a_log_that_is_not_what_it_was_takes_nothing_and_faults_nobody() {
    let scratch = Scratch::new();
    let path = scratch.path().join("queue.log");
    for harm in [
        |path: &Path| fs::remove_file(path).unwrap(),
        |path: &Path| fs::File::create(path).unwrap().set_len(0).unwrap(),
        |path: &Path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(5000).unwrap();
        },
        |path: &Path| {
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_len(1 << 30).unwrap();
        },
    ] {
        let log = log(&scratch, 1 << 16);
        let record = log.append(b"before").unwrap().unwrap();
        harm(&path);
        log.append(b"after").unwrap_err();
        log.sync().unwrap_err();
        log.settle(record);
        let _ = fs::remove_file(&path);
    }
}

#[test]
fn a_descriptor_that_the_host_reused_is_left_alone() {
    use std::os::fd::AsRawFd as _;
    let scratch = Scratch::new();
    let log = log(&scratch, 1 << 16);
    let path = scratch.path().join("theirs");
    let theirs = fs::File::create(&path).unwrap();
    let number = log.file.load().get().as_raw_fd();
    // SAFETY: both are open; what the number meant is closed by it, as a host might.
    assert_eq!(unsafe { libc::dup2(theirs.as_raw_fd(), number) }, number);
    log.append(b"ours").unwrap().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert_eq!(left(&scratch), [Ok(b"ours".to_vec())]);
    // SAFETY: closes the copy made above.
    unsafe { libc::close(number) };
}

#[test]
fn a_record_in_scattered_blocks_is_whole() {
    let scratch = Scratch::new();
    let log = log(&scratch, 64 * 1024);
    let small: Vec<_> = std::iter::from_fn(|| log.append(b"small").unwrap()).collect();
    for record in small.iter().step_by(2) {
        log.settle(*record);
    }
    let large = record(800);
    log.append(&large).unwrap().unwrap();
    for record in small.iter().skip(1).step_by(2) {
        log.settle(*record);
    }
    assert_eq!(left(&scratch), [Ok(large)]);
}
