//! Every key of jenny.toml: its default, its environment variable and what it is for.

use std::fmt::Write as _;

/// How a key's value is written in the environment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// As it is.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Parts with commas between them.
    List,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Its dotted path.
    pub(super) path: &'static str,
    /// Its default, as TOML.
    pub(super) default: &'static str,
    /// Its environment variable.
    pub(super) env: Option<&'static str>,
    /// How the variable is written, `None` if a flag reads it.
    pub(super) kind: Option<Kind>,
    /// What it is for, in one line.
    about: &'static str,
}

impl Key {
    /// A value that it takes, as TOML.
    pub(super) fn example(&self) -> &'static str {
        match self.path {
            "checkpoints" => r#"[{ height = 1000, hash = "64 hex digits" }]"#,
            "api.hosts" => r#"["ledger.example"]"#,
            "api.trusted_proxies" => r#"["127.0.0.1"]"#,
            _ => self.default,
        }
    }
}

/// Every key, in the order of the file: those without a table first.
pub(super) const KEYS: [Key; 21] = [
    Key {
        path: "chain",
        default: r#""jenny""#,
        env: Some("JENNY_CHAIN"),
        kind: None,
        about: "Chain of this directory: jenny, dev, or a spec file; a path is relative to this file.",
    },
    Key {
        path: "peers",
        default: r#""../peers.json""#,
        env: Some("JENNY_PEERS"),
        kind: None,
        about: "JSON list of peers to dial at the start; a path is relative to this file.",
    },
    Key {
        path: "checkpoints",
        default: "[]",
        env: None,
        kind: None,
        about: "Blocks that the chain must contain: [{ height = 1000, hash = \"64 hex digits\" }].",
    },
    Key {
        path: "max_reorg_depth",
        default: "0",
        env: Some("JENNY_MAX_REORG_DEPTH"),
        kind: Some(Kind::Number),
        about: "A branch that would disconnect more blocks waits for the operator; 0 sets no limit.",
    },
    Key {
        path: "api.listen",
        default: r#""127.0.0.1:3000""#,
        env: Some("JENNY_API_LISTEN"),
        kind: None,
        about: "Address and port of the REST API. Beyond loopback, a user is required.",
    },
    Key {
        path: "api.hosts",
        default: "[]",
        env: Some("JENNY_API_HOSTS"),
        kind: Some(Kind::List),
        about: "Host names by which clients may address the API, besides localhost and IP addresses.",
    },
    Key {
        path: "api.trusted_proxies",
        default: "[]",
        env: Some("JENNY_API_TRUSTED_PROXIES"),
        kind: Some(Kind::List),
        about: "Addresses or networks of the proxies whose X-Forwarded-For names the client.",
    },
    Key {
        path: "api.default_user",
        default: "true",
        env: Some("JENNY_API_DEFAULT_USER"),
        kind: Some(Kind::Flag),
        about: "Whether jenny with password 1234 is accepted on loopback until a user is added.",
    },
    Key {
        path: "p2p.listen",
        default: r#""127.0.0.1:7545""#,
        env: Some("JENNY_P2P_LISTEN"),
        kind: None,
        about: "Address and port for peers. Not set: \"0.0.0.0:7545\" if peers are named, except on dev.",
    },
    Key {
        path: "p2p.native",
        default: "true",
        env: Some("JENNY_P2P_NATIVE"),
        kind: Some(Kind::Flag),
        about: "Whether to speak the binary dialect with peers that support it; false: only JSON.",
    },
    Key {
        path: "p2p.max_message",
        default: r#""64MiB""#,
        env: Some("JENNY_P2P_MAX_MESSAGE"),
        kind: Some(Kind::Text),
        about: "Longest JSON message; a message may hold a whole chain. 8MiB to 128MiB.",
    },
    Key {
        path: "p2p.max_dialled",
        default: "8",
        env: Some("JENNY_P2P_MAX_DIALLED"),
        kind: Some(Kind::Number),
        about: "Links to peers that this node dials. 0 to 256.",
    },
    Key {
        path: "p2p.max_accepted",
        default: "32",
        env: Some("JENNY_P2P_MAX_ACCEPTED"),
        kind: Some(Kind::Number),
        about: "Links that peers may open. 0 to 1024.",
    },
    Key {
        path: "p2p.max_per_prefix",
        default: "4",
        env: Some("JENNY_P2P_MAX_PER_PREFIX"),
        kind: Some(Kind::Number),
        about: "Of these, links from one IPv4 /24 or IPv6 /64; loopback is not counted.",
    },
    Key {
        path: "log.level",
        default: r#""info""#,
        env: Some("JENNY_LOG"),
        kind: Some(Kind::Text),
        about: "Log level: error, warn, info, debug, trace or off, or a filter with levels of parts.",
    },
    Key {
        path: "log.format",
        default: r#""text""#,
        env: Some("JENNY_LOG_FORMAT"),
        kind: None,
        about: "Format of the log lines on standard error: text or json.",
    },
    Key {
        path: "mine.queue",
        default: "64",
        env: Some("JENNY_MINE_QUEUE"),
        kind: Some(Kind::Number),
        about: "Mining requests that may wait; a further one gets 503. 1 to 1024.",
    },
    Key {
        path: "mine.deadline",
        default: r#""60s""#,
        env: Some("JENNY_MINE_DEADLINE"),
        kind: Some(Kind::Text),
        about: "Time limit of one mining request; a request that exceeds it gets 503.",
    },
    Key {
        path: "mine.threads",
        default: "0",
        env: Some("JENNY_MINE_THREADS"),
        kind: Some(Kind::Number),
        about: "Threads that search for proof of work; 0 means one per core.",
    },
    Key {
        path: "store.cache",
        default: r#""32MiB""#,
        env: Some("JENNY_STORE_CACHE"),
        kind: Some(Kind::Text),
        about: "Memory for the database's page cache; at least 1MiB.",
    },
    Key {
        path: "store.min_free",
        default: r#""1GiB""#,
        env: Some("JENNY_STORE_MIN_FREE"),
        kind: Some(Kind::Text),
        about: "Blocks are refused while less than this is free on the file system; 0 turns this off.",
    },
];

/// The environment variables of all keys.
pub(in crate::cli) fn key_variables() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(|key| key.env)
}

/// Those of them that are read as text, and not by the parser of the command line.
pub(in crate::cli) fn text_variables() -> impl Iterator<Item = &'static str> {
    let of_flags = ["JENNY_LOG"];
    let others = KEYS.iter().filter(|key| key.kind.is_some()).filter_map(|key| key.env);
    others.chain(of_flags)
}

/// The text of a new jenny.toml: the chain if it is known, and every other key commented out
/// with its default.
pub(in crate::cli) fn template(chain: Option<&str>) -> String {
    let mut out = String::from(
        "# Settings of the jenny node in this directory. A line with `#` and a key shows that\n\
         # key's default; remove the `#` to change it. Environment variables and flags override\n\
         # this file; `jenny run --help` lists them. Changes apply after a restart.\n",
    );
    let mut table = "";
    for key in KEYS {
        let (its_table, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if its_table != table {
            table = its_table;
            // Writing into memory cannot fail.
            let _ = write!(out, "\n[{table}]");
        }
        let _ = match chain {
            Some(chain) if key.path == "chain" => {
                write!(out, "\n# {}\n{name} = \"{chain}\"\n", key.about)
            }
            _ => write!(out, "\n# {}\n#{name} = {}\n", key.about, key.default),
        };
    }
    out
}

/// The known key that `path`, an unknown one, was probably meant to be.
pub(super) fn similar(path: &str) -> Option<&'static str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    if let Some(key) = KEYS.iter().find(|key| last(key.path) == last(path)) {
        return Some(key.path);
    }
    let tables = KEYS.iter().filter_map(|key| key.path.split_once('.')).map(|(table, _)| table);
    KEYS.iter()
        .map(|key| key.path)
        .chain(tables)
        .map(|known| (strsim::damerau_levenshtein(path, known), known))
        .min()
        .filter(|&(distance, _)| distance <= 3)
        .map(|(_, known)| known)
}
