//! Headers without end, of less work than our chain has: they must cost next to nothing.

use std::time::Duration;

use jenny_chain::chain::{Height, Timestamp, Work};
use jenny_chain::sync::message::{Hello, MAX_HEADERS, Message};
use jenny_chain::sync::{
    BinaryInput, BinaryOutgoing, Held, Input, LinkId, Origin, Outgoing, Output, SyncState, Time,
};

use super::arena::{Arena, GENESIS};
use super::node::Honest;
use super::store::Store;

const LINK: LinkId = LinkId(1);
/// What our clock shows.
const CLOCK: Timestamp = Timestamp::from_millis(1_900_000_000_000);
/// Headers that come by default.
const SOME: usize = 60_000;
/// From this many headers on, the memory is asserted.
const LONG: usize = 1_000_000;
/// By how much memory may grow, in bytes: less than the headers that come by default have.
const MAX_MEMORY: u64 = 5 << 20;

#[test]
fn a_flood_of_headers_of_little_work_costs_next_to_nothing() {
    let Ok(wanted) = std::env::var("JENNY_TEST_FLOOD") else { return in_a_process_of_its_own() };
    let wanted: usize = wanted.parse().unwrap();
    let (arena, mut flooded) = (Arena::default(), Flooded::new());
    let mut flood = super::lies::flood(&arena);
    let mut said = flooded.open(&arena);
    let mut before = None;
    let mut came = 0;
    while came < wanted {
        let [Output::Send { link: LINK, what: Outgoing::Binary(what) }] = &said[..] else {
            panic!("{said:?}")
        };
        assert!(matches!(what, BinaryOutgoing::GetHeaders { .. }), "{what:?}");
        said = flooded.hear(&arena, Message::Headers(flood.by_ref().take(MAX_HEADERS).collect()));
        came += MAX_HEADERS;
        // What the first ones made the allocator take is used again and again.
        before = before.or_else(|| Some(resident()));
    }
    let grown = resident().saturating_sub(before.unwrap());
    if wanted >= LONG {
        assert!(grown < MAX_MEMORY, "{grown} bytes for {came} headers");
    }
    said = flooded.hear(&arena, Message::Headers(flood.take(1).collect()));
    assert_eq!(said, [], "that was its tip, and it has less work than ours");
    println!("{came} headers, and {grown} bytes of memory");
}

/// Runs the test again, alone: other tests would share the memory that is measured.
fn in_a_process_of_its_own() {
    let module = module_path!().split_once("::").unwrap().1;
    let name = format!("{module}::a_flood_of_headers_of_little_work_costs_next_to_nothing");
    let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
    alone.args([&name, "--exact", "--nocapture"]).env("JENNY_TEST_FLOOD", SOME.to_string());
    let output = alone.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    assert!(said.contains("bytes of memory"), "it measured: {said}");
    println!("{said}");
}

/// A machine that stands on a chain of more work than any flood has.
struct Flooded {
    honest: Honest,
    now: Time,
}

impl Flooded {
    fn new() -> Self {
        let mut work = [0; 32];
        work[16] = 1;
        let (arena, store) = (Arena::default(), Store::new(vec![GENESIS]));
        let honest = Honest::with_work(&arena, &store, 1, Work::from_bytes(work));
        Self { honest, now: Time(Duration::from_secs(1)) }
    }

    fn open(&mut self, arena: &Arena) -> Vec<Output> {
        let origin = Origin(1);
        self.tell(arena, BinaryInput::Opened { link: LINK, dialled: false, origin });
        let hello = Hello {
            lowest: 1,
            highest: 1,
            capabilities: 0,
            genesis: arena.id_of(GENESIS).hash,
            nonce: 2,
            agent: "flood/1".to_owned(),
            listen: None,
            height: Height::new(1 << 50),
            work: Work::from_bytes([200; 32]),
            time: CLOCK,
        };
        let said = self.hear(arena, Message::Hello(hello));
        said.into_iter().filter(|output| !matches!(output, Output::HandshakeDone { .. })).collect()
    }

    fn hear(&mut self, arena: &Arena, message: Message) -> Vec<Output> {
        self.tell(arena, BinaryInput::Message { link: LINK, message })
    }

    /// Tells the machine, looks up what it asks for, and returns the rest.
    fn tell(&mut self, arena: &Arena, input: impl Into<Input>) -> Vec<Output> {
        self.now = self.now.plus(Duration::from_millis(100));
        let (mut outputs, mut rest) = (Vec::new(), Vec::new());
        self.honest.machine.handle(self.now, CLOCK, input.into(), &mut outputs);
        let progress = self.honest.machine.progress();
        let held = progress.held_bytes + progress.reserved_bytes + progress.headers as u64;
        assert!(held == 0 && progress.state != SyncState::Blocks, "{progress:?}");
        for output in outputs {
            if let Output::FindHeldAncestor { link, query, ids } = output {
                assert_eq!(ids[0], arena.id_of(GENESIS), "looked up once");
                let state = Box::new(arena.state(GENESIS).clone());
                let held = Some(Held { place: 0, state, fork: None });
                rest.extend(self.tell(arena, BinaryInput::HeldAncestor { link, query, held }));
            } else {
                rest.push(output);
            }
        }
        rest
    }
}

/// This process's resident memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
