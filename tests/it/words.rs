//! One word for one thing: names that were given up are not used again. `words.txt` lists them.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

const LIST: &str = include_str!("words.txt");

/// A line of the list: what it is about, the old name, and the rest.
fn lines() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (kind, rest) = line.split_once(' ').unwrap();
        let (old, new) = rest.split_once(' ').unwrap();
        (kind, old, new.trim())
    })
}

#[test]
fn names_that_were_given_up_are_not_used() {
    let [words, names, files] = ["word", "name", "file"].map(|wanted| {
        let lines = lines().filter(|(kind, _, _)| *kind == wanted);
        lines.map(|(_, old, new)| (old, new)).collect::<HashMap<_, _>>()
    });
    let mut found = Vec::new();
    for path in rust_files() {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        for name in identifiers(&code(&text)) {
            let old_word = name.split('_').find_map(|word| words.get_key_value(word));
            for (old, new) in old_word.into_iter().chain(names.get_key_value(name.as_str())) {
                if !is_excepted(old, &path) {
                    found.push(format!("{path}: `{name}`, say `{new}`"));
                }
            }
        }
        let stem = Path::new(&path).file_stem().unwrap().to_str().unwrap();
        if let Some(new) = files.get(stem).filter(|_| path.starts_with("src/")) {
            found.push(format!("{path}: the file is called `{new}`"));
        }
    }
    found.sort_unstable();
    found.dedup();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_names_in_code_are_seen() {
    let text = "let a_b = \"in_text \\\" {c}\"; // in_comment\nfn 'x' <'life> r#\"raw_text\"# D3";
    let seen = identifiers(&code(text)).into_iter().collect::<Vec<_>>();
    assert_eq!(seen, ["D3", "a_b", "fn", "let", "life"]);
    assert!(is_excepted("native", "src/cli/config/layer.rs"));
    assert!(!is_excepted("native", "src/p2p/mod.rs"));
    assert!(lines().all(|(kind, _, _)| ["word", "name", "file", "except"].contains(&kind)));
}

fn is_excepted(old: &str, path: &str) -> bool {
    let exceptions = lines().filter(|(kind, name, _)| *kind == "except" && *name == old);
    exceptions.flat_map(|(_, _, places)| places.split(' ')).any(|place| path.starts_with(place))
}

/// The text less its comments, strings and characters.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/', '\'', '#']) {
        let (before, from) = rest.split_at(at);
        code.push_str(before);
        rest = if from.starts_with("//") {
            from.find('\n').map_or("", |end| &from[end..])
        } else if let Some(raw) = from.strip_prefix("#\"").filter(|_| before.ends_with('r')) {
            code.pop();
            raw.find("\"#").map_or("", |end| &raw[end + 2..])
        } else if let Some(text) = from.strip_prefix('"') {
            after_string(text)
        } else if let Some(character) = after_character(from) {
            character
        } else {
            &from[1..]
        };
        code.push(' ');
    }
    code + rest
}

fn after_string(text: &str) -> &str {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return &text[at + 1..],
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    ""
}

/// What follows a character literal; `None` for a lifetime.
fn after_character(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        return escape[1..].find('\'').map(|end| &escape[end + 2..]);
    }
    let first = inner.chars().next()?;
    inner[first.len_utf8()..].strip_prefix('\'')
}

/// Each once.
fn identifiers(code: &str) -> BTreeSet<String> {
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    let words = words.filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    words.map(str::to_owned).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Paths from the package's root.
fn rust_files() -> Vec<String> {
    let mut waiting: Vec<PathBuf> = ["src", "tests", "benches", "migrations", "dataset"]
        .iter()
        .map(|folder| root().join(folder))
        .collect();
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
    files
}
