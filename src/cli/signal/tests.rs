//! Which signals end a command.

use std::fs;
use std::sync::mpsc::sync_channel;

use super::*;

#[test]
fn a_file_that_an_interruption_removed_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (part, name) = (dir.path().join("part"), dir.path().join("name"));
    let unfinished = Unfinished::default();
    unfinished.set(part.clone());
    fs::write(&part, "all").unwrap();
    unfinished.0.remove();
    let error = unfinished.keep_as(&name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(!part.exists() && !name.exists());
}

#[test]
fn no_directory_is_made_after_an_interruption() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copy");
    let unfinished = Unfinished::default();
    unfinished.remove();
    let made = unfinished.set_directory(&path, || Ok(fs::create_dir(&path)?));
    let error = made.unwrap_err().downcast::<Error>().unwrap();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(!path.exists());
}

#[test]
fn a_directory_that_is_being_made_is_removed_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copy");
    let unfinished = Unfinished::default();
    let (begun, is_begun) = sync_channel(0);
    std::thread::scope(|scope| {
        let (unfinished, path) = (&unfinished, &path);
        scope.spawn(move || {
            let make = || {
                begun.send(())?;
                Ok(fs::create_dir(path)?)
            };
            let _ = unfinished.set_directory(path, make).unwrap();
        });
        is_begun.recv().unwrap();
        // As the thread that waits for signals does.
        unfinished.remove();
        assert!(!path.exists());
    });
    assert!(!path.exists());
}

#[test]
#[cfg(target_os = "linux")]
fn nobody_creates_a_removed_directory_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copy");
    let unfinished = Unfinished::default();
    let (name, ()) = unfinished.set_directory(&path, || Ok(fs::create_dir(&path)?)).unwrap();
    fs::create_dir_all(name.join("data/db")).unwrap();
    assert!(path.join("data/db").is_dir());
    unfinished.remove();
    // As a database does that writes its first snapshot.
    let error = fs::create_dir_all(name.join("data/db")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_hangup_is_left_alone_where_it_is_ignored_or_nobody_knows() {
    assert!(ignores_hangup("Name:\tjenny\nSigIgn:\t0000000000001001\n"));
    assert!(!ignores_hangup("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
    assert!(ignores_hangup(""));
    assert!(ignores_hangup("SigIgn:\tno number\n"));
}
