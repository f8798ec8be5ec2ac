//! Tests of the users' file.

use std::os::unix::fs::{chown, symlink};
use std::time::Instant;

use super::lock::LOCK_WAIT;
use super::*;
use crate::cli::exit::text_of;

const HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn file_of(dir: &Path) -> UsersFile {
    UsersFile::named(dir, dir.join("users.toml"))
}

fn user(name: &str) -> User {
    User { name: name.to_owned(), hash: HASH.to_owned(), role: Role::Reader }
}

fn names(users: &Users) -> Vec<&str> {
    users.as_slice().iter().map(|user| user.name.as_str()).collect()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn users_are_added_one_by_one_to_a_private_file() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("new");
    let file = file_of(&dir);
    for name in ["alice", "bob"] {
        file.add(user(name)).unwrap();
    }
    assert_eq!(names(&file.read(None).unwrap()), ["alice", "bob"]);
    assert_eq!((mode(&dir), mode(&dir.join("users.toml"))), (0o700, 0o600));
    assert_eq!(mode(&dir.join("users.lock")), 0o600);
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn what_root_writes_belongs_to_the_account_of_the_node() {
    let around = tempfile::tempdir().unwrap();
    if around.path().metadata().unwrap().uid() != 0 {
        // Only root can give files away.
        return;
    }
    let owner = |path: &Path| {
        let found = path.metadata().unwrap();
        (found.uid(), found.gid())
    };
    let dir = around.path().join("data");
    create_dir(&dir).unwrap();
    chown(&dir, Some(7_545), Some(7_546)).unwrap();
    let file = file_of(&dir);
    file.add(user("alice")).unwrap();
    let (list, lock) = (dir.join(USERS_FILE), dir.join(USERS_LOCK_FILE));
    assert_eq!((owner(&list), owner(&lock)), ((7_545, 7_546), (7_545, 7_546)));
    // The file that is replaced counts more than its directory.
    chown(&list, Some(7_545), Some(7_547)).unwrap();
    file.add(user("bob")).unwrap();
    assert_eq!((owner(&list), mode(&list)), ((7_545, 7_547), 0o600));
    assert_eq!(owner(&lock), (7_545, 7_546));
}

#[test]
fn users_added_at_the_same_time_are_all_there() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = file.clone();
            scope.spawn(move || file.add(user(&format!("user{number}"))).unwrap());
        }
    });
    let users = file.read(None).unwrap();
    let mut names = names(&users);
    names.sort_unstable();
    assert_eq!(names, ["user0", "user1", "user2", "user3", "user4", "user5", "user6", "user7"]);
}

#[test]
fn a_name_is_there_once_and_has_no_colon() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    file.add(user("alice")).unwrap();
    let text = text_of(&file.add(user("alice")).unwrap_err());
    assert!(text.contains("already lists a user `alice`"), "{text}");
    let text = text_of(&file.add(user("a:b")).unwrap_err());
    assert!(text.contains("neither `:`"), "{text}");
}

#[test]
fn no_users_are_fine_only_until_the_first_was_made() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    assert!(file.read(None).unwrap().is_empty() && !file.was_made().unwrap());
    file.add(user("alice")).unwrap();
    let refused = |is: &str| {
        let text = text_of(&file.read(None).unwrap_err());
        assert!(text.contains(is) && text.contains("jenny user add NAME"), "{text}");
        assert!(file.was_made().unwrap());
    };
    std::fs::write(file.path(), "").unwrap();
    refused("lists no user");
    std::fs::remove_file(file.path()).unwrap();
    refused("is missing, but users were added here");
    // What the hint says leads back.
    file.add(user("bob")).unwrap();
    assert_eq!(names(&file.read(None).unwrap()), ["bob"]);
}

#[test]
fn a_users_file_of_an_earlier_version_counts_and_is_noted() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    std::fs::write(file.path(), "").unwrap();
    assert!(text_of(&file.read(None).unwrap_err()).contains("lists no user"));
    let entry = format!("[[user]]\nname = \"old\"\nhash = \"{HASH}\"\nrole = \"reader\"\n");
    std::fs::write(file.path(), entry).unwrap();
    assert_eq!(names(&file.read(None).unwrap()), ["old"]);
    file.note_made().unwrap();
    std::fs::remove_file(file.path()).unwrap();
    assert!(file.was_made().unwrap() && file.read(None).is_err());
}

#[test]
fn a_link_to_nothing_is_named_and_a_link_to_a_file_stays_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(&dir.path().join("data"));
    let target = dir.path().join("elsewhere.toml");
    std::fs::create_dir(dir.path().join("data")).unwrap();
    symlink(&target, file.path()).unwrap();
    for error in [file.read(None).unwrap_err(), file.add(user("alice")).unwrap_err()] {
        let text = text_of(&error);
        assert!(text.contains("elsewhere.toml, which does not exist"), "{text}");
    }
    assert!(file.was_made().unwrap());
    std::fs::write(&target, "").unwrap();
    file.add(user("alice")).unwrap();
    assert!(file.path().is_symlink());
    assert_eq!(names(&file.read(None).unwrap()), ["alice"]);
    assert_eq!(mode(&target), 0o600);
}

#[test]
fn what_a_killed_addition_left_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    std::fs::write(dir.path().join("users.toml.part"), "half a us").unwrap();
    file.add(user("alice")).unwrap();
    assert_eq!(names(&file.read(None).unwrap()), ["alice"]);
    assert!(!dir.path().join("users.toml.part").exists());
}

#[test]
fn what_others_can_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    file.add(user("alice")).unwrap();
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(dir.path(), 0o700);
    assert_eq!(file.too_open(), []);
    set(dir.path(), 0o755);
    set(file.path(), 0o644);
    assert_eq!(file.too_open(), [(dir.path(), 0o755), (file.path(), 0o644)]);
    set(dir.path(), 0o750);
    set(file.path(), 0o640);
    assert_eq!(file.too_open(), []);
    set(file.path(), 0o660);
    assert_eq!(file.too_open(), [(file.path(), 0o660)]);
}

#[test]
fn a_users_file_beside_the_settings_is_found_when_it_is_another() {
    let around = tempfile::tempdir().unwrap();
    let (dir, etc) = (around.path().join("data"), around.path().join("etc"));
    let file = file_of(&dir);
    file.add(user("alice")).unwrap();
    std::fs::create_dir(&etc).unwrap();
    let config = etc.join("jenny.toml");
    assert_eq!(file.elsewhere(&config), None);
    assert_eq!(file.elsewhere(&dir.join("jenny.toml")), None);
    symlink(file.path(), etc.join("users.toml")).unwrap();
    assert_eq!(file.elsewhere(&config), None, "a link to it is no other file");
    std::fs::remove_file(etc.join("users.toml")).unwrap();
    std::fs::write(etc.join("users.toml"), "").unwrap();
    assert_eq!(file.elsewhere(&config), Some(etc.join("users.toml")));
}

#[test]
fn a_waiter_locks_the_file_that_has_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let (file, path) = (file_of(dir.path()), dir.path().join(USERS_LOCK_FILE));
    let held = file.lock(&mut false).unwrap();
    let gone = File::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    drop(held);
    assert!(!file.is_current(&gone).unwrap());
    let (first, second) = (file.lock(&mut false).unwrap(), File::open(&path).unwrap());
    assert!(file.is_current(&first).unwrap());
    assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
}

#[test]
fn who_holds_the_lock_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    assert_eq!(file.change_under_way(), None);
    let held = file.lock(&mut false).unwrap();
    let error = file.lock_within(Duration::ZERO, &mut false).unwrap_err();
    let text = text_of(&error);
    let holder = format!("process {} (", std::process::id());
    assert!(text.contains(&holder) && text.contains("holds ") && text.contains("end it"), "{text}");
    assert!(file.change_under_way().unwrap().1.starts_with(&holder));
    drop(held);
    assert_eq!(file.change_under_way(), None);
}

#[test]
fn a_waiter_adds_its_user_after_another_process_took_its_own_back() {
    let dir = tempfile::tempdir().unwrap();
    let (file, path) = (file_of(dir.path()), dir.path().join(USERS_LOCK_FILE));
    let held = file.lock(&mut false).unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| file.add(user("bob")));
        // Its handle, beside the one that is held.
        let end = Instant::now() + LOCK_WAIT;
        while handles(&path) < 2 {
            assert!(Instant::now() < end, "nobody waits");
            std::thread::yield_now();
        }
        std::fs::remove_file(&path).unwrap();
        drop(held);
        waiter.join().unwrap().unwrap();
    });
    assert!(path.exists(), "the default credentials have ended");
    assert_eq!(names(&file.read(None).unwrap()), ["bob"]);
}

/// How many handles of this process lead to a file.
fn handles(path: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| {
        let target = std::fs::read_link(entry.ok()?.path()).ok()?;
        (target == path).then_some(())
    });
    open.count()
}

#[test]
fn only_what_the_addition_made_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    let mut ours = Added::default();
    file.add_noting(user("ann"), &mut ours).unwrap();
    // Another process adds one meanwhile.
    file.add(user("bob")).unwrap();
    file.take_back(&ours, false).unwrap();
    assert_eq!(names(&file.read(None).unwrap()), ["bob"]);
    // An addition that was refused takes nothing back, whatever its name.
    let mut refused = Added::default();
    file.add_noting(user("bob"), &mut refused).unwrap_err();
    file.take_back(&refused, false).unwrap();
    assert_eq!(names(&file.read(None).unwrap()), ["bob"]);
    // The first user goes with all that tells of users.
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    let mut ours = Added::default();
    file.add_noting(user("ann"), &mut ours).unwrap();
    file.take_back(&ours, false).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    // The lock of another process stays.
    drop(file.lock(&mut false).unwrap());
    let mut ours = Added::default();
    file.add_noting(user("ann"), &mut ours).unwrap();
    file.take_back(&ours, false).unwrap();
    assert!(dir.path().join(USERS_LOCK_FILE).exists() && !file.path().exists());
}
