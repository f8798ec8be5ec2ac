//! `jenny cert`: the certificates of a private network.

mod files;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::args::{CertArgs, CertCommand, IssueArgs, NewCaArgs, ShowArgs};
use super::certificates::{end_text, failure};
use super::exit::Failure;
use super::output::{escape, labelled};
use super::stderr::{self, Kind};
use crate::tls::{Authority, Certificate, Names, certificates};

/// Name of the CA's certificate in its directory.
const CA_CERT: &str = "ca.pem";

/// Name of its private key.
const CA_KEY: &str = "ca.key";

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Runs the command.
pub(super) fn run(args: &CertArgs) -> Result<()> {
    match &args.command {
        CertCommand::NewCa(args) => new_ca(args),
        CertCommand::Issue(args) => issue(args),
        CertCommand::Show(args) => show(args),
    }
}

fn new_ca(args: &NewCaArgs) -> Result<()> {
    let dir = &args.dir.path;
    let (cert, key) = (dir.join(CA_CERT), dir.join(CA_KEY));
    let made = Authority::create(&args.name, days(args.days)).context("the CA cannot be made")?;
    files::write(&cert, &key, &made)?;
    note(&format!("created {}, which every node gets", cert.display()));
    note(&format!("created {}, which no node gets: keep it offline", key.display()));
    let is_default = dir == Path::new("./certs");
    let dir = if is_default { String::new() } else { format!(" --dir {}", dir.display()) };
    note("next, for each node, with the names and IP addresses at which others reach it:");
    note(&format!("  jenny cert issue NAME..{dir}"));
    Ok(())
}

fn issue(args: &IssueArgs) -> Result<()> {
    let names = Names::parse(&args.names).map_err(|error| {
        Failure::usage(error.to_string())
            .hint("for example: jenny cert issue node1.example 192.0.2.1")
    })?;
    let dir = &args.dir.path;
    let (ca, ca_key) = (dir.join(CA_CERT), dir.join(CA_KEY));
    if !ca.exists() && !ca_key.exists() {
        return Err(Failure::usage(format!("there is no CA in {}", dir.display()))
            .hint("make one with `jenny cert new-ca`, or name its directory with --dir")
            .into());
    }
    let authority = Authority::load(&ca, &ca_key).map_err(|error| failure(&error))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    if authority.not_after() <= now.map_or(0, |now| now.as_secs()) {
        return Err(Failure::usage(format!("the CA in {} has expired", ca.display()))
            .hint("make a new one with `jenny cert new-ca --dir NEW`; docs/tls.md says how to change to it")
            .into());
    }
    let out_dir = args.out_dir.as_ref().unwrap_or(dir);
    let (cert, key) = paths(out_dir, args.names.first().map_or("node", String::as_str));
    let made = authority.issue(&names, days(args.days)).context("no certificate can be made")?;
    files::write(&cert, &key, &made)?;
    let absolute = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("{} has no path", path.display()))
    };
    let (cert, key, ca) = (absolute(&cert)?, absolute(&key)?, absolute(&ca)?);
    tell(&cert, &key, &ca);
    super::print(&settings(&cert, &key, &ca))
}

/// Says on standard error what was made and what to do next, so that standard output is settings
/// alone.
fn tell(cert: &Path, key: &Path, ca: &Path) {
    let parsed = certificates(cert).ok().and_then(|ders| Certificate::parse(ders.first()?));
    let (until, names) = parsed.map_or_else(Default::default, |certificate| {
        (end_text(certificate.not_after), certificate.names.join(", "))
    });
    note(&format!("created {}", cert.display()));
    note(&format!("  for {names}, until {until}"));
    note(&format!("created {}", key.display()));
    note("next: copy these two files to the node, and");
    note(&format!("  {}", ca.display()));
    note("  append the lines below to its jenny.toml, with the paths there, and start it:");
    note("  jenny run --peer wss://OTHER:7545");
}

/// The settings of a node with this certificate, to be appended to its jenny.toml.
fn settings(cert: &Path, key: &Path, ca: &Path) -> String {
    let text = |path: &Path| toml::Value::String(path.to_string_lossy().into_owned()).to_string();
    let (cert, key, ca) = (text(cert), text(key), text(ca));
    format!(
        "\n# Links to nodes with a certificate of this CA alone.\n[p2p.tls]\ncert = {cert}\nkey = \
         {key}\nca = {ca}\n\n# The same certificate for the REST API, which speaks https \
         then.\n#[api.tls]\n#cert = {cert}\n#key = {key}"
    )
}

fn show(args: &ShowArgs) -> Result<()> {
    let ders = certificates(&args.file).map_err(|error| failure(&error))?;
    let mut shown = Vec::new();
    for der in &ders {
        let parsed = Certificate::parse(der).ok_or_else(|| {
            let message =
                format!("{} holds a certificate that cannot be read", args.file.display());
            Failure::usage(message).hint("copy the file again; it may be cut or damaged")
        })?;
        shown.push(parsed);
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    if args.json {
        let list: Vec<_> = shown.iter().map(|its| as_json(its, now)).collect();
        return super::print_json(&list);
    }
    let texts: Vec<_> = shown.iter().map(|its| lines(its, now)).collect();
    super::print(&texts.join("\n\n"))
}

fn as_json(certificate: &Certificate, now: u64) -> serde_json::Value {
    json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": certificate.names,
        "notBefore": certificate.not_before.saturating_mul(1_000),
        "notAfter": certificate.not_after.saturating_mul(1_000),
        "daysLeft": certificate.not_after.saturating_sub(now) / DAY,
        "authority": certificate.is_authority,
    })
}

/// A certificate for people.
fn lines(certificate: &Certificate, now: u64) -> String {
    let left = match certificate.is_early_or_late(now) {
        Some(true) => "not valid yet".to_owned(),
        Some(false) => "expired".to_owned(),
        None => format!("{} days left", (certificate.not_after - now) / DAY),
    };
    let kind = if certificate.is_authority { "CA" } else { "node" };
    let names = certificate.names.iter().map(|name| escape(name)).collect::<Vec<_>>();
    let mut out = String::new();
    let mut is_first = true;
    for (name, value) in [
        ("subject", escape(&certificate.subject)),
        ("issuer", escape(&certificate.issuer)),
        ("kind", kind.to_owned()),
        ("names", if names.is_empty() { "none".to_owned() } else { names.join(", ") }),
        ("from", end_text(certificate.not_before)),
        ("until", format!("{}, {left}", end_text(certificate.not_after))),
    ] {
        if !is_first {
            out.push('\n');
        }
        is_first = false;
        labelled(&mut out, name, &value);
    }
    out
}

/// The files of a node that is known by this name.
fn paths(dir: &Path, name: &str) -> (PathBuf, PathBuf) {
    let name = name.to_ascii_lowercase().replace(':', "-");
    (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")))
}

fn days(days: i64) -> Duration {
    Duration::from_secs(days.unsigned_abs().saturating_mul(DAY))
}

/// A line on standard error.
fn note(line: &str) {
    stderr::write(Kind::Urgent, format!("{}\n", escape(line)).as_bytes());
}

#[cfg(test)]
mod tests;
