//! The command line of `jenny cert`.

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};

/// Longest time that a CA may count, in days: twenty years.
const MAX_CA_DAYS: i64 = 7_300;

/// Longest time that a node's certificate may count, in days: ten years.
const MAX_NODE_DAYS: i64 = 3_650;

pub(super) const CERT_ABOUT: &str = "\
Makes the certificates of a private network, whose nodes link over TLS to each
other and to nobody else.

`jenny cert new-ca` makes a certificate authority (CA) once. `jenny cert issue`
makes a certificate and a private key for each node, and prints the settings for
its jenny.toml. Anyone with ca.key can let nodes into the network: keep it
offline, and never copy it to a node. docs/tls.md describes every step, renewal,
and what TLS does not protect.";

pub(super) const CERT_AFTER: &str = "\
Examples:
  jenny init
  jenny cert new-ca
  jenny cert issue node1.example 192.0.2.1 >> data/jenny.toml
  jenny run

  jenny cert show certs/node1.example.pem

Exit codes:
  0  the files are written
  1  a file exists already, or could not be written
  2  usage error, or a file could not be used";

#[derive(Args, Debug)]
pub(in crate::cli) struct CertArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: CertCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CertCommand {
    /// Makes a CA: ca.pem, which every node gets, and ca.key, which none gets
    NewCa(NewCaArgs),
    /// Issues a node's certificate and key, and prints its settings
    Issue(IssueArgs),
    /// Prints what the certificates in a file say
    Show(ShowArgs),
}

/// Where the CA's files are.
#[derive(Args, Debug)]
pub(in crate::cli) struct CaDir {
    /// Directory with ca.pem and ca.key
    #[arg(long = "dir", value_name = "DIR", default_value = "./certs")]
    pub(in crate::cli) path: PathBuf,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct NewCaArgs {
    #[command(flatten)]
    pub(in crate::cli) dir: CaDir,
    /// Name of the CA, for people
    #[arg(long, value_name = "NAME", default_value = "jenny private network")]
    pub(in crate::cli) name: String,
    /// How long the CA counts
    #[arg(long, value_name = "DAYS", default_value_t = MAX_NODE_DAYS,
          value_parser = value_parser!(i64).range(1..=MAX_CA_DAYS))]
    pub(in crate::cli) days: i64,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct IssueArgs {
    /// Host names and IP addresses at which others reach the node; the first one names the files
    #[arg(value_name = "NAME", required = true)]
    pub(in crate::cli) names: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) dir: CaDir,
    /// Directory for the new files [default: that of the CA]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out_dir: Option<PathBuf>,
    /// How long the certificate counts
    #[arg(long, value_name = "DAYS", default_value_t = 365,
          value_parser = value_parser!(i64).range(1..=MAX_NODE_DAYS))]
    pub(in crate::cli) days: i64,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ShowArgs {
    /// PEM file
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Prints the certificates as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
