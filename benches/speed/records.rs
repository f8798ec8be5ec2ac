//! Records: durable submission beside PostgreSQL, whole requests of them, and their way into a block.
//!
//! `cargo bench --bench speed -- records single` measures one part alone; [`PARTS`] names them.
//! `JENNY_TEST_BENCH=short` tries the code in seconds; its figures mean nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::client::{Client, exchange};
use crate::node::RunningNode;
use crate::postgres::Postgres;
use crate::{CLIENTS, median, percentile, places, row, say};

/// Records that clients of the pool may have pending at a time.
const POOL: u64 = 100_000;
/// Records of a large request, the most that one may have.
const REQUEST: u64 = 10_000;
/// Connections over which large requests are sent.
const SENDERS: usize = 4;
/// Records of a second that are followed into their blocks.
const PACE: u64 = 1_000;
/// Connections over which they are sent: a user may have 64 requests wait.
const FOLLOWERS: u64 = 60;
/// Pause before a refused request is repeated, and between two looks at the pool.
const PAUSE: Duration = Duration::from_millis(2);
/// Longest that records may take into their blocks.
const PATIENCE: Duration = Duration::from_secs(600);

/// How much is measured.
struct Size {
    /// Rounds of the node and PostgreSQL, one after the other.
    rounds: usize,
    /// Records that are submitted one by one in a round.
    single: u64,
    /// How long PostgreSQL inserts in a round.
    inserting: Duration,
    /// Records that are submitted in large requests while the node mines.
    sustained: u64,
    /// Records that are followed into their blocks.
    followed: u64,
    places: places::Size,
}

impl Size {
    fn chosen() -> Self {
        if std::env::var("JENNY_TEST_BENCH").is_ok_and(|value| value == "short") {
            return Self {
                rounds: 1,
                single: 2_000,
                inserting: Duration::from_secs(1),
                sustained: 120_000,
                followed: 2_000,
                places: places::Size { blocks: 2_000, looked_up: 200 },
            };
        }
        Self {
            rounds: 5,
            single: 60_000,
            inserting: Duration::from_secs(5),
            sustained: 1_000_000,
            followed: 20_000,
            places: places::Size { blocks: 1_000_000, looked_up: 10_000 },
        }
    }
}

/// Measures something in this directory.
type Part = fn(&Path, &Size);

/// What is measured, each under a name.
const PARTS: [(&str, Part); 5] = [
    ("single", one_by_one),
    ("full", until_full),
    ("sustained", sustained),
    ("included", into_blocks),
    ("places", |home, size| places::run(home, &size.places)),
];

/// Everything, or only the parts that the command line names.
pub(crate) fn run() {
    let size = Size::chosen();
    let home = tempfile::tempdir().unwrap();
    let is_named = |part: &str| std::env::args().any(|argument| argument == part);
    let is_all = !PARTS.iter().any(|(part, _)| is_named(part));
    for (part, measure) in PARTS {
        if is_all || is_named(part) {
            measure(home.path(), &size);
        }
    }
}

/// Durable submission of single records by many clients, with and without a miner that takes them
/// out of the pool, and the same texts inserted into PostgreSQL by as many.
fn one_by_one(home: &Path, size: &Size) {
    let postgres = Postgres::start();
    let (mut idle, mut mining, mut inserted) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..size.rounds {
        let node = RunningNode::start_idle(&home.join(format!("idle{round}")), &["--chain", "dev"]);
        idle.push(exchange(&node, CLIENTS, size.single, 202, send_one));
        node.stop();
        let node = RunningNode::start(&home.join(format!("mines{round}")), &["--chain", "dev"]);
        mining.push(exchange(&node, CLIENTS, size.single, 202, send_one));
        node.stop();
        inserted.extend(postgres.as_ref().map(|it| it.inserts(CLIENTS, size.inserting)));
    }
    for (name, rates) in [("mining them", mining), ("not mining", idle)] {
        let name = format!("durable POST /v1/records, 32 clients, {name}, /s");
        if inserted.is_empty() {
            say(&name, median(rates), "");
            continue;
        }
        let ratios: Vec<_> = rates.iter().zip(&inserted).map(|(ours, its)| ours / its).collect();
        row(&name, median(rates), median(inserted.clone()), ">= 5 : PostgreSQL");
        let (least, largest) = (percentile(ratios.clone(), 0), percentile(ratios.clone(), 99));
        let rounds = size.rounds;
        println!(
            "    {rounds} rounds, ratios {least:.2} to {largest:.2}, median {:.2}",
            median(ratios)
        );
    }
}

fn send_one(client: &mut Client, number: u64) {
    client.send("POST /v1/records", &format!("{{\"data\":\"{number:0>300}\"}}"));
}

/// Large requests until the pool has no room left.
fn until_full(home: &Path, size: &Size) {
    let bodies: Vec<_> = (0..POOL / REQUEST).map(lines).collect();
    let rates = (0..size.rounds).map(|round| {
        let node = RunningNode::start_idle(&home.join(format!("full{round}")), &["--chain", "dev"]);
        let rate = exchange(&node, SENDERS, POOL / REQUEST, 202, |client, number| {
            send_lines(client, &bodies[usize::try_from(number).unwrap()]);
        });
        let mut client = Client::connect(&node);
        send_one(&mut client, POOL);
        assert_eq!(client.receive().0, 429, "the pool is full");
        node.stop();
        rate * REQUEST as f64
    });
    say("NDJSON of 10,000 until the pool is full, records/s", median(rates.collect()), ">= 100000");
}

/// Large requests while the node mines, from the first one until all records are in blocks.
fn sustained(home: &Path, size: &Size) {
    let records = size.sustained;
    let node = RunningNode::start(&home.join("sustained"), &["--chain", "dev"]);
    let mut client = Client::connect(&node);
    let bodies: Vec<_> = (0..records / REQUEST).map(lines).collect();
    let mut refused = 0_u64;
    let started = Instant::now();
    for body in &bodies {
        loop {
            send_lines(&mut client, body);
            let (status, text) = client.receive();
            if status == 202 {
                break;
            }
            assert_eq!(status, 429, "{}", String::from_utf8_lossy(&text));
            assert!(started.elapsed() < PATIENCE, "the pool stays full");
            refused += 1;
            std::thread::sleep(PAUSE);
        }
    }
    while client.status()["pool"]["records"] != 0 {
        assert!(started.elapsed() < PATIENCE, "records stay pending");
        std::thread::sleep(PAUSE);
    }
    let rate = records as f64 / started.elapsed().as_secs_f64();
    say("the same until all are in blocks, records/s", rate, "");
    let (blocks, peak) = (client.height(), node.peak_mib());
    println!("    {records} records in {blocks} blocks, {refused} requests refused, {peak:.0} MiB");
    node.stop();
}

fn lines(request: u64) -> String {
    let mut body = String::new();
    for number in request * REQUEST..(request + 1) * REQUEST {
        writeln!(body, "\"{number:0>300}\"").unwrap();
    }
    body
}

fn send_lines(client: &mut Client, body: &str) {
    client.send_as("POST /v1/records", "application/x-ndjson", body);
}

/// From the moment at which a record was due to be sent until it was in a durable block. Records
/// are due at a fixed pace, so that a slow response delays none of those behind it unnoticed.
fn into_blocks(home: &Path, size: &Size) {
    let records = size.followed;
    let node = RunningNode::start(&home.join("followed"), &["--chain", "dev"]);
    let times = Mutex::new(Vec::new());
    let started = Instant::now();
    std::thread::scope(|scope| {
        for follower in 0..FOLLOWERS {
            let (node, times) = (&node, &times);
            scope.spawn(move || {
                let mut client = Client::connect(node);
                let mut own = Vec::new();
                for number in (follower..records).step_by(usize::try_from(FOLLOWERS).unwrap()) {
                    let due = started + Duration::from_micros(number * 1_000_000 / PACE);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let body = format!("{{\"data\":\"{number:0>300}\"}}");
                    client.send("POST /v1/records?wait=10", &body);
                    client.receive_ok();
                    own.push(due.elapsed().as_secs_f64() * 1e3);
                }
                times.lock().unwrap().extend(own);
            });
        }
    });
    let rate = records as f64 / started.elapsed().as_secs_f64();
    let times = times.into_inner().unwrap();
    say("into a block, 1,000 records/s, p50, ms", percentile(times.clone(), 50), "");
    say("the same, p99, ms", percentile(times.clone(), 99), "< 20");
    let max = times.into_iter().fold(0.0, f64::max);
    let blocks = Client::connect(&node).height();
    println!("    {records} records in {blocks} blocks, {rate:.0}/s, {max:.1} ms at most");
    node.stop();
}
