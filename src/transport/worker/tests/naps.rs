//! Naps: how the worker waits after it has had work.

use super::*;
use crate::transport::worker::wake::NAP;

const ASLEEP: Duration = Duration::from_secs(60);

#[test]
fn the_worker_naps_after_work_and_sleeps_when_the_nap_is_over() {
    let mut rig = rig();
    rig.steps(2);
    assert_eq!(rig.last_wait(), ASLEEP);
    for _ in 0..3 {
        rig.capture();
        rig.answers([status(200)]);
        // Sent and answered, and the wait after that.
        rig.steps(2);
        assert_eq!(rig.last_wait(), NAP);
        rig.clock.advance(Duration::from_millis(2));
        rig.steps(1);
        assert_eq!(rig.last_wait(), NAP - Duration::from_millis(2));
        rig.clock.advance(NAP);
        rig.steps(1);
        assert_eq!(rig.last_wait(), ASLEEP);
    }
}

#[test]
fn while_a_request_takes_the_only_place_the_worker_waits_for_its_end() {
    let mut rig = rig();
    rig.capture();
    rig.steps(2);
    assert!(rig.last_wait() > NAP, "{:?}", rig.last_wait());
}

#[test]
fn nothing_is_waited_for_while_a_task_is_due() {
    let mut rig = rig();
    rig.steps(2);
    rig.shared.wishes.run_client_tasks();
    rig.worker.wait(ASLEEP);
    assert_eq!(rig.last_wait(), Duration::ZERO);
}
