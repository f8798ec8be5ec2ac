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
Accepts a branch that a node refused because it forks deeper than
max_reorg_depth.

The node must be stopped; for a running node, use POST /v1/forks/HASH/accept.
HASH is the hash of the branch's first block, as shown by `jenny status`, by
`deepForks` in /v1/status and by the log. After its next start, the node imports
the branch once a peer has it and it has more work; this disconnects the node's
own blocks above the fork.";

pub(in crate::cli) const REPAIR_AFTER: &str = "\
Examples:
  jenny repair --accept-fork 8f3c..   with all 64 digits

Exit codes:
  0    accepted
  1    not accepted
  2    usage error, or the directory holds no chain
  3    a running node holds the database
  4    the database is damaged
  5    a newer version wrote the database
  130  interrupted";
