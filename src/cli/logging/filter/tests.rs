//! Tests of what a filter may be, and of what is said about mistakes.

use tracing::Level;

use super::*;

fn targets(text: &str) -> Targets {
    text.parse::<LogFilter>().unwrap().targets(LevelFilter::INFO)
}

fn said(text: &str) -> String {
    text.parse::<LogFilter>().unwrap_err().to_string()
}

#[test]
fn every_level_is_taken_in_any_case() {
    for (name, level) in LOG_LEVELS {
        assert_eq!(targets(name), Targets::new().with_default(level));
        assert_eq!(targets(&name.to_uppercase()), Targets::new().with_default(level));
    }
}

#[test]
fn without_a_level_the_default_counts() {
    assert_eq!(targets(""), Targets::new().with_default(LevelFilter::INFO));
    let part = targets("jenny_chain::p2p=debug");
    assert!(part.would_enable("jenny_chain::p2p::driver", &Level::DEBUG));
    assert!(part.would_enable("jenny_chain::api", &Level::INFO));
    assert!(!part.would_enable("jenny_chain::api", &Level::DEBUG));
}

#[test]
fn a_part_may_have_a_level_of_its_own() {
    let filter = targets("warn, jenny_chain::node=debug ,hyper=off,");
    assert!(filter.would_enable("jenny_chain::node::writer", &Level::DEBUG));
    assert!(!filter.would_enable("jenny_chain::api", &Level::INFO));
    assert!(!filter.would_enable("hyper", &Level::ERROR));
    assert!(targets("jenny_chain::node").would_enable("jenny_chain::node", &Level::TRACE));
}

#[test]
fn an_unknown_level_is_refused_with_a_suggestion() {
    assert_eq!(said("debg"), "`debg` is not a log level; did you mean `debug`?");
    assert_eq!(
        said("warning"),
        "`warning` is not a log level; use error, warn, info, debug, trace or off"
    );
    assert_eq!(said("wrn"), "`wrn` is not a log level; did you mean `warn`?");
    assert_eq!(
        said("warn,jenny_chain::node=inof"),
        "`inof` is not a log level; did you mean `info`?"
    );
    assert_eq!(said("hyper="), "`` is not a log level; use error, warn, info, debug, trace or off");
    assert_eq!(
        said("verbose\u{1b}[2J"),
        "`verbose\\u{1b}[2J` is not a log level; use error, warn, info, debug, trace or off"
    );
}

#[test]
fn a_misspelt_target_of_ours_is_refused() {
    assert_eq!(
        said("jeny_chain::node=debug"),
        "`jeny_chain` is not a target; did you mean `jenny_chain`?"
    );
    assert_eq!(said("=debug"), "`` is not a target; did you mean `jenny_chain`?");
}
