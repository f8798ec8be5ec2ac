//! The help of `jenny config`, `jenny completions` and `jenny man`.

pub(in crate::cli) const CONFIG: &str = "\
Checks the settings of a node, or shows each of them and where it comes from:
the default, a line of the settings file, a variable or a flag. Both take the
flags of `jenny run`, start nothing and write nothing. No key holds a secret:
passwords and keys are in files, of which only the names are shown.";

pub(in crate::cli) const CONFIG_AFTER: &str = "\
`check` reads the settings file, the variables and the flags, and the files that
they name: the chain spec, the peers file, the users file, the certificates and
the password file of JENNY_USER. It names unknown keys and variables, with the
one that was probably meant, and prints the settings that are not the default.
It opens no database and no port.

`show` prints TOML, which is a settings file itself; --json prints one object.

Examples:
  jenny config check
  jenny config check --config /etc/jenny/jenny.toml --api-listen 0.0.0.0:3000
  jenny config show --data-dir /srv/ledger
  jenny config show --json | jq -r '.keys[\"api.listen\"].place'

Exit codes:
  0    the node would accept these settings; there may be warnings
  1    the result could not be written
  2    a setting, or a file that one names, is wrong; or usage error";

pub(in crate::cli) const COMPLETIONS: &str = "\
Prints the completions of a shell on standard output.";

pub(in crate::cli) const COMPLETIONS_AFTER: &str = "\
Examples:
  jenny completions bash > /usr/share/bash-completion/completions/jenny
  jenny completions zsh > /usr/local/share/zsh/site-functions/_jenny
  jenny completions fish > ~/.config/fish/completions/jenny.fish
  source <(jenny completions bash)

Exit codes:
  0    success
  1    the output could not be written
  2    usage error";

pub(in crate::cli) const MAN: &str = "\
Prints the manual page of jenny on standard output, in roff. With --dir, it
writes one page for each subcommand.";

pub(in crate::cli) const MAN_AFTER: &str = "\
Examples:
  jenny man | man -l -
  jenny man --dir /usr/local/share/man/man1

Exit codes:
  0    success
  1    the output could not be written
  2    usage error";
