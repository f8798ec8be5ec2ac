//! The command line of `jenny-dataset`.

use clap::{Args, Parser, Subcommand};
use jenny_chain::cli::toolkit::{EvidenceArgs, RemoteArgs};

use crate::help;
use crate::manifest::MAX_RANGE_BLOCKS;

#[derive(Debug, Parser)]
#[command(
    name = "jenny-dataset",
    version,
    about = "Writes the records of a chain as Parquet files",
    long_about = help::DATASET_ABOUT,
    after_long_help = help::DATASET_AFTER,
    arg_required_else_help = true,
    max_term_width = 80
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Adds the new full ranges of a chain to a dataset
    #[command(long_about = help::DATASET_EXPORT, after_long_help = help::DATASET_EXPORT_AFTER)]
    Export(ExportArgs),
    /// Compares the files of a dataset with its manifest
    #[command(long_about = help::DATASET_VERIFY, after_long_help = help::DATASET_VERIFY_AFTER)]
    Verify(VerifyArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Data directory of a stopped node, or the URL of a running one
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) from: String,
    /// Folder of the dataset, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "DIR|S3")]
    pub(crate) to: String,
    /// Leaves out the blocks that have fewer blocks above them than this [default: that of the
    /// last export that wrote a range, else that of the first one, else 100]
    #[arg(long, value_name = "BLOCKS")]
    pub(crate) depth: Option<u64>,
    /// Blocks of which each file has the records; the first export fixes it [default: 10000]
    #[arg(long, value_name = "BLOCKS", value_parser = clap::value_parser!(u64).range(1..=MAX_RANGE_BLOCKS))]
    pub(crate) range_blocks: Option<u64>,
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// Folder of the dataset, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "DIR|S3")]
    pub(crate) of: String,
}

#[cfg(test)]
mod tests;
