//! What is charged to a link, and when it is read again.

use super::*;

const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// How long a link rests from now on.
fn rest(debtor: &Debtor) -> Duration {
    debtor.rests_until().map_or(Duration::ZERO, |until| until - Instant::now())
}

#[tokio::test(start_paused = true)]
async fn questions_without_an_answer_are_rested_for() {
    let debtor = Arc::new(Debts::default()).accepted(IP);
    let tip = Height::new(1_000);
    debtor.gave(2_000, tip, Duration::from_secs(1));
    assert_eq!(rest(&debtor), Duration::ZERO);
    debtor.gave(0, tip, Duration::from_millis(1));
    assert_eq!(rest(&debtor), FACTOR * Duration::from_millis(1));
    debtor.rest().await;
    for _ in 0..20 {
        debtor.gave(0, tip, Duration::ZERO);
    }
    assert_eq!(rest(&debtor), 20 * FACTOR * QUESTION, "the least that they cost");
}

#[tokio::test(start_paused = true)]
async fn a_chain_is_given_several_times_over_and_then_in_vain() {
    let debtor = Arc::new(Debts::default()).accepted(IP);
    let tip = Height::new(1_000);
    for _ in 0..7 {
        debtor.gave(2_000, tip, Duration::from_millis(1));
    }
    assert_eq!(rest(&debtor), Duration::ZERO);
    debtor.gave(128, tip, Duration::from_millis(1));
    assert_eq!(rest(&debtor), FACTOR * Duration::from_millis(1));
    debtor.rest().await;
    debtor.gave(128, Height::new(2_000), Duration::from_millis(1));
    assert_eq!(rest(&debtor), Duration::ZERO, "a longer chain is more");
}

#[tokio::test(start_paused = true)]
async fn blocks_that_were_sent_in_json_count_unless_the_peer_shows_to_hold_them() {
    let debts = Arc::new(Debts::default());
    let owed = || debts.with(|ledger| ledger.wait(Source::of(IP), Instant::now()));
    for proves in [true, false] {
        for _ in 0..40 {
            let debtor = debts.accepted(IP);
            debtor.sent(Height::new(1), Height::new(1_000));
            assert!(!debtor.named(Height::new(999)));
            debtor.sent(Height::new(1_001), Height::new(2_000));
            if proves {
                assert!(debtor.named(Height::new(1_000)), "it was on its way meanwhile");
            }
        }
        assert_eq!(owed().is_zero(), proves);
    }
}

#[tokio::test(start_paused = true)]
async fn one_link_that_ends_while_the_chain_is_sent_holds_up_no_connection() {
    let debts = Arc::new(Debts::default());
    debts.accepted(IP).sent(Height::GENESIS, Height::new(10_000_000));
    assert_eq!(debts.wait(IP), Duration::ZERO);
    debts.set_up(IP);
    assert!(!debts.wait(IP).is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_gate_opens_when_the_rest_is_over_also_one_that_grew() {
    let debtor = Arc::new(Debts::default()).accepted(IP);
    let mut gate = Gate::new(Arc::clone(&debtor));
    assert!(!gate.is_shut());
    debtor.spend(Duration::from_millis(10));
    let (start, grows) = (Instant::now(), Arc::clone(&debtor));
    tokio::spawn(async move {
        sleep(Duration::from_millis(100)).await;
        grows.spend(Duration::from_millis(1));
    });
    std::future::poll_fn(|cx| gate.poll_open(cx)).await;
    assert_eq!(start.elapsed(), 11 * FACTOR * Duration::from_millis(1));
    assert!(!gate.is_shut());
}
