"""Runs the console blocks of one document in a fresh directory, and compares their output.

A block that begins with ```console is run; every other block is not. All blocks of a document run in
order, in one shell, with `jenny` on PATH and links to `examples` and `deploy`. In a block:

- A line `$ COMMAND` is a command, and lines `> MORE` below it continue it.
- The lines below are its output, standard error included. A command without them may print anything.
- A command must succeed, unless it ends with `# exit code N`.
- After a command that ends with `&`, the output is awaited.
- `jenny status`, `jenny peer list` and `jenny record get` are repeated until they print what is shown.

How output is compared:

- A hash of 64 digits, or the beginning of one (`000069810e34..`, or 8 digits), matches any other, but the
  same one wherever the document has it again.
- A time in milliseconds or of the form 2026-01-31T12:00:00Z matches any other.
- `..` matches any text within a line, and a line `...` any number of lines.
- JSON may be broken into lines.
"""

import fcntl
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

# Seconds that a command may take.
PATIENCE = 120
# Follows the output of a command, with its exit code.
MARK = "\x1e"
# Reads commands that end with a zero byte, and runs them one by one.
SHELL = f"""
while IFS= read -r -d '' -u 3 command; do
  eval "$command" </dev/null 3<&-
  printf '{MARK}%s{MARK}' "$?"
done
"""
# Commands that read what comes about in its own time.
REPEATED = re.compile(r"jenny (status|peer list|record get)\b[^|&;]*$")
# What differs from run to run.
PATTERNS = {
    "hash": r"\b[0-9a-f]{64}\b",
    "prefix": r"\b(?:[0-9a-f]{8}\b|[0-9a-f]{8,63}\.\.)",
    "millis": r"\b1[0-9]{12}\b",
    "time": r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?UTC|Z)?",
}
VARIABLE = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in PATTERNS.items()) + r"|(?P<any>\.\.)")
PATTERNS["any"] = ".*?"


class Wrong(Exception):
    """What a document says is not so."""


class Command:
    """A command, its output as the document shows it, and its place."""

    def __init__(self, line, text):
        self.line, self.text, self.shown = line, text, []

    def exit_code(self):
        code = re.search(r"# exit code (\d+)$", self.text)
        return int(code.group(1)) if code else 0


def commands_of(text):
    """The commands of all console blocks."""
    commands, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith("```"):
            if not inside and line.strip() == "```console":
                inside, indent, command = True, len(line) - len(line.lstrip()), None
            elif inside:
                inside = False
                if command is None:
                    raise Wrong(f"line {number}: a console block has no command")
        elif inside:
            line = line[indent:] if not line[:indent].strip() else line
            if line.startswith("$ "):
                command = Command(number, line[2:])
                commands.append(command)
            elif command is None:
                raise Wrong(f"line {number}: a console block begins without a command")
            elif line.startswith("> ") and not command.shown:
                command.text += "\n" + line[2:]
            else:
                command.shown.append(line)
    if inside:
        raise Wrong("a console block has no end")
    return commands


def joined(text):
    """JSON on one line."""
    return re.sub(r"\s*\n\s*", "", text.strip())


class Names:
    """The hashes of the document, and those that the node has in their place."""

    def __init__(self):
        self.real = {}

    def match(self, shown, seen):
        """Whether the text is what the document shows."""
        if shown[:1] in ("{", "[") and seen[:1] in ("{", "["):
            shown, seen = joined(shown), joined(seen)
        names, pattern = [], ""
        for line in shown.split("\n"):
            pattern += r"(?:.*\n)*?" if line.strip() == "..." else pattern_of(line, names) + r"\n"
        found = re.fullmatch(pattern, seen + "\n")
        if not found:
            return False
        for name, real in zip(names, found.groups()):
            if self.real.setdefault(name, real) != real:
                raise Wrong(f"{name} was {self.real[name]} above, and is {real} here")
        return True


def pattern_of(line, names):
    """A pattern for a line, with a group for each new hash; their names are appended."""
    pattern, at = "", 0
    for variable in VARIABLE.finditer(line):
        pattern += re.escape(line[at : variable.start()])
        name, kind, at = variable.group(), variable.lastgroup, variable.end()
        if name in names:
            pattern += rf"(?:\{names.index(name) + 1})"
        elif kind in ("hash", "prefix"):
            names.append(name)
            pattern += f"({PATTERNS[kind]})"
        else:
            pattern += PATTERNS[kind]
    return pattern + re.escape(line[at:])


class Shell:
    """A shell whose commands share variables and background jobs."""

    def __init__(self, directory, path):
        read, self.write = os.pipe()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("JENNY_")}
        environment |= {"PATH": path, "HOME": directory, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb"}
        environment |= {"COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"}

        def descriptors():
            os.dup2(read, 3)

        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-c", SHELL],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(read, 3),
            preexec_fn=descriptors,
            start_new_session=True,
        )
        os.close(read)
        self.waiting = ""

    def more(self, deadline):
        """Reads what the shell prints next."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
            raise Wrong(f"no end within {PATIENCE} s; printed so far: {self.waiting!r}")
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            raise Wrong("the shell has ended")
        self.waiting += data.decode(errors="replace")

    def run(self, text):
        """Returns what the command printed, and its exit code."""
        deadline = time.monotonic() + PATIENCE
        os.write(self.write, text.encode() + b"\0")
        while not (found := re.search(f"{MARK}(\\d+){MARK}", self.waiting)):
            self.more(deadline)
        printed = self.waiting[: found.start()] + self.waiting[found.end() :]
        self.waiting = ""
        return plain(printed), int(found.group(1))

    def wait_for(self, printed, is_there):
        """Returns what was printed once it is as expected."""
        deadline = time.monotonic() + PATIENCE
        while not is_there(printed):
            try:
                self.more(deadline)
            except Wrong:
                break
            printed, self.waiting = printed + plain(self.waiting), ""
        return printed

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def plain(text):
    """Without what the shell says about killed jobs, and a command about a slow disk."""
    return re.sub(r"^(bash: line \d+: +\d+ Killed.*|.*: opening the database, \d+ MiB)\n", "", text, flags=re.M)


def bring_up_loopback():
    """Starts the loopback interface of a network of our own; it runs elsewhere already."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)
        try:
            fcntl.ioctl(any_socket, 0x8914, request)
        except PermissionError:
            pass


def main(binary, document):
    repository = os.getcwd()
    with open(document, encoding="utf-8") as file:
        commands = commands_of(file.read())
    if not commands:
        raise Wrong("there is no command to run")
    bring_up_loopback()
    directory = tempfile.mkdtemp()
    shell = None
    try:
        os.mkdir(f"{directory}/.bin")
        os.symlink(os.path.realpath(binary), f"{directory}/.bin/jenny")
        for name in ("examples", "deploy"):
            os.symlink(os.path.join(repository, name), f"{directory}/{name}")
        with open(f"{directory}/.curlrc", "w", encoding="utf-8") as file:
            file.write("silent\nshow-error\n")
        shell = Shell(directory, f"{directory}/.bin:{os.environ['PATH']}")
        names = Names()
        compared = 0
        for command in commands:
            try:
                compared += run(shell, names, command)
            except Wrong as wrong:
                for log in sorted(name for name in os.listdir(directory) if name.endswith(".log")):
                    with open(f"{directory}/{log}", encoding="utf-8", errors="replace") as file:
                        print(f"-- {log}\n{''.join(file.readlines()[-20:])}", file=sys.stderr)
                raise Wrong(f"line {command.line}: $ {command.text}\n{wrong}") from None
        print(f"{document}: {len(commands)} commands run, the output of {compared} compared")
    finally:
        if shell:
            shell.end()
        shutil.rmtree(directory, ignore_errors=True)


def run(shell, names, command):
    """Runs a command, and returns whether its output was compared."""
    shown = "\n".join(command.shown)
    is_there = lambda text: names.match(shown, text.rstrip("\n"))
    deadline = time.monotonic() + PATIENCE
    seen, code = shell.run(command.text)
    while REPEATED.match(command.text) and time.monotonic() < deadline:
        if code == command.exit_code() and is_there(seen):
            break
        time.sleep(0.2)
        seen, code = shell.run(command.text)
    if code != command.exit_code():
        raise Wrong(f"exit code {code}, not {command.exit_code()}\n{seen}")
    if not command.shown:
        return False
    if command.text.endswith("&"):
        seen = shell.wait_for(seen, is_there)
    if not is_there(seen):
        raise Wrong(f"the document shows\n{shown}\nand the command prints\n{seen}")
    return True


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Wrong as wrong:
        sys.exit(f"FAILED: {sys.argv[2]}: {wrong}")
