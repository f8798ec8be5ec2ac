//! What the manager's environment asks for, and what it is told.

use super::*;

fn of(variables: &[(&str, &str)]) -> Service {
    Service::of(&|name| {
        let value = variables.iter().find(|(known, _)| *known == name)?.1;
        Some(value.to_owned())
    })
}

#[test]
fn the_watchdog_is_of_the_process_that_it_names() {
    let ours = std::process::id().to_string();
    let socket = ("NOTIFY_SOCKET", "/run/notify");
    let time = ("WATCHDOG_USEC", "180000000");
    let three_minutes = Some(Duration::from_secs(180));
    assert_eq!(of(&[socket, time]).watchdog, three_minutes);
    assert_eq!(of(&[socket, time, ("WATCHDOG_PID", &ours)]).watchdog, three_minutes);
    assert_eq!(of(&[socket, time, ("WATCHDOG_PID", "1")]).watchdog, None);
    assert_eq!(of(&[time]).watchdog, None);
    for wrong in ["", "0", "-1", "3s"] {
        assert_eq!(of(&[socket, ("WATCHDOG_USEC", wrong)]).watchdog, None, "{wrong}");
    }
}

#[test]
fn a_sign_of_life_comes_in_time_and_a_stuck_thread_is_noticed_before_the_last_one() {
    let with = |watchdog| Service { watchdog, notifier: None };
    for seconds in [8, 30, 180, 3_600] {
        let time = Duration::from_secs(seconds);
        let service = with(Some(time));
        assert!(service.look_every() * 3 < time, "{seconds}");
        assert!(service.stuck_after() < time, "{seconds}");
        assert!(service.stuck_after() >= MIN_STUCK_AFTER, "{seconds}");
    }
    assert!(with(Some(Duration::from_micros(1))).look_every() > Duration::ZERO);
    assert_eq!(with(None).look_every(), STATUS_EVERY);
    assert_eq!(with(None).stuck_after(), STUCK_AFTER);
}

#[tokio::test(start_paused = true)]
async fn a_long_start_asks_for_more_time_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    manager.set_nonblocking(true).unwrap();
    let service = of(&[("NOTIFY_SOCKET", path.to_str().unwrap())]);
    let start = async {
        tokio::time::sleep(Duration::from_secs(35)).await;
        "opened"
    };
    assert_eq!(service.opening(start).await, "opened");
    let mut received = Vec::new();
    let mut bytes = [0; 200];
    while let Ok(length) = manager.recv(&mut bytes) {
        received.push(String::from_utf8(bytes[..length].to_vec()).unwrap());
    }
    assert_eq!(received.len(), 4, "{received:?}");
    for message in received {
        assert!(message.starts_with("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=opening"), "{message}");
    }
}

#[test]
fn the_status_is_one_short_line() {
    assert_eq!(status_line("all is well"), "STATUS=all is well");
    let line = status_line(&format!("a\nREADY=1\u{1b}{}", "x".repeat(1_000)));
    assert_eq!(line.lines().count(), 1, "{line}");
    assert_eq!(line.chars().count(), "STATUS=".len() + MAX_STATUS);
}

#[test]
fn the_log_says_once_that_a_thread_is_stuck_and_once_that_it_works_again() {
    let stall = |seconds| Some(Stall { thread: "syncer", lasts: Duration::from_secs(seconds) });
    let line = change(None, stall(90)).unwrap();
    assert!(line.starts_with("the syncer thread has made no progress for 1 min 30 s;"), "{line}");
    assert_eq!(change(stall(90), stall(100)), None);
    assert_eq!(change(stall(100), None).unwrap(), "the syncer thread is at work again");
    assert_eq!(change(None, None), None);
}
