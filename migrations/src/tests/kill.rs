//! Upgrades that kill -9 ends at every phase of every step.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::fixtures::write_schema_1;

const FOLDER: &str = "JENNY_TEST_KILL_FOLDER";
const AT: &str = "JENNY_TEST_KILL_AT";

/// Every tree with its entries.
type Contents = BTreeMap<Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>>;

fn upgrade_file(folder: &Path, progress: &mut dyn FnMut(Progress)) {
    let db = open(folder).unwrap();
    let file = File::options().write(true).open(folder.join("db")).unwrap();
    run(&db, &|| file.sync_data(), progress).unwrap();
}

fn contents(folder: &Path) -> Contents {
    let db = open(folder).unwrap();
    let tree = |name: sled::IVec| {
        let entries = db.open_tree(&name).unwrap().iter();
        let entries = entries.map(|entry| entry.map(|(key, value)| (key.to_vec(), value.to_vec())));
        (name.to_vec(), entries.collect::<Result<_, _>>().unwrap())
    };
    db.tree_names().into_iter().map(tree).collect()
}

fn write(folder: &Path, schema: u64) {
    let block =
        Schema1Block { hash: [1; 32], header: [2; 132], total_work: [3; 32], records: Vec::new() };
    let blocks = vec![block; 6];
    match schema {
        0 => drop(open(folder).unwrap()),
        1 => write_schema_1(folder, "{}", &blocks).unwrap(),
        _ => write_schema_2(folder, "{}", &blocks, &[]).unwrap(),
    }
}

/// A test only in name: without its variables there is nothing to do, and the test that starts it
/// checks what it leaves.
#[test]
fn upgrades_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let mut left: u64 = std::env::var(AT).unwrap().parse().unwrap();
    upgrade_file(Path::new(&folder), &mut |_| {
        if left == 0 {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)
                .unwrap();
        }
        left -= 1;
    });
}

#[test]
fn a_kill_at_any_phase_of_any_step_loses_nothing() {
    for schema in 0..newest() {
        let whole = tempfile::tempdir().unwrap();
        write(whole.path(), schema);
        upgrade_file(whole.path(), &mut |_| ());
        let expected = contents(whole.path());
        for at in 0..(newest() - schema) * 4 {
            let killed = tempfile::tempdir().unwrap();
            write(killed.path(), schema);
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "tests::kill::upgrades_until_it_is_killed", "--quiet"]);
            child.env(FOLDER, killed.path()).env(AT, at.to_string()).stdout(Stdio::null());
            let status = child.status().unwrap();
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
            upgrade_file(killed.path(), &mut |_| ());
            assert_eq!(contents(killed.path()), expected, "schema {schema}, killed at {at}");
        }
    }
}
