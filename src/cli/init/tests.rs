//! Tests of chains by name.

use super::*;
use crate::cli::exit::text_of;

#[test]
fn a_chain_is_built_in_or_a_file() {
    assert_eq!(chain("jenny").unwrap(), Spec::jenny());
    assert_eq!(chain("dev").unwrap(), Spec::dev());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("own.json");
    let own = Spec::dev().canonical_text().replace("\"dev\"", " \"own\"");
    std::fs::write(&file, own).unwrap();
    assert_eq!(chain(file.to_str().unwrap()).unwrap().name(), "own");
}

#[test]
fn a_chain_that_is_none_says_what_is_wrong() {
    let text = text_of(&chain("dve").unwrap_err());
    assert!(text.contains("takes `jenny`, `dev` or the name of a file"), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("own.json");
    std::fs::write(&file, "{}").unwrap();
    let text = text_of(&chain(file.to_str().unwrap()).unwrap_err());
    assert!(text.contains("own.json: chain spec: "), "{text}");
}
