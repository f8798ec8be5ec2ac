"""A million records: written, extended and read by every engine, with figures."""

import os
import shutil
import sys
import time

import chain
from engines import ENGINES, answers
from harness import BINARY, check, command, export, files, finish, last_height, path, record_id, same, series, spawn, stamps, verify
from s3 import Bucket

RECORDS = int(os.environ.get("JENNY_TEST_RECORDS", "1000000"))
PER_BLOCK = 40
# The defaults of the exporter.
RANGE, DEPTH = 10_000, 100
MORE_PER_BLOCK = 4
SOME = {"id": record_id(chain.record(1)), "height": 12_345}


def measured(what, work):
    started = time.monotonic()
    result = work()
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)
    return result


def mine(node, first, count):
    """Mines so many blocks of the records from `first` on."""
    starts = range(first, first + MORE_PER_BLOCK * count, MORE_PER_BLOCK)
    node.mine([chain.record(start + more) for more in range(MORE_PER_BLOCK)] for start in starts)


def measured_export(what, source, target):
    """Prints speed, and the most memory that the exporter had."""
    started = time.monotonic()
    process = spawn(command(source, target))
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.02)
    written = finish(process)
    took, records, written_bytes = time.monotonic() - started, int(written["records"]), int(written["bytes"])
    print(
        f"{what}: {records} records in {took:.1f} s, {records / took:.0f} records/s, {peak:.0f} MiB resident at most,"
        f" {written_bytes} bytes, {written_bytes / records:.1f} bytes a record",
        flush=True,
    )
    return written


def resident(process):
    """The most MiB that a process had so far, 0 once it has ended."""
    try:
        with open(f"/proc/{process}/status", encoding="utf-8") as status:
            lines = [line for line in status if line.startswith("VmHWM")]
    except OSError:
        return 0
    return int(lines[0].split()[1]) / 1024 if lines else 0


def compare_with_node(node, engine, place):
    last, total = last_height(place), 0
    for first in range(0, last, RANGE):
        _, points = series(node, first, first + RANGE - 1, 1)
        total += points[0][1]
    [(records, _, _, _)] = engine.rows("count")
    check(records == total, f"{records} rows, and the node has {total} records")


def compare_engines(node, place):
    """All engines give the same results."""
    first = None
    for name, make in ENGINES.items():
        if name == "spark" and not shutil.which("java"):
            print("SKIPPED: java is not installed, so Spark read nothing", file=sys.stderr)
            continue
        started = time.monotonic()
        engine = make(place)
        found = answers(engine, **SOME)
        print(f"{engine.version}: {len(found)} queries in {time.monotonic() - started:.1f} s, its start included", flush=True)
        first = first or (engine.version, found)
        same(first[1], found, f"{engine.version} and {first[0]} differ")
        if first[0] == engine.version:
            compare_with_node(node, engine, place)
        engine.close()


def compare_s3(node, place):
    """The same files through a proxy that fails now and then, and the same results of the engines that read S3."""
    bucket = Bucket()
    target = "s3://datasets/million"
    measured("to S3", lambda: export(node.url, target, environment=bucket.environment))
    print(f"{len(bucket.server.proxy.requests)} requests, of which failed {bucket.server.proxy.faults.counts}")
    same(files(place), bucket.files("million"), "S3 holds other bytes")
    for name in ("duckdb", "datafusion", "clickhouse"):
        local, remote = ENGINES[name](place), ENGINES[name](target, bucket.server.url)
        same(answers(local, **SOME), answers(remote, **SOME), f"{remote.version} reads other rows from S3")
        print(f"{remote.version}: the same results from S3")


def main():
    kept = os.environ.get("JENNY_TEST_MILLION", path("chain"))
    if not os.path.exists(kept):
        measured(f"{RECORDS} records mined", lambda: chain.make(BINARY, kept, RECORDS, PER_BLOCK))
    # It is extended below.
    data, place, by_url = path("data"), path("dataset"), path("by-url")
    shutil.copytree(kept, data)
    node = chain.Node(BINARY, data)
    # Only full ranges are written: this one then has the last of the records.
    tip = node.call("/v1/status")["tip"]["height"]
    mine(node, RECORDS, RANGE - tip % RANGE + DEPTH)
    node.stop()
    measured_export("from the directory", data, place)
    node = chain.Node(BINARY, data)
    measured_export("from the running node", node.url, by_url)
    same(stamps_of_bytes(place), stamps_of_bytes(by_url), "the node's dataset differs")
    measured("verified", lambda: verify(place))
    measured("nothing to add", lambda: export(node.url, place))
    compare_engines(node, place)
    compare_s3(node, place)

    before = stamps(place)
    measured(f"{RANGE} more blocks mined", lambda: mine(node, RECORDS + MORE_PER_BLOCK * RANGE, RANGE))
    measured_export("extended", node.url, place)
    after = stamps(place)
    same(before, {name: after[name] for name in before}, "an extension wrote files again")
    check(len(after) > len(before), "the extension wrote no file")
    print(f"{len(after) - len(before)} files more, {len(before)} files untouched")
    compare_engines(node, place)
    node.stop()


def stamps_of_bytes(place):
    return {name: stamp[-1] for name, stamp in stamps(place).items()}


main()
