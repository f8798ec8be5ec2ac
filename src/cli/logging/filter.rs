//! What is logged: a level, and levels for parts of the program. Unknown levels are refused.

use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::cli::exit::Failure;

/// The levels, from the fewest lines to the most.
const LOG_LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

/// Environment variable that chooses what is logged.
const VARIABLE: &str = "JENNY_LOG";

/// The root of this program's own targets.
const OURS: &str = "jenny_chain";

/// A level and levels for targets, such as `warn,jenny_chain::node=debug`.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(in crate::cli) struct LogFilter {
    level: Option<LevelFilter>,
    targets: Vec<(String, LevelFilter)>,
}

/// A text that is no filter.
#[derive(Debug, thiserror::Error, Eq, PartialEq)]
#[error("{0}")]
pub(in crate::cli) struct LogFilterError(String);

impl LogFilter {
    /// INFO and above.
    pub(in crate::cli) const fn info() -> Self {
        Self { level: Some(LevelFilter::INFO), targets: Vec::new() }
    }

    /// What `JENNY_LOG` says.
    pub(in crate::cli) fn of_variable(
        env: &dyn Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let text = env(VARIABLE).unwrap_or_default();
        Ok(text.parse().map_err(|error| Failure::usage(format!("{VARIABLE}=`{text}`: {error}")))?)
    }

    /// The filter for `tracing`; `default` counts where the text names no level of its own.
    pub(super) fn targets(&self, default: LevelFilter) -> Targets {
        let targets = Targets::new().with_default(self.level.unwrap_or(default));
        targets.with_targets(self.targets.iter().cloned())
    }
}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        let mut filter = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some((target, name)) => {
                    let target = target.trim();
                    check_target(target)?;
                    filter.targets.push((target.to_owned(), level(name.trim())?));
                }
                None if is_ours(part) => {
                    filter.targets.push((part.to_owned(), LevelFilter::TRACE));
                }
                None => filter.level = Some(level(part)?),
            }
        }
        Ok(filter)
    }
}

impl TryFrom<String> for LogFilter {
    type Error = LogFilterError;

    fn try_from(text: String) -> Result<Self, LogFilterError> {
        text.parse()
    }
}

fn level(name: &str) -> Result<LevelFilter, LogFilterError> {
    let lower = name.to_lowercase();
    if let Some((_, level)) = LOG_LEVELS.iter().find(|(known, _)| *known == lower) {
        return Ok(*level);
    }
    let known =
        LOG_LEVELS.iter().map(|&(known, _)| (strsim::damerau_levenshtein(&lower, known), known));
    let meant = known.min().filter(|&(distance, _)| distance <= 2).map(|(_, known)| known);
    let meant = meant.map_or_else(
        || "use error, warn, info, debug, trace or off".to_owned(),
        |known| format!("did you mean `{known}`?"),
    );
    Err(LogFilterError(format!("`{}` is not a log level; {meant}", name.escape_debug())))
}

/// A target of another crate may be anything; ours must not be misspelt.
fn check_target(target: &str) -> Result<(), LogFilterError> {
    let root = target.split("::").next().unwrap_or(target);
    let distance = strsim::damerau_levenshtein(root, OURS);
    if root.is_empty() || (1..=3).contains(&distance) {
        let message = format!("`{}` is not a target; did you mean `{OURS}`?", root.escape_debug());
        return Err(LogFilterError(message));
    }
    Ok(())
}

fn is_ours(target: &str) -> bool {
    target.split("::").next() == Some(OURS)
}

#[cfg(test)]
mod tests;
