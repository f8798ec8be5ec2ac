//! An import that is killed continues, and ends with the same chain and the same own records.

use std::time::Duration;

use jenny_chain::chain::leaf_hash;
use serde_json::json;

use super::rounds::rounds;
use crate::process::{Chain, Jenny, Running};

#[test]
fn an_import_continues_whenever_it_is_killed() {
    let chain = Chain::long(4_000);
    let around = tempfile::tempdir().unwrap();
    let (file, again) = (around.path().join("a.chain"), around.path().join("again.chain"));
    let node = Running::idle(&chain.dir());
    node.mine(&["mined here"]);
    let records: Vec<_> = (0..3_000).map(|number| format!("record {number}")).collect();
    assert_eq!(node.post("/v1/records", &json!({ "data": records }).to_string()).unwrap().0, 202);
    node.stop();
    let export = |dir: &std::path::Path, file: &std::path::Path| {
        Jenny::new("export").arg("--data-dir", dir).arg("-o", file).done().ok();
        std::fs::read(file).unwrap()
    };
    let whole = export(&chain.dir(), &file);
    rounds(|round, random| {
        let dir = around.path().join(format!("data {round}"));
        let import = || {
            let mut command = Jenny::new("import").arg("--data-dir", &dir);
            command.0.arg(&file);
            command
        };
        let mut kills = 0;
        loop {
            let mut child = import().spawn();
            std::thread::sleep(random.delay(Duration::from_millis(400) * (kills + 1)));
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{status:?}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        let out = import().done().ok();
        assert!(out.contains("height=4001 "), "{out}");
        assert!(out.contains(" new=0 ") && out.contains(" pending=0"), "{out}");
        assert!(export(&dir, &again) == whole, "the same file");
        println!("round {round}: {kills} kills");
    });
    // The records of the last one are mined.
    let dir = around.path().join("data 0");
    let node = Running::dev(&dir);
    let id = leaf_hash(records[2_999].as_bytes());
    let (status, text) = node.get(&format!("/v1/records/{id}?wait=60"));
    assert!(status == 200 && text.contains("included"), "{text}");
    node.stop();
}
