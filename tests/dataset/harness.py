"""What both forms of the check share: the exporter, what it wrote, and what the node responds."""

import glob
import hashlib
import json
import os
import subprocess
import sys

BINARY, EXPORTER, WORK = sys.argv[1:4]


def fail(what):
    sys.exit(f"FAILED: {what}")


def check(holds, what):
    if not holds:
        fail(what)


def path(name):
    return os.path.join(WORK, name)


def command(source, target, *flags):
    return [EXPORTER, "export", "--from", source, "--to", target, *flags]


def spawn(words, environment=None, before=None):
    environment = {**os.environ, **(environment or {})}
    return subprocess.Popen(words, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before)


def finish(process, codes=(0,)):
    """The members of the line that it prints, its exit code, and its errors."""
    output, errors = process.communicate(timeout=3_600)
    check(process.returncode in codes, f"{process.args} ended with {process.returncode}: {output}{errors}")
    members = dict(word.split("=", 1) for word in output.split() if "=" in word)
    return {**members, "code": process.returncode, "errors": errors}


def export(source, target, *flags, codes=(0,), environment=None):
    return finish(spawn(command(source, target, *flags), environment), codes)


def verify(target, codes=(0,), environment=None):
    return finish(spawn([EXPORTER, "verify", "--of", target], environment), codes)


def read(file):
    with open(file, "rb") as opened:
        return opened.read()


def files(directory):
    """The manifest and the data files, by name, with their bytes."""
    names = ["manifest.json", *glob.glob("records/*.parquet", root_dir=directory)]
    return {name: read(os.path.join(directory, name)) for name in names}


def stamps(directory):
    """What changes when a data file is written again."""
    found = {}
    for name in glob.glob("records/*.parquet", root_dir=directory):
        about = os.stat(os.path.join(directory, name))
        found[name] = (about.st_mtime_ns, about.st_ino, about.st_size, digest(os.path.join(directory, name)))
    return found


def digest(file):
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def same(left, right, what):
    names = [name for name in {**left, **right} if left.get(name) != right.get(name)]
    check(not names, f"{what}: {', '.join(sorted(names))}")


def manifest(directory):
    return json.loads(read(os.path.join(directory, "manifest.json")))


def last_height(directory):
    ranges = manifest(directory)["ranges"]
    return ranges[-1]["to"] if ranges else -1


def record_id(text):
    return hashlib.sha256(b"\0" + text.encode()).hexdigest()


def blocks(node, first, last):
    """The blocks of the node's main chain from `first` to `last`."""
    connection, cursor = node.connect(), f"from={first}"
    while True:
        page = node.call(f"/v1/blocks?limit=500&{cursor}", connection=connection)
        for block in page["blocks"]:
            if block["height"] > last:
                return
            yield block
        if page["next"] is None:
            return
        cursor = "cursor=" + page["next"]


def series(node, first, last, points):
    """Blocks and records of each point of the node's series."""
    found = node.call(f"/v1/series?from={first}&to={last}&points={points}")
    return found["blocksPerPoint"], [(point["height"], point["records"]) for point in found["points"]]
