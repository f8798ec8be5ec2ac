//! What the address book remembers.

use super::*;
use crate::store::testkit::Home;

fn entry(number: u32) -> BookEntry {
    let address = format!("ws://peer-{number:04}:7545");
    BookEntry { address, last_success: u64::from(number), failures: number }
}

#[test]
fn a_peer_is_remembered_across_openings_and_written_over() {
    let home = Home::new();
    let opened = home.open();
    opened.reader.book().put(&entry(1)).unwrap();
    let failed = BookEntry { last_success: 0, failures: 7, ..entry(1) };
    opened.reader.book().put(&failed).unwrap();
    opened.reader.book().put(&entry(2)).unwrap();
    drop(opened);
    let known = home.open().reader.book().entries().unwrap();
    assert_eq!(known, [BookEntry { failures: 7, ..entry(1) }, entry(2)]);
}

#[test]
fn a_full_book_forgets_the_peer_that_failed_most() {
    let home = Home::new();
    let book = home.open().reader.book();
    for number in 0..=u32::try_from(MAX_ENTRIES).unwrap() {
        book.put(&entry(number)).unwrap();
    }
    let known = book.entries().unwrap();
    assert_eq!(known.len(), MAX_ENTRIES);
    assert!(!known.contains(&entry(1_023)) && known.contains(&entry(1_024)));
}
