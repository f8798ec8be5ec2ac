//! What must hold all the while: REST responds, and the memory is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::process::PeerNode;

/// Longest that an answer may take on a machine that does other work too.
const SLOW: Duration = Duration::from_secs(5);

/// Asks the node over and over, from a thread of its own.
pub(crate) struct Rest {
    stop: Arc<AtomicBool>,
    asking: JoinHandle<Vec<Duration>>,
}

impl Rest {
    pub(crate) fn watch(node: &PeerNode) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, url) = (Arc::clone(&stop), node.process().url.clone());
        let asking = std::thread::spawn(move || {
            let agent = ureq::Agent::new_with_defaults();
            let mut times = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let started = Instant::now();
                let request = agent.get(format!("{url}/v1/blocks/tip"));
                let answer = request.header("Authorization", "Basic amVubnk6MTIzNA==").call();
                assert_eq!(answer.expect("REST answers").status(), 200);
                times.push(started.elapsed());
                std::thread::park_timeout(Duration::from_millis(20));
            }
            times
        });
        Self { stop, asking }
    }

    /// The time of the slowest answer.
    pub(crate) fn end(self) -> Duration {
        *self.times().last().expect("REST was asked")
    }

    /// The times of all answers, the shortest first.
    pub(crate) fn times(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        let mut times = self.asking.join().expect("REST answered all the while");
        times.sort();
        times
    }
}

/// For the long forms: whether `slowest` is a time in which REST may answer.
pub(crate) fn assert_quick(slowest: Duration) {
    assert!(slowest < SLOW, "an answer took {slowest:?}");
}

/// A process's resident memory, in bytes.
pub(crate) fn resident(process: u32) -> u64 {
    memory(process, "VmRSS:")
}

/// The most it ever was.
pub(crate) fn peak(process: u32) -> u64 {
    memory(process, "VmHWM:")
}

fn memory(process: u32, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

/// The sockets that a process has open.
pub(crate) fn sockets(process: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    // Some are gone before they are read.
    let links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
}
