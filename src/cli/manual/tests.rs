//! Tests.

use clap::ValueEnum as _;
use clap_complete::Shell;

use super::*;

/// Every subcommand with its parents, as `jenny-receipt-verify`.
fn subcommands() -> Vec<String> {
    fn walk(command: &clap::Command, name: &str, found: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            let name = format!("{name}-{}", inner.get_name());
            found.push(name.clone());
            walk(inner, &name, found);
        }
    }
    let mut found = Vec::new();
    walk(&Cli::command(), "jenny", &mut found);
    assert!(found.contains(&"jenny-receipt-verify".to_owned()));
    found
}

#[test]
fn the_completions_of_every_shell_name_every_subcommand() {
    for shell in Shell::value_variants() {
        let mut text = Vec::new();
        clap_complete::generate(*shell, &mut Cli::command(), "jenny", &mut text);
        let text = String::from_utf8(text).unwrap();
        for name in subcommands() {
            let last = name.rsplit('-').next().unwrap();
            assert!(text.contains(last), "{shell}: {name}");
        }
        assert!(text.contains("password-file"), "{shell}");
    }
}

#[test]
fn every_subcommand_has_a_page() {
    let dir = tempfile::tempdir().unwrap();
    man(&ManArgs { dir: Some(dir.path().to_owned()) }).unwrap();
    for name in subcommands() {
        let page = std::fs::read_to_string(dir.path().join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".TH"), "{name}");
    }
    let main = std::fs::read_to_string(dir.path().join("jenny.1")).unwrap();
    for name in Cli::command().get_subcommands() {
        assert!(main.contains(name.get_name()), "{}", name.get_name());
    }
    assert!(main.contains("JENNY_LOG"), "{main}");
    let missing = ManArgs { dir: Some(dir.path().join("missing")) };
    assert!(man(&missing).is_err());
}
