//! The help of `jenny user`.

pub(in crate::cli) const USER: &str = "\
Adds, lists, removes and changes the users of the REST API, in users.toml of the
data directory or in the file that `api.users_file` or JENNY_USERS_FILE names.
The node may run meanwhile: it applies a change within 2 seconds, and cuts open
streams of a user who is removed or gets another password or role.

Roles, each of which includes the ones before it:

  monitor   the status and the metrics
  reader    every GET
  writer    adding records: what an application gets
  operator  everything: also peers, bans and forks

Adding the first user permanently disables `jenny` with the password `1234`. The
last operator cannot be removed. Passwords are stored as argon2id hashes.";

pub(in crate::cli) const USER_ADD: &str = "\
Adds a user. On a terminal it asks twice for a password, of at least 12
characters; elsewhere --password-file names the file that has it. The first user
is an operator; later ones need --role.";

pub(in crate::cli) const USER_AFTER: &str = "\
Examples:
  jenny user add alice
  jenny user add ledger-app --role writer --password-file ./app.password
  openssl rand -base64 24 | tee app.password |
    jenny user add ledger-app --role writer --password-file -
  jenny user list
  jenny user passwd alice --data-dir /srv/ledger
  jenny user role alice reader
  jenny user remove ledger-app

Exit codes:
  0    success
  1    there is no such user, another process holds users.lock for 10 seconds,
       or a file could not be written
  2    usage error; the name or the password cannot be set; the user exists
       already, is the last operator or is the only user
  130  interrupted; nothing was changed";
