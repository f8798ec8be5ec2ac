//! Tests.

use super::*;

type Applied = Arc<Mutex<Vec<String>>>;

/// A control, and what it had the log follow.
fn control() -> (LogLevel, Applied) {
    let applied = Applied::default();
    let kept = Arc::clone(&applied);
    let level = LogLevel::new("warn", move |next| {
        let text = next.map_or_else(|| "configured".to_owned(), ToString::to_string);
        kept.lock().unwrap().push(text);
    });
    (level, applied)
}

fn trace() -> TemporaryLevel {
    TemporaryLevel { level: Level::TRACE, target: OWN_TARGET.to_owned() }
}

#[test]
fn another_level_counts_until_it_is_taken_back() {
    let (level, applied) = control();
    assert_eq!(level.get(), CurrentLevel { configured: "warn".to_owned(), temporary: None });
    let before = SystemTime::now() + TEMPORARY_LEVEL_TIME;
    let (what, until) = level.set(Some(trace())).temporary.unwrap();
    assert_eq!(what, trace());
    assert!(until >= before && level.get().temporary.is_some());
    assert_eq!(level.set(None).temporary, None);
    assert_eq!(*applied.lock().unwrap(), ["jenny_chain=trace", "configured"]);
}

#[test]
fn the_signal_switches_debug_on_and_any_other_level_off() {
    let (level, applied) = control();
    level.toggle_debug();
    level.toggle_debug();
    level.set(Some(trace()));
    level.toggle_debug();
    let expected = ["jenny_chain=debug", "configured", "jenny_chain=trace", "configured"];
    assert_eq!(*applied.lock().unwrap(), expected);
}

#[test]
fn the_time_of_an_older_change_does_not_end_a_newer_one() {
    let (level, applied) = control();
    let begun = Instant::now();
    let after = |minutes: u64| begun + Duration::from_secs(60 * minutes);
    level.set_at(Some(TemporaryLevel::debug()), begun);
    assert!(!level.end_if_over(after(14)));
    level.set_at(Some(trace()), after(14));
    assert!(!level.end_if_over(after(15)), "that is the time of the older one");
    assert_eq!(level.get().temporary.unwrap().0, trace());
    level.toggle_debug();
    assert!(!level.end_if_over(after(29)), "it has ended already");
    level.set_at(Some(trace()), after(30));
    assert!(level.end_if_over(after(45)) && level.get().temporary.is_none());
    let expected =
        ["jenny_chain=debug", "jenny_chain=trace", "configured", "jenny_chain=trace", "configured"];
    assert_eq!(*applied.lock().unwrap(), expected);
}

#[test]
fn the_thread_that_keeps_the_time_sees_every_change() {
    let (level, _) = control();
    let keeping = level.clone();
    std::thread::spawn(move || keeping.keep_time());
    let past = Instant::now().checked_sub(TEMPORARY_LEVEL_TIME).unwrap();
    for _ in 0..3 {
        level.set_at(Some(trace()), past);
        let deadline = Instant::now() + Duration::from_secs(20);
        while level.get().temporary.is_some() {
            assert!(Instant::now() < deadline, "it never ends");
            std::thread::yield_now();
        }
    }
}

#[test]
fn what_the_log_follows_is_what_is_shown() {
    let (level, applied) = control();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    level.toggle_debug();
                    level.set(Some(trace()));
                    level.end_if_over(Instant::now() + TEMPORARY_LEVEL_TIME);
                }
            });
        }
    });
    let last = applied.lock().unwrap().last().unwrap().clone();
    let current = level.get().temporary;
    let shown = current.map_or_else(|| "configured".to_owned(), |(what, _)| what.to_string());
    assert_eq!(last, shown);
}
