//! Tests of where values come from.

use clap::{CommandFactory as _, FromArgMatches as _};

use super::*;
use crate::cli::args::{Cli, Command};
use crate::cli::config::template;

fn of(flags: &[&str], env: &dyn Fn(&str) -> Option<String>) -> Vec<Entry> {
    let words = ["jenny", "run"].iter().chain(flags);
    let matches = Cli::command().try_get_matches_from(words).unwrap();
    let cli = Cli::from_arg_matches(&matches).unwrap();
    let Command::Run(args) = cli.command else { panic!("{flags:?}") };
    entries(&args, env, matches.subcommand_matches("run").unwrap()).unwrap()
}

fn find(entries: &[Entry], path: &str) -> (String, String) {
    let entry = entries.iter().find(|entry| entry.path == path).unwrap();
    (entry.value.to_string(), entry.origin.to_string())
}

#[test]
fn every_value_has_its_layer_and_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_str().unwrap();
    let file = dir.path().join("jenny.toml");
    let text = "# a comment\nmax_reorg_depth = 5\n\n[mining]\nqueue = 1\ndeadline = \"5s\"\n\
                threads = 3\n[api]\nhosts = [\n  \"a\",\n]\n";
    std::fs::write(&file, text).unwrap();
    let env = |name: &str| match name {
        "JENNY_MINING_QUEUE" => Some("2".to_owned()),
        "JENNY_API_CORS_ORIGINS" => Some("http://a.example,http://b.example".to_owned()),
        _ => None,
    };
    let entries = of(&["--data-dir", data_dir, "--api-listen", ":7", "--no-mine"], &env);
    let line = |line: usize| format!("{}:{line}", file.display());
    for (path, value, origin) in [
        ("max_reorg_depth", "5", line(2)),
        ("mining.queue", "2", "JENNY_MINING_QUEUE".to_owned()),
        ("mining.deadline", "\"5s\"", line(6)),
        ("mining.threads", "3", line(7)),
        ("api.hosts", "[\"a\"]", line(9)),
        (
            "api.cors_origins",
            "[\"http://a.example\", \"http://b.example\"]",
            "JENNY_API_CORS_ORIGINS".to_owned(),
        ),
        ("api.listen", "\":7\"", "--api-listen".to_owned()),
        ("mining.enabled", "false", "--no-mine".to_owned()),
        ("store.cache", "\"32MiB\"", "default".to_owned()),
    ] {
        assert_eq!(find(&entries, path), (value.to_owned(), origin), "{path}");
    }
}

#[test]
fn every_key_has_a_default_that_reads() {
    let dir = tempfile::tempdir().unwrap();
    let entries = of(&["--data-dir", dir.path().to_str().unwrap()], &|_| None);
    assert_eq!(entries.len(), KEYS.len());
    for (entry, key) in entries.iter().zip(KEYS) {
        assert_eq!(entry.origin, Origin::Default);
        assert_eq!(value(key.default).as_ref(), Some(&entry.value), "{}", key.path);
    }
}

#[test]
fn every_key_of_a_template_without_comments_is_found_in_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("jenny.toml");
    let text: String = template(&[]).replace("\n#", "\n").replace("\n ", "\n# ");
    std::fs::write(&file, &text).unwrap();
    let entries = of(&["--data-dir", dir.path().to_str().unwrap()], &|_| None);
    let lines: Vec<_> = text.lines().collect();
    for entry in entries {
        let Origin::File(_, line) = entry.origin else { panic!("{entry:?}") };
        let name = entry.path.rsplit('.').next().unwrap();
        assert!(lines[line - 1].starts_with(&format!("{name} = ")), "{entry:?}");
    }
}

#[test]
fn every_flag_of_a_key_is_one_of_the_node() {
    let mut command = Cli::command();
    command.build();
    let run = command.find_subcommand("run").unwrap();
    for key in KEYS {
        let flag = flag_of(key.path);
        // What no flag reads, the environment does by itself.
        assert!(key.kind.is_some() || key.env.is_none() || flag.is_some(), "{}", key.path);
        let Some((id, flag)) = flag else { continue };
        let argument = run.get_arguments().find(|argument| argument.get_id() == id).unwrap();
        assert_eq!(format!("--{}", argument.get_long().unwrap()), flag);
    }
}
