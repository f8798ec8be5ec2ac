//! What the system says of this process.

use std::fs;

/// Returns how many bytes of memory are resident, `None` if the system does not say.
pub(in crate::api) fn resident_bytes() -> Option<u64> {
    // The kernel writes it: no disk is waited for.
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1_024)
}
