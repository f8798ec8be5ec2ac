//! Pages of help of the commands that keep a stopped node's database in order.

pub(in crate::cli) const MIGRATE: &str = "\
Shows or brings up to date the schema of a stopped node's database, which is the
form in which it keeps blocks and records. Each schema has a number.

`jenny run` and every other command that opens a database upgrade it first, so
`migrate run` is only needed to do it at a time of your own, as before a restart
that must be short. There is no way back: an older version refuses an upgraded
database, untouched, and names the version to install. Back up the directory
first (docs/operations.md, Upgrade).

A step that a kill or a power failure interrupts is run again by the next start.";

pub(in crate::cli) const MIGRATE_AFTER: &str = "\
Examples:
  jenny migrate status
  jenny migrate status --json | jq .pending
  jenny migrate run --data-dir /srv/ledger

Exit codes:
  0    the schema was shown; the database has this version's schema
  1    the disk has too little room, the directory cannot be used, or the result
       was not written
  2    usage error, or the directory holds no chain
  3    a running node holds the database
  4    the database is damaged
  5    a newer version wrote the database
  130  interrupted";

pub(in crate::cli) const REPAIR: &str = "\
Salvages a damaged database of a stopped node into a new directory (--into), or
accepts a branch that a node refused because it forks deeper than
max_reorg_depth (--accept-fork).

--into DIR works on a private copy, in .DIR.repair beside DIR, and leaves the
damaged directory as it is. Room for the database twice is required. DIR gets
the blocks from genesis up to the first one that does not check, the records
that waited for a block, the marks of this node's own records, the settings and
the users. Own records of blocks above a lost one wait for a block again. The
report names the blocks and records that are lost. DIR appears once it is
complete. (docs/operations.md, Corruption)

--accept-fork HASH takes the hash of the branch's first block, as shown by
`jenny status`, by `deepForks` in /v1/status and by the log. For a running node,
use POST /v1/forks/HASH/accept. After its next start, the node imports the
branch once a peer has it and it has more work; this disconnects the node's own
blocks above the fork.";

pub(in crate::cli) const REPAIR_AFTER: &str = "\
Examples:
  jenny repair --into ./salvaged
  jenny repair --into ./salvaged --json | jq '.lostBlocks.items[].height'
  jenny repair --accept-fork 8f3c..   with all 64 digits

Exit codes:
  0    everything was salvaged; the branch is accepted
  1    a part was lost, which the report names; the disk has too little room;
       not accepted
  2    usage error, or the directory holds no chain
  3    a running node holds the database
  4    the database does not even open: nothing was salvaged or accepted
  5    a newer version wrote the database
  130  interrupted";
