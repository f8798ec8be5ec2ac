//! The documents: every claim of the README has its test, what they show is run, and links lead somewhere.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

const README: &str = include_str!("../../README.md");
const CLAIMS: &str = include_str!("../../docs/claims.md");
/// The script that runs the console blocks of documents.
const RUNNER: &str = include_str!("../documents/run");

#[test]
fn every_promise_is_among_the_claims() {
    let claims: HashSet<_> = claims().map(|(claim, _)| claim).collect();
    let promises: Vec<_> = promises().collect();
    assert!(promises.len() >= 6, "the README promises only {promises:?}");
    let missing: Vec<_> =
        promises.into_iter().filter(|promise| !claims.contains(promise)).collect();
    assert!(missing.is_empty(), "docs/claims.md has no row for {missing:#?}");
}

#[test]
fn every_claim_is_one_of_the_readme() {
    let lines: HashSet<_> = README.lines().map(str::trim).collect();
    let strays: Vec<_> = claims().filter(|(claim, _)| !lines.contains(claim)).collect();
    assert!(strays.is_empty(), "the README has no such line any more: {strays:#?}");
}

#[test]
fn the_tests_of_every_claim_exist() {
    let mut missing = Vec::new();
    for (claim, tests) in claims() {
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            missing.push(format!("no test for: {claim}"));
        }
        missing.extend(names.into_iter().filter(|name| !exists(name)).map(str::to_owned));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_document_that_shows_commands_is_run() {
    for path in documents() {
        let name = name(&path);
        let has_console = read(&path).lines().any(|line| line.trim() == "```console");
        let is_run = RUNNER.split([' ', '(', ')', '\n']).any(|word| word == name);
        assert_eq!(has_console, is_run, "{name}: tests/documents/run and the document differ");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    for path in documents() {
        for target in links(&read(&path)) {
            let (file, anchor) = target.split_once('#').unwrap_or((target.as_str(), ""));
            let file =
                if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            if !file.exists() {
                dead.push(format!("{}: {target}", name(&path)));
            } else if !anchor.is_empty() && !anchors(&read(&file)).contains(anchor) {
                dead.push(format!("{}: {target} has no such heading", name(&path)));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn every_route_has_an_example_that_is_run() {
    let text = read(&root().join("docs/api.md"));
    let calls: Vec<_> = commands(&text).iter().flat_map(|command| calls(command)).collect();
    let missing: Vec<_> =
        routes(&text).filter(|route| !calls.iter().any(|call| fits(route, call))).collect();
    assert!(missing.is_empty(), "docs/api.md has no console block that calls {missing:#?}");
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert!(exists("tests/it/documents.rs::exists") && exists("tests/documents/run"));
    assert!(exists("tests/it/crash::works_until_it_is_killed"));
    assert!(!exists("tests/it/documents.rs::absent") && !exists("tests/documents/absent"));
    let commands =
        commands("```console\n$ a=$(curl b)\nc\n$ curl -X PUT \\\n>   'localhost:3000/d/e?f'\n```");
    assert_eq!(commands.len(), 2);
    assert!(calls(&commands[0]).is_empty());
    let called = calls(&commands[1]);
    assert!(fits(&("PUT", "/d/{name of e}"), &called[0]) && !fits(&("GET", "/d/e"), &called[0]));
    assert_eq!(links("see [a](b.md#c), [d](https://e) and `[f](g)`"), ["b.md#c"]);
    let headings = anchors("## `GET /v1/blocks/{..}`\n```\n# no heading\n```\n# A, b\n# A, b");
    let expected = ["get-v1blocks", "a-b", "a-b-1"].map(str::to_owned);
    assert_eq!(headings, HashSet::from(expected));
}

/// The sentences of the section that promises.
fn promises() -> impl Iterator<Item = &'static str> {
    let section = README.split_once("\n## Promises\n").unwrap().1.split_once("\n## ").unwrap().0;
    let bullets = section.lines().skip_while(|line| !line.starts_with("- "));
    let bullets = bullets.take_while(|line| line.starts_with("- ") || line.starts_with("  "));
    bullets.filter(|line| !line.starts_with("- **")).map(str::trim)
}

/// The rows of all tables in `docs/claims.md`: the claim, and what tests it.
fn claims() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = CLAIMS.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.filter_map(|row| row.rsplit_once(" | "));
    rows.filter(|(claim, _)| *claim != "claim")
}

/// Whether there is this file or folder and, after `::`, a function of this name in it.
fn exists(name: &str) -> bool {
    let (path, function) = name.split_once("::").unwrap_or((name, ""));
    let path = root().join(path);
    path.exists() && (function.is_empty() || defines(&path, &format!("fn {function}(")))
}

fn defines(path: &Path, function: &str) -> bool {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().any(|entry| defines(&entry.unwrap().path(), function));
    }
    path.extension().is_some_and(|extension| extension == "rs") && read(path).contains(function)
}

/// The routes of the table in `docs/api.md`: method and path.
fn routes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let table = text.split_once("\n## Routes\n").unwrap().1.split_once("\n## ").unwrap().0;
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.filter_map(|(route, _)| route.split_once(' '))
}

/// The commands of all console blocks, each with its further lines.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let commands = blocks.flat_map(|block| block.split("\n$ ").map(str::to_owned));
    commands.map(|command| command.trim_start_matches("$ ").replace("\n> ", " ")).collect()
}

/// Method and path of the calls to a node on the first line of a command.
fn calls(command: &str) -> Vec<(String, String)> {
    let line = command.lines().next().unwrap_or_default();
    let calls = line.split("curl ").skip(1).filter_map(|call| {
        let (before, path) = call.split_once("localhost:300")?;
        let path = path.get(1..)?.split([' ', '"', '\'', '?', ')']).next()?;
        let method = before.split_once("-X ").and_then(|(_, rest)| rest.split(' ').next());
        let has_body = call.contains(" -d ") || call.contains(" --data-binary ");
        let method = method.unwrap_or(if has_body { "POST" } else { "GET" });
        Some((method.to_owned(), path.to_owned()))
    });
    calls.collect()
}

/// Whether the call is one of the route, where `{..}` is any segment.
fn fits((method, path): &(&str, &str), (called, at): &(String, String)) -> bool {
    let fits = |(wanted, given): (&str, &str)| {
        wanted == given || (wanted.starts_with('{') && !given.is_empty())
    };
    method == called
        && path.split('/').count() == at.split('/').count()
        && path.split('/').zip(at.split('/')).all(fits)
}

/// Targets of the links of a document, except those to other hosts.
fn links(text: &str) -> Vec<String> {
    let text: String = text.split('`').step_by(2).collect();
    let targets =
        text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
    targets.filter(|target| !target.contains("://")).collect()
}

/// The names by which links reach the headings of a document.
fn anchors(text: &str) -> HashSet<String> {
    let mut anchors = HashSet::new();
    let mut counts = HashMap::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if is_code || !line.starts_with('#') {
            continue;
        }
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let count = counts.entry(anchor.clone()).or_insert(0);
        anchors.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    anchors
}

/// Every Markdown file of the repository's root, of `docs` and of `docs/adr`.
fn documents() -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/adr"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The path from the repository's root.
fn name(path: &Path) -> &str {
    path.strip_prefix(root()).unwrap().to_str().unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_command_of_the_readme_runs_the_node() {
    assert!(README.contains("\ncargo run --release -- run "));
    // The workspace has another program, and cargo must not have to ask which one is meant.
    let manifest = include_str!("../../Cargo.toml").parse::<toml::Table>().unwrap();
    assert_eq!(manifest["package"]["default-run"].as_str(), Some("jenny"));
}
