//! PostgreSQL as a user would take it instead: a temporary cluster with its own defaults, which
//! make every transaction durable.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Where Debian has the programs, a directory for each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// What each client does over and over: one record, one transaction.
const INSERT: &str = "\\set number :number + 1
\\set id :client_id * 1000000000 + :number
INSERT INTO record (id, data) VALUES (:id::bigint, lpad(:id::text, 300, '0'));
";

/// A running cluster, stopped and removed when dropped.
pub(crate) struct Postgres {
    home: TempDir,
    programs: PathBuf,
}

impl Postgres {
    /// Starts one, unless it is not installed, which is said.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("    PostgreSQL is not installed, so nothing is compared with it");
            return None;
        };
        let it = Self { home: tempfile::tempdir().unwrap(), programs };
        if is_root() {
            // It refuses to run as root.
            run(Command::new("chown").arg("postgres").arg(it.home.path()));
        }
        run(it.command("initdb").args(["--auth=trust", "--username=jenny", "-D"]).arg(it.data()));
        let socket = format!("-c listen_addresses= -c unix_socket_directories={}", it.path());
        let log = it.home.path().join("log");
        run(it
            .command("pg_ctl")
            .args(["start", "--wait", "-o", &socket, "-D"])
            .arg(it.data())
            .arg("-l")
            .arg(&log));
        fs::write(it.home.path().join("insert.sql"), INSERT).unwrap();
        println!("    beside {}", it.ask("SHOW server_version").trim());
        for setting in ["fsync", "synchronous_commit"] {
            assert_eq!(it.ask(&format!("SHOW {setting}")).trim(), "on");
        }
        Some(it)
    }

    /// Records that this many connections insert into an empty table in a second, each in a
    /// transaction of its own.
    pub(crate) fn inserts(&self, clients: usize, time: Duration) -> f64 {
        self.ask("DROP TABLE IF EXISTS record");
        self.ask("CREATE TABLE record (id bigint PRIMARY KEY, data text NOT NULL)");
        let mut command = self.command("pgbench");
        command.args(["--username=jenny", "--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        command.args(["--define=number=0", "--host", &self.path()]);
        command.args([format!("--client={clients}"), format!("--time={}", time.as_secs())]);
        command.arg("--file").arg(self.home.path().join("insert.sql")).arg("postgres");
        let report = run(&mut command);
        let rate = report.lines().find_map(|line| line.strip_prefix("tps = ")).expect("a rate");
        rate.split(' ').next().unwrap().parse().unwrap()
    }

    /// The result of a statement.
    fn ask(&self, statement: &str) -> String {
        let mut command = self.command("psql");
        command.args(["--username=jenny", "-qAtX", "-v", "ON_ERROR_STOP=1"]);
        run(command.args(["--host", &self.path(), "--command", statement, "postgres"]))
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.home.path());
        command
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn path(&self) -> String {
        self.home.path().to_str().unwrap().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut command = self.command("pg_ctl");
        let command = command.args(["stop", "--wait", "--mode=immediate", "-D"]).arg(self.data());
        // Nothing of it is needed any more.
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The directory of the programs of the newest version, `None` if there is none.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).ok()?;
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| ["initdb", "pgbench"].iter().all(|it| path.join("bin").join(it).exists()))
        .max_by_key(|path| number(path));
    Some(newest?.join("bin"))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs a command that must succeed. Returns what it printed.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
    String::from_utf8(output.stdout).unwrap()
}
