//! Tests of the command line's own consistency.

use clap::CommandFactory;

use super::*;

fn subcommands() -> Vec<clap::Command> {
    Cli::command().get_subcommands().cloned().collect()
}

/// Every page of help: that of the program, of its subcommands and of theirs.
fn pages() -> Vec<clap::Command> {
    let mut program = Cli::command();
    program.build();
    let mut pages = vec![program];
    let mut read = 0;
    while let Some(page) = pages.get(read) {
        let below: Vec<_> = page.get_subcommands().cloned().collect();
        pages.extend(below);
        read += 1;
    }
    pages
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_page_of_help_has_examples_and_exit_codes() {
    for mut command in subcommands().into_iter().chain([Cli::command()]) {
        let help = command.render_long_help().to_string();
        for part in ["Examples:", "Exit codes:"] {
            assert!(help.contains(part), "{} --help lacks {part}", command.get_name());
        }
    }
}

#[test]
fn no_line_of_the_longer_texts_is_broken_at_80_columns() {
    for page in pages() {
        for text in [page.get_long_about(), page.get_after_long_help()].into_iter().flatten() {
            for line in text.to_string().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", page.get_name());
            }
        }
    }
}

#[test]
fn every_variable_is_named_after_its_flag() {
    for command in pages() {
        for argument in command.get_arguments() {
            let Some(variable) = argument.get_env() else { continue };
            let flag = argument.get_long().unwrap().to_uppercase().replace('-', "_");
            assert_eq!(variable.to_str().unwrap(), format!("JENNY_{flag}"));
        }
    }
}

#[test]
fn no_flag_holds_a_secret() {
    for command in pages() {
        assert!(command.get_arguments().all(|argument| argument.get_long() != Some("password")));
    }
}

#[test]
fn the_documentation_names_every_flag_with_its_command_and_variable() {
    let text = include_str!("../../../docs/configuration.md");
    for page in pages() {
        // `peer` for the page of `jenny peer ban`; the program's own page has no flags to name.
        let name = page.get_bin_name().unwrap_or_default().to_owned();
        let Some(command) = name.split(' ').nth(1) else { continue };
        for argument in page.get_arguments() {
            let Some(flag) = argument.get_long().filter(|&flag| flag != "help") else { continue };
            let named = text.lines().any(|line| {
                let mut cells = line.split('|').skip(1);
                let flags = cells.next().unwrap_or_default();
                let commands = cells.next().unwrap_or_default();
                let is_flag = flags.split(['`', ' ', ',']).any(|word| word == format!("--{flag}"));
                is_flag && commands.split(['`', ' ']).any(|word| word == command)
            });
            assert!(named, "docs lack --{flag} of {command}");
            if let Some(variable) = argument.get_env() {
                let variable = variable.to_str().unwrap();
                assert!(text.contains(&format!("`{variable}`")), "docs lack {variable}");
            }
        }
    }
}

#[test]
fn one_block_and_a_range_exclude_each_other() {
    for flags in [
        ["--height", "1", "--from", "0"],
        ["--height", "1", "--to", "2"],
        ["--hash", &"0".repeat(64), "--to", "2"],
        ["--tip", "--from", "1", "--headers"],
        ["--tip", "--height", "1", "--headers"],
    ] {
        let command = ["jenny", "dump"].into_iter().chain(flags);
        let error = Cli::try_parse_from(command).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{flags:?}");
    }
}
