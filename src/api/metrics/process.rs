//! What the system says of this process. The kernel makes all of it up: no disk is waited for.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use rustix::process::{Resource, getrlimit};

/// Memory of the process in bytes, each `None` if the system does not say.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::api) struct Memory {
    pub(in crate::api) resident_bytes: Option<u64>,
    pub(in crate::api) virtual_bytes: Option<u64>,
}

/// Returns how much memory the process has.
pub(in crate::api) fn memory() -> Memory {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        kibibytes.checked_mul(1_024)
    };
    Memory { resident_bytes: bytes("VmRSS:"), virtual_bytes: bytes("VmSize:") }
}

/// Returns the CPU time of all threads, `None` if the system does not say.
pub(in crate::api) fn cpu_time() -> Option<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let micros = |time: TimeVal| u64::try_from(time.num_microseconds()).ok();
    let sum = micros(usage.user_time())?.checked_add(micros(usage.system_time())?)?;
    Some(Duration::from_micros(sum))
}

/// Returns how many files and sockets are open, `None` if the system does not say.
pub(in crate::api) fn open_descriptors() -> Option<usize> {
    // One of them is that of this directory.
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

/// Returns how many files and sockets may be open, `None` if there is no limit.
pub(in crate::api) fn max_descriptors() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_descriptors_and_took_time() {
        let memory = memory();
        assert!(memory.resident_bytes > Some(1_000_000) && memory.virtual_bytes > Some(1_000_000));
        assert!(memory.virtual_bytes >= memory.resident_bytes);
        let open = open_descriptors().unwrap() as u64;
        assert!(open >= 3 && max_descriptors().is_none_or(|max| open <= max), "{open}");
        let before = cpu_time().unwrap();
        while cpu_time().unwrap() == before {
            std::hint::black_box((0..1_000).sum::<u32>());
        }
    }
}
