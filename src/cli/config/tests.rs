//! Tests of the layers, of the template and of what is said about mistakes.

use clap::Parser;

use super::keys::KEYS;
use super::*;
use crate::chain::{Hash, Height};
use crate::cli::args::{Cli, Command};
use crate::cli::exit::text_of;
use crate::p2p::RelayPolicy;

fn args(flags: &[&str]) -> RunArgs {
    let command = ["jenny", "run"].iter().chain(flags);
    match Cli::try_parse_from(command).unwrap().command {
        Command::Run(args) => args,
        other => panic!("{other:?}"),
    }
}

fn nothing(_: &str) -> Option<String> {
    None
}

fn parse(toml: &str) -> Result<Settings> {
    let file = Path::new("data/jenny.toml");
    let layer = Layer::parse(toml, file)?.relative_to(parent_of(file));
    Settings::from_layer(layer, Path::new("data"))
}

fn said(toml: &str) -> String {
    text_of(&parse(toml).unwrap_err())
}

/// The template with every `#` before a key taken away.
fn uncommented() -> String {
    let lines = template(&[]);
    let lines = lines.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|first: char| first.is_ascii_lowercase() || first == '[') => {
            key
        }
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// All that settings say, but for the number that names the node.
fn shown(settings: &Settings) -> String {
    let mut settings = settings.clone();
    settings.p2p.nonce = 0;
    format!("{settings:#?}")
}

#[test]
fn the_template_changes_nothing() {
    let defaults = parse("").unwrap();
    assert_eq!(shown(&parse(&template(&[])).unwrap()), shown(&defaults));
    let named = parse(&template(&[("chain", "\"dev\"".to_owned())])).unwrap();
    assert_eq!(shown(&named), shown(&Settings { chain: Some("dev".to_owned()), ..defaults }));
}

#[test]
fn the_template_uncommented_says_the_defaults() {
    let mut settings = parse(&uncommented()).unwrap();
    // The one difference: what is named must be there.
    assert!(settings.api.peers_required);
    assert_eq!(settings.api.peers_file, Path::new("data/../peers.json"));
    assert_eq!(settings.chain.as_deref(), Some("jenny"));
    assert!(settings.users_named);
    let defaults = parse("").unwrap();
    settings.users_named = false;
    settings.chain = None;
    settings.api.peers_required = false;
    settings.api.peers_file = defaults.api.peers_file.clone();
    // An address for peers that is named is used, whether peers are named or not.
    assert_eq!(settings.p2p_listen.take(), Some(P2pConfig::default().listen.into()));
    // A time that is named counts on every chain.
    assert_eq!(settings.node.mine_interval.take(), Some(Duration::from_secs(1)));
    assert_eq!(settings.node.relayed_delay.take(), Some(Duration::from_secs(10)));
    assert_eq!(shown(&settings), shown(&defaults));
}

#[test]
fn the_template_has_every_key_once() {
    let table: toml::Table = uncommented().parse().unwrap();
    for key in KEYS {
        let mut parts = key.path.split('.');
        let first = table.get(parts.next().unwrap());
        assert!(parts.fold(first, |inner, name| inner?.get(name)).is_some(), "{}", key.path);
    }
    assert_eq!(leaves(&table), KEYS.len());
}

fn leaves(table: &toml::Table) -> usize {
    table.values().map(|value| value.as_table().map_or(1, leaves)).sum()
}

#[test]
fn the_documentation_names_every_key_with_its_default() {
    let text = include_str!("../../../docs/configuration.md");
    for key in KEYS {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{}` |", key.path)));
        let row = row.unwrap_or_else(|| panic!("docs lack {}", key.path));
        assert!(row.contains(&format!("`{}`", key.default)), "{row}");
        assert!(key.env.is_none_or(|env| row.contains(&format!("`{env}`"))), "{row}");
    }
}

#[test]
fn every_key_can_be_set() {
    let settings = parse(&format!(
        "chain = \"dev\"\npeers = \"/etc/peers.json\"\n\
         max_reorg_depth = 144\n\
         checkpoints = [{{ height = 5, hash = \"{}\" }}]\n\
         api = {{ listen = \"[::1]:80\", hosts = [\"ledger\"], trusted_proxies = [\"::1\"], \
         cors_origins = [\"http://a.example\"], default_user = false, \
         users_file = \"/run/users.toml\" }}\n\
         log = {{ level = \"warn\", format = \"json\" }}\n\
         [p2p]\nlisten = \"[::1]:81\"\nnative = false\nmax_message = \"8MiB\"\nmax_dialled = 1\n\
         max_accepted = 2\nmax_per_prefix = 3\nallow = [\"10.1.0.0/16\"]\nrequire_tls = true\n\
         plain_listen = \":82\"\n\
         tls = {{ cert = \"/etc/node.pem\", key = \"/etc/node.key\", ca = \"/etc/ca.pem\" }}\n\
         [mining]\nenabled = false\ninterval = \"5s\"\nrelayed_delay = \"7s\"\n\
         seal_blocks = 6\nqueue = 2\ndeadline = \"1m 30s\"\nthreads = 3\n\
         [records]\nrelay = \"all\"\n\
         [store]\ncache = 1048576\nmin_free = \"0\"\n",
        Hash::ZERO
    ))
    .unwrap();
    let defaults = parse("").unwrap();
    let checkpoints: Checkpoints = [(Height::new(5), Hash::ZERO)].into_iter().collect();
    let expected = Settings {
        chain: Some("dev".to_owned()),
        api: ApiConfig {
            listen: "[::1]:80".parse().unwrap(),
            hosts: vec!["ledger".to_owned()],
            trusted_proxies: TrustedProxies::parse(&["::1"]).unwrap(),
            cors_origins: CorsOrigins::parse(&["http://a.example"]).unwrap(),
            default_user: false,
            peers_file: PathBuf::from("/etc/peers.json"),
            peers_required: true,
            ..defaults.api
        },
        users_file: PathBuf::from("/run/users.toml"),
        users_named: true,
        api_tls: None,
        p2p_tls: Some(TlsFiles {
            cert: PathBuf::from("/etc/node.pem"),
            key: PathBuf::from("/etc/node.key"),
            ca: Some(PathBuf::from("/etc/ca.pem")),
        }),
        p2p_listen: Some("[::1]:81".parse().unwrap()),
        p2p: P2pConfig {
            binary: false,
            relay: RelayPolicy::All,
            max_message: 8 << 20,
            max_dialled: 1,
            max_accepted: 2,
            max_per_prefix: 3,
            allow: AllowList::parse(&["10.1.0.0/16"]).unwrap(),
            require_tls: true,
            plain_listen: Some("127.0.0.1:82".parse().unwrap()),
            ..defaults.p2p
        },
        log_level: "warn".parse().unwrap(),
        log_format: LogFormat::Json,
        node: NodeConfig {
            mines_pool: false,
            mine_interval: Some(Duration::from_secs(5)),
            relayed_delay: Some(Duration::from_secs(7)),
            seal_blocks: 6,
            mine_queue: 2,
            mine_deadline: Duration::from_secs(90),
            miner_threads: 3,
            checkpoints: checkpoints.clone(),
            ..defaults.node
        },
        store: Options {
            cache_bytes: 1 << 20,
            min_free_bytes: 0,
            checkpoints,
            max_reorg_depth: Some(144),
            ..defaults.store
        },
    };
    assert_eq!(shown(&settings), shown(&expected));
}

#[test]
fn the_later_layer_wins() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_str().unwrap();
    let file = "api.listen = \"127.0.0.1:1\"\nmining = { queue = 1, threads = 1 }\n";
    std::fs::write(dir.path().join(CONFIG_FILE), file).unwrap();
    let env = |name: &str| (name == "JENNY_MINING_QUEUE").then(|| "2".to_owned());
    let flags = args(&["--data-dir", data_dir, "--api-listen", "127.0.0.1:3"]);
    let settings = Settings::load(&flags, &env).unwrap();
    assert_eq!(settings.api.listen.port(), 3, "a flag wins over the file");
    assert_eq!(settings.node.mine_queue, 2, "the environment wins over the file");
    assert_eq!(settings.node.miner_threads, 1, "the file wins over the default");
    assert_eq!(settings.node.mine_deadline, Duration::from_secs(60), "the default is left");
}

#[test]
fn the_environment_reaches_every_key_that_has_a_variable() {
    let env = |name: &str| {
        Some(match name {
            "JENNY_API_HOSTS" => "a.example, b.example,".to_owned(),
            "JENNY_P2P_NATIVE" => "false".to_owned(),
            "JENNY_MINING_QUEUE" => "7".to_owned(),
            "JENNY_MINING_DEADLINE" => "5s".to_owned(),
            "JENNY_MINING_THREADS" => "2".to_owned(),
            "JENNY_RECORDS_RELAY" => "off".to_owned(),
            "JENNY_STORE_CACHE" => "2MiB".to_owned(),
            "JENNY_STORE_MIN_FREE" => "1024".to_owned(),
            _ => return None,
        })
    };
    let layer = Layer::env(&env).unwrap();
    let settings = Settings::from_layer(layer, Path::new("data")).unwrap();
    assert_eq!(settings.api.hosts, ["a.example", "b.example"]);
    assert!(!settings.p2p.binary);
    assert_eq!(settings.node.mine_queue, 7);
    assert_eq!(settings.node.mine_deadline, Duration::from_secs(5));
    assert_eq!(settings.node.miner_threads, 2);
    assert_eq!(settings.p2p.relay, RelayPolicy::Off);
    assert_eq!(settings.store.cache_bytes, 2 << 20);
    assert_eq!(settings.store.min_free_bytes, 1_024);
}

#[test]
fn a_wrong_variable_is_named() {
    for (name, value) in [
        ("JENNY_MINING_QUEUE", "many"),
        ("JENNY_MINING_QUEUE", "-1"),
        ("JENNY_MINING_DEADLINE", "soon"),
        ("JENNY_STORE_CACHE", "32 parsecs"),
        ("JENNY_P2P_NATIVE", "yes"),
    ] {
        let env = |asked: &str| (asked == name).then(|| value.to_owned());
        let text = text_of(&Layer::env(&env).unwrap_err());
        assert!(text.starts_with(&format!("error: {name}=`{value}`: ")), "{text}");
    }
}

#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    for (toml, known) in [
        ("[mining]\nqeue = 1", "mining.queue"),
        ("[mining]\ndeadlin = \"1s\"", "mining.deadline"),
        ("listen = \"127.0.0.1:1\"", "api.listen"),
        ("[api]\ncache = 1", "store.cache"),
        ("[apo]\nx = 1", "api"),
        ("peeers = \"x\"", "peers"),
    ] {
        let text = said(toml);
        assert!(text.contains("data/jenny.toml: "), "{text}");
        assert!(text.contains(&format!("did you mean `{known}`?")), "{toml}: {text}");
    }
    let text = said("[api]\nfrobnicate = 1");
    assert!(text.contains("`api.frobnicate` is unknown; `jenny init` writes"), "{text}");
}

#[test]
fn a_wrong_value_is_shown_in_its_line() {
    let text = said("[mining]\nqueue = 5\ndeadline = \"x\"\n");
    assert!(text.contains("line 3") && text.contains("deadline = \"x\""), "{text}");
}

#[test]
fn values_out_of_bounds_are_refused() {
    for toml in [
        "mining.queue = 0",
        "mining.queue = 1025",
        "mining.deadline = \"0s\"",
        "mining.deadline = \"25h\"",
        "mining.threads = 1025",
        "mining.interval = \"25h\"",
        "mining.relayed_delay = \"25h\"",
        "mining.seal_blocks = 7",
        "store.cache = \"1023KiB\"",
        "store.cache = \"2048GiB\"",
    ] {
        let (key, _) = toml.split_once(' ').unwrap();
        let text = said(toml);
        assert!(text.contains(&format!("the setting `{key}` must be ")), "{text}");
    }
}

#[test]
fn a_checkpoint_is_a_height_once_and_a_whole_hash() {
    let text = said("checkpoints = [{ height = 1, hash = \"0f\" }]");
    assert!(text.contains("the checkpoint at height 1: a hash is exactly 64"), "{text}");
    let pin = format!("{{ height = 1, hash = \"{}\" }}", Hash::ZERO);
    let text = said(&format!("checkpoints = [{pin}, {pin}]"));
    assert!(text.contains("two checkpoints at height 1"), "{text}");
}

#[test]
fn sizes_are_plain_or_with_a_binary_unit() {
    for (text, bytes) in [
        ("0", Some(0)),
        ("17", Some(17)),
        ("17B", Some(17)),
        ("1KiB", Some(1_024)),
        ("32 MiB", Some(32 << 20)),
        ("16777215TiB", Some(16_777_215 << 40)),
        ("16777216TiB", None),
        ("", None),
        ("MiB", None),
        ("+1", None),
        ("1.5GiB", None),
        ("1MB", None),
    ] {
        let size = text.parse().ok().map(ByteSize::get);
        assert_eq!(size, bytes, "{text}");
    }
}

#[test]
fn the_peers_file_is_beside_the_data_directory() {
    for (data_dir, file) in [
        ("./data", "./peers.json"),
        ("data", "./peers.json"),
        ("/srv/jenny/data/", "/srv/jenny/peers.json"),
        (".", "./../peers.json"),
        ("a/..", "a/../../peers.json"),
    ] {
        let found = beside(Path::new(data_dir)).join("peers.json");
        assert_eq!(found, Path::new(file), "{data_dir}");
    }
}

#[test]
fn a_settings_file_that_was_named_must_exist() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.toml");
    let flags = args(&["--config", missing.to_str().unwrap()]);
    let text = text_of(&Settings::load(&flags, &nothing).unwrap_err());
    assert!(text.contains("missing.toml cannot be read"), "{text}");
}

#[test]
fn a_path_in_the_settings_file_starts_at_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("other.toml");
    std::fs::write(&file, "peers = \"p.json\"").unwrap();
    let settings = Settings::load(&args(&["--config", file.to_str().unwrap()]), &nothing).unwrap();
    assert_eq!(settings.api.peers_file, dir.path().join("p.json"));
}

#[test]
fn host_names_and_proxies_that_match_nothing_are_refused() {
    for (setting, is) in [
        ("hosts = [\"*\"]", "`api.hosts`: `*` never"),
        ("hosts = [\"ledger.example:443\"]", "write `ledger.example`"),
        ("trusted_proxies = [\"10.0.0.0/33\"]", "`api.trusted_proxies`: `10.0.0.0/33` is"),
        ("trusted_proxies = [\"proxy.example\"]", "is not an IP address or network"),
        ("cors_origins = [\"*\"]", "`api.cors_origins`: `*` is not a web origin"),
        ("cors_origins = [\"http://a.example/\"]", "write for example `http://a.example`"),
    ] {
        let text = text_of(&parse(&format!("[api]\n{setting}\n")).unwrap_err());
        assert!(text.contains(is), "{text}");
    }
}

#[test]
fn a_value_of_another_type_says_what_to_write() {
    for (toml, is, hint) in [
        ("[mining]\nqueue = \"3\"", "expected a whole number", "`mining.queue = 64`"),
        ("max_reorg_depth = -1", "expected a whole number", "`max_reorg_depth = 0`"),
        ("chain = 3", "expected a text in quotes", "`chain = \"jenny\"`"),
        ("[api]\ndefault_user = 1", "expected `true` or `false`", "`api.default_user = true`"),
        (
            "[api]\nhosts = \"a\"",
            "expected a list in brackets",
            "`api.hosts = [\"ledger.example\"]`",
        ),
        ("checkpoints = 1", "expected a list in brackets", "`checkpoints = [{ height = 1000, "),
    ] {
        let text = said(toml);
        assert!(
            text.contains(is) && text.contains(&format!("hint: write it as in {hint}")),
            "{text}"
        );
    }
    let text = said("mining = 3");
    assert!(text.contains("expected a table"), "{text}");
}
