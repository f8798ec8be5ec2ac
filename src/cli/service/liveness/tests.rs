//! What counts as stuck.

use super::*;

const STUCK_AFTER: Duration = Duration::from_secs(90);

fn at(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[test]
fn a_thread_that_does_steps_is_never_stuck_however_long_its_work_is() {
    let (start, mut liveness) = (Instant::now(), Liveness::new(STUCK_AFTER));
    for second in 0..1_000 {
        let beats = [("writer", Some(second / 80)), ("syncer", None)];
        assert_eq!(liveness.look(&beats, at(start, second)), None, "{second}");
    }
}

#[test]
fn a_thread_that_waits_for_work_is_never_stuck() {
    let (start, mut liveness) = (Instant::now(), Liveness::new(STUCK_AFTER));
    assert_eq!(liveness.look(&[("syncer", Some(7))], at(start, 0)), None);
    assert_eq!(liveness.look(&[("syncer", None)], at(start, 50)), None);
    assert_eq!(liveness.look(&[("syncer", Some(7))], at(start, 1_000)), None);
    assert_eq!(liveness.look(&[("syncer", Some(7))], at(start, 1_089)), None);
}

#[test]
fn a_thread_without_steps_is_stuck_until_its_next_one() {
    let (start, mut liveness) = (Instant::now(), Liveness::new(STUCK_AFTER));
    let look = |liveness: &mut Liveness, writer, syncer, second| {
        liveness.look(&[("writer", Some(writer)), ("syncer", Some(syncer))], at(start, second))
    };
    assert_eq!(look(&mut liveness, 1, 5, 0), None);
    assert_eq!(look(&mut liveness, 2, 5, 10), None);
    assert_eq!(look(&mut liveness, 2, 5, 89), None);
    let stall = look(&mut liveness, 2, 5, 90).unwrap();
    assert_eq!(stall, Stall { thread: "syncer", lasts: STUCK_AFTER });
    assert_eq!(stall.to_string(), "the syncer thread has made no progress for 1 min 30 s");
    assert_eq!(look(&mut liveness, 2, 6, 99), None);
    let stall = look(&mut liveness, 2, 6, 100).unwrap();
    assert_eq!(stall, Stall { thread: "writer", lasts: STUCK_AFTER });
    assert_eq!(look(&mut liveness, 3, 7, 101), None);
}
