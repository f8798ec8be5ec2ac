//! What is logged: a level, and levels for parts of the program. Unknown levels are refused.

use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::api::{OWN_TARGET, TemporaryLevel};
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

    /// Returns this filter with another level for some of this program's own lines.
    pub(super) fn with(&self, other: &TemporaryLevel) -> Self {
        let is_part = |target: &str| {
            let rest = target.strip_prefix(other.target.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let kept = self.targets.iter().filter(|(target, _)| !is_part(target)).cloned();
        let new = (other.target.clone(), LevelFilter::from_level(other.level));
        Self { level: self.level, targets: kept.chain([new]).collect() }
    }

    /// Returns the text that a setting has for it; `default` counts where it names no level of
    /// its own.
    pub(super) fn text(&self, default: LevelFilter) -> String {
        let level = self.level.unwrap_or(default).to_string();
        let targets = self.targets.iter().map(|(target, level)| format!("{target}={level}"));
        [level].into_iter().chain(targets).collect::<Vec<_>>().join(",")
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
    let distance = strsim::damerau_levenshtein(root, OWN_TARGET);
    if root.is_empty() || (1..=3).contains(&distance) {
        let message =
            format!("`{}` is not a target; did you mean `{OWN_TARGET}`?", root.escape_debug());
        return Err(LogFilterError(message));
    }
    Ok(())
}

fn is_ours(target: &str) -> bool {
    target.split("::").next() == Some(OWN_TARGET)
}

#[cfg(test)]
mod tests;
