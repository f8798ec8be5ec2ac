//! The longer texts of `--help`.

pub(super) const ABOUT: &str = "\
jenny is a small ledger node: an append-only chain of records, agreed on by
proof of work.

`jenny run` mines records into blocks, keeps them on disk and serves them over
REST. The other subcommands look at a chain, of a stopped node (its data
directory) or of a running one (--url).

Results go to standard output, everything else to standard error.";

pub(super) const AFTER: &str = "\
Settings come from, later ones winning: the defaults, jenny.toml in the data
directory, environment variables JENNY_.., flags. JENNY_LOG chooses what is
logged (error, warn, info, debug, trace).

Examples:
  jenny run
  jenny run --chain dev --data-dir /tmp/dev --api-listen 127.0.0.1:0
  jenny dump --from 100 --to 199
  jenny verify
  jenny status --watch

Exit codes:
  0    done
  1    the check found damage, the answer is no, or something outside failed
  2    usage or configuration
  3    the database is locked by another process
  4    the database is damaged
  5    the database was written by a newer version
  130  interrupted

`jenny SUBCOMMAND --help` tells more.";

pub(super) const RUN: &str = "\
Runs the node in the foreground: storage, mining on demand, REST.

In an empty data directory it first creates the chain `jenny`, or the one that
--chain or the settings name. A directory that has a jenny.toml and no chain
gets one only with --create: its chain may be lost, or its disk not mounted.
When everything listens it writes one line to standard output,
and nothing else ever (here in two lines, and with the start of the hash):

    ready api=http://127.0.0.1:3000 p2p=ws://0.0.0.0:7545 chain=jenny
    height=12 tip=0f3a..

SIGTERM and SIGINT (ctrl-C) stop it in order, within 5 seconds, with exit
code 0; a second one ends it at once with 130, which loses nothing that was
acknowledged. SIGHUP rereads users.toml.";

pub(super) const RUN_AFTER: &str = "\
Examples:
  jenny run
  jenny run --chain dev --data-dir /tmp/dev
  jenny run --api-listen '[::1]:8080' --log-format json
  JENNY_LOG=debug jenny run

Until the first user is made, `jenny` with the password `1234` is the operator,
and the API listens on loopback only;
`jenny init --user NAME --password-file FILE` makes one.

Exit codes:
  0    stopped by SIGTERM or SIGINT
  1    the node failed while it ran, or could not listen
  2    usage or configuration; another chain than --chain; a checkpoint that
       the chain contradicts
  3    another process holds the database
  4    the database is damaged: what to do is said with it
  5    a newer version wrote the database
  130  a second signal ended it";

pub(super) const INIT: &str = "\
Creates a data directory: the database with the chain's genesis block, and a
jenny.toml that names the chain and has every other setting commented out with
its default. Asks nothing.

With --user it also adds a user of the REST API to users.toml (an argon2id
hash, file mode 0600), whose password has at least 12 characters. In a
directory that has a chain already, --user does that alone; send the running
node SIGHUP then. The first user disables `jenny` with `1234` for ever.";

pub(super) const INIT_AFTER: &str = "\
Examples:
  jenny init
  jenny init --chain dev --data-dir /tmp/dev
  jenny init --chain my-chain.json --data-dir /srv/ledger
  jenny init --new-chain ledger --block-time 30s --spec-out ledger.json
  jenny init --user alice --password-file ./alice.password
  jenny init --user viewer --password-file ./viewer.password --role reader

With --new-chain it makes a chain of your own: the parameters of `jenny`, and a
genesis block that no other chain has, so that no stranger's node can join it
by accident or displace its blocks. The other nodes join with
`jenny init --chain FILE`, where FILE is that of --spec-out, or the chain.json
that every directory of such a chain holds.

A chain spec FILE is one JSON object with the nine parameters of a chain; see
docs/chain.md.

Exit codes:
  0    done
  1    a file could not be written
  2    usage; the directory has a chain already; the user exists already
  3    another process holds the database";

pub(super) const DUMP: &str = "\
Prints blocks in the order of their heights: of a stopped node from its data
directory, or of a running one with --url, with the same options and the same
bytes. The whole chain by default, a range with --from and --to (both
inclusive), or one block with --height, --hash or --tip.

A range that starts above the tip, a height above the tip and a hash that is
not on the chain print nothing and end with exit code 1; a --to above the tip
means the tip. Memory use does not grow with the chain. A reader that stops
early, such as `head`, is no error.

A hash may be cut to its first 8 digits or more; if several blocks fit, all of
them are named. A block that a reorg took off the main chain is found, offline,
with --height and --hash together.

With --url every block is checked by the rules of its chain, as `jenny verify`
checks a database: a node that sends anything else is an error.";

pub(super) const DUMP_AFTER: &str = "\
Formats:
  table  height, time (UTC), start of the hash, records, their bytes, start of
         the first record
  json   one array of blocks, in the form that GET /chains has
  jsonl  the same blocks, one a line
  csv    height,hash,timestamp,previousHash,merkleRoot,historyRoot,
         bits,difficulty,nonce,recordCount,data (records as a JSON array;
         left out with --headers)

On a terminal, characters that would control it are escaped in every format.

Examples:
  jenny dump
  jenny dump --from 1000 --to 1999 --format csv --output part.csv
  jenny dump --tip --format json
  jenny dump --hash 0baf558e
  jenny dump | jq -r '.data[]'
  jenny dump --url http://127.0.0.1:3000 --headers

Exit codes:
  0    done, or the reader of standard output left
  1    there is no such block; the node at --url cannot be reached, broke off or
       sent what is no chain; a write failed; the directory cannot be read
  2    usage, several blocks fit --hash, or no chain in the directory
  3    a running node holds the database: stop it, or use --url
  4    the database is damaged
  5    a newer version wrote the database
  130  interrupted; nothing is left of --output";

pub(super) const VERIFY: &str = "\
Checks the whole database of a stopped node, from genesis to the tip: links,
proof of work, difficulty, times, both roots of every block and the stored
history; each block that is held beside the main chain; and the checkpoints of
jenny.toml. Opening the database writes to it a little, as every start does:
check a copy to leave the original as it is. Run it as the account of the node,
which may not be able to open files that another account created.

It prints `ok height=.. blocks=.. records=..`, then the chain's name and id, its
tip, time span, records, branches and checkpoints; or it names the first bad
height and field. The exit code is the verdict, whoever reads the output.";

pub(super) const VERIFY_AFTER: &str = "\
Examples:
  jenny verify
  jenny verify --data-dir /srv/ledger --json
  jenny verify --expect-tip 0baf558e4122a1334c8b23f7b48ba586..  (all 64 digits)

Exit codes:
  0    everything stored is sound
  1    damage was found; a checkpoint does not hold; the tip is not the expected
       one; the directory cannot be read, or the result not be written
  2    usage, or no chain in the directory
  3    a running node holds the database
  4    the database is too damaged to be opened
  5    a newer version wrote the database
  130  interrupted";

pub(super) const REPAIR: &str = "\
Accepts a branch that a node refused because it forks deeper than
max_reorg_depth.

The node must be stopped; a running one takes POST /v1/forks/HASH/accept. HASH
is that of the branch's first block, as `jenny status`, `deepForks` of
/v1/status and the log name it. The node then takes the branch once a peer has
it and it has more work, and displaces its own blocks above the fork.";

pub(super) const REPAIR_AFTER: &str = "\
Examples:
  jenny repair --accept-fork 8f3c..   with all 64 digits

Exit codes:
  0    accepted
  1    not accepted
  2    usage, or no chain in the directory
  3    a running node holds the database
  4    the database is damaged
  5    a newer version wrote the database
  130  interrupted";

pub(super) const STATUS: &str = "\
Asks a running node over REST and prints, at a glance, what an operator wants
to know. With --watch it goes on while the node is away, and shows it again when
it is back.";

pub(super) const STATUS_AFTER: &str = "\
Examples:
  jenny status
  jenny status --watch
  jenny status --json | jq .tip.height
  jenny status --url http://10.0.0.7:3000 --user alice \\
    --password-file ./alice.password

Exit codes:
  0    the node answered
  1    it cannot be reached, or refused, or the answer cannot be written
  2    usage
  130  interrupted";

pub(super) const PEER: &str = "\
Lists, adds, removes and bans the peers of a running node, over REST.
Everything but `list` needs a user whose role is operator.

A peer that is removed loses its link and stays away, also when the peers file
names it, until it is added again or the node starts anew. A ban keeps an IP
address out for a day unless --seconds says otherwise; a peer that the operator
named is dialled all the same, so remove that one too.";

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
  0    done
  1    the node cannot be reached, or refused
  2    usage
  130  interrupted";
