//! The flags of `jenny user`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DEFAULT_DATA_DIR, Role};
use crate::cli::help;

#[derive(Args, Debug)]
pub(in crate::cli) struct UserArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: UserCommand,
    #[command(flatten)]
    pub(in crate::cli) place: UsersPlace,
}

/// Where the users' file is.
#[derive(Args, Debug)]
pub(in crate::cli) struct UsersPlace {
    /// Directory with users.toml and jenny.toml
    #[arg(long = "data-dir", value_name = "DIR", env = "JENNY_DATA_DIR", default_value = DEFAULT_DATA_DIR, global = true)]
    pub(in crate::cli) data_dir: PathBuf,
    /// Settings file whose `api.users_file` counts [default: jenny.toml in the data directory, if
    /// it exists]
    #[arg(long, value_name = "FILE", env = "JENNY_CONFIG", global = true)]
    pub(in crate::cli) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum UserCommand {
    /// Adds a user; asks for the password on a terminal
    #[command(long_about = help::USER_ADD)]
    Add {
        /// 1 to 128 bytes without `:`
        #[arg(value_name = "NAME")]
        name: String,
        /// What the user is allowed to do; the first user is an operator unless told otherwise
        #[arg(long, value_name = "ROLE")]
        role: Option<Role>,
        #[command(flatten)]
        password: NewPassword,
    },
    /// Lists the users and their roles
    List {
        /// Prints one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Removes a user
    Remove {
        /// The user's name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Sets another password; asks for it on a terminal
    Passwd {
        /// The user's name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        password: NewPassword,
    },
    /// Sets another role
    Role {
        /// The user's name
        #[arg(value_name = "NAME")]
        name: String,
        /// What the user is allowed to do
        #[arg(value_name = "ROLE")]
        role: Role,
    },
}

#[derive(Args, Debug)]
pub(in crate::cli) struct NewPassword {
    /// File with the password, whose final line break is not part of it; `-` is standard input
    #[arg(long = "password-file", value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
}
