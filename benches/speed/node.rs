//! A node as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A `jenny run` on a port of its own.
pub(crate) struct RunningNode {
    process: Child,
    pub(crate) api: SocketAddr,
    /// `ws://address:port` for peers.
    pub(crate) p2p: String,
}

impl RunningNode {
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::start_with(data, arguments, &[])
    }

    /// One that speaks JSON with every peer.
    pub(crate) fn start_json(data: &Path, arguments: &[&str]) -> Self {
        Self::start_with(data, arguments, &[("JENNY_P2P_NATIVE", "false")])
    }

    /// One that leaves pending records in the pool.
    pub(crate) fn start_idle(data: &Path, arguments: &[&str]) -> Self {
        Self::start_with(data, arguments, &[("JENNY_MINING_ENABLED", "false")])
    }

    fn start_with(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_jenny"))
            .args([
                "run",
                "--api-listen",
                "127.0.0.1:0",
                "--p2p-listen",
                "127.0.0.1:0",
                "--data-dir",
            ])
            .arg(data)
            .args(arguments)
            .env("JENNY_MINING_DEADLINE", "5s")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let api = line.split_once("api=http://").expect("a ready line").1;
        let api = api.split_whitespace().next().unwrap().parse().unwrap();
        let p2p = line.split_whitespace().find_map(|part| part.strip_prefix("p2p="));
        let p2p = p2p.expect("an address for peers").to_owned();
        Self { process, api, p2p }
    }

    /// Resident memory, as the kernel counts it.
    pub(crate) fn resident_mib(&self) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib / 1024.0
    }

    /// The most that was resident at any time, in MiB.
    pub(crate) fn peak_mib(&self) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib / 1024.0
    }

    /// Processor time used so far, in the kernel with it, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // Fields 14 and 15 of proc_pid_stat(5), in hundredths; the name before them may hold
        // blanks.
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
    }

    pub(crate) fn stop(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}
