//! The longer texts of `--help`.

mod archive;
mod config;
mod explore;
mod upkeep;
mod user;

pub(super) use archive::*;
pub(super) use config::*;
pub(super) use explore::*;
pub(super) use upkeep::*;
pub(super) use user::*;

pub(super) const ABOUT: &str = "\
jenny is a small ledger node: an append-only chain of records, agreed on by
proof of work.

`jenny run` mines records into blocks, stores them on disk and serves them over
REST. The other subcommands inspect a chain, either of a stopped node (its data
directory) or of a running one (--url).

Results go to standard output, everything else to standard error.";

pub(super) const AFTER: &str = "\
Settings come from four layers, later ones winning: the defaults, jenny.toml in
the data directory, environment variables JENNY_.., flags. JENNY_LOG sets the
log level (error, warn, info, debug, trace).

Examples:
  jenny run
  jenny run --chain dev --data-dir /tmp/dev --api-listen 127.0.0.1:0
  jenny dump --from 100 --to 199
  jenny verify
  jenny status --watch

Exit codes:
  0    success
  1    a check failed, nothing was found, or an operation failed
  2    usage or configuration error
  3    another process holds the database
  4    the database is damaged
  5    a newer version wrote the database
  130  interrupted

`jenny SUBCOMMAND --help` describes a subcommand.";

pub(super) const RUN: &str = "\
Runs the node in the foreground: storage, mining, REST API, peers.

In an empty data directory it first creates the chain `jenny`, or the chain that
--chain or the settings name. A directory that holds a jenny.toml but no chain
is refused without --create, because its chain may be lost or its disk may not
be mounted.

When all ports listen, it writes one line to standard output, and nothing else
after that (shown here as two lines, with a shortened hash):

    ready api=http://127.0.0.1:3000 p2p=ws://0.0.0.0:7545 chain=jenny
    height=12 tip=0f3a..

SIGTERM or SIGINT (Ctrl-C) shuts the node down within 5 seconds, with exit
code 0. A second signal ends it at once with 130 and loses nothing that was
acknowledged. A change of users.toml applies within 2 seconds, and on SIGHUP at
once; SIGHUP also reloads the TLS certificates. SIGUSR1 logs at debug level for
15 minutes; a second one ends that.";

pub(super) const RUN_AFTER: &str = "\
Examples:
  jenny run
  jenny run --chain dev --data-dir /tmp/dev
  jenny run --api-listen '[::1]:8080' --log-format json
  JENNY_LOG=debug jenny run

Until the first user is added, `jenny` with the password `1234` is the operator,
and the API listens on loopback only.
`jenny user add NAME` adds a user.

Exit codes:
  0    stopped by SIGTERM or SIGINT
  1    the node failed while running, or a port could not be opened
  2    usage or configuration error; the directory holds another chain than
       --chain; the chain contradicts a checkpoint
  3    another process holds the database
  4    the database is damaged; the error message says what to do
  5    a newer version wrote the database
  130  ended by a second signal";

pub(super) const INIT: &str = "\
Creates a data directory: the database with the chain's genesis block, and a
jenny.toml that names the chain and lists every other setting, commented out,
with its default.

On a terminal, and without flags, it asks for the chain, the first user and the
listen address; everything has a default, and nothing is created before the last
answer. --defaults asks nothing.

With --user it also adds a user of the REST API to users.toml (an argon2id hash,
file mode 0600). The password needs at least 12 characters. In a directory that
already holds a chain, --user only adds the user, as `jenny user add` does.
Adding the first user permanently disables `jenny` with `1234`.";

pub(super) const INIT_AFTER: &str = "\
Examples:
  jenny init
  jenny init --chain dev --data-dir /tmp/dev
  jenny init --chain my-chain.json --data-dir /srv/ledger
  jenny init --new-chain ledger --block-time 30s --spec-out ledger.json
  jenny init --user alice --password-file ./alice.password
  jenny init --user viewer --password-file ./viewer.password --role reader

--new-chain creates your own chain: it has the parameters of `jenny` and a
unique genesis block, so no stranger's node can join it by accident or
disconnect its blocks. Other nodes join it with `jenny init --chain FILE`, where
FILE is the one written by --spec-out, or the chain.json that the data directory
of every such node holds.

A chain spec is a JSON object with the nine parameters of a chain; see
docs/chain.md.

Exit codes:
  0    success
  1    a file could not be written
  2    usage error; the directory already holds a chain; the user already exists
  3    another process holds the database
  130  interrupted: at a question nothing was created, later everything was";

pub(super) const DUMP: &str = "\
Prints blocks in order of height, either from the data directory of a stopped
node or from a running node with --url; options and output are the same. It
prints the whole chain by default, a range with --from and --to (both
inclusive), or one block with --height, --hash or --tip.

A range that starts above the tip, a height above the tip, or a hash that is not
on the main chain prints nothing and exits with code 1. A --to above the tip
means the tip. Memory use does not grow with the chain. A reader that closes the
pipe early, such as `head`, is not an error.

A hash may be shortened to its first 8 digits or more; if several blocks match,
the error lists them all. Offline, --height and --hash together also find a
block that a reorg took off the main chain.

With --url, every block is checked against the rules of its chain, as
`jenny verify` checks a database; an invalid block is an error.

With --read-only, it opens a private copy of the directory and leaves the
original as it is, its times included.";

pub(super) const DUMP_AFTER: &str = "\
Formats:
  table  height, time (UTC), shortened hash, number of records, their bytes,
         start of the first record
  json   one array of blocks, in the form of GET /chains
  jsonl  the same blocks, one per line
  csv    height,hash,timestamp,previousHash,merkleRoot,historyRoot,
         bits,difficulty,nonce,recordCount,data (records as a JSON array;
         omitted with --headers)

On a terminal, control characters are escaped in every format.

Examples:
  jenny dump
  jenny dump --from 1000 --to 1999 --format csv --output part.csv
  jenny dump --tip --format json
  jenny dump --hash 0baf558e
  jenny dump | jq -r '.data[]'
  jenny dump --url http://127.0.0.1:3000 --headers
  jenny dump --read-only --scratch /var/tmp --data-dir /mnt/evidence

Exit codes:
  0    success, or the reader of standard output closed it
  1    there is no such block; the node at --url is unreachable, disconnected or
       sent an invalid chain; a write failed; the directory cannot be read;
       the copy of --read-only had to be repaired or does not fit
  2    usage error, several blocks match --hash, or the directory holds no chain
  3    a running node holds the database: stop it, or use --url
  4    the database is damaged
  5    a newer version wrote the database
  130  interrupted; the file named by --output was not created";

pub(super) const VERIFY: &str = "\
Checks the whole database of a stopped node, from genesis to the tip: links,
proof of work, difficulty, timestamps, both roots of every block, the stored
history, every block kept beside the main chain, and the checkpoints of
jenny.toml. Opening a database modifies it slightly, as every start does. With
--read-only the command opens a private copy instead and leaves the directory as
it is, also on media that cannot be written; what opening the copy had to repair
is a finding. Without it, run this command as the account of the node, which may
not be able to open files that another account created.

If all checks pass, it prints `ok height=.. blocks=.. records=..` and then the
chain's name and id, its tip, time span, records, branches and checkpoints.
Otherwise it names the first bad height and field. The exit code tells the
result to scripts.";

pub(super) const VERIFY_AFTER: &str = "\
Examples:
  jenny verify
  jenny verify --data-dir /srv/ledger --json
  jenny verify --read-only --scratch /var/tmp --data-dir /mnt/evidence
  jenny verify --expect-tip 0baf558e4122a1334c8b23f7b48ba586..  (all 64 digits)

Exit codes:
  0    all stored data is valid
  1    damage was found; a checkpoint does not match; the tip is not the
       expected one; the copy of --read-only had to be repaired or does not
       fit; the directory cannot be read or the result not written
  2    usage error, or the directory holds no chain
  3    a running node holds the database
  4    the database is too damaged to open
  5    a newer version wrote the database
  130  interrupted";

pub(super) const RECEIPT: &str = "\
Checks and renews receipts. A receipt is a small file that proves that a record
is on a chain. It is checked by computation alone, without a node, a database or
a network. `jenny record receipt` gets one from a running node.";

pub(super) const RECEIPT_REFRESH: &str = "\
Gets a receipt for the same record and a later tip from a running node, and
replaces FILE by it, for a verifier that knows only recent blocks.

The new receipt is written only if it is sound, is about the same block, and the
node proves that the later history continues that of the old receipt's tip. A
node whose chain is another one, or that a reorg moved to another branch, cannot
prove that; FILE stays as it is then.";

pub(super) const RECEIPT_REFRESH_AFTER: &str = "\
Examples:
  jenny receipt refresh receipt.json
  jenny receipt refresh receipt.json --tip final -o final.json

Exit codes:
  0    the new receipt is written
  1    the old receipt is not sound, the node is unreachable or refused the
       request, or its history does not continue that of the old receipt
  2    usage error, or a file could not be read
  130  interrupted";

pub(super) const RECEIPT_VERIFY: &str = "\
Checks a receipt: that the record is in the block, the block in the history of
the tip, and the chain's genesis block at the start of that history; that both
headers are mined; and that the tip is the one named by --tip.

The hash of the tip is what you must know from elsewhere: from your own node,
from several nodes, or from a place where it was published. Without it a receipt
is sound but not anchored, because anyone could have mined its blocks.

A receipt whose tip is older than the trusted one needs a consistency proof from
its tip to the trusted one: GET /v1/consistency?from=HEIGHT&to=HEIGHT returns it
(docs/api.md). It cannot help if the record is in the receipt's tip itself.";

pub(super) const RECEIPT_VERIFY_AFTER: &str = "\
Examples:
  jenny receipt verify receipt.json --tip 0baf558e..   with all 64 digits
  jenny receipt verify receipt.json --tip 0baf558e.. --consistency proof.json
  jenny receipt verify receipt.json --unanchored --json | jq -r .tip.hash
  curl .. | jenny receipt verify - --tip 0baf558e..

Exit codes:
  0    the receipt is sound and anchored, or sound with --unanchored
  1    it is not, and the error says why, or the result could not be written
  2    usage error, or a file could not be read
  130  interrupted";

pub(super) const STATUS: &str = "\
Queries a running node over REST and prints a summary for operators. With
--watch it asks again every 2 seconds, also while the node is down, and shows
since when the node does not respond.

On a terminal, --watch redraws the screen; elsewhere it prints one block of
lines after the other, and with --json one object a line.";

pub(super) const STATUS_AFTER: &str = "\
Examples:
  jenny status
  jenny status --watch
  jenny status --json | jq .tip.height
  jenny status --check
  jenny status --url http://10.0.0.7:3000 --user alice \\
    --password-file ./alice.password

Exit codes:
  0    the node responded; with --check, it is ready
  1    the node is unreachable or refused the request, or the output could not
       be written
  2    usage error
  130  interrupted";

pub(super) const PEER: &str = "\
Lists, adds, removes and bans the peers of a running node, over REST.
Everything but `list` requires a user with the role operator.

Removing a peer closes its link. The node does not reconnect to it, even if the
peers file names it, until it is added again or the node restarts. A ban blocks
an IP address for a day unless --seconds sets another time. A peer that the
operator named is dialled despite a ban; remove that peer too.";

pub(super) const PEER_AFTER: &str = "\
Examples:
  jenny peer list
  jenny peer list --json | jq -r '.known[] | select(.failures > 9).address'
  jenny peer add ws://192.0.2.1:7545
  jenny peer remove ws://typo.invalid:7545
  jenny peer ban 192.0.2.9 --seconds 3600 --reason 'sends nonsense'
  jenny peer unban 192.0.2.9 --url http://10.0.0.7:3000 --user alice \\
    --password-file ./alice.password

Exit codes:
  0    success
  1    the node is unreachable or refused the request
  2    usage error
  130  interrupted";

pub(super) const RECORD: &str = "\
Adds, finds, lists and cancels the records of a running node, over REST. `add`
requires a user with the role writer or operator, and `cancel` an operator.

A record is a text, and its id is a hash of it: equal texts are one record, and
adding one again changes nothing. Once `add` ends, the records are on the node's
disk. They wait there until a block has them, and return there when a reorg
takes that block off the main chain.

The node mines them by itself, many in one block, unless it was started with
--no-mine.

`add --file` sends a file in parts and repeats a part that the node cannot take
yet. After a failure, run it again: what was sent is not taken twice.";

pub(super) const RECORD_AFTER: &str = "\
Examples:
  jenny record add 'a record' --wait 60
  jenny record add --file readings.txt --number-lines
  jenny record get $(jenny record id 'a record')
  jenny record wait $(jenny record id 'a record') --timeout 600
  jenny record receipt $(jenny record id 'a record') -o receipt.json
  jenny record list --json | jq -r '.records[].id'

Exit codes:
  0    success
  1    the node is unreachable or refused the request, or the record is unknown
       or in no block in time
  2    usage error
  130  interrupted";

pub(super) const EVENTS: &str = "\
Prints the events of a running node, one JSON object a line: blocks that join or
leave the main chain, their records, peers and downloads.

Each event of the chain has an `id`, which is a position in the chain.
--position-file keeps the position after the events that were printed, so that
the next call continues there, also after a reorg or a restart of the node: it
first prints block.disconnected for the blocks that left the main chain. The
position is written after the events were handed over. A kill in between prints
events again, so a consumer must tolerate repetitions: the id of an event names
it.

Without --follow it ends at the tip. With --follow it waits for further events
and reconnects after 1 to 30 seconds.";

pub(super) const EVENTS_AFTER: &str = "\
Examples:
  jenny events --follow
  jenny events --follow --types block.connected,block.disconnected
  jenny events --follow --position-file ./position | while read -r event; do ..
  jenny events --after 0-GENESISHASH-0 | jq -r 'select(.id).id'

With the producers of Kafka and NATS:
  jenny events --follow --position-file ./position |
    kafka-console-producer.sh --bootstrap-server HOST:9092 --topic jenny
  jenny events --follow --position-file ./position |
    while IFS= read -r event; do nats pub jenny.events \"$event\"; done

Exit codes:
  0    the tip was reached, without --follow
  1    the node refused the request or no longer stores the position; without
       --follow, also that it is unreachable; the output could not be written
  2    usage error
  130  interrupted";
