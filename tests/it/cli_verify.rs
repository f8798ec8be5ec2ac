//! `jenny verify`, and the pages of help.

use std::path::Path;

use crate::process::{Chain, Jenny, Running, tamper};

fn verify(dir: &Path) -> Jenny {
    Jenny::new("verify").arg("--data-dir", dir)
}

#[test]
fn a_sound_chain_is_ok() {
    let chain = Chain::long(300);
    let (dir, tip) = (chain.dir(), chain.hash(300));
    assert_eq!(verify(&dir).done().ok(), format!("ok height=300 tip={tip} blocks=301\n"));
    assert_eq!(
        verify(&dir).words("--json").done().ok(),
        format!("{{\"ok\":true,\"height\":300,\"tip\":\"{tip}\",\"blocks\":301}}\n")
    );
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
    for command in ["run", "init", "dump", "verify", "status"] {
        let done = Jenny::new(command).words("--help").done();
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{command}");
        assert!(done.out.contains("Exit codes:"), "{command}");
    }
    assert!(Jenny::new("--help").done().ok().contains("jenny is a small ledger node"));
    assert!(Jenny::new("--version").done().ok().starts_with("jenny 0."));
    assert!(Jenny::new("dmup").done().failed(2).contains("'dump'"));
    assert!(Jenny::new("export").done().failed(2).contains("unrecognized subcommand"));
}
