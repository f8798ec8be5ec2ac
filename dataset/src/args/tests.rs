//! The help, and what is refused.

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn no_line_of_the_help_is_longer_than_80_columns() {
    let mut command = Cli::command();
    command.build();
    let pages: Vec<_> = command.get_subcommands().cloned().collect();
    for mut page in pages.into_iter().chain([command]) {
        let help = page.render_long_help().to_string();
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", page.get_name());
        }
    }
}

#[test]
fn a_range_has_a_block_and_not_too_many() {
    let parse = |blocks: &str| {
        let flags = ["export", "--from", "a", "--to", "b", "--range-blocks", blocks];
        Cli::try_parse_from(["jenny-dataset"].into_iter().chain(flags)).is_ok()
    };
    assert!(parse("1") && parse("1000000"));
    assert!(!parse("0") && !parse("1000001") && !parse("-1") && !parse("many"));
}
