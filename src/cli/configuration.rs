//! `jenny config`: checks the settings, and shows what each is and where it comes from.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Error, Result};
use clap::ArgMatches;
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use super::args::{ConfigArgs, ConfigCommand, RunArgs};
use super::chain_choice::chain;
use super::config::{self, Entry, Origin, Settings, settings_file};
use super::exit::{self, Failure};
use super::node_users::NodeUsers;
use super::output::{COLUMNS, escape};
use super::{certificates, peers, run, terminal, variables};
use crate::api::ApiConfig;
use crate::chain::Spec;
use crate::node::PeerUrl;

/// The column of the origins.
const ORIGIN_COLUMN: usize = 44;

/// Runs the command. `matches` are those of the program.
pub(super) fn run(
    args: &ConfigArgs,
    env: &dyn Fn(&str) -> Option<String>,
    matches: &ArgMatches,
) -> Result<()> {
    let below = |matches: &'_ ArgMatches| matches.subcommand().map(|(_, below)| below.clone());
    let matches = below(matches).as_ref().and_then(below).unwrap_or_default();
    let matches = &matches;
    match &args.command {
        ConfigCommand::Check { run } => check(run, env, matches),
        ConfigCommand::Show { run, json } => show(run, env, matches, *json),
    }
}

/// Finds as much as can be found without the database and without listening.
fn check(args: &RunArgs, env: &dyn Fn(&str) -> Option<String>, matches: &ArgMatches) -> Result<()> {
    let settings = Settings::load(args, env)?;
    let mut found = Found::default();
    found.warnings.extend(variables::unknown());
    if let Some(name) = &settings.chain {
        found.error(chain(name));
    }
    for files in [&settings.api_tls, &settings.p2p_tls] {
        found.error(certificates::load(files.as_ref()));
    }
    let (file, is_named) = (&settings.api.peers_file, settings.api.peers_required);
    if let Some(entries) = found.error(peers::entries(file, is_named)) {
        let wrong = entries.into_iter().filter_map(Result::err);
        found.warnings.extend(wrong.map(|error| format!("{}: {error}", file.display())));
    }
    let users = settings.users_file(&args.data_dir.path).and_then(|file| {
        run::check_elsewhere(args, &file)?;
        let users = NodeUsers::of(file.clone(), &|name| std::env::var_os(name))?.read()?;
        Ok((file, users))
    });
    if let Some((file, users)) = found.error(users) {
        found.warnings.extend(file.too_open().into_iter().map(|(path, mode)| {
            format!("{} has mode {mode:04o}: other accounts can access it", path.display())
        }));
        found.error(run::check_api(&ApiConfig { users, ..settings.api.clone() }, &file));
    }
    found.tell()?;
    let mut out = "ok".to_owned();
    for entry in effective(args, env, matches, &settings)? {
        if entry.origin != Origin::Default {
            let _ = write!(out, "\n{}", line(&entry));
        }
    }
    super::print(&out)
}

/// What was found.
#[derive(Default)]
struct Found {
    warnings: Vec<String>,
    errors: Vec<Error>,
}

impl Found {
    /// Keeps an error.
    fn error<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }

    /// Tells everything.
    ///
    /// # Errors
    /// When there was an error.
    fn tell(mut self) -> Result<()> {
        for warning in &self.warnings {
            terminal::tell(&format!("warning: {}\n", escape(warning)));
        }
        let count = self.errors.len();
        match (count, self.errors.pop()) {
            (_, None) => Ok(()),
            (1, Some(error)) => Err(error),
            (_, Some(last)) => {
                self.errors.iter().for_each(exit::tell);
                exit::tell(&last);
                Err(Failure::usage(format!("{count} settings are wrong")).into())
            }
        }
    }
}

fn show(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
    matches: &ArgMatches,
    as_json: bool,
) -> Result<()> {
    let settings = Settings::load(args, env)?;
    let (dir, file) =
        (&args.data_dir.path, settings_file(&args.data_dir.path, args.config.as_deref()));
    let entries = effective(args, env, matches, &settings)?;
    if as_json {
        let keys = entries.iter().map(|entry| {
            let about = json!({
                "value": entry.note.is_none().then_some(&entry.value),
                "note": entry.note,
                "origin": entry.origin.kind(),
                "place": (entry.origin != Origin::Default).then(|| entry.origin.to_string()),
            });
            (entry.path.to_owned(), about)
        });
        return super::print_json(&json!({
            "dataDir": dir.to_string_lossy(),
            "file": file.exists().then(|| file.to_string_lossy()),
            "peers": args.peer.iter().map(PeerUrl::as_str).collect::<Vec<_>>(),
            "keys": keys.collect::<serde_json::Map<_, _>>(),
        }));
    }
    let state = if file.exists() { "" } else { ", which does not exist" };
    let mut out =
        format!("# data directory {}\n# settings file {}{state}", shown(dir), shown(&file));
    for peer in &args.peer {
        let _ = write!(out, "\n# peer {} of --peer", escape(peer.as_str()));
    }
    for entry in &entries {
        let _ = write!(out, "\n{}", line(entry));
    }
    super::print(&out)
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// A key as a line of TOML, with its origin behind it, or above it where the line is long.
fn line(entry: &Entry) -> String {
    let text = match entry.note {
        Some(note) => format!("# {}: {note}", entry.path),
        None => escape(&format!("{} = {}", entry.path, entry.value)),
    };
    let origin = escape(&entry.origin.to_string());
    let (width, room) = (text.width(), COLUMNS.saturating_sub(3).saturating_sub(origin.width()));
    if width >= room {
        return format!("# {origin}\n{text}");
    }
    let column = ORIGIN_COLUMN.min(room).max(width.saturating_add(1));
    format!("{text}{}# {origin}", " ".repeat(column.saturating_sub(width)))
}

/// The keys with the values that the node uses: paths start at the working directory, and defaults
/// that depend on other settings are filled in.
fn effective(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
    matches: &ArgMatches,
    settings: &Settings,
) -> Result<Vec<Entry>> {
    let spec = settings.chain.as_deref().map_or_else(|| Ok(Spec::jenny()), chain).ok();
    let path = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned());
    let port = |port: Option<SocketAddr>| port.map(|port| port.to_string().into());
    let (api_tls, p2p_tls) = (settings.api_tls.as_ref(), settings.p2p_tls.as_ref());
    let mut entries = config::entries(args, env, matches)?;
    for entry in &mut entries {
        let is_default = entry.origin == Origin::Default;
        let value = match (entry.path, &spec) {
            ("chain", _) => settings.chain.clone().map(toml::Value::String),
            ("peers", _) => Some(path(&settings.api.peers_file)),
            ("api.users_file", _) => Some(path(&settings.users_file)),
            ("api.listen", _) => Some(settings.api.listen.to_string().into()),
            ("api.plain_listen", _) => port(settings.api.plain_listen),
            ("p2p.plain_listen", _) => port(settings.p2p.plain_listen),
            ("api.tls.cert", _) => api_tls.map(|tls| path(&tls.cert)),
            ("api.tls.key", _) => api_tls.map(|tls| path(&tls.key)),
            ("p2p.tls.cert", _) => p2p_tls.map(|tls| path(&tls.cert)),
            ("p2p.tls.key", _) => p2p_tls.map(|tls| path(&tls.key)),
            ("p2p.tls.ca", _) => p2p_tls.and_then(|tls| tls.ca.as_deref()).map(path),
            ("p2p.listen", Some(spec)) => {
                let file = peers::entries(&settings.api.peers_file, false).unwrap_or_default();
                let names_peers = !args.peer.is_empty()
                    || file.iter().any(Result::is_ok)
                    || settings.p2p_tls.is_some();
                Some(peers::listen(settings.p2p_listen, names_peers, spec).to_string().into())
            }
            ("mining.interval", Some(spec)) if is_default && *spec == Spec::dev() => {
                Some("0s".to_owned().into())
            }
            ("mining.relayed_delay", Some(spec)) if is_default && *spec == Spec::dev() => {
                entry.note = Some("2s to 5s at random");
                None
            }
            ("mining.relayed_delay", Some(spec)) if is_default => Some(
                humantime::format_duration(Duration::from_millis(spec.target_block_time_ms()))
                    .to_string()
                    .into(),
            ),
            _ => None,
        };
        if let Some(value) = value {
            entry.value = value;
        }
    }
    Ok(entries)
}
