//! Signals that the tests ignore, as under `nohup` or in the background of a script, and that the
//! processes which they start must not ignore.

use std::sync::Once;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Those that shells and `nohup` have a program ignore. The standard library resets SIGPIPE.
pub(super) const IGNORED: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

/// From now on the processes that this one starts begin with the default action of these signals.
/// A process inherits that a signal is ignored, and not that it is handled: here a handler that does
/// nothing takes the place of ignoring it. A signal that this process does not ignore still ends it.
pub(super) fn reset_in_children() {
    static RESET: Once = Once::new();
    // The first test that starts a process may be within a runtime, where none may be dropped.
    RESET.call_once(|| std::thread::spawn(handle_ignored).join().unwrap());
}

fn handle_ignored() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = IGNORED.iter().filter(|it| ignores(&status, it.as_raw()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _inside = runtime.enter();
    for it in ignored {
        // The handler stays when this is dropped.
        drop(signal(SignalKind::from_raw(it.as_raw())).unwrap());
    }
}

/// Whether a process ignores a signal, by its status in `/proc`.
pub(super) fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    (mask >> (signal - 1)) & 1 == 1
}
