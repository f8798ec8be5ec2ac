//! `GET /v1/log-level` and `PUT /v1/log-level`: the level of the log of the running node.

use std::time::UNIX_EPOCH;

use serde::Serialize;
use tracing::Level;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::{json_body, reply};
use crate::api::log_level::{CurrentLevel, MAX_TARGET_BYTES, OWN_TARGET, TemporaryLevel};

/// What may be asked for: the levels, and the end of a temporary one.
pub(super) const LEVEL_WORDS: [&str; 6] =
    ["error", "warn", "info", "debug", "trace", CONFIGURED_LEVEL];

/// Asks for the configured level.
const CONFIGURED_LEVEL: &str = "configured";

#[derive(Serialize, ToSchema)]
pub(super) struct LogLevel {
    /// The filter of the settings, which counts where no temporary level does.
    configured: String,
    temporary: Option<Temporary>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TemporaryLogLevel)]
pub(super) struct Temporary {
    level: String,
    target: String,
    /// Milliseconds since the epoch.
    until: u64,
}

/// The level that counts now.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    reply::json(&LogLevel::from(call.context.log_level.get()))
}

/// Has another level count for 15 minutes, or the configured one again.
pub(super) async fn set(mut call: Call) -> Result<Response, Problem> {
    let body = call.small_json_body().await?;
    let level = json_body::string(body.as_bytes(), "level")?;
    let target = json_body::optional::<String>(body.as_bytes(), "target")?;
    let target = target.unwrap_or_else(|| OWN_TARGET.to_owned());
    if !is_own(&target) {
        let detail = format!(
            "the target must be {OWN_TARGET} or a part of it, such as {OWN_TARGET}::p2p, of at most {MAX_TARGET_BYTES} bytes"
        );
        return Err(Problem::new(Kind::InvalidBody, detail).at("target"));
    }
    if !LEVEL_WORDS.contains(&level.as_str()) {
        let detail = format!("the level must be one of {}", LEVEL_WORDS.join(", "));
        return Err(Problem::new(Kind::InvalidBody, detail).at("level"));
    }
    let next = level.parse::<Level>().ok().map(|level| TemporaryLevel { level, target });
    let about = next.as_ref().map_or_else(|| CONFIGURED_LEVEL.to_owned(), ToString::to_string);
    call.subject.note(&about);
    reply::json(&LogLevel::from(call.context.log_level.set(next)))
}

/// Whether a target is one of this program's lines, in lower case as all of them are.
fn is_own(target: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    let mut words = target.split("::");
    target.len() <= MAX_TARGET_BYTES && words.next() == Some(OWN_TARGET) && words.all(is_word)
}

impl From<CurrentLevel> for LogLevel {
    fn from(current: CurrentLevel) -> Self {
        let temporary = current.temporary.map(|(TemporaryLevel { level, target }, until)| {
            let until = until.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            let until = u64::try_from(until).unwrap_or(u64::MAX);
            Temporary { level: level.as_str().to_ascii_lowercase(), target, until }
        });
        Self { configured: current.configured, temporary }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_targets_of_our_own_are_taken() {
        for below in ["", "::p2p", "::p2p::driver", "::store_2"] {
            assert!(is_own(&format!("{OWN_TARGET}{below}")), "{below}");
        }
        for below in ["2", "::", "::P", "::a:b", &format!("::{}", "a".repeat(MAX_TARGET_BYTES))] {
            assert!(!is_own(&format!("{OWN_TARGET}{below}")), "{below}");
        }
        for target in ["", "hyper", "audit", "::a"] {
            assert!(!is_own(target), "{target}");
        }
    }

    #[test]
    fn every_word_but_the_last_is_a_level() {
        let levels = LEVEL_WORDS.map(|word| word.parse::<Level>().is_ok());
        assert_eq!(levels, [true, true, true, true, true, false]);
    }
}
