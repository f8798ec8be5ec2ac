//! Groups on their way, without a disk.

use std::sync::Arc;
use std::thread;

use super::*;
use crate::chain::Spec;
use crate::node::group::MAX_GROUP_BLOCKS;
use crate::node::test_util::options;
use crate::store::{Options, open};

/// Makes groups of so many blocks, for which nobody waits.
fn groups() -> impl Fn(usize) -> Unsynced {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { min_free_bytes: 0, ..options(&Spec::dev()) };
    let mut writer = open(dir.path(), &options, &mut |_| ()).unwrap().writer;
    let (sealed, state) = (writer.seal(), writer.applied().clone());
    move |blocks| {
        let mut group = Group::default();
        (0..blocks).for_each(|_| group.count(1));
        Unsynced { group, sealed, state: state.clone() }
    }
}

fn blocks(taken: Option<Unsynced>) -> Option<usize> {
    taken.map(|unsynced| unsynced.group.blocks())
}

#[test]
fn what_waits_is_taken_together() {
    let (group, pipeline) = (groups(), Pipeline::default());
    assert!(pipeline.is_idle());
    for number in [1, 2, 3] {
        pipeline.put(group(number)).unwrap();
    }
    assert!(!pipeline.is_idle());
    assert_eq!(blocks(pipeline.take()), Some(6));
    assert!(!pipeline.is_idle());
    pipeline.close();
    assert_eq!(blocks(pipeline.take()), None);
    assert!(pipeline.is_idle());
}

#[test]
fn the_writer_is_one_group_ahead_of_the_one_at_the_syncer() {
    let (group, pipeline) = (groups(), Arc::new(Pipeline::default()));
    pipeline.put(group(1)).unwrap();
    assert_eq!(blocks(pipeline.take()), Some(1));
    pipeline.put(group(MAX_GROUP_BLOCKS - 1)).unwrap();
    pipeline.put(group(1)).unwrap();
    let writer = thread::spawn({
        let (pipeline, more) = (Arc::clone(&pipeline), group(2));
        move || pipeline.put(more)
    });
    while pipeline.asleep() == 0 {
        thread::yield_now();
    }
    assert_eq!(blocks(pipeline.take()), Some(MAX_GROUP_BLOCKS));
    writer.join().unwrap().unwrap();
    assert_eq!(blocks(pipeline.take()), Some(2));
}

#[test]
fn what_waits_when_the_writer_ends_is_taken() {
    let (group, pipeline) = (groups(), Pipeline::default());
    pipeline.put(group(1)).unwrap();
    pipeline.close();
    assert_eq!(blocks(pipeline.take()), Some(1));
    assert_eq!(blocks(pipeline.take()), None);
}

#[test]
fn a_syncer_that_ends_lets_nobody_wait() {
    let (group, pipeline) = (groups(), Arc::new(Pipeline::default()));
    pipeline.put(group(1)).unwrap();
    let writer = thread::spawn({
        let pipeline = Arc::clone(&pipeline);
        move || pipeline.settle()
    });
    while pipeline.asleep() == 0 {
        thread::yield_now();
    }
    pipeline.end();
    writer.join().unwrap().unwrap_err();
    assert!(!pipeline.is_idle());
    pipeline.put(group(1)).unwrap_err();
    pipeline.settle().unwrap_err();
    pipeline.join();
}
