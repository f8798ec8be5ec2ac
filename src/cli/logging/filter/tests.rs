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

#[test]
fn a_temporary_level_overrides_what_is_said_of_its_parts_and_nothing_else() {
    let filter: LogFilter =
        "warn,sled=info,jenny_chain::node=error,jenny_chain::p2p=trace".parse().unwrap();
    let with = |level, below: &str| {
        let other = TemporaryLevel { level, target: format!("{OWN_TARGET}{below}") };
        filter.with(&other).text(LevelFilter::INFO)
    };
    assert_eq!(with(Level::DEBUG, ""), "warn,sled=info,jenny_chain=debug");
    assert_eq!(
        with(Level::TRACE, "::node"),
        "warn,sled=info,jenny_chain::p2p=trace,jenny_chain::node=trace"
    );
    // A part of a word is no part of the program.
    assert_eq!(with(Level::TRACE, "::p2").matches("p2p=trace").count(), 1);
    assert_eq!(filter, filter.text(LevelFilter::INFO).parse().unwrap());
    assert_eq!(LogFilter::default().text(LevelFilter::INFO), "info");
}
