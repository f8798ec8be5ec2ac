//! Environment variables that look like settings and are none.

use std::collections::BTreeSet;
use std::ffi::OsString;

use anyhow::Result;
use clap::CommandFactory;

use super::args::Cli;
use super::config::{key_variables, text_variables};
use super::exit::Failure;
use super::output::escape;

/// What every variable of this program begins with.
const PREFIX: &str = "JENNY_";

/// Variables of the project's tests.
const OF_TESTS: &str = "JENNY_TEST_";

/// Variables that are read beside keys and flags.
const OTHER_VARIABLES: [&str; 1] = ["JENNY_PASSWORD"];

/// Most unknown variables that are named.
const MAX_UNKNOWN: usize = 16;

/// Warns of variables that change nothing, though they look as if they did. No error: Kubernetes
/// sets `JENNY_PORT` and others for a Service named jenny.
pub(super) fn warn_of_unknown() {
    for line in unknown() {
        tracing::warn!("{line}");
    }
}

/// A line for each variable that changes nothing, though it looks as if it did.
pub(super) fn unknown() -> Vec<String> {
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    warnings(names, &known())
}

/// Refuses variables that are read by their names and are not UTF-8: a setting must not be left
/// out in silence.
pub(super) fn check_text() -> Result<()> {
    check_values(&|name| std::env::var_os(name))
}

fn check_values(value: &dyn Fn(&str) -> Option<OsString>) -> Result<()> {
    let is_wrong = |name: &&str| value(name).is_some_and(|value| value.to_str().is_none());
    match text_variables().chain(OTHER_VARIABLES).find(is_wrong) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!("the variable {name} is not UTF-8"))
            .hint("correct it, or unset it")
            .into()),
    }
}

/// Every variable that some subcommand reads.
fn known() -> BTreeSet<String> {
    let command = Cli::command();
    let arguments = command.get_subcommands().flat_map(clap::Command::get_arguments);
    let of_flags = arguments.filter_map(|argument| argument.get_env());
    let of_flags = of_flags.map(|name| name.to_string_lossy().into_owned());
    let rest = key_variables().chain(OTHER_VARIABLES).map(str::to_owned);
    of_flags.chain(rest).collect()
}

fn warnings(names: impl Iterator<Item = String>, known: &BTreeSet<String>) -> Vec<String> {
    let is_unknown = |name: &String| {
        name.starts_with(PREFIX) && !name.starts_with(OF_TESTS) && !known.contains(name)
    };
    let unknown: BTreeSet<String> = names.filter(is_unknown).collect();
    let (of_kubernetes, unknown): (Vec<_>, Vec<_>) =
        unknown.into_iter().partition(|name| is_of_kubernetes(name));
    let mut lines = Vec::new();
    for name in unknown.iter().take(MAX_UNKNOWN) {
        let shown = escape(name);
        lines.push(match meant(name, known) {
            Some(meant) => {
                format!("the variable {shown} is unknown and ignored; did you mean {meant}?")
            }
            None => format!("the variable {shown} is unknown and ignored"),
        });
    }
    let rest = unknown.len().saturating_sub(MAX_UNKNOWN);
    if rest > 0 {
        lines.push(format!("{rest} more variables {PREFIX}.. are unknown and ignored"));
    }
    if !of_kubernetes.is_empty() {
        let shown: Vec<String> =
            of_kubernetes.iter().take(MAX_UNKNOWN).map(|name| escape(name)).collect();
        lines.push(format!(
            "these variables are ignored: {}; Kubernetes sets them for a Service named jenny, and \
             `enableServiceLinks: false` in the pod turns that off",
            shown.join(", ")
        ));
    }
    lines
}

/// The pattern of what Kubernetes, and Docker before it, sets for a service.
fn is_of_kubernetes(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}

/// The known variable that an unknown one was probably meant to be.
fn meant<'a>(name: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let close = known.iter().map(|known| (strsim::damerau_levenshtein(name, known), known));
    let closest = close.min().filter(|&(distance, _)| distance <= 2).map(|(_, known)| known);
    let extended = || known.iter().filter(|known| name.starts_with(&format!("{known}_"))).max();
    closest.or_else(extended).map(String::as_str)
}

#[cfg(test)]
mod tests;
