//! The command line of `jenny receipt`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};

use super::NodeArgs;
use crate::chain::Hash;
use crate::cli::help;

#[derive(Args, Debug)]
pub(in crate::cli) struct ReceiptArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ReceiptCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ReceiptCommand {
    /// Checks a receipt, and that its tip is the trusted one
    #[command(long_about = help::RECEIPT_VERIFY, after_long_help = help::RECEIPT_VERIFY_AFTER)]
    Verify(ReceiptVerifyArgs),
    /// Renews a receipt against a later tip of a running node
    #[command(long_about = help::RECEIPT_REFRESH, after_long_help = help::RECEIPT_REFRESH_AFTER)]
    Refresh(ReceiptRefreshArgs),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ReceiptVerifyArgs {
    /// The receipt; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Hash of the trusted tip
    #[arg(long, value_name = "HASH")]
    pub(in crate::cli) tip: Option<Hash>,
    /// Succeeds without a trusted tip
    #[arg(long, conflicts_with = "tip")]
    pub(in crate::cli) unanchored: bool,
    /// Consistency proof from the receipt's tip to the trusted one, as `/v1/consistency` returns it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) consistency: Option<PathBuf>,
    /// Prints the result as one line of JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Which receipt a node is asked for, and where it goes.
#[derive(Args, Debug)]
pub(in crate::cli) struct ReceiptFile {
    /// Tip of the receipt: HEIGHT, HASH, or `final` for the block 100 below the node's tip
    /// [default: the node's tip]
    #[arg(long, value_name = "TIP")]
    pub(in crate::cli) tip: Option<ReceiptTipName>,
    /// Output file, which appears only once it is complete; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ReceiptRefreshArgs {
    /// The receipt, which the new one replaces unless --output names another file; `-` is standard
    /// input
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) new: ReceiptFile,
    #[command(flatten)]
    pub(in crate::cli) node: NodeArgs,
}

/// The tip of a receipt, as a node is asked for it.
#[derive(Clone, Debug)]
pub(in crate::cli) struct ReceiptTipName(String);

impl ReceiptTipName {
    pub(in crate::cli) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReceiptTipName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_height = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = is_height || text == "final" || text.parse::<Hash>().is_ok();
        is_name.then(|| Self(text.to_owned())).ok_or("write a height, a block hash, or `final`")
    }
}
