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
            "api.cors_origins" => r#"["https://explorer.example"]"#,
            "api.plain_listen" => r#""127.0.0.1:3001""#,
            "p2p.plain_listen" => r#""127.0.0.1:7546""#,
            "p2p.allow" => r#"["10.1.0.0/16"]"#,
            "api.tls.cert" | "p2p.tls.cert" => r#""node.pem""#,
            "api.tls.key" | "p2p.tls.key" => r#""node.key""#,
            "p2p.tls.ca" => r#""ca.pem""#,
            _ => self.default,
        }
    }

    /// Its variable with the value that the environment has, `None` if a flag reads it or if it is
    /// not set. One that is empty never opens a network that the file closed.
    pub(super) fn variable(
        &self,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Option<(&'static str, Kind, String)> {
        let (name, kind) = self.env.zip(self.kind)?;
        let value = env(name)?;
        let is_empty = match kind {
            Kind::List => value.split(',').all(|part| part.trim().is_empty()),
            Kind::Text | Kind::Number | Kind::Flag => value.is_empty(),
        };
        let closes = self.path == "p2p.allow" || self.path.contains(".tls.");
        (!(closes && is_empty)).then_some((name, kind, value))
    }
}

macro_rules! keys {
    ($($path:literal = $default:literal, $env:expr, $kind:expr; $about:literal)*) => {
        /// Every key, in the order of the file: those without a table first.
        pub(super) const KEYS: &[Key] = &[$(
            Key { path: $path, default: $default, env: $env, kind: $kind, about: $about },
        )*];
    };
}

keys! {
    "chain" = r#""jenny""#, Some("JENNY_CHAIN"), None;
        "Chain of this directory: jenny, dev, or a spec file; a path is relative to this file."
    "peers" = r#""../peers.json""#, Some("JENNY_PEERS"), None;
        "JSON list of peers to dial at the start; a path is relative to this file."
    "checkpoints" = "[]", None, None;
        "Blocks that the chain must contain: [{ height = 1000, hash = \"64 hex digits\" }]."
    "max_reorg_depth" = "0", Some("JENNY_MAX_REORG_DEPTH"), Some(Kind::Number);
        "A branch that would disconnect more blocks waits for the operator; 0 sets no limit."
    "api.listen" = r#""127.0.0.1:3000""#, Some("JENNY_API_LISTEN"), None;
        "Address and port of the REST API. Beyond loopback, a user is required."
    "api.hosts" = "[]", Some("JENNY_API_HOSTS"), Some(Kind::List);
        "Host names by which clients may address the API, besides localhost and IP addresses."
    "api.trusted_proxies" = "[]", Some("JENNY_API_TRUSTED_PROXIES"), Some(Kind::List);
        "Addresses or networks of the proxies whose X-Forwarded-For names the client."
    "api.cors_origins" = "[]", Some("JENNY_API_CORS_ORIGINS"), Some(Kind::List);
        "Web origins whose pages may call the API, such as \"https://explorer.example\"."
    "api.default_user" = "true", Some("JENNY_API_DEFAULT_USER"), Some(Kind::Flag);
        "Whether jenny with password 1234 is accepted on loopback until a user is added."
    "api.users_file" = r#""users.toml""#, Some("JENNY_USERS_FILE"), Some(Kind::Text);
        "Users of the API; a path is relative to this file. `jenny user` changes it."
    "api.plain_listen" = r#""""#, Some("JENNY_API_PLAIN_LISTEN"), Some(Kind::Text);
        "With api.tls: another address and port, for HTTP in clear text. Empty: none."
    "api.tls.cert" = r#""""#, Some("JENNY_API_TLS_CERT"), Some(Kind::Text);
        "PEM file of the REST API's certificate, which makes api.listen speak HTTPS."
    "api.tls.key" = r#""""#, Some("JENNY_API_TLS_KEY"), Some(Kind::Text);
        "PEM file of its private key. Both are read again on SIGHUP."
    "p2p.listen" = r#""127.0.0.1:7545""#, Some("JENNY_P2P_LISTEN"), None;
        "Address and port for peers. Not set: \"0.0.0.0:7545\" if peers are named, except on dev."
    "p2p.native" = "true", Some("JENNY_P2P_NATIVE"), Some(Kind::Flag);
        "Whether to speak the binary dialect with peers that support it; false: only JSON."
    "p2p.max_message" = r#""64MiB""#, Some("JENNY_P2P_MAX_MESSAGE"), Some(Kind::Text);
        "Longest JSON message; a message may hold a whole chain. 8MiB to 128MiB."
    "p2p.max_dialled" = "8", Some("JENNY_P2P_MAX_DIALLED"), Some(Kind::Number);
        "Links to peers that this node dials. 0 to 256."
    "p2p.max_accepted" = "32", Some("JENNY_P2P_MAX_ACCEPTED"), Some(Kind::Number);
        "Links that peers may open. 0 to 1024."
    "p2p.max_per_prefix" = "4", Some("JENNY_P2P_MAX_PER_PREFIX"), Some(Kind::Number);
        "Of these, links from one IPv4 /24 or IPv6 /64; loopback is not counted."
    "p2p.allow" = "[]", Some("JENNY_P2P_ALLOW"), Some(Kind::List);
        "Addresses or networks whose peers are linked to, both ways. Empty: all."
    "p2p.require_tls" = "false", Some("JENNY_P2P_REQUIRE_TLS"), Some(Kind::Flag);
        "Whether only peers with wss:// are dialled."
    "p2p.plain_listen" = r#""""#, Some("JENNY_P2P_PLAIN_LISTEN"), Some(Kind::Text);
        "With p2p.tls: another address and port, for links in clear text. Empty: none."
    "p2p.tls.cert" = r#""""#, Some("JENNY_P2P_TLS_CERT"), Some(Kind::Text);
        "PEM file of the node's certificate; peers then need one of the same CA."
    "p2p.tls.key" = r#""""#, Some("JENNY_P2P_TLS_KEY"), Some(Kind::Text);
        "PEM file of its private key."
    "p2p.tls.ca" = r#""""#, Some("JENNY_P2P_TLS_CA"), Some(Kind::Text);
        "PEM file of the CA. All three are read again on SIGHUP."
    "log.level" = r#""info""#, Some("JENNY_LOG"), Some(Kind::Text);
        "Log level: error, warn, info, debug, trace or off, or a filter with levels of parts."
    "log.format" = r#""text""#, Some("JENNY_LOG_FORMAT"), None;
        "Format of the log lines on standard error: text or json."
    "mining.enabled" = "true", Some("JENNY_MINING_ENABLED"), Some(Kind::Flag);
        "Whether records of the pool are mined; POST /mineBlock mines in any case."
    "mining.interval" = r#""1s""#, Some("JENNY_MINING_INTERVAL"), Some(Kind::Text);
        "How long a pending record waits for others. Not set: not at all on dev. 0s to 24h."
    "mining.relayed_delay" = r#""10s""#, Some("JENNY_MINING_RELAYED_DELAY"), Some(Kind::Text);
        "How long a relayed record is left to others. Not set: a block time; 2s to 5s on dev."
    "mining.seal_blocks" = "0", Some("JENNY_MINING_SEAL_BLOCKS"), Some(Kind::Number);
        "Empty blocks that are mined on top of a block with records. 0 to 6."
    "mining.queue" = "64", Some("JENNY_MINING_QUEUE"), Some(Kind::Number);
        "Mining requests that may wait; a further one gets 503. 1 to 1024."
    "mining.deadline" = r#""60s""#, Some("JENNY_MINING_DEADLINE"), Some(Kind::Text);
        "Time limit of one mining request; a request that exceeds it gets 503."
    "mining.threads" = "0", Some("JENNY_MINING_THREADS"), Some(Kind::Number);
        "Threads that search for proof of work; 0 means one per core."
    "records.relay" = r#""named""#, Some("JENNY_RECORDS_RELAY"), Some(Kind::Text);
        "Peers with which pending records are exchanged: named (by the operator), all or off."
    "store.cache" = r#""32MiB""#, Some("JENNY_STORE_CACHE"), Some(Kind::Text);
        "Memory for the database's page cache; at least 1MiB."
    "store.min_free" = r#""1GiB""#, Some("JENNY_STORE_MIN_FREE"), Some(Kind::Text);
        "Blocks are refused while less than this is free on the file system; 0 turns this off."
}

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

/// The text of a new jenny.toml: these keys with their values in TOML, and every other key
/// commented out with its default.
pub(in crate::cli) fn template(settings: &[(&str, String)]) -> String {
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
            // An inner table is left out with its keys, so that a whole one can be added below.
            let comment = if table.contains('.') { "#" } else { "" };
            // Writing into memory cannot fail.
            let _ = write!(out, "\n{comment}[{table}]");
        }
        let set = settings.iter().find(|(path, _)| *path == key.path);
        let _ = match set {
            Some((_, value)) => write!(out, "\n# {}\n{name} = {value}\n", key.about),
            None => write!(out, "\n# {}\n#{name} = {}\n", key.about, key.default),
        };
    }
    out
}

/// The known key that `path`, an unknown one, was probably meant to be.
pub(super) fn similar(path: &str) -> Option<&'static str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let first = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
    let same = || KEYS.iter().filter(|key| last(key.path) == last(path));
    if let Some(key) = same().find(|key| first(key.path) == first(path)).or(same().next()) {
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
