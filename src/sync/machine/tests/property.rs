//! Whatever is said, in whatever order.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// What a driver that keeps its side of the bargain has under way.
#[derive(Default)]
struct Driver {
    open: BTreeSet<LinkId>,
    ranges: BTreeSet<LinkId>,
    chain: Option<LinkId>,
}

impl Driver {
    /// Does what the machine says, and holds the machine to its side.
    fn perform(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send { link, what: Outgoing::Json(what) } => self.send(link, &what),
                Output::Log { link, .. } => {
                    assert!(self.open.contains(&link), "{output:?}");
                }
                Output::StopRange { link } => assert!(self.ranges.contains(&link), "{output:?}"),
                Output::Close { link, .. } => {
                    assert!(self.open.contains(&link), "{output:?}");
                    self.gone(link);
                }
                other => panic!("{other:?} on a link of the JSON dialect"),
            }
        }
    }

    fn send(&mut self, link: LinkId, what: &JsonOutgoing) {
        assert!(self.open.contains(&link), "{what:?}");
        match what {
            JsonOutgoing::Ask | JsonOutgoing::Block(_) => {}
            JsonOutgoing::Range { from, to } => {
                assert!(self.chain != Some(link), "{what:?}");
                assert!(from <= to && to.above(*from) < 128, "{what:?}");
                assert!(self.ranges.insert(link), "two ranges at a time");
            }
            JsonOutgoing::Chain => {
                assert!(!self.ranges.contains(&link));
                assert_eq!(self.chain.replace(link), None, "two chains at a time");
            }
        }
    }

    fn gone(&mut self, link: LinkId) {
        self.open.remove(&link);
        self.ranges.remove(&link);
        self.chain = self.chain.filter(|served| *served != link);
    }
}

/// An input of a well-behaved driver, drawn by these numbers.
fn input(driver: &mut Driver, bench: &mut Bench, kind: u8, link: LinkId, height: u64) -> Input {
    let id = if kind.is_multiple_of(2) { ours(height) } else { theirs(height) };
    let text = || "a rule".to_owned();
    let blocks = [
        BlockOutcome::Ours,
        BlockOutcome::Adopted,
        BlockOutcome::Fork,
        BlockOutcome::Level,
        BlockOutcome::Tied,
        BlockOutcome::Refused(Refusal::TooDeep),
        BlockOutcome::Refused(Refusal::Invalid(text())),
        BlockOutcome::Refused(Refusal::NotYet),
        BlockOutcome::Refused(Refusal::Unavailable),
        BlockOutcome::Refused(Refusal::BadWork),
        BlockOutcome::Refused(Refusal::ForeignGenesis),
    ];
    let chains = [
        ChainOutcome::Ours,
        ChainOutcome::Adopted,
        ChainOutcome::Lighter,
        ChainOutcome::Equal,
        ChainOutcome::Refused(Refusal::NotYet),
        ChainOutcome::Refused(Refusal::Unavailable),
        ChainOutcome::Refused(Refusal::Invalid(text())),
    ];
    let pick = usize::from(kind / 16);
    match kind % 16 {
        0 => {
            driver.gone(link);
            driver.open.insert(link);
            (link, JsonInput::Opened { jenny: height.is_multiple_of(2) }).into()
        }
        1 if pick == 0 => {
            driver.gone(link);
            Input::Closed { link }
        }
        1..=3 => (link, JsonInput::Asked).into(),
        // The harsher outcomes come rarely.
        4..=6 => {
            let outcome = blocks[pick.min(usize::try_from(height % 4 * 2).unwrap())].clone();
            (link, JsonInput::Block { id, outcome }).into()
        }
        7 | 8 => {
            let outcome = chains[pick % chains.len()].clone();
            (link, JsonInput::Chain { last: id, outcome }).into()
        }
        9 | 10 => {
            let from = bench.tip;
            bench.tip = block(if kind < 32 { 2 } else { 0 }, from.height.get() + height % 40);
            let source = height.is_multiple_of(3).then_some(link);
            let change = if kind < 32 {
                TipChange::Reorged { source }
            } else {
                TipChange::Extended { from, source }
            };
            Input::Tip {
                tip: bench.tip,
                chain_json_bytes: height << 15,
                work: Work::default(),
                change,
            }
        }
        11..=13 if driver.ranges.remove(&link) => {
            let tip = bench.tip;
            let lost = (link, JsonInput::RangeLost);
            if pick == 0 { lost.into() } else { (link, JsonInput::RangeSent { last: tip }).into() }
        }
        14 if driver.chain == Some(link) => {
            driver.chain = None;
            (link, JsonInput::ChainSent).into()
        }
        _ => {
            bench.passes(Duration::from_millis(height * 400));
            Input::DeadlinePassed
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(0x7379_6e63),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_said_each_link_does_one_thing_at_a_time_and_the_machine_sleeps(
        steps in proptest::collection::vec((any::<u8>(), 1..4_u64, 0..60_u64), 1..400),
    ) {
        let mut bench = Bench::at(30);
        let mut driver = Driver::default();
        for (kind, link, height) in steps {
            let input = input(&mut driver, &mut bench, kind, LinkId(link), height);
            let outputs = bench.tell(input.clone());
            prop_assert!(outputs.len() < 32, "{outputs:?}");
            driver.perform(outputs);
            if input == Input::DeadlinePassed {
                let due = bench.machine.deadline();
                prop_assert!(due.is_none_or(|due| bench.now < due), "it would never sleep");
            }
        }
    }
}
