//! `jenny init`.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

use crate::process::{Jenny, Running, until};

const DEV: &str = "0baf558e4122a1334c8b23f7b48ba5866c9601c57659eda803c91bf7c5ab6677";
const JENNY: &str = "f0951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8aa";

fn init(dir: &Path) -> Jenny {
    Jenny::new("init").arg("--data-dir", dir)
}

fn password(dir: &Path, text: &str) -> std::path::PathBuf {
    let file = dir.join("password");
    fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_directory_gets_its_chain_and_its_settings() {
    let around = tempfile::tempdir().unwrap();
    for (flags, name, genesis) in [("", "jenny", JENNY), ("--chain dev", "dev", DEV)] {
        let dir = around.path().join(name).join("deep");
        let out = init(&dir).words(flags).done().ok();
        let shown = dir.display();
        assert_eq!(
            out,
            format!(
                "created chain {name} in {shown}\ngenesis {genesis}\ncreated {shown}/jenny.toml\n"
            )
        );
        let dump = Jenny::new("dump").words("--tip --headers").arg("--data-dir", &dir).done().ok();
        assert!(dump.contains(genesis), "{dump}");
        // Its settings are the defaults, and a node starts with them.
        let command = Jenny::new("run").arg("--data-dir", &dir).words("--api-listen 127.0.0.1:0");
        let node = Running::start(command);
        assert!(node.ready.contains(&format!("chain={name} height=0 tip={genesis}")));
        node.stop();
    }
}

#[test]
fn a_chain_comes_from_a_file() {
    let around = tempfile::tempdir().unwrap();
    let file = around.path().join("own.json");
    let spec = jenny_chain::chain::Spec::dev().canonical_text();
    fs::write(&file, spec.replace("\"dev\"", "\"own\"").replace(',', ",\n  ")).unwrap();
    let dir = around.path().join("data");
    assert!(init(&dir).arg("--chain", &file).done().ok().starts_with("created chain own in "));
    fs::write(&file, "{\"name\":\"own\"}").unwrap();
    let text = init(&around.path().join("b")).arg("--chain", &file).done().failed(2);
    assert!(text.contains("own.json: chain spec: missing field"), "{text}");
}

#[test]
fn a_directory_with_a_chain_is_refused_and_left_alone() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    init(&dir).words("--chain dev").done().ok();
    fs::write(dir.join("jenny.toml"), "# mine\n").unwrap();
    for flags in ["", "--chain dev", "--chain jenny"] {
        let text = init(&dir).words(flags).done().failed(2);
        assert!(text.contains("already holds a chain") && text.contains("hint: "), "{text}");
    }
    assert_eq!(fs::read_to_string(dir.join("jenny.toml")).unwrap(), "# mine\n");
    let node = Running::dev(&dir);
    let text = init(&dir).done().failed(2);
    assert!(text.contains("already holds a chain"), "{text}");
    node.stop();
}

#[test]
fn a_chain_that_a_run_created_gets_its_settings_file_once() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    Running::dev(&dir).stop();
    assert!(!dir.join("jenny.toml").exists());
    let out = init(&dir).done().ok();
    assert_eq!(out, format!("created {}/jenny.toml\n", dir.display()));
    init(&dir).done().failed(2);
}

#[test]
fn settings_that_are_there_already_are_kept() {
    let around = tempfile::tempdir().unwrap();
    fs::write(around.path().join("jenny.toml"), "mining.queue = 3\n").unwrap();
    let out = init(around.path()).words("--chain dev").done().ok();
    assert!(out.ends_with(&format!("kept {}/jenny.toml\n", around.path().display())), "{out}");
    assert_eq!(fs::read_to_string(around.path().join("jenny.toml")).unwrap(), "mining.queue = 3\n");
}

#[test]
fn a_user_comes_with_the_directory_or_later_even_while_it_runs() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let file = password(around.path(), "alice's own word\n");
    let add = |name: &str| init(&dir).arg("--user", name).arg("--password-file", &file);
    add("alice").words("--chain dev").done().ok();
    let users = dir.join("users.toml");
    assert_eq!(fs::metadata(&users).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&users).unwrap();
    assert!(text.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
    assert!(!text.contains("alice's own word"), "{text}");

    let node = Running::dev(&dir);
    let status = |name: &str, word: &str| {
        let command = Jenny::new("status").arg("--url", &node.url).arg("--user", name);
        command.env("JENNY_PASSWORD", word).done()
    };
    status("alice", "alice's own word").ok();
    let refused = status("alice", "wrong").failed(1);
    assert!(refused.contains("401") && refused.contains("--password-file"), "{refused}");
    status("jenny", "1234").failed(1);

    let out = add("viewer").words("--role reader").done().ok();
    assert!(out.ends_with("/users.toml\na running node applies this within 2 seconds\n"), "{out}");
    node.signal(Signal::HUP);
    until("the users are read again", || node.log().contains("users.toml loaded, users: 2"));
    status("viewer", "alice's own word").ok();
    status("alice", "alice's own word").ok();
    node.stop();
}

#[test]
fn users_that_cannot_be_are_refused_before_anything_is_written() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let file = password(around.path(), "twelve chars");
    let add = |name: &str| init(&dir).arg("--user", name).arg("--password-file", &file);
    assert!(add("a:b").done().failed(2).contains("neither `:`"));
    assert!(add("").done().failed(2).contains("1 to 128 bytes"));
    let text = init(&dir).words("--user a --password-file /nonexistent").done().failed(2);
    assert!(text.contains("the password file /nonexistent cannot be read"), "{text}");
    let text = init(&dir).words("--user alice").done().failed(2);
    assert!(text.contains("--password-file"), "{text}");
    assert!(!dir.exists());
    add("alice").done().ok();
    add("bob").env("JENNY_CHAIN", "jenny").done().ok();
    let text = add("carol").words("--chain dev").done().failed(2);
    assert!(text.contains("already holds a chain"), "{text}");
    let text = add("alice").done().failed(2);
    assert!(text.contains("already lists a user `alice`"), "{text}");
}

#[test]
fn broken_users_survive_a_reload() {
    let around = tempfile::tempdir().unwrap();
    let file = password(around.path(), "a long password");
    let dir = around.path().join("data");
    init(&dir).words("--chain dev --user alice").arg("--password-file", &file).done().ok();
    let node = Running::dev(&dir);
    let users = dir.join("users.toml");
    let good = fs::read_to_string(&users).unwrap();
    let status = |name: &str, word: &str| {
        let command = Jenny::new("status").arg("--url", &node.url).arg("--user", name);
        command.env("JENNY_PASSWORD", word).done()
    };
    let refusals = || node.log().matches("ERROR").count();
    let mut before = refusals();
    let mut reload = |change: &dyn Fn()| {
        change();
        node.signal(Signal::HUP);
        until("the reload fails", || refusals() > before);
        before = refusals();
        status("alice", "a long password").ok();
        status("jenny", "1234").failed(1);
    };
    reload(&|| fs::write(&users, "[[user]]\nname = 1\n").unwrap());
    reload(&|| fs::write(&users, "").unwrap());
    reload(&|| fs::remove_file(&users).unwrap());
    // Nobody writes into the pipe: reading it would never end, and neither would the node.
    reload(&|| mknodat(CWD, &users, FileType::Fifo, Mode::RUSR, 0).unwrap());
    fs::remove_file(&users).unwrap();
    reload(&|| symlink("/nonexistent/users.toml", &users).unwrap());
    reload(&|| {
        fs::remove_file(&users).unwrap();
        fs::remove_file(dir.join("users.lock")).unwrap();
    });
    fs::write(&users, good).unwrap();
    assert_eq!(node.end(Signal::TERM).code, Some(0));
}

#[test]
fn a_node_whose_users_are_gone_does_not_start() {
    let around = tempfile::tempdir().unwrap();
    let file = password(around.path(), "a long password");
    let dir = around.path().join("data");
    init(&dir).words("--chain dev --user alice").arg("--password-file", &file).done().ok();
    let users = dir.join("users.toml");
    let refused = |why: &str| {
        let text = Jenny::new("run").arg("--data-dir", &dir).done().failed(2);
        assert!(text.contains(why) && text.contains("hint: "), "{text}");
    };
    fs::write(&users, "[[user]]\nname = 1\n").unwrap();
    refused("users.toml: TOML parse error at line 2");
    fs::write(&users, "").unwrap();
    refused("lists no user");
    fs::remove_file(&users).unwrap();
    refused("is missing, but users were added here");
    symlink("/nonexistent/users.toml", &users).unwrap();
    refused("is a link to /nonexistent/users.toml, which does not exist");
    // The way out that the errors name.
    fs::remove_file(&users).unwrap();
    init(&dir).arg("--user", "bob").arg("--password-file", &file).done().ok();
    let node = Running::dev(&dir);
    assert_eq!(node.get("/").0, 401);
    node.stop();
}

#[test]
fn the_first_user_ends_the_default_one_of_a_running_node() {
    let around = tempfile::tempdir().unwrap();
    let file = password(around.path(), "a long password");
    let dir = around.path().join("data");
    let node = Running::dev(&dir);
    assert_eq!(node.get("/").0, 200);
    node.logs("jenny with password 1234");
    assert!(node.log().contains("WARN"), "{}", node.log());
    init(&dir).arg("--user", "alice").arg("--password-file", &file).done().ok();
    until("the default user is switched off", || node.get("/").0 == 401);
    let command = Jenny::new("status").arg("--url", &node.url).arg("--user", "alice");
    command.arg("--password-file", &file).done().ok();
    node.stop();
}

#[test]
fn users_are_those_of_the_data_directory_wherever_the_settings_are() {
    let around = tempfile::tempdir().unwrap();
    let file = password(around.path(), "a long password");
    let (dir, etc) = (around.path().join("data"), around.path().join("etc"));
    fs::create_dir(&etc).unwrap();
    let config = etc.join("jenny.toml");
    fs::write(&config, "").unwrap();
    let run = |listen: &str| {
        let command = Jenny::new("run").words("--chain dev --api-listen").words(listen);
        command.arg("--data-dir", &dir).env("JENNY_CONFIG", &config)
    };
    let hint = format!("`jenny user add NAME --data-dir {}` adds a user", dir.display());
    assert!(run("0.0.0.0:0").done().failed(2).contains(&hint));
    // A file that earlier versions read is not left unread in silence.
    fs::write(etc.join("users.toml"), "").unwrap();
    let text = run("127.0.0.1:0").done().failed(2);
    assert!(text.contains("users belong to the data directory") && text.contains("move it to"));
    // The hint leads somewhere.
    init(&dir).words("--chain dev --user alice").arg("--password-file", &file).done().ok();
    let node = Running::start(run("0.0.0.0:0"));
    node.logs("etc/users.toml is not read");
    let url = node.url.replace("0.0.0.0", "127.0.0.1");
    let command = Jenny::new("status").arg("--url", url).arg("--user", "alice");
    command.arg("--password-file", &file).done().ok();
    node.stop();
}

#[test]
fn a_reader_that_left_keeps_nothing_from_being_made() {
    let around = tempfile::tempdir().unwrap();
    let file = password(around.path(), "a long password");
    let dir = around.path().join("data");
    let mut command = init(&dir).words("--chain dev --user alice").arg("--password-file", &file);
    // Nobody reads the pipe from the start.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.0.stdout(writer);
    assert_eq!(command.done().code, Some(0));
    assert!(fs::read_to_string(dir.join("users.toml")).unwrap().contains("alice"));
    assert!(dir.join("jenny.toml").exists());
    Running::dev(&dir).stop();
}

#[test]
fn what_is_made_is_its_owners_alone_and_open_modes_are_named() {
    let around = tempfile::tempdir().unwrap();
    let file = password(around.path(), "a long password");
    let dir = around.path().join("data");
    init(&dir).words("--chain dev --user alice").arg("--password-file", &file).done().ok();
    let node = Running::dev(&dir);
    assert!(!node.log().contains("other accounts"), "{}", node.log());
    let mut waiting = vec![dir.clone()];
    while let Some(path) = waiting.pop() {
        let meta = match fs::metadata(&path) {
            // The node has removed it since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            meta => meta.unwrap(),
        };
        let mode = meta.permissions().mode() & 0o777;
        let expected = if meta.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}", path.display());
        if meta.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    node.stop();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(dir.join("users.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    let node = Running::dev(&dir);
    node.logs("data has mode 0755");
    node.logs("users.toml has mode 0644");
    node.stop();
}

#[test]
fn a_password_that_cannot_be_is_refused_when_it_is_set() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    for (word, why) in [
        ("short", "the password has 5 characters; it needs at least 12"),
        (&"x".repeat(5_000), "the password has 5000 bytes; the limit is 1024"),
        ("two lines\nof text", "contains a line break"),
    ] {
        let file = password(around.path(), word);
        let command = init(&dir).arg("--user", "alice").arg("--password-file", &file);
        let text = command.done().failed(2);
        assert!(text.contains(why) && text.contains("hint: "), "{text}");
    }
    assert!(!dir.exists());
}

#[test]
fn a_chain_of_ones_own_is_joined_by_its_spec() {
    let around = tempfile::tempdir().unwrap();
    let (ours, theirs) = (around.path().join("ours"), around.path().join("theirs"));
    let file = around.path().join("ledger.json");
    let out = init(&ours)
        .words("--new-chain ledger --block-time 5s")
        .arg("--spec-out", &file)
        .done()
        .ok();
    assert!(
        out.starts_with(&format!("created chain ledger in {}\ngenesis ", ours.display())),
        "{out}"
    );
    assert_eq!(fs::read(&file).unwrap(), fs::read(ours.join("chain.json")).unwrap());
    assert!(fs::read_to_string(&file).unwrap().contains("\"target_block_time_ms\":5000"));
    let joined = init(&theirs).arg("--chain", &file).done().ok();
    let id = |out: &str| out.lines().nth(1).unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(id(&joined), id(&out));
    assert_ne!(id(&out), JENNY);
    // The directory holds all that it needs, also when the file it came from is gone.
    fs::remove_file(&file).unwrap();
    for dir in [&ours, &theirs] {
        let settings = fs::read_to_string(dir.join("jenny.toml")).unwrap();
        assert!(settings.contains("\nchain = \"chain.json\"\n"), "{settings}");
        let command = Jenny::new("run").arg("--data-dir", dir).words("--api-listen 127.0.0.1:0");
        let node = Running::start(command);
        assert!(node.ready.contains(" chain=ledger height=0 "), "{}", node.ready);
        node.stop();
    }
}

#[test]
fn the_spec_of_a_new_chain_may_go_into_its_own_directory() {
    let around = tempfile::tempdir().unwrap();
    for name in ["chain.json", "ledger.json"] {
        let dir = around.path().join(name);
        let file = dir.join(name);
        init(&dir).words("--new-chain ledger").arg("--spec-out", &file).done().ok();
        assert_eq!(fs::read(&file).unwrap(), fs::read(dir.join("chain.json")).unwrap());
    }
}

#[test]
fn a_new_chain_is_refused_before_anything_is_written() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let taken = around.path().join("taken.json");
    fs::write(&taken, "mine").unwrap();
    let refused = |flags: &str| init(&dir).words(flags).done().failed(2);
    assert!(refused("--new-chain dev").contains("built-in chain"));
    assert!(refused("--new-chain Ledger").contains("a-z, 0-9"));
    assert!(refused("--new-chain ledger --block-time 25h").contains("1ms to 24h"));
    assert!(refused("--new-chain ledger --block-time soon").contains("--block-time"));
    assert!(refused("--new-chain ledger --chain dev").contains("cannot be used with"));
    assert!(refused("--block-time 5s").contains("--new-chain"));
    let flags = format!("--new-chain ledger --spec-out {}", taken.display());
    assert!(refused(&flags).contains("already exists"));
    let flags = format!("--new-chain ledger --spec-out {}/no/spec.json", around.path().display());
    assert!(refused(&flags).contains("create the directory first"));
    assert!(!dir.exists(), "nothing is created");
    init(&dir).words("--chain dev").done().ok();
    let text = refused("--new-chain ledger --user a --password-file /nonexistent");
    assert!(text.contains("cannot be read"), "{text}");
    assert!(refused("--new-chain ledger").contains("already holds a chain"));
}

#[test]
fn the_settings_name_the_chain_that_a_run_created() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    Running::dev(&dir).stop();
    init(&dir).done().ok();
    let settings = fs::read_to_string(dir.join("jenny.toml")).unwrap();
    assert!(settings.contains("\nchain = \"dev\"\n"), "{settings}");
}
