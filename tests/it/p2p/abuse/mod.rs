//! Malformed and abusive input on one running node: each is answered as docs/p2p.md says, REST
//! answers meanwhile, and the chain stays.
//!
//! A sample of the heavy cases by default; `JENNY_TEST_ABUSE=all` runs them at full size, and asserts
//! how fast REST answers and that the memory comes back.

mod cases;
mod crowds;
pub(crate) mod raw;
pub(crate) mod watch;

use std::sync::Mutex;

use jenny_chain::chain::Spec;

use crate::process::{Branch, PeerNode};
use crate::process::{PATIENCE, until};
use cases::{Case, Expected, Given};
use raw::{End, Raw};
use watch::{Rest, assert_quick, peak, resident};

/// Cases at a time: below the node's cap of links, so that none is refused for another.
const AT_A_TIME: usize = 8;

/// How much more memory than before is left at the end, in bytes.
const MORE: u64 = 30 << 20;

fn is_full() -> bool {
    std::env::var("JENNY_TEST_ABUSE").is_ok_and(|value| value == "all")
}

#[test]
fn whatever_peers_send_the_node_answers_as_designed_and_keeps_its_chain() {
    let branch = Branch::new(Spec::dev()).grow("B", 30, 1_000);
    let node = PeerNode::with(&branch.until(20));
    let given = Given::new(&branch, 20);
    // What a node holds once it has served a link and a client.
    for _ in 0..8 {
        assert!(Raw::link(node.address()).is_alive());
        node.status();
    }
    let before = resident(node.process().id());
    let rest = Rest::watch(&node);

    let cases = cases::all();
    let count = cases.len();
    let failures = run(&node, &given, cases);
    let crowds = crowds::all(&node, is_full());

    let slowest = rest.end();
    assert!(failures.is_empty(), "{} of {count} cases:\n{}", failures.len(), failures.join("\n"));
    assert!(crowds.is_empty(), "{}", crowds.join("\n"));
    assert_eq!(node.tip(), branch.hash(20));
    assert_eq!(node.reorgs(), 0);
    assert!(!node.process().log().contains("panicked"), "{}", node.process().log());
    until("the links are given back", || node.status()["links"] == 0);
    if is_full() {
        assert_quick(slowest);
        let process = node.process().id();
        until("the memory comes back", || resident(process) <= before + MORE);
    }
    println!(
        "{count} cases; resident {} MiB before, {} MiB at most, {} MiB after; REST answered in {slowest:?} at most",
        before >> 20,
        peak(node.process().id()) >> 20,
        resident(node.process().id()) >> 20
    );
    node.stop_and_verify();
}

/// Runs the cases, some at a time, each on a link of its own; what went wrong.
fn run(node: &PeerNode, given: &Given, cases: Vec<Case>) -> Vec<String> {
    let (waiting, failures) = (Mutex::new(cases.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some(case) = waiting.lock().unwrap().next() else { return };
                    if let Some(failure) = judge(node, given, &case) {
                        failures.lock().unwrap().push(format!("{}: {failure}", case.name));
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap()
}

fn judge(node: &PeerNode, given: &Given, case: &Case) -> Option<String> {
    if case.expected == Expected::NoUpgrade {
        let mut raw = Raw::connect(node.address());
        (case.act)(&mut raw, given);
        return match raw.answer() {
            Some(101) => Some("it was upgraded".to_owned()),
            Some(403) | None => None,
            Some(status) => (!(400..500).contains(&status)).then(|| format!("status {status}")),
        };
    }
    let mut raw = Raw::link(node.address());
    (case.act)(&mut raw, given);
    match case.expected {
        Expected::Silence => (!raw.is_alive()).then(|| "the link ended".to_owned()),
        Expected::Code(code) => {
            let end = raw.ending(PATIENCE);
            (end != End::Code(code)).then(|| format!("{end:?} in place of {code}"))
        }
        Expected::End => {
            let end = raw.ending(PATIENCE);
            (end == End::Open).then(|| "the link stays".to_owned())
        }
        Expected::Either => {
            // A link may end while it is asked whether it lives.
            let is_fine = raw.is_alive() || raw.ending(PATIENCE) != End::Open;
            (!is_fine).then(|| "neither closed nor alive".to_owned())
        }
        Expected::NoUpgrade => None,
    }
}
