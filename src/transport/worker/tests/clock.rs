//! A wall clock that is set, back and forth, while things wait.

use super::spooled::{MINUTE, POLICY, files, spooling};
use super::*;
use crate::base::timestamp::Timestamp;
use crate::store::scratch::Scratch;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where administrators, time servers and empty batteries set clocks: 1970, the year 2000, 2100.
fn wrong_times() -> impl Iterator<Item = SystemTime> {
    [0, 946_684_800, 4_102_444_800]
        .map(|it| UNIX_EPOCH + Duration::from_secs(it))
        .into_iter()
}

fn answer_with_limit(status: u16, retry_after: &str) -> Reply {
    Ok(Response {
        status,
        retry_after: Some(retry_after.to_owned()),
        ..Response::default()
    })
}

// RL-8
#[test]
fn a_rate_limit_lasts_as_long_as_the_server_said() {
    // A minute after the time at which the clock of the tests begins, and a minute.
    for retry_after in ["Thu, 01 Jan 2026 00:01:00 GMT", "60"] {
        for wrong in wrong_times() {
            let mut rig = rig();
            rig.capture();
            rig.answers([answer_with_limit(429, retry_after)]);
            rig.steps(2);
            rig.clock.set_wall(wrong);
            rig.clock.advance(Duration::from_secs(59));
            rig.capture();
            rig.steps(2);
            assert_eq!(rig.requests(), 1, "{retry_after} {wrong:?}");
            rig.clock.advance(Duration::from_secs(2));
            rig.capture();
            rig.answers([status(200)]);
            rig.steps(2);
            assert_eq!(rig.fates()[2..], [Fate::Delivered], "{wrong:?}");
            let lost = rig.errors().discarded_total();
            assert_eq!((rig.errors().captured, lost), (3, 2));
        }
    }
}

// RL-2, RL-3
#[test]
fn a_date_to_wait_for_is_read_against_the_clock_of_the_server() {
    let reply = |status| {
        Ok(Response {
            status,
            date: Some("Thu, 01 Jan 2026 00:00:00 GMT".to_owned()),
            retry_after: Some("Thu, 01 Jan 2026 00:00:07 GMT".to_owned()),
            ..Response::default()
        })
    };
    for wrong in wrong_times() {
        let retry = RetryPolicy {
            status: Some(1),
            ..RETRY
        };
        let mut rig = rig_with(retry, 1);
        rig.clock.set_wall(wrong);
        rig.capture();
        rig.answers([reply(503)]);
        rig.steps(2);
        assert_eq!(rig.last_wait(), Duration::from_secs(7), "{wrong:?}");
        rig.clock.advance(Duration::from_secs(7));
        rig.answers([reply(429)]);
        rig.steps(2);
        let is_limited = || {
            rig.shared
                .limiter
                .is_limited(Category::Error, rig.clock.now())
        };
        assert!(is_limited(), "{wrong:?}");
        rig.clock.advance(Duration::from_secs(8));
        assert!(!is_limited(), "{wrong:?}");
    }
}

// RL-2, RL-8: the date of a server is compared with a clock that may be anywhere.
#[test]
fn a_date_to_wait_for_silences_nobody_for_longer_than_a_day() {
    for wrong in wrong_times() {
        let mut rig = rig();
        rig.clock.set_wall(wrong);
        rig.capture();
        rig.answers([answer_with_limit(429, "Thu, 01 Jan 2026 00:01:00 GMT")]);
        rig.steps(2);
        rig.clock.advance(Duration::from_secs(24 * 60 * 60 + 1));
        rig.capture();
        rig.answers([status(200)]);
        rig.steps(2);
        assert_eq!(rig.errors().delivered, 1, "{wrong:?}");
    }
}

// HTTP-9
#[test]
fn the_next_attempt_neither_comes_early_nor_stays_away() {
    for wrong in wrong_times() {
        let mut rig = rig();
        rig.capture();
        rig.answers([no_connection(), status(200)]);
        rig.steps(2);
        rig.clock.set_wall(wrong);
        rig.clock.advance(Duration::from_millis(999));
        rig.steps(2);
        assert_eq!(rig.requests(), 1, "{wrong:?}");
        assert_eq!(rig.last_wait(), Duration::from_millis(1));
        rig.clock.advance(Duration::from_millis(1));
        rig.steps(2);
        assert_eq!(rig.fates(), [Fate::Delivered], "{wrong:?}");
    }
}

// RL-3
#[test]
fn a_503_with_a_date_delays_by_the_longest_back_off_at_most() {
    let retry = RetryPolicy {
        status: Some(1),
        ..RETRY
    };
    // A date that has passed says nothing of when.
    for (wall, delay) in [(0, RETRY.backoff_max), (4_102_444_800, RETRY.backoff)] {
        let mut rig = rig_with(retry, 1);
        rig.clock.set_wall(UNIX_EPOCH + Duration::from_secs(wall));
        rig.capture();
        rig.answers([answer_with_limit(503, "Thu, 01 Jan 2026 00:01:00 GMT")]);
        rig.steps(1);
        // Set right meanwhile; the delay was decided.
        rig.clock
            .set_wall(UNIX_EPOCH + Duration::from_secs(1_767_225_600));
        rig.answers([status(200)]);
        rig.clock
            .advance(delay.saturating_sub(Duration::from_millis(1)));
        rig.steps(2);
        assert_eq!(rig.fates(), [], "{wall}");
        rig.clock.advance(Duration::from_millis(1));
        rig.steps(2);
        assert_eq!(rig.fates(), [Fate::Delivered], "{wall}");
    }
}

// REP-7
#[test]
fn reports_keep_their_distance_and_say_the_time_as_it_is_now() {
    for wrong in wrong_times() {
        let mut rig = rig();
        rig.shared.account.refuse(
            Uuid::NIL,
            &[(Category::Error, 1)],
            DiscardReason::SampleRate,
        );
        rig.clock.set_wall(wrong);
        rig.steps(2);
        assert_eq!(rig.requests(), 0, "{wrong:?}");
        rig.clock.advance(Duration::from_secs(60));
        rig.answers([status(200)]);
        rig.steps(2);
        assert_eq!(rig.requests(), 1, "{wrong:?}");
        let timestamp = Timestamp::new(wrong + Duration::from_secs(60));
        let member = format!(r#""timestamp":"{}""#, timestamp.as_str());
        assert!(rig.body(0).contains(&member), "{}", rig.body(0));
    }
}

#[test]
fn the_end_comes_when_the_time_is_up_and_not_before() {
    for wrong in wrong_times() {
        let mut rig = rig();
        rig.capture();
        rig.steps(1);
        rig.stop(Duration::from_secs(2));
        rig.clock.set_wall(wrong);
        rig.clock.advance(Duration::from_millis(1999));
        assert_eq!(rig.steps(2), Step::Continue, "{wrong:?}");
        rig.clock.advance(Duration::from_millis(1));
        assert_eq!(rig.steps(1), Step::Finished, "{wrong:?}");
        assert_eq!(rig.fates(), [Fate::Discarded(DiscardReason::Shutdown)]);
    }
}

impl Rig {
    /// An event of that time, given in seconds.
    fn capture_at(&self, seconds: &str) {
        let payload = format!(
            r#"{{"timestamp":{seconds},"breadcrumbs":{{"values":[{{"timestamp":{seconds}}}]}}}}"#
        );
        self.submit(Envelope::event(Uuid::new_v4(), payload.into_bytes()));
    }

    fn says(&self, request: usize, seconds: &str) {
        let time = format!(r#""timestamp":{seconds}"#);
        let body = self.body(request);
        assert_eq!(body.matches(&time).count(), 2, "{seconds}: {body}");
    }
}

// EVT-2, BC-1: the clock of the tests begins in 2026, and it is 2100.
#[test]
fn what_was_recorded_before_the_clock_was_set_is_told_in_its_present_time() {
    let mut rig = rig();
    rig.clock.advance(Duration::from_secs(5));
    rig.capture_at("1767225604.25");
    rig.answers([no_answer()]);
    rig.steps(1);
    rig.says(0, "1767225604.25");
    rig.clock.advance(Duration::from_secs(5));
    rig.clock
        .set_wall(UNIX_EPOCH + Duration::from_secs(4_102_444_800));
    rig.capture_at("4102444800.5");
    rig.capture_at("1700000000.5");
    rig.answers([(); 3].map(|()| status(200)));
    rig.steps(8);
    rig.says(1, "4102444794.250000");
    rig.says(2, "4102444800.5");
    rig.says(3, "1700000000.5");
    assert_eq!(rig.fates(), [Fate::Delivered; 3]);
    assert!(rig.body(1).contains(r#""sent_at":"2100-01-01T00:00:"#));
}

#[test]
fn what_the_host_read_from_elsewhere_keeps_its_times() {
    let mut rig = rig();
    let bytes = b"{}\n{\"type\":\"event\",\"length\":24}\n{\"timestamp\":1767225600}";
    rig.submit(Envelope::parse(bytes).unwrap());
    rig.clock
        .set_wall(UNIX_EPOCH + Duration::from_secs(4_102_444_800));
    rig.answers([status(200)]);
    rig.steps(2);
    assert!(
        rig.body(0).contains(r#""timestamp":1767225600}"#),
        "{}",
        rig.body(0)
    );
}

// EVT-2
#[test]
fn a_file_of_this_run_is_told_in_the_present_time_and_one_of_another_run_is_not() {
    let scratch = Scratch::new();
    let set = |rig: &Rig| {
        let year_2100 = Duration::from_secs(4_102_444_800);
        rig.clock.set_wall(std::time::UNIX_EPOCH + year_2100);
    };
    let event = || {
        let payload = br#"{"timestamp":1767225600.0}"#.to_vec();
        Envelope::event(Uuid::new_v4(), payload)
    };
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.submit(event());
    rig.steps(2);
    assert_eq!(rig.fates(), [Fate::Spooled]);
    set(&rig);
    rig.shared.wishes.send_spooled();
    rig.answers([status(200), no_connection()]);
    rig.pass(Duration::from_secs(1), 10);
    assert!(
        rig.body(1).contains(r#""timestamp":4102444800.000000}"#),
        "{}",
        rig.body(1)
    );
    // What is written now is written with the times of now.
    rig.submit(event());
    rig.pass(Duration::from_secs(1), 2);
    assert_eq!(rig.fates(), [Fate::Spooled, Fate::Delivered, Fate::Spooled]);
    let file = scratch.path().join("cache").join(&files(&scratch)[0]);
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(r#""timestamp":4102444800.000000}"#), "{text}");

    let scratch = Scratch::new();
    let mut rig = spooling(&scratch, POLICY);
    rig.answers([no_connection()]);
    rig.submit(event());
    rig.steps(2);
    drop(rig);
    let mut rig = spooling(&scratch, POLICY);
    set(&rig);
    rig.answers([status(200)]);
    rig.pass(MINUTE, 100);
    assert_eq!(rig.fates(), [Fate::Delivered]);
    assert!(
        rig.body(0).contains(r#""timestamp":1767225600.0}"#),
        "{}",
        rig.body(0)
    );
}
