//! Who may grow, and who waits.

use super::*;

const LONGEST: u64 = 64 << 20;
const MIB: u64 = 1 << 20;

fn budget() -> Arc<Budget> {
    Budget::new(64 << 20)
}

fn begin(budget: &Arc<Budget>, ip: [u8; 4]) -> Part {
    budget.account(ip.into()).begin()
}

fn grows(part: &mut Part, bytes: u64) -> bool {
    part.poll_grow(bytes, &Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn the_oldest_message_can_always_come_to_its_end() {
    let budget = budget();
    let mut parts: Vec<_> = (0..10).map(|ip| begin(&budget, [192, 0, ip, 1])).collect();
    // Each grows for as long as it can, the youngest first.
    for part in parts.iter_mut().rev() {
        let _ = (1..=64).take_while(|mib| grows(part, mib * MIB)).count();
        assert!(budget.held() <= MESSAGE_BUDGET);
    }
    while !parts.is_empty() {
        assert!(grows(&mut parts[0], LONGEST), "{} wait for nobody", parts.len());
        assert!(budget.held() <= MESSAGE_BUDGET);
        parts.remove(0);
    }
    assert_eq!(budget.held(), 0);
}

#[test]
fn a_message_that_holds_nothing_keeps_nobody_waiting() {
    let budget = budget();
    let _idle: Vec<_> = (0..100).map(|ip| begin(&budget, [192, 0, ip, 1])).collect();
    assert!(grows(&mut begin(&budget, [198, 51, 100, 1]), LONGEST));
}

#[test]
fn a_prefix_has_one_large_message_at_a_time_and_loopback_has_more() {
    let budget = budget();
    let mut oldest = begin(&budget, [192, 0, 2, 1]);
    let mut other = begin(&budget, [198, 51, 100, 1]);
    let mut second = begin(&budget, [198, 51, 100, 200]);
    assert!(grows(&mut oldest, MIB) && grows(&mut other, MIB));
    assert!(!grows(&mut second, MIB));
    drop(other);
    assert!(grows(&mut second, MIB));
    let mut local: Vec<_> = (0..3).map(|_| begin(&budget, [127, 0, 0, 1])).collect();
    assert!(local.iter_mut().all(|part| grows(part, MIB)));
}

#[test]
fn whoever_waits_is_woken_by_an_end() {
    let budget = budget();
    let (mut oldest, mut other) = (begin(&budget, [192, 0, 1, 1]), begin(&budget, [192, 0, 2, 1]));
    let mut waiting = waker();
    assert!(grows(&mut oldest, MIB) && grows(&mut other, LONGEST));
    let mut third = begin(&budget, [192, 0, 3, 1]);
    assert!(third.poll_grow(MIB, &Context::from_waker(&waiting.1)).is_pending());
    drop(oldest);
    assert!(waiting.0.take(), "the oldest left its place to the next");
    assert!(grows(&mut third, MIB));
}

/// Whether a waker was woken, and the waker.
fn waker() -> (Woken, Waker) {
    let woken = Arc::new(Flag::default());
    (Woken(Arc::clone(&woken)), woken.into())
}

#[derive(Default)]
struct Flag(std::sync::atomic::AtomicBool);

struct Woken(Arc<Flag>);

impl Woken {
    fn take(&mut self) -> bool {
        self.0.0.swap(false, std::sync::atomic::Ordering::Relaxed)
    }
}

impl std::task::Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
