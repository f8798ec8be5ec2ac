//! The pages of `jenny export` and `jenny import`.

pub(in crate::cli) const EXPORT: &str = "\
Writes the chain, or a range of it, into one portable file for a backup, for
moving to another machine, or for starting another node. The source is the data
directory of a stopped node, or a running node with --url.

The file is compressed and has checksums. It holds one chain, whatever reorg
happens meanwhile. With the credentials of an operator, or offline, it also
holds the own records that wait for a block and the marks that say which records
are this node's own. --no-pool leaves both out.

The file is written under the name FILE.part, and gets its name when it is
complete and on disk. If the command is interrupted, FILE.part stays, and the
same command continues it. A connection that breaks is resumed. If a reorg takes
away what was written, the command starts anew by itself, or says so when it
writes to standard output.";

pub(in crate::cli) const EXPORT_AFTER: &str = "\
Examples:
  jenny export -o ledger.chain
  jenny export --url http://127.0.0.1:3000 -o ledger.chain
  jenny export --from 5000 -o increment.chain
  jenny export --url http://127.0.0.1:3000 -o - | ssh backup 'cat > l.chain'

A file of a range from above 0 is imported into a directory that has the blocks
below it.

Exit codes:
  0    the file is complete
  1    the range starts above the tip; the node at --url is unreachable,
       disconnected or sent an invalid chain; a write failed
  2    usage error, or the directory holds no chain
  3    a running node holds the database: stop it, or use --url
  4    the database is damaged
  5    a newer version wrote the database or sent the file
  130  interrupted; the same command continues";

pub(in crate::cli) const IMPORT: &str = "\
Reads a chain file into a data directory: a new one, which gets the chain of the
file, or one that holds the beginning of that chain. Every block is checked by
every rule of the chain. Own records that wait for a block are pending again,
and `jenny run` mines them.

An import that was interrupted or killed continues when it is run again. The
blocks that the directory holds already are compared with those of the file; a
difference is an error.

The chain comes from the file. Peers, users, settings and certificates do not:
docs/operations.md lists what a backup needs beside the file.";

pub(in crate::cli) const IMPORT_AFTER: &str = "\
Examples:
  jenny import ledger.chain --data-dir /srv/ledger
  jenny import increment.chain --data-dir /srv/ledger
  ssh node 'jenny export -o -' | jenny import - --data-dir /srv/ledger

Exit codes:
  0    everything in the file is in the data directory, on disk
  1    the file is damaged or truncated, breaks a rule of its chain, or differs
       from the blocks in the directory; the disk is low; a write failed
  2    usage error; FILE is no chain file, or of another chain
  3    a running node holds the database: stop it first
  4    the database is damaged
  5    a newer version wrote the file or the database
  130  interrupted; the same command continues";
