//! What is beside a dataset: files of others, and the data directory.

use clap::Parser as _;
use jenny_chain::store::{self, Options};

use super::*;
use crate::args::{Cli, Command};

#[test]
fn a_file_in_a_bucket_that_cannot_be_read_to_its_end_is_not_another_file() {
    let blocks = usual_chain("a", 9);
    let store: Arc<InMemory> = Arc::default();
    let mut whole = object(&store, 0, 0, Fails::Before);
    export(&mut Node::new(blocks.clone()), &mut whole, SETTINGS, false).unwrap();
    // As after an export that ended before it replaced the manifest.
    let path = object_store::path::Path::from(MANIFEST);
    let delete = |store: &InMemory| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(object_store::ObjectStoreExt::delete(store, &path)).unwrap();
    };
    let (mut broke, mut other) = (0, 0);
    for step in 0..20 {
        delete(&store);
        let mut folder = object(&store, step, 1, Fails::Before);
        let exported = export(&mut Node::new(blocks.clone()), &mut folder, SETTINGS, false);
        let text = exported.map_or_else(|error| text_of(&error), |_| String::new());
        broke += usize::from(text.contains("0004.parquet cannot be read"));
        other += usize::from(text.contains("another file"));
        let mut folder = object(&store, 0, 0, Fails::Before);
        export(&mut Node::new(blocks.clone()), &mut folder, SETTINGS, false).unwrap();
    }
    assert!(broke > 1 && other == 0, "{broke} {other}");
}

#[test]
fn a_folder_with_files_that_a_query_would_read_is_refused_untouched() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 30));
    let refused = || {
        let before = files(dir.path());
        let error = to_local(&blocks, dir.path()).unwrap_err();
        assert_eq!(files(dir.path()), before);
        assert_eq!(code_of(&error), Code::Failed);
        text_of(&error)
    };
    to_local(&blocks[..=20], dir.path()).unwrap();
    let mine = dir.path().join("records/mine.parquet");
    fs::write(&mine, "x").unwrap();
    let text = refused();
    assert!(text.contains("would read: mine.parquet\nhint: `jenny-dataset verify`"), "{text}");
    // Without a new range nothing is written.
    assert_eq!(to_local(&blocks[..=20], dir.path()).unwrap().ranges, 0);
    fs::remove_file(&mine).unwrap();
    fs::remove_file(dir.path().join(MANIFEST)).unwrap();
    let text = refused();
    assert!(text.contains("09.parquet, and 1 more\nhint: there is no manifest.json"), "{text}");
}

#[test]
fn an_export_that_another_one_overtakes_names_no_file_of_it() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 30));
    to_local(&blocks[..=10], dir.path()).unwrap();
    let bytes = fs::read(dir.path().join(MANIFEST)).unwrap();
    to_local(&blocks, dir.path()).unwrap();
    let manifest = Manifest::decode(&bytes).unwrap();
    let error = refusal::others(&mut local(dir.path()), Some(&bytes), &manifest).unwrap_err();
    assert_eq!(code_of(&error), Code::Locked, "{error}");
}

#[test]
fn no_file_is_written_into_the_data_directory() {
    let dir = tempdir().unwrap();
    let (data, srv) = (dir.path().join("records"), dir.path().join("srv"));
    fs::create_dir(&data).unwrap();
    // By it a data directory is known.
    fs::write(data.join("durable-tip"), "x").unwrap();
    fs::create_dir(&srv).unwrap();
    std::os::unix::fs::symlink(&data, srv.join("records")).unwrap();
    for to in [data.join("x"), data.clone(), dir.path().to_owned(), srv] {
        let (from, to) = (data.to_str().unwrap(), to.to_str().unwrap());
        let line = ["jenny-dataset", "export", "--from", from, "--to", to];
        let Command::Export(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        let location = Location::parse(to).unwrap();
        let opened = open_source(&args, &location, &Unfinished::default());
        let text = text_of(&opened.err().unwrap());
        assert!(text.contains("is in the data directory"), "{to}: {text}");
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
}

#[test]
fn what_opening_the_data_directory_creates_is_private_and_a_dataset_is_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let (data, to) = (tempdir().unwrap(), tempdir().unwrap());
    let options = Options { chain: Some(Spec::dev()), ..Options::default() };
    drop(store::open(data.path(), &options, &mut |_| ()).unwrap());
    let (lock, probe) = (data.path().join("LOCK"), to.path().join("probe"));
    fs::remove_file(&lock).unwrap();
    fs::write(&probe, "").unwrap();
    let (from, to) = (data.path().to_str().unwrap(), to.path().to_str().unwrap());
    let line = ["jenny-dataset", "export", "--from", from, "--to", to];
    let Command::Export(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
    let location = Location::parse(to).unwrap();
    let mut source = open_source(&args, &location, &Unfinished::default()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&lock), 0o600);
    export(source.as_mut(), &mut local(Path::new(to)), SETTINGS, false).unwrap();
    assert_eq!(mode(&Path::new(to).join(MANIFEST)), mode(&probe));
}
