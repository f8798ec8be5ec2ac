//! Tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

/// Bytes that a first visit loads, compressed, without the charts' library.
const MAX_TRANSFER_BYTES: usize = 150 << 10;

fn text(content: &[u8]) -> &str {
    std::str::from_utf8(content).unwrap()
}

/// The explorer's own files, and the shell.
fn own() -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = FILES.iter().filter(|(name, _)| !name.starts_with("vendor/"));
    files.map(|(name, content)| (*name, text(content))).chain([("index.html", SHELL)])
}

fn names(folder: &Path, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            found.extend(names(&entry.path(), &format!("{name}/")));
        } else {
            found.insert(name);
        }
    }
    found
}

#[test]
fn every_file_of_the_folder_is_carried() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let mut carried: BTreeSet<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    carried.insert("index.html".to_owned());
    assert_eq!(names(&folder, ""), carried);
}

#[test]
fn no_text_becomes_markup_script_or_an_inline_style() {
    for (name, content) in own() {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "DOMParser",
            "cssText",
            "insertRule",
            "style=\"",
            "eval(",
            "new Function",
            "javascript:",
            "onclick=\"",
        ] {
            assert!(!content.contains(word), "{name}: {word}");
        }
    }
}

#[test]
fn nothing_is_asked_of_another_host() {
    for (name, content) in own() {
        for (at, _) in content.match_indices("://") {
            let start = content[..at].rfind(|letter: char| !letter.is_ascii_alphabetic());
            let address = &content[start.map_or(0, |start| start + 1)..];
            let is_known = ["http://www.w3.org/2000/svg", "ws://192.0.2.1"];
            assert!(
                is_known.iter().any(|known| address.starts_with(known)),
                "{name}: {address:.40}"
            );
        }
    }
}

#[test]
fn colours_are_named_once() {
    let (_, style) = own().find(|(name, _)| *name == "style.css").unwrap();
    let (_, rules) = style.split_once("\n}\n").unwrap();
    let rules: Vec<_> = rules.split(['{', ';', '}']).collect();
    let is_literal = |rule: &&&str| {
        let value = rule.split_once(':').map_or("", |(_, value)| value).trim();
        value.split([' ', '(', ',']).any(|word| {
            let is_hex = word.strip_prefix('#').is_some_and(|hex| {
                hex.len() >= 3 && hex.bytes().all(|digit| digit.is_ascii_hexdigit())
            });
            is_hex || ["rgb", "rgba", "hsl", "white", "black", "red"].contains(&word)
        })
    };
    assert_eq!(rules.iter().find(is_literal), None);
}

#[test]
fn the_shell_names_every_module_by_a_relative_path() {
    for (depth, up) in [(Depth::Page, ""), (Depth::Item, "../")] {
        let (bytes, _) = EXPLORER.shell(depth).bytes(None);
        let html = text(&bytes);
        for name in modules() {
            let link = format!(
                "<link rel=\"modulepreload\" href=\"{up}a/{}/{name}\">",
                EXPLORER.version()
            );
            assert!(html.contains(&link), "{name}");
        }
        assert!(html.contains(&format!("href=\"{up}../docs/\"")));
        assert!(!html.contains('{'), "{html}");
    }
}

#[test]
fn every_import_is_a_file() {
    for (name, content) in own().filter(|(name, _)| extension(name) == Some("js")) {
        for line in content.lines().filter(|line| line.starts_with("import ")) {
            let path = line.split('"').nth(1).unwrap();
            let target = path.strip_prefix("../").or_else(|| path.strip_prefix("./")).unwrap();
            let is_page = name.starts_with("pages/");
            let target = if is_page && path.starts_with("./") {
                format!("pages/{target}")
            } else {
                target.to_owned()
            };
            assert!(modules().any(|module| module == target), "{name}: {path}");
        }
    }
}

#[test]
fn a_first_visit_is_small() {
    let size = |file: &File| file.bytes(Some(Coding::Gzip)).0.len();
    let files = FILES.iter().filter(|(name, _)| !name.starts_with("vendor/"));
    let total: usize = files.map(|(name, _)| size(&EXPLORER.files[name])).sum();
    let total = total + size(EXPLORER.shell(Depth::Page));
    assert!(total < MAX_TRANSFER_BYTES, "{total} bytes");
}

#[test]
fn another_version_has_other_files() {
    assert!(EXPLORER.file(EXPLORER.version(), "app.js").is_some());
    assert!(EXPLORER.file("0000000000000000", "app.js").is_none());
    assert!(EXPLORER.file(EXPLORER.version(), "index.html").is_none());
    assert_eq!(EXPLORER.version().len(), VERSION_DIGITS);
}
