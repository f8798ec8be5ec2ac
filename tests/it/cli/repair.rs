//! `jenny repair`.

use std::path::Path;

use jenny_chain::store::{Options, open};

use crate::process::{Chain, Jenny, Running, open_here};

fn accept(dir: &Path, hash: &str) -> Jenny {
    Jenny::new("repair").arg("--data-dir", dir).words(&format!("--accept-fork {hash}"))
}

#[test]
fn an_accepted_fork_is_in_the_database() {
    let chain = Chain::long(3);
    let hash = "ab".repeat(32);
    let text = accept(&chain.dir(), &hash).done().ok();
    assert!(text.contains(&hash) && text.lines().all(|line| line.len() <= 80), "{text}");
    let _open = open_here();
    let opened = open(&chain.dir(), &Options::default(), &mut |_| ()).unwrap();
    assert_eq!(opened.reader.accepted_forks().unwrap(), [hash.parse().unwrap()]);
    assert_eq!(opened.reader.tip().hash, chain.hash(3), "the chain is as it was");
}

#[test]
fn what_cannot_be_accepted_has_its_own_codes() {
    let chain = Chain::long(3);
    accept(&chain.dir(), "abc").done().failed(2);
    Jenny::new("repair").arg("--data-dir", chain.dir()).done().failed(2);
    let empty = tempfile::tempdir().unwrap();
    let text = accept(empty.path(), &"ab".repeat(32)).done().failed(2);
    assert!(text.contains("holds no chain"), "{text}");
    let node = Running::dev(&chain.dir());
    let hash = "ab".repeat(32);
    let text = accept(&chain.dir(), &hash).done().failed(3);
    let hints: Vec<_> = text.lines().filter(|line| line.starts_with("hint: ")).collect();
    let [hint] = hints.as_slice() else { panic!("{text}") };
    let route = format!("POST {}/v1/forks/{hash}/accept", node.url);
    assert!(hint.contains(&route) && hint.contains("stop it first"), "{text}");
    node.stop();
}
