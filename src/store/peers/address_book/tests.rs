//! What the address book remembers.

use std::slice;

use super::*;
use crate::store::test_util::Home;

fn entry(number: u32) -> BookEntry {
    let address = format!("ws://peer-{number:04}:7545");
    BookEntry { address, last_success: u64::from(number), failures: number, learned: false }
}

fn learned(number: u32, failures: u32) -> BookEntry {
    BookEntry { last_success: 0, failures, learned: true, ..entry(number) }
}

#[test]
fn a_peer_is_remembered_across_openings_and_written_over() {
    let (home, opened) = Home::opened();
    opened.reader.book().put(&entry(1)).unwrap();
    let failed = BookEntry { last_success: 0, failures: 7, ..entry(1) };
    opened.reader.book().put(&failed).unwrap();
    opened.reader.book().put(&entry(2)).unwrap();
    opened.reader.book().put(&learned(0, 0)).unwrap();
    drop(opened);
    let known = home.open().reader.book().entries().unwrap();
    assert_eq!(known, [BookEntry { failures: 7, ..entry(1) }, entry(2), learned(0, 0)]);
}

#[test]
fn max_a_full_book_forgets_the_peer_that_failed() {
    let home = Home::new();
    let book = home.open().reader.book();
    for number in 0..=u32::try_from(MAX_ENTRIES).unwrap() {
        book.put(&entry(number)).unwrap();
    }
    let known = book.entries().unwrap();
    assert_eq!(known.len(), MAX_ENTRIES);
    assert!(!known.contains(&entry(1_023)) && known.contains(&entry(1_024)));
}

#[test]
fn a_full_book_forgets_learned_peers_first() {
    let home = Home::new();
    let book = home.open().reader.book();
    let max = u32::try_from(MAX_ENTRIES).unwrap();
    for number in 2..max {
        book.put(&entry(number)).unwrap();
    }
    book.put(&learned(0, 1)).unwrap();
    book.put(&learned(1, 2)).unwrap();
    // Of the learned ones, the one that failed most.
    book.put(&learned(max, 0)).unwrap();
    let known = book.entries().unwrap();
    assert_eq!(known[MAX_ENTRIES - 2..], [learned(0, 1), learned(max, 0)]);
    book.put(&entry(max + 1)).unwrap();
    book.put(&entry(max + 2)).unwrap();
    // None is left, and a learned one pushes no other out.
    let before = book.entries().unwrap();
    assert!(before.len() == MAX_ENTRIES && before.iter().all(|entry| !entry.learned));
    book.put(&learned(max + 3, 0)).unwrap();
    assert_eq!(book.entries().unwrap(), before);
}

#[test]
fn a_learned_peer_is_known_once_it_is_reached_or_added_and_stays_so() {
    let home = Home::new();
    let book = home.open().reader.book();
    book.put(&learned(0, 0)).unwrap();
    book.put(&learned(0, 2)).unwrap();
    assert_eq!(book.entries().unwrap(), [learned(0, 2)]);
    let reached = BookEntry { last_success: 9, failures: 0, ..learned(0, 0) };
    book.put(&reached).unwrap();
    let known = BookEntry { learned: false, ..reached };
    assert_eq!(book.entries().unwrap(), slice::from_ref(&known));
    book.put(&learned(0, 0)).unwrap();
    assert_eq!(book.entries().unwrap(), slice::from_ref(&known));
    book.put(&learned(0, 7)).unwrap();
    let known = BookEntry { failures: 7, ..known };
    assert_eq!(book.entries().unwrap(), slice::from_ref(&known));
    book.put(&learned(1, 0)).unwrap();
    let added = BookEntry { learned: false, ..learned(1, 0) };
    book.put(&added).unwrap();
    assert_eq!(book.entries().unwrap(), [known, added]);
}

#[test]
fn a_book_that_several_write_at_once_holds_no_more_than_it_may() {
    let home = Home::new();
    let book = home.open().reader.book();
    let max = u32::try_from(MAX_ENTRIES).unwrap();
    for number in 1..max {
        book.put(&entry(number)).unwrap();
    }
    let start = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for number in max..max + 8 {
            let (book, start) = (&book, &start);
            scope.spawn(move || {
                start.wait();
                for round in 0..20 {
                    book.put(&entry(number + 8 * round)).unwrap();
                }
            });
        }
    });
    assert_eq!(book.entries().unwrap().len(), MAX_ENTRIES);
}

#[test]
fn a_removed_peer_is_gone_and_comes_back_only_while_it_is_wanted() {
    let home = Home::new();
    let book = home.open().reader.book();
    book.put(&entry(1)).unwrap();
    book.put(&learned(2, 0)).unwrap();
    for address in [entry(1).address, learned(2, 0).address] {
        assert!(book.remove(&address).unwrap());
        assert!(!book.remove(&address).unwrap());
    }
    book.put_if(&entry(1), &|address| address != entry(1).address).unwrap();
    assert_eq!(book.entries().unwrap(), []);
    book.put_if(&entry(1), &|_| true).unwrap();
    assert_eq!(book.entries().unwrap(), [entry(1)]);
}
