//! Tests of the statistics: the enums against the tables, the layout, callers of other versions.

use super::*;

/// The constants of an enum of the header, with number and name, the prefix left out.
fn constants(prefix: &str) -> Vec<(i32, String)> {
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/include/sentry.h");
    let header = std::fs::read_to_string(header).unwrap();
    let lines = header.lines().filter_map(|line| {
        let (name, number) = line.trim().strip_prefix(prefix)?.split_once(" = ")?;
        let number = number.trim_end_matches(',').parse().ok()?;
        Some((number, name.to_ascii_lowercase()))
    });
    lines.collect()
}

#[test]
fn the_enums_of_the_header_are_the_tables() {
    let categories = Category::ALL.map(|category| (category as i32, category.name().to_owned()));
    assert_eq!(constants("SENTRY_CATEGORY_"), categories);
    let reasons = DiscardReason::ALL.map(|reason| (reason as i32, reason.name().to_owned()));
    assert_eq!(constants("SENTRY_DISCARD_"), reasons);
}

#[test]
fn every_reason_that_something_counts_is_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/delivery.md");
    let page = std::fs::read_to_string(page).unwrap();
    for reason in DiscardReason::ALL {
        let is_counted = reason != DiscardReason::Backpressure;
        let row = format!("\n| `{}` |", reason.name());
        assert_eq!(page.contains(&row), is_counted, "{row}");
    }
}

#[test]
fn every_number_has_a_name() {
    // SAFETY: both give terminated texts that live for ever.
    let name = |text| unsafe { CStr::from_ptr(text) };
    assert_eq!(name(sentry_category_name(13)), c"default");
    assert_eq!(name(sentry_discard_reason_name(18)), c"no_consent");
    for wrong in [-1, 21, i32::MIN, i32::MAX] {
        assert_eq!(name(sentry_category_name(wrong)), UNKNOWN);
        assert_eq!(name(sentry_discard_reason_name(wrong)), UNKNOWN);
    }
}

/// What a program was compiled with must stay what it is: the place of every member is part of the ABI.
#[test]
#[cfg(target_pointer_width = "64")]
fn the_layout_is_fixed() {
    use std::mem::offset_of;
    const CATEGORY: usize = 8 * (5 + 48);
    assert_eq!((SENTRY_STATS_CATEGORIES, SENTRY_STATS_REASONS), (32, 48));
    assert_eq!(size_of::<sentry_category_stats_t>(), CATEGORY);
    assert_eq!(
        offset_of!(sentry_category_stats_t, discarded_by_reason),
        8 * 5
    );
    let categories = 8 * 10 + 4 * 4;
    assert_eq!(offset_of!(sentry_stats_t, categories), categories);
    let last_error = categories + 32 * CATEGORY;
    assert_eq!(offset_of!(sentry_stats_t, last_error), last_error);
    assert_eq!(offset_of!(sentry_stats_t, files_written), last_error + 256);
    assert_eq!(
        offset_of!(sentry_stats_t, queue_not_durable),
        last_error + 256 + 16
    );
    assert_eq!(
        offset_of!(sentry_stats_t, options_adjusted),
        last_error + 256 + 24
    );
    assert_eq!(size_of::<sentry_stats_t>(), last_error + 256 + 32);
    assert!(size_of::<sentry_stats_t>() * 4 <= MAX_SIZE);
}

#[test]
fn an_older_caller_gets_what_it_has_room_for() {
    #[repr(C)]
    struct Old {
        size: usize,
        queue_items: u64,
        guard: u64,
    }
    let mut old = Old {
        size: 16,
        queue_items: 77,
        guard: 99,
    };
    // SAFETY: `size` says how much of the struct is ours to write.
    let status = unsafe { sentry_get_stats((&raw mut old).cast()) };
    assert_eq!(status, sentry_status_t::SENTRY_STATUS_DISABLED);
    assert_eq!((old.size, old.queue_items, old.guard), (16, 0, 99));
    // SAFETY: NULL and a size of nothing are refused.
    unsafe {
        assert_eq!(
            sentry_get_stats(std::ptr::null_mut()),
            sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT
        );
        for size in [0, size_of::<usize>() - 1, MAX_SIZE + 1, usize::MAX] {
            old.size = size;
            assert_eq!(
                sentry_get_stats((&raw mut old).cast()),
                sentry_status_t::SENTRY_STATUS_INVALID_ARGUMENT
            );
            assert_eq!(old.guard, 99);
        }
    }
}

#[test]
fn a_newer_caller_finds_zeroes_in_what_we_do_not_know() {
    #[repr(C)]
    struct New {
        known: sentry_stats_t,
        appended: [u64; 4],
        guard: u64,
    }
    let size = size_of::<sentry_stats_t>() + size_of::<[u64; 4]>();
    let mut new = New {
        known: convert(None, size),
        appended: [77; 4],
        guard: 99,
    };
    // SAFETY: `size` says how much of the struct is ours to write.
    unsafe { sentry_get_stats((&raw mut new).cast()) };
    assert_eq!(
        (new.known.size, new.appended, new.guard),
        (size, [0; 4], 99)
    );
}
