//! Keeps the code base in the shape that ARCHITECTURE.md promises.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, in lines.
const MAX_LINES: usize = 400;

/// Files that may be longer, each with the reason.
const LONGER: &[(&str, &str)] = &[];

/// For each layer, the layers it may name. Only `cli` wires them together.
const MAY_USE: &[(&str, &[&str])] = &[
    ("chain", &[]),
    ("tls", &[]),
    ("sync", &["chain"]),
    ("store", &["chain"]),
    ("node", &["store", "chain"]),
    ("p2p", &["node", "sync", "tls", "chain"]),
    ("api", &["node", "tls", "chain"]),
    ("cli", &["api", "p2p", "node", "sync", "store", "tls", "chain"]),
];

/// Crates that only some places name.
const CRATES: &[(&str, &[&str])] = &[
    ("sled", &["src/store/", "migrations/", "benches/", "tests/it/process/tamper.rs"]),
    ("migrations", &["src/store/", "migrations/", "tests/it/migration"]),
    ("anyhow", &["src/cli/", "src/main.rs", "dataset/"]),
    ("parquet", &["dataset/src/table"]),
    ("object_store", &["dataset/src/folder/", "dataset/src/test_util", "dataset/src/export/tests"]),
    ("tokio_rustls", &["src/tls/", "tests/it/tls/"]),
    ("rcgen", &["src/tls/"]),
];

#[test]
fn layers_depend_downwards_only() {
    for (layer, allowed) in MAY_USE {
        for file in rust_files(&format!("src/{layer}")) {
            for used in layers_named(&file.code()) {
                assert!(
                    used == *layer || allowed.contains(&used.as_str()),
                    "{}: layer `{layer}` may not use `{used}`",
                    file.name
                );
            }
        }
    }
}

#[test]
fn no_relative_path_leaves_its_layer() {
    for file in rust_files("src") {
        let steps = supers(&file.code());
        assert!(
            steps < file.depth().max(1),
            "{}: `super::` leads out of the layer: name it by `crate::`",
            file.name
        );
    }
}

#[test]
fn every_layer_is_listed() {
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let is_layer = MAY_USE.iter().any(|(layer, _)| *layer == name);
        assert!(is_layer || entry.path().is_file(), "src/{name} is not in MAY_USE");
    }
}

#[test]
fn some_crates_are_named_in_their_places_only() {
    for file in all_files() {
        for (name, places) in CRATES {
            let is_allowed = places.iter().any(|place| file.name.starts_with(place));
            assert!(
                is_allowed || !names_crate(&file.code(), name),
                "{}: only {places:?} may name `{name}`",
                file.name
            );
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for file in all_files() {
        let is_longer = file.text.lines().count() > MAX_LINES;
        let is_exception = LONGER.iter().any(|(name, _)| *name == file.name);
        assert!(!is_longer || is_exception, "{} has more than {MAX_LINES} lines", file.name);
        assert!(is_longer || !is_exception, "{} is short: take it off the list", file.name);
        assert!(file.text.starts_with("//! "), "{}: the first line says nothing", file.name);
    }
}

#[test]
fn no_constant_is_declared_twice() {
    let mut places = BTreeMap::<_, Vec<_>>::new();
    let files = ["src", "dataset"].into_iter().flat_map(rust_files);
    for file in files.filter(Source::is_shipped) {
        let names: BTreeSet<_> = file.text.lines().filter_map(constant).collect();
        for name in names {
            places.entry(name.to_owned()).or_default().push(file.name.clone());
        }
    }
    assert!(places.len() > 100, "only {} constants are seen", places.len());
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "docs/bounds.md is searched by these names: {places:#?}");
}

#[test]
fn tests_read_variables_of_one_spelling() {
    for file in ["tests", "benches"].into_iter().flat_map(rust_files) {
        for (at, read) in file.text.match_indices("env::var(\"") {
            let name = &file.text[at + read.len()..];
            let name = name.split('"').next().unwrap();
            assert!(name.starts_with("JENNY_TEST_"), "{}: call `{name}` JENNY_TEST_..", file.name);
        }
    }
}

#[test]
fn the_checks_see_what_they_look_for() {
    let named = |code: &str| layers_named(code).join(" ");
    assert_eq!(named("use crate::store::Reader;"), "store");
    assert_eq!(named("use crate::{chain::{Hash, Spec}, node};"), "chain node");
    assert_eq!(named("let x = crate::api::y(crate::p2p::Z);"), "api p2p");
    assert_eq!(named("use jenny_chain::store::Reader;"), "store");
    assert_eq!(named("use super::Hash;"), "");
    assert_eq!(supers("use super::super::store; use super::x;"), 2);
    assert_eq!(constant("pub(super) const MAX_A: usize = 1;"), Some("MAX_A"));
    assert_eq!(constant("pub(in crate::a) const B2: u8 = f(1);"), Some("B2"));
    assert_eq!(constant("pub const C: u8 = 1;"), Some("C"));
    assert_eq!(constant("static A_B: Mutex<()> = Mutex::new(());"), Some("A_B"));
    for code in ["    const INNER: u8 = 1;", "const fn of() {}", "const _: () = assert!(A < B);"] {
        assert_eq!(constant(code), None, "{code}");
    }
    assert_eq!(without_comments("a // crate::store\n/// b\nc"), "a \n\nc");
    assert_eq!(without_comments("let url = \"http://x\";"), "let url = \"http://x\";");
    for code in ["use anvil::Db;", "use anvil;", "let db: anvil::Db;", "extern crate anvil;"] {
        assert!(names_crate(code, "anvil"), "{code}");
    }
    for code in ["// x", "copperanvil::x", "anvils::x", "store::anvil::x", "\"anvil\""] {
        assert!(!names_crate(code, "anvil"), "{code}");
    }
}

struct Source {
    /// Path from the package's root, with `/`.
    name: String,
    text: String,
}

impl Source {
    fn code(&self) -> String {
        without_comments(&self.text)
    }

    /// Whether it is a part of the program, and neither a test nor of use to tests alone.
    fn is_shipped(&self) -> bool {
        let path = self.name.trim_end_matches(".rs");
        path.split('/').all(|name| !["tests", "test_util", "eclipse"].contains(&name))
    }

    /// How many modules enclose the file's items below the crate's root.
    fn depth(&self) -> usize {
        let path = self.name.trim_start_matches("src/").trim_end_matches(".rs");
        let path = path.trim_end_matches("/mod");
        if ["lib", "main"].contains(&path) { 0 } else { path.split('/').count() }
    }
}

/// The name of the constant or static that a line declares for its whole module.
fn constant(line: &str) -> Option<&str> {
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.strip_prefix(' ')?,
        None => line,
    };
    let rest = line.strip_prefix("const ").or_else(|| line.strip_prefix("static "))?;
    let (name, _) = rest.split_once(':')?;
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (name != "_" && name.bytes().all(is_name)).then_some(name)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file that we write.
fn all_files() -> Vec<Source> {
    ["src", "migrations", "dataset", "tests", "benches"].into_iter().flat_map(rust_files).collect()
}

/// The Rust files below a folder, `None` if it does not exist.
fn rust_files(folder: &str) -> Vec<Source> {
    let mut waiting: Vec<PathBuf> = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            waiting.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            files.push(Source { name, text: fs::read_to_string(&path).unwrap() });
        }
    }
    files
}

/// The text less its line comments; `//` right after a colon is an address.
fn without_comments(text: &str) -> String {
    let code = text.lines().map(|line| {
        let comments = line.match_indices("//").map(|(at, _)| at);
        let start = comments.into_iter().find(|&at| !line[..at].ends_with(':'));
        &line[..start.unwrap_or(line.len())]
    });
    code.collect::<Vec<_>>().join("\n")
}

/// The first segment of every path from the crate's root, in groups too.
fn layers_named(code: &str) -> Vec<String> {
    let mut layers = Vec::new();
    for root in ["crate::", "jenny_chain::"] {
        for (at, _) in code.match_indices(root) {
            let path = &code[at + root.len()..];
            match path.strip_prefix('{') {
                Some(group) => layers.extend(group_heads(group)),
                None => layers.push(word(path)),
            }
        }
    }
    layers
}

/// The first segment of every path in `a::b, c::{d, e}}`, up to its closing brace.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut is_head, mut heads) = (0, true, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_head = true,
            _ if is_head && is_word(character) => {
                heads.push(word(&group[at..]));
                is_head = false;
            }
            _ => (),
        }
    }
    heads
}

/// The longest chain of `super::`.
fn supers(code: &str) -> usize {
    (1..100).take_while(|&count| code.contains(&"super::".repeat(count))).last().unwrap_or(0)
}

fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let is_start = !before.ends_with(|c| is_word(c) || c == ':' || c == '"');
        let is_import = ["use ", "crate "].iter().any(|word| before.ends_with(word));
        let is_whole = after.starts_with([';', ' ']);
        is_start && (after.starts_with("::") || is_import && is_whole)
    })
}

fn word(text: &str) -> String {
    text.chars().take_while(|&character| is_word(character)).collect()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
