//! The questions of `jenny init` at a terminal. Nothing is written before all are answered.

use std::time::SystemTime;

use anyhow::Result;

use super::Plan;
use crate::api::{self, ApiConfig, Role};
use crate::cli::args::InitArgs;
use crate::cli::chain_choice::{self, ChainWish, DEFAULT_BLOCK_TIME};
use crate::cli::exit::{self, Failure};
use crate::cli::listen::Listen;
use crate::cli::output::escape;
use crate::cli::users::UsersFile;
use crate::cli::{password, terminal};

/// The name of the first user unless another one is typed.
const FIRST_USER: &str = "operator";

/// How often a question is repeated after an answer that cannot be.
const MAX_ASKED: usize = 5;

/// Asks for everything, and returns what is to be made.
pub(super) fn ask(args: &InitArgs, users: &UsersFile) -> Result<Plan> {
    let dir = args.data_dir.path.display();
    terminal::tell(&format!(
        "This creates the data directory {dir}.\n\
         Enter takes the answer in brackets, Ctrl-C ends this with nothing created.\n\n"
    ));
    let chain = chain()?;
    let (name, password) = user(users)?;
    let listen = listen()?;
    terminal::tell("\n");
    let hash = password::user(&name, &password.text, Role::Operator)?;
    if password.is_random {
        terminal::tell(&format!(
            "The password of {} is shown only now:\n\n    {}\n\n",
            escape(&name),
            password.text
        ));
    }
    Ok(Plan { chain, user: Some(hash), settings: listen.into_iter().collect() })
}

fn chain() -> Result<ChainWish> {
    terminal::tell(
        "The chain: `jenny` is the same on all nodes that name it; `dev` is for tests.\n\
         A name with `/` or `.` is the file of a chain spec. Any other name makes a chain\n\
         of your own, which no stranger's node can join by accident.\n",
    );
    repeat("chain", "jenny", |answer| {
        let is_known = matches!(answer, "jenny" | "dev");
        let wish = if is_known || answer.contains(['/', '.']) {
            ChainWish::Known(answer.to_owned())
        } else {
            ChainWish::New(answer.to_owned(), DEFAULT_BLOCK_TIME)
        };
        chain_choice::wanted(&wish, SystemTime::now())?;
        Ok(wish)
    })
    .and_then(|wish| match wish {
        ChainWish::New(name, default) => {
            let default = humantime::format_duration(default).to_string();
            repeat("time between blocks", &default, |answer| {
                let time = humantime::parse_duration(answer)
                    .map_err(|error| Failure::usage(format!("{error}; write for example 10s")))?;
                let wish = ChainWish::New(name.clone(), time);
                chain_choice::wanted(&wish, SystemTime::now())?;
                Ok(wish)
            })
        }
        known => Ok(known),
    })
}

/// A password, which the user typed or which is shown once.
struct Chosen {
    text: String,
    is_random: bool,
}

fn user(users: &UsersFile) -> Result<(String, Chosen)> {
    terminal::tell("\nThe first user of the REST API, an operator:\n");
    let name = repeat("name", FIRST_USER, |answer| {
        users.check_name(answer)?;
        Ok(answer.to_owned())
    })?;
    let text = password::ask_new_or_empty(&name, "[a random one]")?;
    let is_random = text.is_none();
    let text = match text {
        Some(text) => text,
        None => api::random_password()?,
    };
    Ok((name, Chosen { text, is_random }))
}

/// The listen address, `None` if it is the default one.
fn listen() -> Result<Option<(&'static str, String)>> {
    terminal::tell(
        "\nThe address of the REST API. `0.0.0.0:3000` lets other machines connect;\n\
         passwords then cross the network in clear text, so put a TLS proxy in front.\n",
    );
    let default = ApiConfig::default().listen;
    let listen = repeat("listen address", &default.to_string(), |answer| {
        let listen: Listen = answer.parse().map_err(|error| Failure::usage(format!("{error}")))?;
        Ok(listen.on(default.ip()))
    })?;
    Ok((listen != default).then(|| ("api.listen", format!("\"{listen}\""))))
}

/// Asks until an answer is good.
fn repeat<T>(question: &str, default: &str, good: impl Fn(&str) -> Result<T>) -> Result<T> {
    for _ in 1..MAX_ASKED {
        match good(&answer(question, default)?) {
            Ok(answer) => return Ok(answer),
            Err(error) => terminal::tell(&exit::text_of(&error)),
        }
    }
    good(&answer(question, default)?)
}

fn answer(question: &str, default: &str) -> Result<String> {
    let answer = terminal::ask(&format!("{question} [{default}]: "))?;
    let answer = answer.trim();
    Ok(if answer.is_empty() { default.to_owned() } else { answer.to_owned() })
}
