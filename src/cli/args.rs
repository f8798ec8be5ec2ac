//! The command line: every subcommand, flag and page of help.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::block_name::{ExpectedTip, HashPrefix};
use super::help;
use super::listen::Listen;
use super::logging::LogFilter;
use crate::chain::Hash;
use crate::node::PeerUrl;

/// Where a node keeps its data unless told otherwise.
pub(super) const DEFAULT_DATA_DIR: &str = "./data";

/// The address at which a node answers unless told otherwise.
pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:3000";

#[derive(Debug, Parser)]
#[command(
    name = "jenny",
    version,
    about = "A small ledger node: an append-only chain of records, agreed on by proof of work",
    long_about = help::ABOUT,
    after_long_help = help::AFTER,
    arg_required_else_help = true,
    max_term_width = 80
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs the node
    #[command(long_about = help::RUN, after_long_help = help::RUN_AFTER)]
    Run(RunArgs),
    /// Creates a data directory and its jenny.toml, or adds a user
    #[command(long_about = help::INIT, after_long_help = help::INIT_AFTER)]
    Init(InitArgs),
    /// Prints blocks, offline or of a running node
    #[command(long_about = help::DUMP, after_long_help = help::DUMP_AFTER)]
    Dump(DumpArgs),
    /// Checks every stored block, offline
    #[command(long_about = help::VERIFY, after_long_help = help::VERIFY_AFTER)]
    Verify(VerifyArgs),
    /// Accepts a branch that a node refused because it forks too deep
    #[command(long_about = help::REPAIR, after_long_help = help::REPAIR_AFTER)]
    Repair(RepairArgs),
    /// Asks a running node how it is
    #[command(long_about = help::STATUS, after_long_help = help::STATUS_AFTER)]
    Status(StatusArgs),
    /// Lists, adds, removes and bans the peers of a running node
    #[command(long_about = help::PEER, after_long_help = help::PEER_AFTER)]
    Peer(PeerArgs),
}

/// The data directory, which most subcommands take.
#[derive(Args, Debug)]
pub(super) struct DataDir {
    /// The directory that holds the database, jenny.toml and users.toml
    #[arg(long = "data-dir", value_name = "DIR", env = "JENNY_DATA_DIR", default_value = DEFAULT_DATA_DIR)]
    pub(super) path: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) data_dir: DataDir,
    /// `jenny`, `dev` or a chain spec FILE. An empty directory gets this chain; any other
    /// must hold it [default: `chain` in jenny.toml, else jenny]
    #[arg(long, value_name = "CHAIN", env = "JENNY_CHAIN")]
    pub(super) chain: Option<String>,
    /// Where the REST API listens: IP:PORT, localhost:PORT or :PORT; port 0 picks a free one
    /// [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDR", env = "JENNY_API_LISTEN")]
    pub(super) api_listen: Option<Listen>,
    /// Where peers are listened for, written likewise [default: 127.0.0.1:7545; 0.0.0.0:7545
    /// once peers are named, except on the chain `dev`]
    #[arg(long, value_name = "ADDR", env = "JENNY_P2P_LISTEN")]
    pub(super) p2p_listen: Option<Listen>,
    /// A peer to dial, ws://host:port; may be given several times
    #[arg(long = "peer", value_name = "URL")]
    pub(super) peer: Vec<PeerUrl>,
    /// JSON list of the peers that are dialled at the start and by `POST /addPeers` [default:
    /// peers.json beside the data directory, if there is one]
    #[arg(long, value_name = "FILE", env = "JENNY_PEERS")]
    pub(super) peers: Option<PathBuf>,
    /// Settings file [default: jenny.toml in the data directory, if there is one]
    #[arg(long, value_name = "FILE", env = "JENNY_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Creates a chain in a directory that has a jenny.toml and no chain
    #[arg(long)]
    pub(super) create: bool,
    /// What is logged: error, warn, info, debug, trace or off, or a filter such as
    /// `warn,jenny_chain::node=debug` [default: `JENNY_LOG`, else info]
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<LogFilter>,
    /// How log lines on standard error are written [default: text]
    #[arg(long, value_name = "FORMAT", env = "JENNY_LOG_FORMAT")]
    pub(super) log_format: Option<LogFormat>,
}

#[derive(Args, Debug)]
pub(super) struct InitArgs {
    #[command(flatten)]
    pub(super) data_dir: DataDir,
    /// `jenny`, `dev` or a chain spec FILE [default: jenny]
    #[arg(long, value_name = "CHAIN", env = "JENNY_CHAIN")]
    pub(super) chain: Option<String>,
    /// Creates a chain of your own under this name, with a genesis block of its own
    #[arg(long, value_name = "NAME", conflicts_with = "chain")]
    pub(super) new_chain: Option<String>,
    /// Time between two blocks of the new chain that its difficulty aims at [default: 10s]
    #[arg(long, value_name = "TIME", requires = "new_chain", value_parser = humantime::parse_duration)]
    pub(super) block_time: Option<Duration>,
    /// Writes the new chain's spec to FILE too, for the other nodes: `jenny init --chain FILE`
    #[arg(long, value_name = "FILE", requires = "new_chain")]
    pub(super) spec_out: Option<PathBuf>,
    /// Adds a user of the REST API to users.toml; also in a directory that has a chain already
    #[arg(long, value_name = "NAME", requires = "password_file")]
    pub(super) user: Option<String>,
    /// File with that user's password; one line end at its end is not part of it
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(super) password_file: Option<PathBuf>,
    /// What that user may do
    #[arg(long, value_name = "ROLE", requires = "user", default_value = "operator")]
    pub(super) role: Role,
}

#[derive(Args, Debug)]
pub(super) struct DumpArgs {
    #[command(flatten)]
    pub(super) data_dir: DataDir,
    #[command(flatten)]
    pub(super) select: SelectArgs,
    /// Headers alone, without records
    #[arg(long)]
    pub(super) headers: bool,
    /// How blocks are written [default: table on a terminal, else jsonl]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Writes to FILE, which appears only when it is complete; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) remote: RemoteArgs,
    /// Dumps the running node at URL over REST in place of a database
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
}

/// Which blocks.
#[derive(Args, Debug)]
pub(super) struct SelectArgs {
    /// First height [default: 0]
    #[arg(long, value_name = "HEIGHT")]
    pub(super) from: Option<u64>,
    /// Last height; a height above the tip means the tip [default: the tip]
    #[arg(long, value_name = "HEIGHT")]
    pub(super) to: Option<u64>,
    /// The one block at HEIGHT
    #[arg(long, value_name = "HEIGHT", conflicts_with_all = ["from", "to", "tip"])]
    pub(super) height: Option<u64>,
    /// The one block whose hash is HASH or begins with it, 8 digits or more; with --height
    /// also one that a reorg took off the main chain
    #[arg(long, value_name = "HASH", conflicts_with_all = ["from", "to", "tip"])]
    pub(super) hash: Option<HashPrefix>,
    /// The last block
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub(super) tip: bool,
}

/// Credentials for a running node.
#[derive(Args, Debug)]
pub(super) struct RemoteArgs {
    /// User of the running node's REST API [default: jenny]
    #[arg(long, value_name = "NAME", env = "JENNY_USER", global = true)]
    pub(super) user: Option<String>,
    /// File with that user's password; else `JENNY_PASSWORD`, else on loopback the default one
    #[arg(long, value_name = "FILE", env = "JENNY_PASSWORD_FILE", global = true)]
    pub(super) password_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) data_dir: DataDir,
    /// Settings file whose checkpoints must hold [default: jenny.toml in the data directory,
    /// if there is one]
    #[arg(long, value_name = "FILE", env = "JENNY_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// The tip that the chain must have, HASH or HEIGHT:HASH; exit code 1 if it is another
    #[arg(long, value_name = "TIP")]
    pub(super) expect_tip: Option<ExpectedTip>,
    /// The result as one line of JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct RepairArgs {
    #[command(flatten)]
    pub(super) data_dir: DataDir,
    /// Accepts the branch whose first block has this hash, however many blocks it displaces
    #[arg(long, value_name = "HASH")]
    pub(super) accept_fork: Hash,
}

#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    /// Address of the running node
    #[arg(long, value_name = "URL", env = "JENNY_URL", default_value = DEFAULT_URL)]
    pub(super) url: String,
    #[command(flatten)]
    pub(super) remote: RemoteArgs,
    /// The node's answer as one line of JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Asks again every 2 seconds, until interrupted
    #[arg(long)]
    pub(super) watch: bool,
}

#[derive(Args, Debug)]
pub(super) struct PeerArgs {
    #[command(subcommand)]
    pub(super) command: PeerCommand,
    /// Address of the running node
    #[arg(long, value_name = "URL", env = "JENNY_URL", default_value = DEFAULT_URL, global = true)]
    pub(super) url: String,
    #[command(flatten)]
    pub(super) remote: RemoteArgs,
    /// The node's answer as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum PeerCommand {
    /// Live links, known peers and bans
    List,
    /// Remembers a peer and dials it
    Add {
        /// ws://host:port
        #[arg(value_name = "URL")]
        peer: String,
    },
    /// Closes the link to a peer and forgets it
    Remove {
        /// The address as `jenny peer list` shows it
        #[arg(value_name = "URL")]
        peer: String,
    },
    /// Keeps an IP address out
    Ban {
        /// Without a port
        #[arg(value_name = "IP")]
        address: IpAddr,
        /// For how long, a day at most [default: 86400]
        #[arg(long, value_name = "SECONDS")]
        seconds: Option<u64>,
        /// Why, for people
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Ends a ban
    Unban {
        /// Without a port
        #[arg(value_name = "IP")]
        address: IpAddr,
    },
}

/// What a user of the REST API may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Role {
    /// Every GET
    Reader,
    /// Also what changes state
    Operator,
}

/// How blocks are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Format {
    /// One line a block, for people
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values under a line of column names
    Csv,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

#[cfg(test)]
mod tests;
