//! Commands at a terminal: questions, hidden passwords, and a screen that is redrawn.

use std::fs;
use std::path::Path;

use crate::process::{Jenny, Running, Terminal, quiet_address};

const WORD: &str = "a long password";

fn at_terminal(subcommand: &str, words: &str, dir: &Path) -> Terminal {
    Terminal::start(Jenny::new(subcommand).words(words).arg("--data-dir", dir))
}

fn status(node: &Running, name: &str, word: &str) -> crate::process::Done {
    let command = Jenny::new("status").arg("--url", &node.url).arg("--user", name);
    command.env("JENNY_PASSWORD", word).done()
}

#[test]
fn init_takes_the_default_of_every_question() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let mut terminal = at_terminal("init", "", &dir);
    for question in ["chain [jenny]: ", "name [operator]: ", "operator [a random one]: "] {
        assert!(!dir.exists(), "nothing is made before the last answer");
        terminal.answer(question, "");
    }
    terminal.answer("listen address [127.0.0.1:3000]: ", "");
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    let shown = text.split("is shown only now:").nth(1).unwrap();
    let word = shown.split_whitespace().next().unwrap();
    assert_eq!(word.len(), 22, "{text}");
    assert!(text.contains("created chain jenny in "), "{text}");
    let settings = fs::read_to_string(dir.join("jenny.toml")).unwrap();
    assert!(settings.contains("\nchain = \"jenny\"\n"), "{settings}");
    assert!(settings.contains("\n#listen = \"127.0.0.1:3000\"\n"), "{settings}");
    let command = Jenny::new("run").arg("--data-dir", &dir).words("--api-listen 127.0.0.1:0");
    let node = Running::start(command);
    status(&node, "operator", word).ok();
    node.stop();
    assert!(text.lines().all(|line| line.trim_end().chars().count() <= 80), "{text}");
}

#[test]
fn init_asks_again_after_an_answer_that_cannot_be() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let mut terminal = at_terminal("init", "", &dir);
    terminal.answer("chain [jenny]: ", "Not A Name");
    terminal.see("not a valid chain name");
    terminal.answer("chain [jenny]: ", "ledger");
    terminal.answer("time between blocks [10s]: ", "soon");
    terminal.answer("time between blocks [10s]: ", "30s");
    terminal.answer("name [operator]: ", "a:b");
    terminal.answer("name [operator]: ", "alice");
    terminal.answer("password for alice [a random one]: ", "short");
    terminal.see("at least 12");
    terminal.answer("password for alice [a random one]: ", WORD);
    terminal.answer("the same again: ", "something else");
    terminal.see("the two passwords differ");
    terminal.answer("password for alice [a random one]: ", WORD);
    terminal.answer("the same again: ", WORD);
    terminal.answer("listen address [127.0.0.1:3000]: ", "everywhere");
    terminal.answer("listen address [127.0.0.1:3000]: ", "127.0.0.1:0");
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains(WORD) && !text.contains("something else"), "{text}");
    let spec = fs::read_to_string(dir.join("chain.json")).unwrap();
    assert!(spec.contains("\"target_block_time_ms\":30000"), "{spec}");
    let node = Running::start(Jenny::new("run").arg("--data-dir", &dir));
    assert!(node.ready.contains(" chain=ledger "), "{}", node.ready);
    status(&node, "alice", WORD).ok();
    node.stop();
}

#[test]
fn an_interrupted_init_leaves_nothing() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    for questions in [0, 1, 2] {
        let mut terminal = at_terminal("init", "", &dir);
        for question in ["chain [jenny]: ", "name [operator]: "].iter().take(questions) {
            terminal.answer(question, "");
        }
        terminal.see("]: ");
        // Ctrl-C.
        terminal.enter("\u{3}");
        let (code, text) = terminal.end();
        assert_eq!(code, Some(130), "{text}");
        assert!(!dir.exists());
    }
    let mut terminal = at_terminal("init", "", &dir);
    terminal.see("chain [jenny]: ");
    // Ctrl-D.
    terminal.enter("\u{4}");
    let (code, text) = terminal.end();
    assert!(code == Some(2) && text.contains("standard input ended"), "{text}");
    assert!(!dir.exists());
}

#[test]
fn init_asks_nothing_where_a_flag_says_it() {
    let around = tempfile::tempdir().unwrap();
    for flags in ["--defaults", "--chain dev"] {
        let dir = around.path().join(flags.trim_start_matches('-'));
        let (code, text) = at_terminal("init", flags, &dir).end();
        assert_eq!(code, Some(0), "{text}");
        assert!(!dir.join("users.toml").exists());
    }
    let dir = around.path().join("defaults");
    let (code, text) = at_terminal("init", "", &dir).end();
    assert!(code == Some(2) && text.contains("already holds a chain"), "{text}");
    let mut terminal = at_terminal("init", "--user alice", &dir);
    terminal.answer("password for alice: ", WORD);
    terminal.answer("the same again: ", WORD);
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let mut terminal = at_terminal("user", "add alice", &dir);
    terminal.answer("password for alice: ", WORD);
    terminal.answer("the same again: ", WORD);
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains(WORD), "{text}");
    let node = Running::dev(&dir);
    let words = format!("--url {} --user alice", node.url);
    let mut terminal = Terminal::start(Jenny::new("status").words(&words));
    terminal.answer(&format!("password of alice at {}: ", node.url), WORD);
    terminal.see("height");
    let (code, text) = terminal.end();
    assert!(code == Some(0) && !text.contains(WORD), "{text}");
    // Ctrl-C at the question.
    let mut terminal = at_terminal("user", "passwd alice", &dir);
    terminal.see("password for alice: ");
    assert!(!terminal.is_as_at_first());
    terminal.enter("\u{3}");
    assert_eq!(terminal.end().0, Some(130));
    status(&node, "alice", WORD).ok();
    node.stop();
}

#[test]
fn a_watched_node_is_redrawn_at_the_terminals_size_across_its_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let address = quiet_address().to_string();
    let run = || {
        let command = Jenny::new("run").words("--chain dev").arg("--data-dir", dir.path());
        Running::start(command.arg("--api-listen", &address))
    };
    let node = run();
    let command = Jenny::new("status").words("--watch").arg("--url", &node.url);
    let mut terminal = Terminal::start(command);
    terminal.see("\u{1b}[?1049h");
    terminal.see("height");
    node.stop();
    terminal.see("does not respond");
    terminal.see("since 20");
    terminal.see("its last status:");
    terminal.resize(6, 30);
    // A line is cut at the terminal's width, and the picture at its height.
    terminal.see("…\u{1b}[K\u{1b}[J");
    let node = run();
    terminal.see("\u{1b}[Hnode");
    assert!(!terminal.is_as_at_first());
    terminal.enter("q");
    let (code, text) = terminal.end();
    assert_eq!(code, Some(0), "{text:?}");
    assert!(text.ends_with("\u{1b}[?25h\u{1b}[?1049l"), "{text:?}");
    assert!(!text.contains("\u{1b}[2J"), "nothing is erased before it is drawn again");
    node.stop();
}

#[test]
fn ctrl_c_ends_a_watch_and_gives_the_screen_back() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    let command = Jenny::new("status").words("--watch").arg("--url", &node.url);
    let mut terminal = Terminal::start(command);
    terminal.see("q or Ctrl-C quits");
    terminal.enter("\u{3}");
    let (code, text) = terminal.end();
    assert_eq!(code, Some(130), "{text:?}");
    let screen = text.find("\u{1b}[?1049l").unwrap();
    assert!(text[screen..].contains("interrupted"), "{text:?}");
    node.stop();
}
