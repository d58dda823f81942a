//! Forks: a child delivers its own events and never its parent's, inherits the scope, and cannot hang.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]

mod host;
mod support;

use std::time::Duration;

use host::{Program, distinct_ids, event_with, messages};
use receiver::{Receiver, Reply};
use serde_json::{Value, json};

static FORK: Program = Program::new("host_fork");
static LOADER: Program = Program::new("host_fork_loader");
static THREADS: Program = Program::new("host_fork_threads");
static CALLBACK: Program = Program::new("host_fork_callback");
static RETURNS: Program = Program::new("host_fork_returns");

/// A guard against a hang, no figure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server whose first request hangs until it is released.
fn hanging_once() -> Receiver {
    let receiver = Receiver::start();
    receiver.script([Reply::hang_after_request()]);
    receiver
}

fn has_message(events: &[Value], message: &str) -> bool {
    events
        .iter()
        .any(|event| event["logentry"]["formatted"] == message)
}

fn crumbs(event: &Value) -> Vec<&Value> {
    let list = event["breadcrumbs"]["values"]
        .as_array()
        .or_else(|| event["breadcrumbs"].as_array());
    list.into_iter()
        .flatten()
        .map(|crumb| &crumb["message"])
        .collect()
}

#[test]
fn a_child_delivers_its_own_event_and_never_the_queued_ones_of_its_parent() {
    let receiver = hanging_once();
    let run = FORK.start("own_events", &receiver.dsn());
    let has_both = |events: &[Value]| {
        ["child", "parent 0"]
            .iter()
            .all(|it| has_message(events, it))
    };
    assert!(receiver.wait_until(PATIENCE, |state| has_both(state.events())));
    assert_eq!(
        messages(&receiver),
        ["child", "parent 0"],
        "only the request that hangs and the child's"
    );
    receiver.release();
    run.finish();
    assert_eq!(
        messages(&receiver),
        [
            "child", "parent 0", "parent 1", "parent 2", "parent 3", "parent 4"
        ]
    );
    distinct_ids(&receiver);
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

#[test]
fn tags_and_breadcrumbs_are_inherited_and_not_handed_back() {
    let (receiver, _) = FORK.run_against_receiver("scope");
    assert_eq!(messages(&receiver), ["child", "grandchild", "parent"]);
    let (ours, theirs) = ("crumb of the parent", "crumb of the child");
    for name in ["child", "grandchild"] {
        let event = event_with(&receiver, name);
        assert_eq!(
            event["tags"],
            json!({"set.by": "parent", "in.child": "yes"}),
            "{name}"
        );
        assert_eq!(crumbs(&event), [ours, theirs], "{name}");
    }
    let event = event_with(&receiver, "parent");
    assert_eq!(event["tags"], json!({"set.by": "parent"}));
    assert_eq!(crumbs(&event), [ours]);
}

#[test]
fn a_grandchild_works_although_its_parent_never_called_the_library() {
    let (receiver, _) = FORK.run_against_receiver("skipped_generation");
    assert_eq!(messages(&receiver), ["grandchild"]);
}

#[test]
fn children_that_say_nothing_end_at_once_and_send_nothing() {
    let receiver = hanging_once();
    let run = FORK.start("silent_children", &receiver.dsn());
    assert!(receiver.wait_until(PATIENCE, |state| has_message(state.events(), "all done")));
    assert_eq!(messages(&receiver), ["all done", "parent"]);
    receiver.release();
    run.finish();
    assert_eq!(messages(&receiver), ["all done", "parent"]);
}

#[test]
fn a_child_may_start_the_library_anew() {
    let (receiver, _) = FORK.run_against_receiver("init_in_child");
    assert_eq!(
        messages(&receiver),
        ["child", "child, again", "parent, first", "parent, second"]
    );
    let child = event_with(&receiver, "child");
    assert_eq!(child["release"], "child@2.0.0");
    assert_eq!(
        child["tags"]["set.by"],
        Value::Null,
        "init starts with an empty scope"
    );
    let parent = event_with(&receiver, "parent, second");
    assert_eq!(parent["release"], "host@1.0.0");
    assert_eq!(parent["tags"]["set.by"], "parent");
}

#[test]
fn posix_spawn_system_and_vfork_work_while_events_are_sent() {
    let (receiver, _) = FORK.run_against_receiver("other_ways");
    assert_eq!(distinct_ids(&receiver).len(), 20);
}

#[test]
fn parent_and_children_never_make_the_same_id() {
    let (receiver, _) = FORK.run_against_receiver("ids");
    assert_eq!(distinct_ids(&receiver).len(), 40);
}

#[test]
fn forks_from_four_threads_while_eight_capture_lose_nothing() {
    let (receiver, _) = THREADS.run_against_receiver("many_threads");
    let messages = messages(&receiver);
    let children = messages
        .iter()
        .filter(|text| text.starts_with("child"))
        .count();
    assert_eq!((children, messages.len() - children), (4 * 20, 8 * 50));
    distinct_ids(&receiver);
}

#[test]
fn a_thousand_forks_in_the_middle_of_sending_deliver_every_event_once() {
    let (receiver, printed) = THREADS.run_against_receiver("thousand");
    let mut messages = messages(&receiver);
    messages.dedup();
    let parent: usize = printed.trim().parse().unwrap();
    assert!(parent > 0);
    assert_eq!(messages.len(), 1000 + parent);
    assert_eq!(distinct_ids(&receiver).len(), 1000 + parent);
}

#[test]
fn a_child_never_waits_for_a_lock_that_another_thread_held_at_the_fork() {
    let receiver = Receiver::start();
    THREADS.run("held_locks", &receiver.dsn());
    let messages = messages(&receiver);
    assert_eq!(messages.iter().filter(|text| *text == "child").count(), 150);
    // Each has the whole scope, also where a thread was changing it at the fork.
    for event in receiver.events() {
        if event["logentry"]["formatted"] == "child" {
            assert_eq!(event["tags"]["kept"], "yes");
            assert_eq!(event["tags"]["of"], "child");
            let crumbs = event["breadcrumbs"]["values"].as_array();
            let last = crumbs.and_then(|crumbs| crumbs.last());
            assert_eq!(last.map(|crumb| &crumb["message"]), Some(&"child".into()));
        }
    }
    distinct_ids(&receiver);
}

#[test]
fn a_fork_in_a_callback_on_the_librarys_thread_gives_a_child_that_can_capture() {
    let (receiver, _) = CALLBACK.run_against_receiver("worker_captures");
    assert_eq!(messages(&receiver).len(), 11);
    assert_eq!(distinct_ids(&receiver).len(), 11);
}

#[test]
fn a_child_that_returns_from_a_callback_does_not_go_on_with_its_parents_work() {
    let (receiver, _) = CALLBACK.run_against_receiver("worker_returns");
    assert_eq!(messages(&receiver).len(), 10);
    assert_eq!(distinct_ids(&receiver).len(), 10);
}

#[test]
fn a_fork_in_a_callback_on_a_capturing_thread_works_both_ways() {
    for scenario in ["capturing_captures", "capturing_returns"] {
        let receiver = hanging_once();
        let run = CALLBACK.start(scenario, &receiver.dsn());
        assert!(receiver.wait_until(PATIENCE, |state| has_message(state.events(), "child")));
        receiver.release();
        run.finish();
        assert_eq!(messages(&receiver), ["child", "parent 0"], "{scenario}");
    }
}

#[test]
fn a_fork_in_a_callback_of_the_close_does_not_tell_the_child_the_rest() {
    let receiver = hanging_once();
    CALLBACK.run("closing_returns", &receiver.dsn());
    assert_eq!(messages(&receiver), ["parent"]);
}

#[test]
fn a_child_that_returns_from_a_call_of_the_library_leaves_all_to_its_parent() {
    for scenario in ["logger_on_worker", "logger_in_init"] {
        let (receiver, _) = RETURNS.run_against_receiver(scenario);
        let expected = if scenario == "logger_on_worker" { 3 } else { 0 };
        assert_eq!(distinct_ids(&receiver).len(), expected, "{scenario}");
        assert_eq!(messages(&receiver).len(), expected, "{scenario}");
    }
    // These go to the host, which counts.
    for scenario in ["transport_send", "transport_end", "client"] {
        let (receiver, _) = RETURNS.run_against_receiver(scenario);
        assert!(messages(&receiver).is_empty(), "{scenario}");
    }
}

#[test]
fn a_fork_while_a_shutdown_saves_saves_nothing_twice() {
    let receiver = hanging_once();
    let run = RETURNS.start("saving", &receiver.dsn());
    assert!(receiver.wait_until(PATIENCE, |state| state.events().len() > 3));
    receiver.release();
    run.finish();
    // Nobody knows whether the one that hangs has arrived, so it comes again.
    let expected = ["event 0", "event 0", "event 1", "event 2"];
    assert_eq!(messages(&receiver), expected);
}

#[test]
fn a_fork_in_a_hook_leaves_what_was_captured_to_the_parent() {
    for (scenario, expected) in [
        ("event_captures", &["child", "parent"][..]),
        ("event_returns", &["child", "parent"]),
        ("breadcrumb_returns", &["child"]),
        ("feedback_returns", &["child"]),
    ] {
        let (receiver, _) = CALLBACK.run_against_receiver(scenario);
        assert_eq!(messages(&receiver), expected, "{scenario}");
        let envelopes = receiver.envelopes();
        let sessions = envelopes.iter().flat_map(|it| it.items_of("session"));
        let sessions: Vec<_> = sessions.filter_map(|item| item.json()).collect();
        // One, that of the parent, and its end; the child tells nothing of it.
        assert!(sessions.iter().all(|it| it["sid"] == sessions[0]["sid"]));
        let ends = sessions.iter().filter(|it| it["status"] == "exited");
        assert_eq!(ends.count(), 1, "{scenario}");
        let first = sessions.iter().filter(|it| it["init"] == true);
        assert_eq!(first.count(), 1, "{scenario}");
        let feedback = envelopes.iter().flat_map(|it| it.items_of("feedback"));
        assert_eq!(
            feedback.count(),
            usize::from(scenario == "feedback_returns")
        );
    }
}

#[test]
fn a_fork_while_a_thread_holds_the_loaders_list_hangs_no_child() {
    for scenario in ["started_before", "started_in_the_child"] {
        let (receiver, _) = LOADER.run_against_receiver(scenario);
        let event = event_with(&receiver, "child");
        let frames = &event["threads"]["values"][0]["stacktrace"]["frames"];
        assert!(
            frames.as_array().is_some_and(|frames| frames.len() > 2),
            "{event}"
        );
        let images = &event["debug_meta"]["images"];
        assert!(
            images.as_array().is_some_and(|images| images.len() > 3),
            "{event}"
        );
    }
}

#[test]
fn children_may_use_the_loader_however_busy_the_library_was_with_it() {
    LOADER.run_against_receiver("children_use_the_loader");
}
