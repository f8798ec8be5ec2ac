"""Datasets of a chain with every kind of record: what they hold, and what no failure changes."""

import base64
import glob
import random
import resource
import shutil
import subprocess
import time

import chain
from engines import DuckDB, answers
from harness import BINARY, blocks, check, command, export, fail, files, finish, last_height, path, read, record_id, same, series, spawn, stamps, verify
from s3 import Bucket

RECORDS, PER_BLOCK = 4_000, 8
RANGE, DEPTH = 100, 10
PASSWORD = "a-password-of-some-length"
LAYOUT = ("--range-blocks", str(RANGE), "--depth", str(DEPTH))
MAX_KILLS = 100
# Blocks of 1 MB.
LARGE_BLOCKS = 20
DATA = path("data")
# A prefix that has to be encoded in a URL, though not twice.
ODD = "twice & a half/100%/%20+ü=🙂"
# As DuckDB reads them.
COLUMNS = [
    ("height", "BIGINT"), ("timestamp", "TIMESTAMP WITH TIME ZONE"), ("block_hash", "VARCHAR"), ("bits", "VARCHAR"),
    ("difficulty", "DOUBLE"), ("index", "INTEGER"), ("record_id", "VARCHAR"), ("record", "VARCHAR"), ("record_bytes", "INTEGER"),
]


def users(data):
    with open(path("password"), "w") as file:
        file.write(PASSWORD)
    subprocess.run([BINARY, "init", "--chain", "dev", "--data-dir", data], check=True, stdout=subprocess.DEVNULL)
    for role in ("operator", "reader"):
        words = ["init", "--data-dir", data, "--user", role, "--role", role, "--password-file", path("password")]
        subprocess.run([BINARY, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start(data=DATA, **options):
    return chain.Node(BINARY, data, user=f"operator:{PASSWORD}", **options)


def as_reader(url, target, *flags, **options):
    return export(url, target, "--user", "reader", "--password-file", path("password"), *flags, **options)


def fill(node):
    node.mine(chain.blocks(0, RECORDS, PER_BLOCK))
    # Texts that hardly compress, so that their file takes several parts of an upload; a range without a
    # record; a full block; and records that came by the pool.
    choice = random.Random(7)
    node.mine([base64.b64encode(choice.randbytes(45_000)).decode() for _ in range(16)] for _ in range(LARGE_BLOCKS))
    node.mine([] for _ in range(2 * RANGE))
    node.mine([[chain.record(number) for number in range(chain.FULL_BLOCK_RECORDS)]])
    node.call("/v1/records", {"data": [chain.record(RECORDS + number) for number in range(100)]})
    node.mine([chain.record(number)] for number in range(RANGE))
    node.settle()


def compare_with_node(node, place):
    """Every row is what the node responds, and so are counts and sums of rows."""
    engine, last = DuckDB(place), last_height(place)
    found = [row[:2] for row in engine.run(f"DESCRIBE SELECT * FROM {engine.records}")]
    check(found == COLUMNS, f"the columns are {found}")
    wanted = [
        (block["height"], block["timestamp"], block["hash"], block["bits"], float(block["difficulty"]), index, record_id(text), text, len(text.encode()))
        for block in blocks(node, 0, last)
        for index, text in enumerate(block["data"])
    ]
    columns = "height, epoch_ms(timestamp), block_hash, bits, difficulty, index, record_id, record, record_bytes"
    rows = engine.run(f"SELECT {columns} FROM {engine.records} ORDER BY height, index")
    check(len(rows) == len(wanted), f"{len(rows)} rows instead of {len(wanted)}")
    for row, block in zip(rows, wanted):
        check(row == block, f"a row is {row!r:.500} instead of {block!r:.500}")
    texts = {row[7] for row in rows}
    check({"", chain.record(1), chain.record(2), chain.record(3), chain.record(6), chain.record(7)} <= texts, "kinds of records are missing")

    connection = node.connect()
    choice = random.Random(7)
    for number in [*range(20), *(choice.randrange(RECORDS) for _ in range(50))]:
        text = chain.record(number)
        found = node.call(f"/v1/records/{record_id(text)}", connection=connection)
        first = engine.rows("record", id=found["id"], height=0)[0]
        check(first == (found["height"], found["blockHash"], found["index"], text), f"record {number}: {first!r:.500} is not {found!r:.500}")
    per_point, points = series(node, 1, last, 100)
    text = f"SELECT max(b.height), count(r.height) FROM range(1, {last + 1}) b(height) LEFT JOIN {engine.records} r USING (height)"
    grouped = engine.run(f"{text} GROUP BY (b.height - 1) // {per_point} ORDER BY 1")
    check(grouped == points, f"the series is {grouped} instead of {points}")
    [(_, block_count, _, _)] = engine.rows("count")
    check(block_count == len({row[0] for row in rows}), "blocks with records")
    return len(rows)


def kill_until_done(source, target, progress, environment=None):
    """Kills each export a step later than the last one, until one ends by itself. Returns how many were killed."""
    for kills in range(MAX_KILLS):
        before = progress()
        process = spawn(command(source, target, *LAYOUT), environment)
        while process.poll() is None and progress() - before <= kills:
            time.sleep(0.001)
        if process.poll() is not None:
            finish(process)
            return kills
        process.kill()
        process.communicate()
    fail(f"an export to {target} did not end")


def place_of(target):
    return "S3" if target.startswith("s3:") else "local"


def two_at_once(source, target, environment=None):
    both = [spawn(command(source, target, *LAYOUT), environment) for _ in range(2)]
    codes = [finish(one, codes=(0, 3))["code"] for one in both]
    check(0 in codes, f"both exporters gave up: {codes}")
    export(source, target, *LAYOUT, environment=environment)
    return codes


def reorg_below(node_data):
    """A reorg that disconnects blocks of a range that is written."""
    ours, theirs, place = path("ours"), path("theirs"), path("before-reorg")
    for copy in (ours, theirs):
        shutil.copytree(node_data, copy)
    node, other = start(ours, dialled=1), start(theirs)
    node.mine([f"disconnected {number}"] for number in range(60))
    other.mine([f"stays {number}"] for number in range(70))
    layout = ("--range-blocks", "50", "--depth", "1")
    as_reader(node.url, place, *layout)
    before, tip = files(place), node.call("/v1/status")["tip"]
    node.call("/v1/peers", {"address": other.peer})
    deadline = time.monotonic() + 120
    while not node.call("/v1/reorgs?limit=1")["reorgs"]:
        check(time.monotonic() < deadline, "the reorg did not come")
        time.sleep(0.05)
    other.stop()
    refused = as_reader(node.url, place, *layout, codes=(1, 2))
    same(before, files(place), "an export after a reorg changed")
    node.stop()
    return tip["height"], refused


def main():
    users(DATA)
    node = start()
    fill(node)
    by_url, by_directory = path("by-url"), path("by-directory")
    written = as_reader(node.url, by_url, *LAYOUT)
    bucket = Bucket()
    as_reader(node.url, "s3://datasets/grown", *LAYOUT, environment=bucket.environment)
    node.stop()
    export(DATA, by_directory, *LAYOUT)
    same(files(by_url), files(by_directory), "from a directory other files come than from a URL")
    check(int(written["ranges"]) == len(files(by_url)) - 1 > 5, f"few ranges: {written}")
    verify(by_url)
    print(f"by URL and from the directory: {written['ranges']} equal files, {written['records']} records")

    node = start()
    rows = compare_with_node(node, by_url)
    print(f"DuckDB: {rows} rows, counts and groups are what the node responds")

    before, objects = stamps(by_url), bucket.objects("grown")
    node.mine(chain.blocks(RECORDS, RANGE * PER_BLOCK * 3, PER_BLOCK))
    as_reader(node.url, by_url, *LAYOUT)
    after = stamps(by_url)
    same(before, {name: after.get(name) for name in before}, "an extension wrote files again")
    check(len(after) >= len(before) + 3, f"{len(after) - len(before)} ranges more")
    compare_with_node(node, by_url)
    node.stop()
    whole = path("whole")
    export(DATA, whole, *LAYOUT)
    same(files(by_url), files(whole), "an extension differs from a new dataset")
    print(f"extended by {len(after) - len(before)} ranges, no file was written again")

    export(DATA, "s3://datasets/grown", *LAYOUT, environment=bucket.environment)
    export(DATA, "s3://datasets/new", *LAYOUT, environment=bucket.environment)
    for prefix in ("grown", "new"):
        same(files(whole), bucket.files(prefix), f"S3 holds other bytes below {prefix}")
    again = bucket.objects("grown")
    same({name: time for name, time in objects.items() if name != "manifest.json"}, {name: again[name] for name in objects if name != "manifest.json"}, "S3 objects were written again")
    verify("s3://datasets/new", environment=bucket.environment)
    values = {"id": record_id(chain.record(1)), "height": 10}
    local, remote = DuckDB(whole), DuckDB("s3://datasets/new", bucket.server.url)
    same(answers(local, **values), answers(remote, **values), "DuckDB reads other rows from S3")
    counts = bucket.server.proxy.faults.counts
    check(sum(counts.values()) >= 10, f"few faults: {counts}")
    check(any("uploadId=" in name for _, name, _ in bucket.server.proxy.requests), "no upload had parts")
    print(f"S3: the same files, through {len(bucket.server.proxy.requests)} requests of which failed {counts}")

    requests = bucket.server.proxy.requests
    for target, environment, found, progress in (
        (path("killed"), None, lambda: files(path("killed")), lambda: len(glob.glob(path("killed/records/*")))),
        ("s3://datasets/killed", bucket.environment, lambda: bucket.files("killed"), lambda: len(requests)),
    ):
        kills = kill_until_done(DATA, target, progress, environment)
        same(files(whole), found(), f"after {kills} kills {target} differs")
        check(kills >= 3, f"only {kills} kills")
        verify(target, environment=environment)
        print(f"{place_of(target)}: the same files after {kills} times kill -9")
    for target, environment, found in (
        (path("twice"), None, lambda: files(path("twice"))),
        (f"s3://datasets/{ODD}", bucket.environment, lambda: bucket.files(ODD)),
    ):
        codes = two_at_once(DATA, target, environment)
        same(files(whole), found(), f"after two exporters {target} differs")
        print(f"{place_of(target)}: the same files by two exporters, which ended with {codes}")

    limit_file_size(whole)
    height, refused = reorg_below(DATA)
    print(f"a reorg below block {height} is refused with exit code {refused['code']}: {refused['errors'].strip().splitlines()[-1]}")
    damage(whole)


def limit_file_size(whole):
    """No room for a file is an error, and the next run continues."""
    node, place, least = start(), path("limited"), min(len(data) for data in files(whole).values())
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (least, least))
    words = command(node.url, place, *LAYOUT, "--user", "reader", "--password-file", path("password"))
    refused = finish(spawn(words, before=limit), codes=(1,))
    check("File too large" in refused["errors"] and "ulimit -f" in refused["errors"], refused["errors"])
    as_reader(node.url, place, *LAYOUT)
    node.stop()
    same(files(whole), files(place), "after a limit on the size of files the dataset differs")
    print("the same files after a write that the system refused")


def damage(place):
    """A changed byte of a data file is found."""
    name = sorted(glob.glob(f"{place}/records/*.parquet"))[0]
    data = bytearray(read(name))
    data[len(data) // 2] ^= 1
    with open(name, "wb") as file:
        file.write(data)
    verify(place, codes=(1, 4))


main()
