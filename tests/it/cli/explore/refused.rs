//! What the command refuses, and what its pages refuse.

use std::fs;
use std::net::TcpListener;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;

use super::{explore, read};
use crate::cli::evidence::Scene;
use crate::process::{Jenny, Running, tamper};

#[test]
fn every_change_is_refused_with_what_to_do() {
    let scene = Scene::new(3);
    let view = explore(&scene);
    let document = read(&view, "/openapi.json");
    let mut changes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let concrete = path.replace("{hash}", &"ab".repeat(32)).replace("{id}", &"ab".repeat(32));
        let concrete = concrete.replace("{address}", "192.0.2.1");
        for method in ["post", "put", "delete", "patch"] {
            if methods.get(method).is_none() {
                continue;
            }
            changes += 1;
            let (code, text) = view.ask(&method.to_uppercase(), &concrete);
            let problem: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(code, 403, "{method} {path}: {text}");
            assert_eq!(problem["type"], "urn:jenny:problem:read-only", "{method} {path}");
            assert!(problem["detail"].as_str().unwrap().contains("`jenny run`"), "{text}");
        }
    }
    assert!(changes >= 11, "{changes}");
    assert_eq!(read(&view, "/v1/status")["pool"]["records"], 0);
    assert_eq!(read(&view, "/v1/status")["tip"]["height"], 3);
    assert_eq!(view.end(Signal::TERM).code, Some(0));
}

#[test]
fn a_directory_that_cannot_be_shown_is_named() {
    let scene = Scene::new(3);
    let node = Running::dev(&scene.chain.dir());
    let text = scene.inspect("explore").done().failed(3);
    assert!(text.contains(&format!("in use by process {}", node.id())), "{text}");
    assert!(text.contains(&format!("{}/explorer/", node.url)), "{text}");
    node.stop();
    let nothing = tempfile::tempdir().unwrap();
    let text = Jenny::new("explore").arg("--data-dir", nothing.path()).done().failed(2);
    assert!(text.contains(&format!("{} holds no chain", nothing.path().display())), "{text}");
    tamper::remove_spec(&scene.chain.dir());
    let text = scene.inspected(scene.inspect("explore")).failed(4);
    assert!(text.contains("the database is damaged: the chain spec is missing"), "{text}");
    let scene = Scene::new(3);
    tamper::raise_schema(&scene.chain.dir());
    let text = scene.inspected(scene.inspect("explore")).failed(5);
    assert!(text.contains("install"), "{text}");
}

#[test]
fn damage_that_is_found_later_ends_it_with_its_name() {
    let scene = Scene::new(600);
    tamper::spoil_block(&scene.chain.dir(), 7);
    let before = scene.before();
    // The check may find it before the address is printed.
    let (err, code) = match Running::try_start(scene.inspect("explore")) {
        Ok(view) => {
            let ended = view.wait(Instant::now());
            (ended.err, ended.code)
        }
        Err(ended) => (ended.err, ended.code),
    };
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("block 7"), "{err}");
    assert!(err.contains("hint: "), "{err}");
    scene.check_untouched(&before, &err);
}

#[test]
fn nothing_is_copied_for_a_call_that_cannot_work() {
    let scene = Scene::new(3);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = scene.inspect("explore").arg("--listen", &address).done().failed(1);
    assert!(
        text.contains(&format!("the pages cannot be served: it cannot listen on {address}: ")),
        "{text}"
    );
    assert!(text.contains("hint: choose another address with --listen"), "{text}");
    let mut both = scene.inspect("explore");
    both.0.arg(scene.chain.dir());
    let text = both.done().failed(2);
    assert!(text.contains("both DIR and --data-dir are given"), "{text}");
    scene.inspect("explore").words("--user ann").done().failed(2);
    let short = scene.chain.around().join("short");
    fs::write(&short, "1234\n").unwrap();
    let command = scene.inspect("explore").words("--user ann").arg("--password-file", &short);
    assert!(command.done().failed(2).contains("at least 12"));
    let file = scene.chain.around().join("ledger.chain");
    fs::write(&file, "a chain file").unwrap();
    let text = Jenny::new("explore").arg("--data-dir", &file).done().failed(2);
    assert!(text.contains("is a file, not a data directory"), "{text}");
    assert!(text.contains("hint: import a chain file first: jenny import"), "{text}");
    let inside = scene.chain.dir();
    let command = Jenny::new("explore").arg("--data-dir", &inside).arg("--scratch", &inside);
    assert!(command.done().failed(2).contains("is in the data directory"));
    assert_eq!(scene.copies(), 0);
}
