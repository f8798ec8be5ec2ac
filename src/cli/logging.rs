//! Log lines on standard error, and panics as log lines.

use std::any::Any;
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use super::args::LogFormat;
use super::exit::Failure;
use super::progress::BesideBar;

/// Environment variable that chooses what is logged.
const LEVEL: &str = "JENNY_LOG";

/// Starts logging. `default` is what is logged when `JENNY_LOG` is not set.
pub(super) fn start(format: LogFormat, default: &str) -> anyhow::Result<()> {
    let wanted = std::env::var(LEVEL).unwrap_or_else(|_| default.to_owned());
    let filter = EnvFilter::try_new(&wanted).map_err(|error| {
        Failure::usage(format!("{LEVEL}=`{wanted}`: {error}"))
            .hint("use error, warn, info, debug or trace")
    })?;
    let colours = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let builder = fmt().with_env_filter(filter).with_writer(|| BesideBar);
    // A second start, in a test, keeps the first: nothing else can set one.
    drop(match format {
        LogFormat::Text => builder.with_ansi(colours).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    });
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        tracing::error!(
            place,
            thread = thread.name().unwrap_or("unnamed"),
            "a defect in the program: {}",
            message(panic.payload())
        );
    }));
    Ok(())
}

/// What `panic!` was given.
fn message(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests;
