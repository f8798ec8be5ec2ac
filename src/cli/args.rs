//! The command line: every subcommand, flag and page of help.

mod archive;
mod cert;
mod config;
mod events;
mod evidence;
mod explore;
mod init;
mod migrate;
mod node;
mod receipt;
mod repair;
mod user;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::block_name::{ExpectedTip, HashPrefix};
use super::help;
use super::listen::Listen;
use super::logging::{LogFilter, LogFormat};
use super::output::Format;
use crate::chain::Hash;
use crate::node::PeerUrl;
pub(super) use archive::{ExportArgs, ImportArgs};
pub(super) use cert::{CertArgs, CertCommand, IssueArgs, NewCaArgs, ShowArgs};
pub(super) use config::{CompletionsArgs, ConfigArgs, ConfigCommand, ManArgs};
pub(super) use events::EventsArgs;
pub use evidence::EvidenceArgs;
pub(super) use explore::ExploreArgs;
pub(super) use init::InitArgs;
pub(super) use migrate::{MigrateArgs, MigrateCommand};
pub use node::RemoteArgs;
pub(super) use node::{DEFAULT_URL, NodeArgs};
pub(super) use receipt::{
    ReceiptArgs, ReceiptCommand, ReceiptFile, ReceiptRefreshArgs, ReceiptTipName, ReceiptVerifyArgs,
};
pub(super) use repair::RepairArgs;
pub(super) use user::{NewPassword, UserArgs, UserCommand};

/// Where a node keeps its data unless told otherwise.
pub(super) const DEFAULT_DATA_DIR: &str = "./data";

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
    /// Prints blocks, offline or from a running node
    #[command(long_about = help::DUMP, after_long_help = help::DUMP_AFTER)]
    Dump(DumpArgs),
    /// Checks every stored block, offline
    #[command(long_about = help::VERIFY, after_long_help = help::VERIFY_AFTER)]
    Verify(VerifyArgs),
    /// Shows the explorer over the data directory of a stopped node, and changes nothing
    #[command(long_about = help::EXPLORE, after_long_help = help::EXPLORE_AFTER)]
    Explore(ExploreArgs),
    /// Writes the chain into a portable file, offline or from a running node
    #[command(long_about = help::EXPORT, after_long_help = help::EXPORT_AFTER)]
    Export(ExportArgs),
    /// Reads a chain file into a data directory
    #[command(long_about = help::IMPORT, after_long_help = help::IMPORT_AFTER)]
    Import(ImportArgs),
    /// Checks receipts of records, without node or database
    #[command(long_about = help::RECEIPT, after_long_help = help::RECEIPT_VERIFY_AFTER)]
    Receipt(ReceiptArgs),
    /// Salvages a damaged database, or accepts a branch that forks too deep
    #[command(long_about = help::REPAIR, after_long_help = help::REPAIR_AFTER)]
    Repair(RepairArgs),
    /// Shows or brings up to date the schema of a stopped node's database
    #[command(long_about = help::MIGRATE, after_long_help = help::MIGRATE_AFTER)]
    Migrate(MigrateArgs),
    /// Prints a summary of a running node
    #[command(long_about = help::STATUS, after_long_help = help::STATUS_AFTER)]
    Status(StatusArgs),
    /// Lists, adds, removes and bans the peers of a running node
    #[command(long_about = help::PEER, after_long_help = help::PEER_AFTER)]
    Peer(PeerArgs),
    /// Adds, finds, lists and cancels the records of a running node
    #[command(long_about = help::RECORD, after_long_help = help::RECORD_AFTER)]
    Record(RecordArgs),
    /// Adds, lists, removes and changes the users of the REST API
    #[command(long_about = help::USER, after_long_help = help::USER_AFTER)]
    User(UserArgs),
    /// Checks the settings, or shows each and where it comes from
    #[command(long_about = help::CONFIG, after_long_help = help::CONFIG_AFTER)]
    Config(ConfigArgs),
    /// Prints the events of a running node as they happen
    #[command(long_about = help::EVENTS, after_long_help = help::EVENTS_AFTER)]
    Events(EventsArgs),
    /// Prints completions for a shell
    #[command(long_about = help::COMPLETIONS, after_long_help = help::COMPLETIONS_AFTER)]
    Completions(CompletionsArgs),
    /// Prints the manual page, or writes the pages of all subcommands
    #[command(long_about = help::MAN, after_long_help = help::MAN_AFTER)]
    Man(ManArgs),
    /// Makes the certificates of a private network
    #[command(long_about = cert::CERT_ABOUT, after_long_help = cert::CERT_AFTER)]
    Cert(CertArgs),
}

/// The data directory, which most subcommands take.
#[derive(Args, Debug)]
pub(super) struct DataDir {
    /// Directory with the database, jenny.toml and users.toml
    #[arg(long = "data-dir", value_name = "DIR", env = "JENNY_DATA_DIR", default_value = DEFAULT_DATA_DIR)]
    pub(super) path: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) data_dir: DataDir,
    /// `jenny`, `dev` or a chain spec FILE. An empty directory gets this chain; any other must
    /// already hold it [default: `chain` in jenny.toml, else jenny]
    #[arg(long, value_name = "CHAIN", env = "JENNY_CHAIN")]
    pub(super) chain: Option<String>,
    /// Listen address of the REST API: IP:PORT, localhost:PORT or :PORT; port 0 picks a free port
    /// [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDR", env = "JENNY_API_LISTEN")]
    pub(super) api_listen: Option<Listen>,
    /// Listen address for peers, in the same form [default: 127.0.0.1:7545, or 0.0.0.0:7545 if
    /// peers are named or p2p.tls is set, and the chain is not `dev`]
    #[arg(long, value_name = "ADDR", env = "JENNY_P2P_LISTEN")]
    pub(super) p2p_listen: Option<Listen>,
    /// Peer to dial, ws://host:port or wss://host:port; repeatable
    #[arg(long = "peer", value_name = "URL")]
    pub(super) peer: Vec<PeerUrl>,
    /// JSON list of peers to dial at the start and on `POST /addPeers` [default: peers.json beside
    /// the data directory, if it exists]
    #[arg(long, value_name = "FILE", env = "JENNY_PEERS")]
    pub(super) peers: Option<PathBuf>,
    /// Settings file [default: jenny.toml in the data directory, if it exists]
    #[arg(long, value_name = "FILE", env = "JENNY_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Creates a chain in a directory that has a jenny.toml but no chain
    #[arg(long)]
    pub(super) create: bool,
    /// Mines no pending records; `POST /mineBlock` still mines
    #[arg(long)]
    pub(super) no_mine: bool,
    /// Log level: error, warn, info, debug, trace or off, or a filter such as
    /// `warn,jenny_chain::node=debug` [default: `JENNY_LOG`, else info]
    #[arg(long, value_name = "LEVEL")]
    pub(super) log_level: Option<LogFilter>,
    /// Format of the log lines on standard error [default: text]
    #[arg(long, value_name = "FORMAT", env = "JENNY_LOG_FORMAT")]
    pub(super) log_format: Option<LogFormat>,
}

#[derive(Args, Debug)]
pub(super) struct DumpArgs {
    #[command(flatten)]
    pub(super) data_dir: DataDir,
    #[command(flatten)]
    pub(super) select: SelectArgs,
    /// Prints headers without records
    #[arg(long)]
    pub(super) headers: bool,
    /// Output format [default: table on a terminal, else jsonl]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Writes to FILE, which appears only once it is complete; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) remote: RemoteArgs,
    /// Dumps the running node at URL over REST instead of a database
    #[arg(long, value_name = "URL", conflicts_with = "read_only")]
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) evidence: EvidenceArgs,
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
    /// Only the block at HEIGHT
    #[arg(long, value_name = "HEIGHT", conflicts_with_all = ["from", "to", "tip"])]
    pub(super) height: Option<u64>,
    /// Only the block whose hash is HASH or begins with it (8 digits or more); all 64 digits, or
    /// --height too, also find one that a reorg took off the main chain
    #[arg(long, value_name = "HASH", conflicts_with_all = ["from", "to", "tip"])]
    pub(super) hash: Option<HashPrefix>,
    /// Only the last block
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub(super) tip: bool,
}

#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) data_dir: DataDir,
    /// Settings file with the checkpoints to check [default: jenny.toml in the data directory, if
    /// it exists]
    #[arg(long, value_name = "FILE", env = "JENNY_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Expected tip, HASH or HEIGHT:HASH; exits with code 1 if the tip differs
    #[arg(long, value_name = "TIP")]
    pub(super) expect_tip: Option<ExpectedTip>,
    #[command(flatten)]
    pub(super) evidence: EvidenceArgs,
    /// Prints the result as one line of JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub(super) node: NodeArgs,
    /// Prints the node's response as one line of JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Asks only whether the node is ready, which needs no user: exit code 0 if it is, 1 if not
    #[arg(long, conflicts_with_all = ["json", "watch"])]
    pub(super) check: bool,
    /// Refreshes every 2 seconds until interrupted; on a terminal, `q` quits as well
    #[arg(long)]
    pub(super) watch: bool,
}

#[derive(Args, Debug)]
pub(super) struct PeerArgs {
    #[command(subcommand)]
    pub(super) command: PeerCommand,
    #[command(flatten)]
    pub(super) node: NodeArgs,
    /// Prints the node's response as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum PeerCommand {
    /// Lists live links, known peers and bans
    List,
    /// Remembers a peer and dials it
    Add {
        /// ws://host:port or wss://host:port
        #[arg(value_name = "URL")]
        peer: String,
    },
    /// Closes the link to a peer and forgets it
    Remove {
        /// Address as `jenny peer list` shows it
        #[arg(value_name = "URL")]
        peer: String,
    },
    /// Bans an IP address
    Ban {
        /// IP address without a port
        #[arg(value_name = "IP")]
        address: IpAddr,
        /// Duration of the ban, at most one day [default: 86400]
        #[arg(long, value_name = "SECONDS")]
        seconds: Option<u64>,
        /// Free text, shown in the list of bans
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Ends a ban
    Unban {
        /// IP address without a port
        #[arg(value_name = "IP")]
        address: IpAddr,
    },
}

#[derive(Args, Debug)]
pub(super) struct RecordArgs {
    #[command(subcommand)]
    pub(super) command: RecordCommand,
    #[command(flatten)]
    pub(super) node: NodeArgs,
    /// Prints the node's response as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum RecordCommand {
    /// Sends records; they are durable when the command ends
    Add {
        /// The records
        #[arg(value_name = "TEXT", required_unless_present = "file")]
        texts: Vec<String>,
        /// Sends each line of FILE as a record; `-` is standard input
        #[arg(long, value_name = "FILE", conflicts_with_all = ["texts", "wait"])]
        file: Option<PathBuf>,
        /// Puts the line number before each record, so that equal lines stay apart
        #[arg(long, requires = "file")]
        number_lines: bool,
        /// First line to send
        #[arg(long, value_name = "LINE", requires = "file", default_value_t = 1)]
        from_line: u64,
        /// Waits until the records are in blocks, at most 60 seconds
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=60))]
        wait: Option<u64>,
    },
    /// Prints a record and where it is
    Get {
        /// The record's id
        #[arg(value_name = "ID")]
        id: Hash,
    },
    /// Waits until a record is in a block
    Wait {
        /// The record's id
        #[arg(value_name = "ID")]
        id: Hash,
        /// Longest wait
        #[arg(long, value_name = "SECONDS", default_value_t = 600)]
        timeout: u64,
    },
    /// Prints the id of a text, without a node
    Id {
        /// The text
        #[arg(value_name = "TEXT")]
        text: String,
    },
    /// Lists the records that wait for a block
    List,
    /// Writes the receipt of a record: the proof that it is on the chain
    Receipt {
        /// The record's id
        #[arg(value_name = "ID")]
        id: Hash,
        #[command(flatten)]
        file: ReceiptFile,
    },
    /// Takes back a record that is in no block
    Cancel {
        /// The record's id
        #[arg(value_name = "ID")]
        id: Hash,
    },
}

/// What a user of the REST API may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Role {
    /// The status alone, for monitoring
    Monitor,
    /// Read access: every GET
    Reader,
    /// Read access, and adding records
    Writer,
    /// Full access: also peers, bans and forks
    Operator,
}

#[cfg(test)]
mod tests;
