//! `jenny explore`: what a running node served is served of a stopped one, and nothing changes.

mod refused;

use std::os::unix::fs::PermissionsExt as _;

use jenny_chain::chain::leaf_hash;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::evidence::Scene;
use crate::process::{Chain, Jenny, Running, finish, until};

/// Starts the explorer over a directory that no node has open.
fn explore(scene: &Scene) -> Running {
    Running::start(scene.inspect("explore"))
}

/// The JSON of a GET, without what depends on the time of the request or on the process.
fn read(node: &Running, path: &str) -> Value {
    let (code, text) = node.get(path);
    assert_eq!(code, 200, "{path}: {text}");
    let mut value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    for pending in value.get_mut("records").and_then(Value::as_array_mut).into_iter().flatten() {
        pending.as_object_mut().map(|record| record.remove("waitSeconds"));
    }
    value
}

/// A chain with a reorg and a pending record, and the paths that the pages ask for.
fn full_scene() -> (Chain, Vec<String>) {
    let mut chain = Chain::of(&[&["first"], &["second", "\u{1b}[31mred"], &["third"]]);
    let (height, disconnected) = chain.disconnect_tip();
    let first = leaf_hash(b"first");
    let paths = [
        "/",
        "/chains",
        "/peers",
        "/livez",
        "/openapi.json",
        "/docs/",
        "/explorer/",
        "/explorer/blocks",
        "/explorer/block/2",
        "/v1/chain",
        "/v1/headers?order=desc&limit=40",
        "/v1/headers?order=desc&limit=26&from=2",
        "/v1/blocks/tip",
        "/v1/blocks/2",
        "/v1/blocks/1/header",
        "/v1/series?from=1&to=4&points=360",
        "/v1/records?state=pending",
        "/v1/reorgs?limit=20",
        "/v1/reorgs/1/records?limit=50",
        "/v1/consistency?from=1&to=4",
        "/v1/peers",
        "/v1/peers/known",
        "/v1/bans",
    ];
    let mut paths: Vec<_> = paths.map(str::to_owned).to_vec();
    paths.push(format!("/v1/blocks/{height}/{disconnected}"));
    paths.push(format!("/v1/blocks/{}/records?from=0&limit=50", chain.hash(2)));
    paths.push(format!("/v1/search?q={}", &first.to_string()[..12]));
    for end in ["", "/receipt"] {
        paths.push(format!("/v1/records/{first}{end}"));
    }
    (chain, paths)
}

#[test]
fn a_stopped_node_shows_what_the_running_one_showed() {
    let (chain, paths) = full_scene();
    let node = Running::idle(&chain.dir());
    assert_eq!(node.post("/v1/records", r#"{"data":["waits"]}"#).unwrap().0, 202);
    until("indexed", || read(&node, "/v1/status")["index"]["lag"] == 0);
    let before: Vec<_> = paths.iter().map(|path| read(&node, path)).collect();
    let status = read(&node, "/v1/status");
    node.stop();
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Jenny::new("explore").arg("--scratch", scratch.path());
    command.0.arg(chain.dir());
    let view = Running::start(command);
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(read(&view, path), before, "{path}");
    }
    let seen = read(&view, "/v1/status");
    for key in ["chain", "tip", "index", "swaps", "explorer", "version"] {
        assert_eq!(seen[key], status[key], "{key}");
    }
    assert_eq!(seen["pool"]["records"], 1);
    assert_eq!(seen["you"], json!({ "name": "auditor", "role": "reader", "default": false }));
    assert_eq!(seen["mining"], json!({ "enabled": false, "queued": 0, "hashRate": null }));
    assert_eq!(seen["stopped"]["directory"], chain.dir().to_str().unwrap());
    assert_eq!(seen["stopped"]["repairs"], json!([]));
    assert!(seen["stopped"]["readAt"].as_u64().is_some_and(|time| time > 1_700_000_000_000));
    assert!(seen["refusing"].as_str().is_some_and(|why| why.contains("`jenny run`")), "{seen}");
    assert_eq!(view.get("/readyz?for=writes").0, 503);
    // Nothing will happen, and what did is told.
    assert_eq!(view.get("/v1/events").0, 204);
    let (code, events) = view.get(&format!("/v1/events?until=tip&after=1-{}-0", chain.hash(1)));
    assert_eq!(code, 200);
    assert!(events.contains("event: block.connected"), "{events}");
    let ended = view.end(Signal::INT);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{}", ended.err);
    // Other lines are of the log.
    let told: Vec<_> = ended.err.lines().take(3).collect();
    assert!(told[0].ends_with("/data: chain dev, height 4"), "{told:?}");
    assert!(told[1].starts_with("as it was at 20") && told[2].ends_with(':'), "{told:?}");
    assert!(told.iter().all(|line| line.len() <= 80), "{told:?}");
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn either_signal_ends_it_and_leaves_no_trace() {
    let scene = Scene::new(40);
    for signal in [Signal::INT, Signal::TERM] {
        let before = scene.before();
        let view = explore(&scene);
        assert_eq!(read(&view, "/v1/status")["tip"]["height"], 40);
        let mode = scene.copy().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let ended = view.end(signal);
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{}", ended.err);
        scene.check_untouched(&before, &ended.err);
    }
    // Nobody is there to remove the copy after kill -9; the next call is not disturbed by it.
    let view = explore(&scene);
    drop(view.end(Signal::KILL));
    assert_eq!(scene.copies(), 1);
    let name = scene.copy();
    assert!(name.file_name().unwrap().to_str().unwrap().starts_with("jenny-copy."));
    assert_eq!(explore(&scene).end(Signal::INT).code, Some(0));
    assert_eq!(scene.copies(), 1);
}

#[test]
fn a_signal_before_the_pages_are_served_removes_the_copy_too() {
    let scene = Scene::new(600);
    let before = scene.before();
    let child = scene.inspect("explore").spawn();
    until("the copy is begun", || scene.copies() == 1);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let done = finish(child);
    // Or the pages were served just then.
    assert!([Some(130), Some(0)].contains(&done.code), "{}", done.err);
    scene.check_untouched(&before, &done.err);
}

#[test]
fn a_repair_of_the_copy_is_shown_and_is_a_finding() {
    let scene = Scene::new(5);
    scene.tear_snapshots();
    let before = scene.before();
    let view = explore(&scene);
    let repairs = read(&view, "/v1/status")["stopped"]["repairs"].take();
    assert!(repairs[0].as_str().is_some_and(|repair| repair.contains("snapshot")), "{repairs}");
    assert_eq!(read(&view, "/v1/blocks/tip")["height"], 5);
    let ended = view.end(Signal::INT);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.err.contains("warning: the copy had to be repaired"), "{}", ended.err);
    assert!(ended.err.contains("does not open as it is"), "{}", ended.err);
    scene.check_untouched(&before, &ended.err);
}

#[test]
fn only_who_has_the_password_may_read() {
    let scene = Scene::new(3);
    let mut passwords = Vec::new();
    for _ in 0..2 {
        let mut view = explore(&scene);
        let (credentials, _) = view.ready.split_once('@').unwrap();
        let password = credentials.strip_prefix("http://auditor:").unwrap().to_owned();
        assert!(password.len() >= 22, "{password}");
        assert!(view.ready.len() <= 80, "{}", view.ready);
        for wrong in ["jenny:1234", "auditor:", "auditor:1234"] {
            view.sign_in(wrong);
            assert_eq!(view.get("/explorer/").0, 401, "{wrong}");
        }
        passwords.push(password);
        assert_eq!(view.end(Signal::TERM).code, Some(0));
    }
    assert_ne!(passwords[0], passwords[1]);
    // A password of one's own is not printed.
    let file = scene.chain.around().join("password");
    std::fs::write(&file, "a password of some length\n").unwrap();
    let command = scene.inspect("explore").words("--user ann").arg("--password-file", &file);
    let mut view = Running::start(command);
    assert_eq!(view.ready, format!("{}/explorer/\n", view.url));
    assert_eq!(view.get("/v1/status").0, 401);
    view.sign_in("ann:a password of some length");
    assert_eq!(
        read(&view, "/v1/status")["you"],
        json!({ "name": "ann", "role": "reader", "default": false })
    );
    let ended = view.end(Signal::INT);
    assert!(ended.err.contains("sign in as ann"), "{}", ended.err);
    assert!(!ended.err.contains("a password of"), "{}", ended.err);
}
