//! The note of the API's address.

use super::*;

fn locked(dir: &Path) -> StoreError {
    let holder = format!("process {}", std::process::id());
    StoreError::Locked { path: dir.to_owned(), holder }
}

#[test]
fn the_note_is_of_the_process_that_holds_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(of_holder(dir, &locked(dir)), None);
    leave(dir, None);
    assert_eq!(of_holder(dir, &locked(dir)), None, "not known yet");
    leave(dir, Some("http://127.0.0.1:1"));
    leave(dir, Some("http://127.0.0.1:2"));
    assert_eq!(of_holder(dir, &locked(dir)).unwrap(), "http://127.0.0.1:2");
    let other = StoreError::Locked { path: dir.to_owned(), holder: "process 0".to_owned() };
    assert_eq!(of_holder(dir, &other), None);
    remove(dir);
    assert_eq!(of_holder(dir, &locked(dir)), None);
}

#[test]
fn a_note_is_left_unless_it_is_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!is_left(dir.path()));
    leave(dir.path(), Some("http://127.0.0.1:1"));
    assert!(is_left(dir.path()));
    remove(dir.path());
    assert!(!is_left(dir.path()));
}

#[test]
fn no_link_and_no_pipe_is_followed() {
    let around = tempfile::tempdir().unwrap();
    let (dir, victim) = (around.path().join("data"), around.path().join("victim"));
    std::fs::create_dir(&dir).unwrap();
    leave(around.path(), Some("http://127.0.0.1:1"));
    std::fs::rename(around.path().join(NOTE_FILE), &victim).unwrap();
    let before = std::fs::read(&victim).unwrap();
    std::os::unix::fs::symlink(&victim, dir.join(NOTE_FILE)).unwrap();
    assert_eq!(of_holder(&dir, &locked(&dir)), None);
    leave(&dir, Some("http://127.0.0.1:2"));
    assert_eq!(std::fs::read(&victim).unwrap(), before);
    remove(&dir);
    assert_eq!(std::fs::read(&victim).unwrap(), before);
    // Opening a pipe for reading waits for a writer.
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.join(NOTE_FILE), rustix::fs::Mode::RWXU).unwrap();
    assert_eq!(of_holder(&dir, &locked(&dir)), None);
}
