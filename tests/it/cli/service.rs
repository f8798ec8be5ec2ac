//! `jenny run` under a service manager: what it tells the manager, and when.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Instant;

use rustix::process::Signal;

use crate::process::{Jenny, PATIENCE, Running, until};

/// The manager's end of the socket.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        Self::on(UnixDatagram::bind(path).unwrap())
    }

    fn on(socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    fn next(&self) -> String {
        let mut bytes = [0; 1_000];
        let length = self.0.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// The next message with this line, past all others.
    fn line(&self, line: &str) -> String {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let message = self.next();
            if message.lines().any(|it| it.starts_with(line)) {
                return message;
            }
        }
        panic!("never: {line}");
    }
}

fn run(dir: &Path) -> Jenny {
    Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0").arg("--data-dir", dir)
}

#[test]
fn the_manager_hears_of_the_start_of_life_of_a_reload_and_of_the_stop() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("notify");
    let manager = Manager::at(&socket);
    let command = run(&dir.path().join("data"));
    let command = command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "4000000");
    let node = Running::start(command);
    // Opening asks for time before anything else.
    assert!(manager.next().starts_with("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=opening"));
    let mut rest = vec![manager.next()];
    while rest.last().is_none_or(|last| last != "READY=1") {
        rest.push(manager.next());
    }
    // Ready is what listens: a request is answered at once.
    assert_eq!(node.get("/livez").0, 200);

    let alive = manager.line("WATCHDOG=1");
    let known = [alive, rest.concat()].concat();
    let known = if known.contains("STATUS=chain") { known } else { manager.line("STATUS=chain") };
    assert!(known.contains("STATUS=chain dev, height 0, 0 peers"), "{known}");
    manager.line("WATCHDOG=1");

    node.signal(Signal::HUP);
    let reload = manager.line("RELOADING=1");
    let time = reload.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
    assert!(time.parse::<u64>().unwrap() > 0, "{reload}");
    manager.line("READY=1");

    node.signal(Signal::TERM);
    assert_eq!(manager.line("STOPPING=1"), "STOPPING=1\nSTATUS=SIGTERM: stopping");
    assert_eq!(node.wait(Instant::now()).code, Some(0));
}

#[test]
fn a_manager_may_listen_on_an_abstract_socket() {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("jenny-service-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let manager = Manager::on(UnixDatagram::bind_addr(&address).unwrap());
    let command = run(&dir.path().join("data")).env("NOTIFY_SOCKET", format!("@{name}"));
    let node = Running::start(command);
    manager.line("READY=1");
    node.stop();
    manager.line("STOPPING=1");
}

#[test]
fn a_manager_that_is_gone_or_cannot_be_reached_keeps_no_node_from_serving() {
    let dir = tempfile::tempdir().unwrap();
    let gone = dir.path().join("gone");
    for (number, (name, said)) in
        [(gone.to_str().unwrap(), "cannot be notified"), ("vsock:2:1", "is not notified")]
            .into_iter()
            .enumerate()
    {
        let data = dir.path().join(number.to_string());
        let node = Running::start(run(&data).env("NOTIFY_SOCKET", name));
        assert_eq!(node.get("/livez").0, 200);
        until("the log says so", || node.log().contains(said));
        node.stop();
    }
}
