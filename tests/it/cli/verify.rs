//! `jenny verify`, and the pages of help.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::process::{Chain, Jenny, Running, tamper};

fn verify(dir: &Path) -> Jenny {
    Jenny::new("verify").arg("--data-dir", dir)
}

#[test]
fn a_sound_chain_is_ok() {
    let chain = Chain::long(300);
    let (dir, id, tip) = (chain.dir(), chain.hash(0), chain.hash(300));
    let text = format!(
        "ok height=300 blocks=301 records=301\n\
         chain       dev\n\
         id          {id}\n\
         tip         {tip}\n\
         time        2022-06-17T00:00:01.000Z to 2022-06-17T00:05:00.000Z\n\
         records     301, 3,116 bytes\n\
         branches    none beside the main chain\n\
         checkpoints none configured\n"
    );
    assert_eq!(verify(&dir).done().ok(), text);
    assert!(text.lines().all(|line| line.len() <= 80));
    let json = format!(
        "{{\"ok\":true,\"height\":300,\"tip\":\"{tip}\",\"blocks\":301,\
         \"chain\":{{\"name\":\"dev\",\"id\":\"{id}\"}},\"records\":301,\"recordBytes\":3116,\
         \"firstTimestamp\":1655424001000,\"lastTimestamp\":1655424300000,\
         \"branches\":{{\"count\":0,\"blocks\":0,\"ends\":[]}},\
         \"checkpoints\":{{\"hold\":0,\"aboveTip\":0}}}}\n"
    );
    assert_eq!(verify(&dir).words("--json").done().ok(), json);
}

#[test]
fn totals_are_of_every_block_that_is_dumped() {
    let chain = Chain::of(&[&["a", "b"], &[], &["c"]]);
    let dumped = Jenny::new("dump").words("--format jsonl").arg("--data-dir", chain.dir());
    let dumped = dumped.done().ok();
    let blocks = dumped.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let records: Vec<_> = blocks.map(|block| block["data"].as_array().unwrap().len()).collect();
    let told = verify(&chain.dir()).words("--json").done().ok();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["blocks"], records.len());
    assert_eq!(told["records"], records.iter().sum::<usize>());
}

#[test]
fn branches_beside_the_main_chain_are_told() {
    let mut chain = Chain::long(3);
    let (height, hash) = chain.disconnect_tip();
    let text = verify(&chain.dir()).done().ok();
    assert!(text.contains("branches    1 beside the main chain, 1 blocks\n"), "{text}");
    let end = format!("one ends at block {height}, {}..\n", &hash.to_string()[..16]);
    assert!(text.contains(&end), "{text}");
}

#[test]
fn checkpoints_and_an_expected_tip_must_hold() {
    let chain = Chain::long(3);
    let other = "0".repeat(64);
    let pin = |pins: &[(u64, &str)]| {
        let entry =
            |(height, hash): &(u64, &str)| format!("{{ height = {height}, hash = \"{hash}\" }}");
        let text = pins.iter().map(entry).collect::<Vec<_>>().join(", ");
        fs::write(chain.dir().join("jenny.toml"), format!("checkpoints = [{text}]\n")).unwrap();
    };
    let (two, tip) = (chain.hash(2).to_string(), chain.hash(3).to_string());
    pin(&[(2, &two), (9, &other)]);
    let text = verify(&chain.dir()).done().ok();
    assert!(text.contains("checkpoints 1 hold, 1 above the tip\n"), "{text}");
    for expected in [tip.clone(), format!("3:{tip}")] {
        verify(&chain.dir()).arg("--expect-tip", expected).done().ok();
    }
    for expected in [two.clone(), format!("2:{tip}"), format!("3:{two}")] {
        let text = verify(&chain.dir()).arg("--expect-tip", &expected).done().failed(1);
        assert!(text.contains(&format!("the tip is 3:{tip}, not {expected}")), "{text}");
        let done = verify(&chain.dir()).words("--json").arg("--expect-tip", &expected).done();
        assert_eq!(done.code, Some(1));
        assert!(done.out.contains("\"ok\":false") && done.out.contains(&expected), "{}", done.out);
    }
    verify(&chain.dir()).words("--expect-tip 0baf558e").done().failed(2);
    pin(&[(2, &other)]);
    let text = verify(&chain.dir()).done().failed(1);
    assert!(text.contains(&format!("block 2 is {two}, but the checkpoint says 0000")), "{text}");
    // The settings may be elsewhere.
    fs::rename(chain.dir().join("jenny.toml"), chain.around().join("other.toml")).unwrap();
    verify(&chain.dir()).done().ok();
    let other = chain.around().join("other.toml");
    verify(&chain.dir()).arg("--config", &other).done().failed(1);
    fs::write(&other, "checkpoints = 1\n").unwrap();
    verify(&chain.dir()).arg("--config", &other).done().failed(2);
}

#[test]
fn a_directory_that_cannot_be_looked_into_is_no_empty_one() {
    // A loop of links stops root too.
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("db", dir.path().join("db")).unwrap();
    for command in ["verify", "dump", "run"] {
        let text = Jenny::new(command).arg("--data-dir", dir.path()).done().failed(1);
        assert!(text.contains("error: looking for ") && !text.contains("no chain"), "{text}");
    }
}

#[test]
fn the_first_bad_height_and_field_are_named() {
    let chain = Chain::long(1_500);
    for height in [400, 7] {
        tamper::spoil_block(&chain.dir(), height);
        let text = verify(&chain.dir()).done().failed(1);
        let expected = format!("error: damage was found: block {height}: ");
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.contains("merkle_root") && text.contains("hint: "), "{text}");
    }
    let done = verify(&chain.dir()).words("--json").done();
    assert_eq!(done.code, Some(1));
    assert!(done.out.starts_with("{\"ok\":false,\"damage\":\"block 7: "), "{}", done.out);
}

#[test]
fn a_closed_standard_output_does_not_hide_the_outcome() {
    let chain = Chain::long(1_500);
    let closed = |flags: &str| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = verify(&chain.dir()).words(flags);
        command.0.stdout(writer);
        command.done()
    };
    // A verdict that reached nobody is no success either.
    for flags in ["", "--json"] {
        let text = closed(flags).failed(1);
        assert!(text.contains("cannot be written to standard output"), "{text}");
    }
    tamper::spoil_block(&chain.dir(), 7);
    for flags in ["", "--json"] {
        let text = closed(flags).failed(1);
        assert!(text.starts_with("error: damage was found: block 7: "), "{text}");
    }
}

#[test]
fn what_cannot_be_opened_has_its_own_codes() {
    let chain = Chain::long(3);
    let node = Running::dev(&chain.dir());
    let text = verify(&chain.dir()).done().failed(3);
    assert!(text.contains(&format!("in use by process {}", node.id())), "{text}");
    node.stop();
    let empty = tempfile::tempdir().unwrap();
    assert!(verify(empty.path()).done().failed(2).contains("holds no chain"));
    tamper::remove_spec(&chain.dir());
    let text = verify(&chain.dir()).done().failed(4);
    assert!(text.contains("the database is damaged: "), "{text}");
}

#[test]
fn a_terminal_is_not_needed_for_progress() {
    let chain = Chain::long(3);
    let done = verify(&chain.dir()).done();
    assert!(!done.err.contains('\u{1b}') && !done.err.contains("ETA"), "{:?}", done.err);
}

#[test]
fn help_goes_to_standard_output_and_mistakes_do_not() {
    for command in ["run", "init", "dump", "verify", "receipt", "repair", "migrate", "status"] {
        let done = Jenny::new(command).words("--help").done();
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{command}");
        assert!(done.out.contains("Exit codes:"), "{command}");
        let long: Vec<_> = done.out.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{long:?}");
    }
    assert!(Jenny::new("--help").done().ok().contains("jenny is a small ledger node"));
    assert!(Jenny::new("--version").done().ok().starts_with("jenny 0."));
    assert!(Jenny::new("dmup").done().failed(2).contains("'dump'"));
    assert!(Jenny::new("no-such-command").done().failed(2).contains("unrecognized subcommand"));
}
