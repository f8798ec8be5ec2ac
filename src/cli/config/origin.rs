//! Where the value of each key comes from: the defaults, a line of the settings file, a variable or
//! a flag.

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use clap::ArgMatches;
use clap::parser::ValueSource;
use toml::Value;
use toml::de::DeTable;

use super::keys::{KEYS, Key};
use super::layer::{as_toml, settings_file, settings_text};
use crate::cli::args::RunArgs;

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::cli) enum Origin {
    Default,
    /// A line of the settings file, counted from 1.
    File(PathBuf, usize),
    Variable(&'static str),
    Flag(&'static str),
}

impl Origin {
    /// What kind it is, in one word for programs.
    pub(in crate::cli) const fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(..) => "file",
            Self::Variable(_) => "variable",
            Self::Flag(_) => "flag",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{}:{line}", file.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A key, its value as it was written, and who wrote it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Entry {
    pub(in crate::cli) path: &'static str,
    pub(in crate::cli) value: Value,
    /// What is used in place of the value, where TOML cannot say it.
    pub(in crate::cli) note: Option<&'static str>,
    pub(in crate::cli) origin: Origin,
}

/// Every key, in the order of the file. The settings must have been read without an error.
pub(in crate::cli) fn entries(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
    matches: &ArgMatches,
) -> Result<Vec<Entry>> {
    let file = settings_file(&args.data_dir.path, args.config.as_deref());
    let text = settings_text(&file, args.config.is_some())?.unwrap_or_default();
    let lines = Lines::of(&text);
    let entries = KEYS.iter().map(|key| {
        let of_flag = || of_flag(key, matches);
        let of_variable = || {
            let (name, kind, text) = key.variable(env)?;
            Some((value(&as_toml(&text, kind))?, Origin::Variable(name)))
        };
        let of_file = || {
            let (value, line) = lines.find(key.path)?;
            Some((value, Origin::File(file.clone(), line)))
        };
        let of_default = || (value(key.default).unwrap_or(Value::Boolean(false)), Origin::Default);
        let found = of_flag().or_else(of_variable).or_else(of_file);
        let (value, origin) = found.unwrap_or_else(of_default);
        Entry { path: key.path, value, note: None, origin }
    });
    Ok(entries.collect())
}

/// The flag of a key: the name of the argument, and how it is written.
pub(super) fn flag_of(path: &str) -> Option<(&'static str, &'static str)> {
    Some(match path {
        "chain" => ("chain", "--chain"),
        "peers" => ("peers", "--peers"),
        "api.listen" => ("api_listen", "--api-listen"),
        "p2p.listen" => ("p2p_listen", "--p2p-listen"),
        "log.level" => ("log_level", "--log-level"),
        "log.format" => ("log_format", "--log-format"),
        "mining.enabled" => ("no_mine", "--no-mine"),
        _ => return None,
    })
}

/// The value that the command line has for a key, from a flag or from the flag's variable.
fn of_flag(key: &Key, matches: &ArgMatches) -> Option<(Value, Origin)> {
    let (id, flag) = flag_of(key.path)?;
    let origin = match matches.value_source(id)? {
        ValueSource::CommandLine => Origin::Flag(flag),
        ValueSource::EnvVariable => Origin::Variable(key.env?),
        _ => return None,
    };
    let text = matches.get_raw(id)?.next()?.to_string_lossy().into_owned();
    let value = if key.path == "mining.enabled" { Value::Boolean(false) } else { text.into() };
    Some((value, origin))
}

/// The value that a text in TOML has.
fn value(text: &str) -> Option<Value> {
    let table: toml::Table = format!("value = {text}").parse().ok()?;
    table.get("value").cloned()
}

/// A settings file, and the places of its keys.
struct Lines<'a> {
    text: &'a str,
    places: DeTable<'a>,
    values: toml::Table,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let places = DeTable::parse(text).map(toml::Spanned::into_inner).unwrap_or_default();
        Self { text, places, values: text.parse().unwrap_or_default() }
    }

    /// The value of a key and its line.
    fn find(&self, path: &str) -> Option<(Value, usize)> {
        // A table may have inner ones: `api.tls.cert`.
        let mut names = path.split('.');
        let first = names.next()?;
        let (mut value, mut place) = (self.values.get(first)?, self.places.get(first)?);
        for name in names {
            (value, place) = (value.get(name)?, place.get_ref().get(name)?);
        }
        let before = self.text.get(..place.span().start)?;
        let line = before.bytes().filter(|&byte| byte == b'\n').count();
        Some((value.clone(), line.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests;
