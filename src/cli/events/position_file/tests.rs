//! A position, kept and read back.

use super::*;

#[test]
fn a_position_is_read_back_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("position");
    let file = PositionFile::new(&path);
    assert_eq!(file.read().unwrap(), None);
    for position in ["1-ab-2", "2-cd-1"] {
        file.write(position).unwrap();
        assert_eq!(file.read().unwrap().as_deref(), Some(position));
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_of_anything_else_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("position");
    for text in ["", "tip\n", "1-ab-2\n3-ab-4\n"] {
        std::fs::write(&path, text).unwrap();
        let error = PositionFile::new(&path).read().unwrap_err();
        assert!(error.to_string().contains("holds no position"), "{error}");
    }
}
