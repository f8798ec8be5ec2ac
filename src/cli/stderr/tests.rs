//! Tests of the queue with writers that are slow, stuck or broken.

use std::cell::RefCell;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// Takes what it is allowed to, then fails.
struct Broken {
    taken: Vec<u8>,
    room: usize,
}

impl Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.room);
        if count == 0 {
            return Err(io::Error::other("no room"));
        }
        self.room -= count;
        self.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Blocks in every write until it may go on.
struct Stuck {
    began: Sender<()>,
    go_on: Receiver<()>,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.began.send(()).unwrap();
        // A dropped sender opens it for good.
        let _ = self.go_on.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn queued(queue: &Queue) -> usize {
    queue.lock().chunks.len()
}

/// Writes everything that is queued. Returns what was reported.
fn write_queued(queue: &Queue, out: &mut impl Write, is_torn: &mut bool) -> Vec<u64> {
    let reports = RefCell::new(Vec::new());
    while queued(queue) > 0 {
        queue.write_one(out, is_torn, &|lost| reports.borrow_mut().push(lost));
    }
    reports.into_inner()
}

#[test]
fn what_does_not_fit_is_lost_and_counted_once_there_is_room() {
    let queue = Queue::default();
    let line = vec![b'x'; 1_000];
    let fit = MAX_QUEUED / cost(&line);
    for _ in 0..fit + 7 {
        queue.push(Kind::Line, &line);
    }
    assert_eq!(queued(&queue), fit);
    assert!(queue.lock().bytes <= MAX_QUEUED);
    let mut out = Vec::new();
    assert_eq!(write_queued(&queue, &mut out, &mut false), [7]);
    assert_eq!(out.len(), fit * line.len());
    assert_eq!(queue.lock().bytes, 0);
}

#[test]
fn a_full_queue_still_takes_errors_within_a_bound() {
    let queue = Queue::default();
    let line = vec![b'x'; 1_000];
    for _ in 0..MAX_QUEUED {
        queue.push(Kind::Line, &line);
        if queue.lock().lost > 0 {
            break;
        }
    }
    let full = queued(&queue);
    queue.push(Kind::Urgent, b"error\n");
    assert_eq!(queued(&queue), full + 1);
    for _ in 0..RESERVED {
        queue.push(Kind::Urgent, b"error\n");
    }
    assert!(queue.lock().bytes <= MAX_QUEUED + RESERVED);
}

#[test]
fn an_empty_piece_of_text_costs_something() {
    let queue = Queue::default();
    for _ in 0..MAX_QUEUED {
        queue.push(Kind::Line, b"");
    }
    assert!(queued(&queue) <= MAX_QUEUED / CHUNK_COST);
}

#[test]
fn a_write_that_fails_loses_one_line_and_tears_no_other() {
    let queue = Queue::default();
    let mut out = Broken { taken: Vec::new(), room: 8 };
    let mut is_torn = false;
    queue.push(Kind::Line, b"one\n");
    queue.push(Kind::Line, b"another\n");
    assert_eq!(write_queued(&queue, &mut out, &mut is_torn), [0_u64; 0]);
    assert_eq!(out.taken, b"one\nanot");
    queue.push(Kind::Line, b"lost whole\n");
    assert_eq!(write_queued(&queue, &mut out, &mut is_torn), [0_u64; 0]);
    out.room = 100;
    queue.push(Kind::Line, b"three\n");
    assert_eq!(write_queued(&queue, &mut out, &mut is_torn), [2]);
    assert_eq!(out.taken, b"one\nanot\nthree\n");
}

#[test]
fn a_lost_part_of_a_bar_is_not_counted() {
    let queue = Queue::default();
    let mut out = Broken { taken: Vec::new(), room: 0 };
    queue.push(Kind::Drawing, b"###");
    assert_eq!(write_queued(&queue, &mut out, &mut false), [0_u64; 0]);
    assert_eq!(queue.lock().lost, 0);
}

#[test]
fn a_flush_waits_for_what_is_queued_and_gives_a_stuck_writer_up() {
    let queue = Queue::default();
    let (began, beginnings) = channel();
    let (open, go_on) = channel::<()>();
    let writer = queue.clone();
    std::thread::spawn(move || writer.write_to(&mut Stuck { began, go_on }, |_| {}));
    queue.push(Kind::Line, b"stuck\n");
    beginnings.recv().unwrap();
    assert!(!queue.flush(Duration::from_millis(1)));
    // Nothing was written since: no second wait, however long it might be.
    assert!(!queue.flush(Duration::from_secs(3_600)));
    drop(open);
    queue.push(Kind::Line, b"last words\n");
    beginnings.recv().unwrap();
    assert!(queue.flush(Duration::from_secs(30)));
}
