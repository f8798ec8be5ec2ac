# The commands of this project. `just --list` shows them. Each recipe is a plain command, so that it can
# also be copied: nothing here needs `just`, and neither `.ci/run` nor `cargo` reads this file.

# Lists the recipes
default:
    @just --list --unsorted

# Runs a node on ./data
[group('every day')]
run *flags:
    cargo run --release -- run {{ flags }}

# Runs every test that needs only Rust
[group('every day')]
test *filters:
    cargo test {{ filters }}

# The same with nextest, which runs the tests of all binaries side by side; it leaves out the documentation's examples
[group('every day')]
nextest *filters:
    cargo nextest run {{ filters }}

# Runs the examples in the documentation
[group('every day')]
test-doc:
    cargo test --doc

# Formats, and reports lints
[group('every day')]
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Builds the documentation, of private items too
[group('every day')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Runs all checks, as CI does on every change
[group('every day')]
ci:
    .ci/run

# The same, then every long form, a million records, the Debian package and a benchmark: hours
[group('every day')]
ci-long:
    .ci/run long

# Builds a release for others
[group('every day')]
dist:
    cargo build --profile dist

# Makes the Debian package; needs cargo-deb
[group('every day')]
deb:
    deploy/debian/build

# Speed and memory, compared with sled alone and with a bare hash loop
[group('benchmarks, which report ratios from one run')]
bench:
    cargo bench --bench speed

# The binary dialect: catching up with short and long chains, blocks of 1 MiB, two peers and a stalled one; the time in which a block reaches a peer
[group('benchmarks, which report ratios from one run')]
bench-sync:
    cargo bench --bench speed -- sync

# The JSON dialect: catching up, mining with a peer, the time in which a block reaches a peer
[group('benchmarks, which report ratios from one run')]
bench-peers:
    cargo bench --bench speed -- peers

# The index: catching up and mining with it and without
[group('benchmarks, which report ratios from one run')]
bench-index:
    cargo bench --bench speed -- index

# Records: durable submission beside PostgreSQL, the way into a block, look-ups and receipts in a chain of 1,000,000 blocks; JENNY_TEST_CHAIN=DIR keeps that chain
[group('benchmarks, which report ratios from one run')]
bench-records:
    cargo bench --bench speed -- records

# Links the node with a seed-like node on Node.js, in both directions, with chains of so many blocks; skips if Node.js is missing
[group('tests that need other programs')]
test-node-js blocks='2000':
    JENNY_TEST_PEER_BLOCKS={{ blocks }} tests/peer/run

# Makes a disk fail while blocks are written, and work again: nothing acknowledged is lost; skips if it cannot mount
[group('tests that need other programs')]
test-device:
    tests/device/run

# Runs nginx and Caddy with the examples of deploy/ in front of a node; skips a proxy that is not installed
[group('tests that need other programs')]
test-deploy:
    tests/deploy/run

# Has systemd check the unit of deploy/; skips if it is not installed
[group('tests that need other programs')]
test-systemd:
    tests/systemd/run

# Reads the container file with hadolint, and runs a node in its second stage; skips what is not installed
[group('tests that need other programs')]
test-container:
    tests/container/run

# Compares the Kubernetes manifests with Kubernetes' schema, and with each other
[group('tests that need other programs')]
test-kubernetes:
    tests/kubernetes/run

# Rotates the log of a running node; skips if logrotate is not installed
[group('tests that need other programs')]
test-logrotate:
    tests/logrotate/run

# Installs, runs, upgrades, removes and purges the Debian package on a Debian that systemd runs in a container; needs root and the network
[group('tests that need other programs')]
test-debian:
    tests/debian/run

# Gives receipts, sound and broken, to the programs of examples/; skips a language that is not installed
[group('tests that need other programs')]
test-receipts:
    tests/receipts/run

# Has the programs of examples/ submit and prove records on a node that is killed meanwhile; skips a language that is not installed
[group('tests that need other programs')]
test-examples:
    tests/examples/run

# Runs the commands that the documents show, and compares their output; skips if curl, jq or Python is not installed
[group('tests that need other programs')]
test-documents *documents:
    tests/documents/run {{ documents }}

# Opens the explorer of running nodes in Chromium and uses it as a visitor does; skips if Node.js or Chromium is not installed
[group('tests that need other programs')]
test-explorer:
    tests/explorer/run

# Writes datasets, locally and to an S3 server that fails now and then, and reads them with DuckDB; skips if Python cannot install it
[group('tests that need other programs')]
test-dataset:
    tests/dataset/run

# Takes pictures of every page and state of the explorer, in both themes and several widths, into a directory
[group('tests that need other programs')]
screenshots directory='target/pictures' part='':
    tests/explorer/run pictures {{ directory }} {{ part }}

# Has promtool check the metrics of a node and the example alerts; skips if it is not installed
[group('tests that need other programs')]
test-metrics:
    tests/metrics/run

# Has schemathesis make requests from a node's OpenAPI document, up to so many of each kind for each route; skips if Python cannot install it
[group('tests that need other programs')]
test-schemathesis examples='20':
    JENNY_TEST_EXAMPLES={{ examples }} tests/schemathesis/run

# `kill -9` at random moments
[group('long forms of tests')]
long-crash rounds='200':
    JENNY_TEST_CRASH_ROUNDS={{ rounds }} cargo test --release --test it crash

# `kill -9` while clients send, mine, read and follow events, beside a peer that causes reorgs
[group('long forms of tests')]
long-mixed rounds='100':
    JENNY_TEST_MIXED_ROUNDS={{ rounds }} cargo test --release --test it crash::mixed -- --nocapture

# A client of events that is cut off again and again, through reorgs and restarts
[group('long forms of tests')]
long-events reorgs='50':
    JENNY_TEST_EVENT_REORGS={{ reorgs }} cargo test --release --test it cluster::events

# Records of real texts: submits them on `dev`, looks some up and proves some, and prints figures; JENNY_TEST_RECORDS_CHAIN=jenny shows what that chain sustains
[group('long forms of tests')]
long-million records='1000000':
    JENNY_TEST_RECORDS={{ records }} tests/million/run

# The explorer on a chain of so many records: prints what its requests and pages take; fails above 300 ms. JENNY_TEST_MILLION=DIR keeps that chain
[group('long forms of tests')]
long-explorer records='1000000':
    JENNY_TEST_RECORDS={{ records }} tests/explorer/run speed

# A dataset of a chain of so many records: written, extended, and read by DuckDB, Spark, DataFusion and ClickHouse with equal results; JENNY_TEST_MILLION=DIR keeps that chain
[group('long forms of tests')]
long-dataset records='1000000':
    JENNY_TEST_RECORDS={{ records }} tests/dataset/run long

# What export and import into a fresh directory give back of a database whose pool was large
[group('long forms of tests')]
long-compaction records='8000':
    JENNY_TEST_COMPACTION_RECORDS={{ records }} tests/compaction/run

# Kills `jenny import` in rounds and runs it again
[group('long forms of tests')]
long-import rounds='100':
    JENNY_TEST_CRASH_ROUNDS={{ rounds }} cargo test --release --test it crash::importing -- --nocapture

# Flips every byte of a small database, one at a time
[group('long forms of tests')]
long-damage:
    JENNY_TEST_FLIP_BYTES=all cargo test --release --test it damage

# Messages of malicious peers, the largest at full size; asserts memory and REST latency
[group('long forms of tests')]
long-abuse:
    JENNY_TEST_ABUSE=all cargo test --release --test it p2p::abuse -- --nocapture

# Three nodes, cut links and `kill -9`
[group('long forms of tests')]
long-cluster seconds='300':
    JENNY_TEST_CLUSTER_SECONDS={{ seconds }} cargo test --release --test it p2p::cluster

# Two linked nodes that both take writes; asserts that they agree within 10 s
[group('long forms of tests')]
long-writes records='400':
    JENNY_TEST_WRITES={{ records }} cargo test --release --test it p2p::cluster::writes -- --nocapture

# Other runs of thousands of simulated nodes; JENNY_TEST_SIMULATION_WATCH=7 prints all that node 7 receives and sends
[group('long forms of tests')]
long-simulation seeds='100-200':
    JENNY_TEST_SIMULATION_SEEDS={{ seeds }} cargo test --release --test it sim::binary -- --nocapture

# Headers of little work; asserts the memory they cost
[group('long forms of tests')]
long-flood headers='1000000':
    JENNY_TEST_FLOOD={{ headers }} cargo test --release --test it flood_of_headers -- --nocapture

# Five nodes of the binary dialect: `kill -9`, stalled cables and corrupted bytes
[group('long forms of tests')]
long-five seconds='120':
    JENNY_TEST_SYNC_SECONDS={{ seconds }} cargo test --release --test it p2p::binary::five

# Many times `kill -9` during one catch-up; at most 5 % may be downloaded twice
[group('long forms of tests')]
long-resume kills='30' blocks='1000000':
    JENNY_TEST_SYNC_KILLS={{ kills }} JENNY_TEST_SYNC_BLOCKS={{ blocks }} cargo test --release --test it p2p::binary::resume

# Valid headers that lead nowhere: the disk does not grow; asserts memory and REST latency
[group('long forms of tests')]
long-native-flood headers='1000000':
    JENNY_TEST_FLOOD_HEADERS={{ headers }} cargo test --release --test it p2p::binary::flood -- --nocapture

# A catch-up beside three kinds of hostile peers; asserts speed, memory and REST latency, compared with an undisturbed run
[group('long forms of tests')]
long-hostile blocks='200000':
    JENNY_TEST_HOSTILE_BLOCKS={{ blocks }} cargo test --release --test it p2p::binary::hostile -- --nocapture
