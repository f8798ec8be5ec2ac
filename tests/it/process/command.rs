//! One call of the binary, from its arguments to its exit code.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::PATIENCE;
use super::signals::{IGNORED, ignores, reset_in_children};

/// Read while a database is open in this process, written while a process is started: for a
/// moment the new process shares every open file, and with it the lock of a database that
/// another test has just closed and handed to a process of its own.
static DATABASES: RwLock<()> = RwLock::new(());

/// To be held while a database is open in this process.
pub(crate) fn open_here() -> RwLockReadGuard<'static, ()> {
    DATABASES.read().unwrap_or_else(PoisonError::into_inner)
}

/// To be held while a process is started in another way than by [`spawn`].
pub(crate) fn starting() -> RwLockWriteGuard<'static, ()> {
    reset_in_children();
    DATABASES.write().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process while no database is open in this one.
pub(crate) fn spawn(command: &mut Command) -> Child {
    let _starting = starting();
    command.spawn().unwrap()
}

/// The command line to be. Nothing of the test's environment reaches it.
pub(crate) struct Jenny(pub(crate) Command);

/// What a call left.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    /// Less the steps of an opening, which are told where it lasts.
    pub(crate) err: String,
}

/// What a line has that tells of an opening: one that lasts a second, as on a busy machine.
const STEP: &str = ": opening the database, ";

impl Jenny {
    pub(crate) fn new(subcommand: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jenny"));
        command.env_clear().arg(subcommand);
        // Nodes of tests that run side by side must not meet at one port.
        command.env("JENNY_P2P_LISTEN", "127.0.0.1:0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command)
    }

    /// With the words of `text` and nothing else as arguments.
    pub(crate) fn words(mut self, text: &str) -> Self {
        self.0.args(text.split_whitespace());
        self
    }

    pub(crate) fn arg(mut self, flag: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.arg(flag).arg(value);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Starts it.
    pub(crate) fn spawn(&mut self) -> Child {
        spawn(&mut self.0)
    }

    /// Runs it to its end.
    pub(crate) fn done(mut self) -> Done {
        finish(self.spawn())
    }

    /// As [`Self::done`], for what takes long.
    pub(crate) fn done_within(mut self, time: Duration) -> Done {
        finish_within(self.spawn(), time)
    }
}

/// Waits for a child's end.
pub(crate) fn finish(child: Child) -> Done {
    finish_within(child, PATIENCE)
}

fn finish_within(mut child: Child, time: Duration) -> Done {
    let out = child.stdout.take().map(read);
    let err = child.stderr.take().map(read);
    // Both are closed when it ends, so that waiting for them needs no polling.
    let text = |pipe: Option<Receiver<String>>| {
        pipe.map_or(Some(String::new()), |pipe| pipe.recv_timeout(time).ok())
    };
    let (out, err) = (text(out), text(err));
    if out.is_none() || err.is_none() {
        child.kill().unwrap();
    }
    let code = child.wait().unwrap().code();
    let err = err.expect("it ends");
    let err = err.split_inclusive('\n').filter(|line| !line.contains(STEP)).collect();
    Done { code, out: out.expect("it ends"), err }
}

fn read(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        // The test may have given up.
        let _ = send.send(String::from_utf8(bytes).unwrap());
    });
    receive
}

impl Done {
    /// Its standard output, of a call that must have succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    /// Its standard error, of a call that must have ended so and printed nothing else.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert_eq!(self.out, "", "{}", self.err);
        self.err
    }
}

/// Runs this test again where signals are ignored, and there starts a process.
#[test]
fn a_process_ignores_no_signal_that_the_tests_ignore() {
    const VARIABLE: &str = "JENNY_TEST_IGNORED_SIGNALS";
    if std::env::var_os(VARIABLE).is_none() {
        let name = "process::command::a_process_ignores_no_signal_that_the_tests_ignore";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap '' HUP INT QUIT TERM; exec \"$@\"", "sh"]);
        shell.arg(std::env::current_exe().unwrap());
        shell.args(["--exact", name, "--nocapture"]).env(VARIABLE, "");
        let text = finish(spawn(shell.stdout(Stdio::piped()).stderr(Stdio::piped()))).ok();
        assert!(text.contains("1 passed") && text.contains("SigIgn:"), "{text}");
        return;
    }
    let mut cat = Command::new("cat");
    let cat = cat.arg("/proc/self/status").stdout(Stdio::piped());
    let status = finish(spawn(cat)).ok();
    assert!(IGNORED.iter().all(|it| !ignores(&status, it.as_raw())), "{status}");
    let line = status.lines().find(|line| line.starts_with("SigIgn:"));
    println!("{}", line.unwrap());
}
