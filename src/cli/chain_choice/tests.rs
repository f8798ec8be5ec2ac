//! Tests of the choice of a chain.

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
    assert!(text.contains("a chain is `jenny`, `dev` or the name of a file"), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("own.json");
    std::fs::write(&file, "{}").unwrap();
    let text = text_of(&chain(file.to_str().unwrap()).unwrap_err());
    assert!(text.contains("own.json: chain spec: "), "{text}");
}

#[test]
fn a_new_chain_has_its_own_genesis_and_the_difficulty_of_jenny() {
    let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
    let ten = Duration::from_secs(10);
    let first = new_chain("ledger", ten, at(1_800_000_000_000)).unwrap();
    let second = new_chain("ledger", ten, at(1_800_000_000_001)).unwrap();
    assert_ne!(first.genesis().hash(), second.genesis().hash());
    let jenny = Spec::jenny().canonical_text();
    let expected = jenny
        .replace("\"name\":\"jenny\"", "\"name\":\"ledger\"")
        .replace("1655424000000", "1800000000000");
    assert_eq!(first.canonical_text(), expected);
    let fast = new_chain("ledger", Duration::from_millis(500), at(0)).unwrap();
    assert_eq!(fast.target_block_time_ms(), 500);
}

#[test]
fn a_new_chain_that_cannot_be_says_what_can() {
    let refused = |name: &str, time| text_of(&new_chain(name, time, UNIX_EPOCH).unwrap_err());
    let ten = Duration::from_secs(10);
    assert!(refused("jenny", ten).contains("is the name of a built-in chain"));
    assert!(refused("My Chain", ten).contains("a-z, 0-9 and `-`"));
    for time in [Duration::ZERO, Duration::from_secs(86_401), Duration::MAX] {
        assert!(refused("ledger", time).contains("--block-time must be 1ms to 24h"));
    }
}

#[test]
fn a_spec_is_kept_where_the_program_does_not_have_it() {
    let dir = tempfile::tempdir().unwrap();
    for spec in [Spec::jenny(), Spec::dev()] {
        assert_eq!(key_of(&spec), spec.name());
        assert_eq!(keep_spec(dir.path(), &spec, &mut |_| ()).unwrap(), None);
    }
    let own = new_chain("own", Duration::from_secs(1), UNIX_EPOCH).unwrap();
    let file = dir.path().join(key_of(&own));
    assert!(keep_spec(dir.path(), &own, &mut |_| ()).unwrap().unwrap().contains("chain.json"));
    assert_eq!(chain(file.to_str().unwrap()).unwrap(), own);
    // Again, as after a kill: nothing to do; but another one's is not written over.
    assert_eq!(keep_spec(dir.path(), &own, &mut |_| ()).unwrap(), None);
    let other = new_chain("other", Duration::from_secs(1), UNIX_EPOCH).unwrap();
    let text = text_of(&keep_spec(dir.path(), &other, &mut |_| ()).unwrap_err());
    assert!(text.contains("another chain, `own`") && text.contains("init --chain"), "{text}");
}

#[test]
fn an_empty_directory_gets_the_chain_of_its_settings() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(to_create(dir.path(), None).unwrap(), Spec::jenny());
    assert_eq!(to_create(dir.path(), Some(Spec::dev())).unwrap(), Spec::dev());
    let settings = dir.path().join(CONFIG_FILE);
    std::fs::write(&settings, "chain = \"dev\"\n").unwrap();
    assert_eq!(to_create(dir.path(), None).unwrap(), Spec::dev());
    assert_eq!(to_create(dir.path(), Some(Spec::dev())).unwrap(), Spec::dev());
    let text = text_of(&to_create(dir.path(), Some(Spec::jenny())).unwrap_err());
    assert!(text.contains("names another chain, `dev`"), "{text}");
    // A path starts at the settings file.
    let own = new_chain("own", Duration::from_secs(1), UNIX_EPOCH).unwrap();
    keep_spec(dir.path(), &own, &mut |_| ()).unwrap();
    std::fs::write(&settings, "chain = \"chain.json\"\n").unwrap();
    assert_eq!(to_create(dir.path(), None).unwrap(), own);
}

#[test]
fn an_empty_name_says_what_to_write() {
    let text = text_of(&chain("").unwrap_err());
    assert!(text.contains("the name of the chain is empty"), "{text}");
    assert!(text.contains("hint: write `jenny`, `dev` or the name of a file"), "{text}");
    // In the settings it is no path of a file either.
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(CONFIG_FILE), "chain = \"\"\n").unwrap();
    let text = text_of(&to_create(dir.path(), None).unwrap_err());
    assert!(text.contains("the name of the chain is empty"), "{text}");
}
