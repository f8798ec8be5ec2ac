//! The page of help of `jenny explore`.

pub(in crate::cli) const EXPLORE: &str = "\
Shows the explorer over the data directory of a stopped node, for auditors. It
prints one line on standard output, the address to open in a browser, and serves
the pages and every GET route of the REST API until Ctrl-C.

The command opens a private copy and leaves the directory as it is, its times
included, also on media that cannot be written. It mines nothing, has no peers
and refuses every request that would change something. What opening the copy had
to repair is a finding.

The address contains the user `auditor` and a password that is made anew each
time: who reads that line can read the chain. With --user and --password-file it
contains neither. Without --listen only this machine can connect.

Ctrl-C or SIGTERM ends the command and removes the copy. After kill -9 a copy
stays, jenny-copy.* in the scratch directory, and may be removed.";

pub(in crate::cli) const EXPLORE_AFTER: &str = "\
Examples:
  jenny explore
  jenny explore /mnt/evidence --scratch /var/tmp
  jenny explore --listen 127.0.0.1:8080 --user ann --password-file ./ann.pass

To show a chain file, import it into a new directory first:
  jenny import ledger.chain --data-dir ./imported
  jenny explore ./imported

Exit codes:
  0    ended by Ctrl-C or SIGTERM
  1    the copy had to be repaired or does not fit; the address of --listen
       cannot be used; the directory cannot be read
  2    usage error, or the directory holds no chain
  3    a running node holds the database: open its own explorer instead
  4    the database is damaged: it does not open, or damage was found later
  5    a newer version wrote the database
  130  interrupted before the pages were served, or by a second signal";
