"""Submits the lines of a file to a node, looks some up and proves some; `run` gathers them."""

import atexit
import base64
import hashlib
import http.client
import json
import os
import random
import re
import subprocess
import sys
import time
import urllib.parse

BINARY, WORK = sys.argv[1:]
LINES = os.path.join(WORK, "lines")
DATA = os.path.join(WORK, "data")
# Longest that pending records may take into blocks.
PATIENCE = 600
CHAIN = os.environ.get("JENNY_TEST_RECORDS_CHAIN", "dev")
# Blocks before the tip whose pace is printed.
PACED = 100
AUTHORIZATION = "Basic " + base64.b64encode(b"jenny:1234").decode()


class Node:
    """A running node."""

    def __init__(self):
        arguments = ["--data-dir", DATA, "--chain", CHAIN]
        arguments += ["--api-listen", "127.0.0.1:0", "--p2p-listen", "127.0.0.1:0"]
        self.log = open(os.path.join(WORK, "log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [BINARY, "run", *arguments], text=True, stdout=subprocess.PIPE, stderr=self.log
        )
        atexit.register(self.process.kill)
        self.url = re.search(r"api=(\S+)", self.process.stdout.readline()).group(1)
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(self.url).netloc)

    def get(self, path):
        """Bytes of a response that must be 200."""
        self.connection.request("GET", path, headers={"Authorization": AUTHORIZATION})
        response = self.connection.getresponse()
        body = response.read()
        assert response.status == 200, (path, response.status, body)
        return body

    def status(self):
        return json.loads(self.get("/v1/status"))

    def peak_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1024


def jenny(*arguments):
    """What a command prints that must succeed."""
    done = subprocess.run([BINARY, *arguments], text=True, capture_output=True)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def record_id(text):
    return hashlib.sha256(b"\0" + text.encode()).hexdigest()


def headers(node):
    """Those of the whole chain above genesis."""
    found, cursor = [], ""
    while True:
        page = json.loads(node.get(f"/v1/headers?limit=2000&{cursor}"))
        found += page["headers"]
        if page["next"] is None:
            return found[1:]
        cursor = "cursor=" + page["next"]


def percentiles(seconds):
    seconds = sorted(seconds)
    at = [1000 * seconds[len(seconds) * part // 1000] for part in (500, 990, 999)]
    return "p50 {:.2f} ms, p99 {:.2f} ms, p99.9 {:.2f} ms".format(*at)


def timed(work):
    started = time.monotonic()
    result = work()
    return time.monotonic() - started, result


def size_of(directory):
    files = (os.path.join(at, name) for at, _, names in os.walk(directory) for name in names)
    return sum(os.stat(file).st_blocks * 512 for file in files)


# As `record add --number-lines` numbers them.
with open(LINES, encoding="utf-8", newline="\n") as file:
    records = [f"{number}: {line.rstrip(chr(10)).removesuffix(chr(13))}" for number, line in enumerate(file, 1)]
looked_up, proven = min(10_000, len(records)), min(1_000, len(records) // 20)
text_bytes = sum(len(record.encode()) for record in records)
print(f"{len(records)} records, {text_bytes / 1e6:.1f} MB of text", flush=True)

node = Node()
started = time.monotonic()
sent = jenny("record", "add", "--file", LINES, "--number-lines", "--url", node.url, "--json")
submitted = time.monotonic() - started
assert json.loads(sent)["lines"] == len(records), sent
while node.status()["pool"]["records"]:
    assert time.monotonic() - started < submitted + PATIENCE, node.status()
    time.sleep(0.01)
took = time.monotonic() - started
print(f"submitted in {submitted:.1f} s, {len(records) / submitted:.0f} records/s", flush=True)
print(f"all in blocks after {took:.1f} s, {len(records) / took:.0f} records/s", flush=True)
while node.status()["index"]["lag"]:
    time.sleep(0.01)
print(f"indexed after {time.monotonic() - started:.1f} s", flush=True)
blocks = headers(node)
assert sum(block["recordCount"] for block in blocks) == len(records), "each record is on the chain once"
if len(blocks) > PACED:
    took = (blocks[-1]["timestamp"] - blocks[-1 - PACED]["timestamp"]) / 1000
    count = sum(block["recordCount"] for block in blocks[-PACED:])
    print(f"the last {PACED} blocks: {count} records in {took:.1f} s, {count / max(took, 0.001):.0f} records/s", flush=True)

tip = node.status()["tip"]
choice = random.Random(int(os.environ.get("JENNY_TEST_SEED", "7")))
times = []
for at in choice.choices(range(len(records)), k=looked_up):
    seconds, body = timed(lambda: node.get("/v1/records/" + record_id(records[at])))
    found = json.loads(body)
    assert (found["state"], found["data"]) == ("included", records[at]), found
    times.append(seconds)
print(f"{looked_up} looked up: {percentiles(times)}", flush=True)

fetching, verifying = [], []
receipt = os.path.join(WORK, "receipt.json")
for at in choice.choices(range(len(records)), k=proven):
    number = record_id(records[at])
    seconds, body = timed(lambda: node.get(f"/v1/records/{number}/receipt?tip={tip['height']}"))
    fetching.append(seconds)
    with open(receipt, "wb") as file:
        file.write(body)
    verify = ["receipt", "verify", receipt, "--tip", tip["hash"], "--json"]
    seconds, report = timed(lambda: json.loads(jenny(*verify)))
    verifying.append(seconds)
    assert report["ok"] and report["recordId"] == number, report
print(f"{proven} receipts: {percentiles(fetching)}", flush=True)
print(f"{proven} receipts verified, each by a process: {percentiles(verifying)}", flush=True)

peak = node.peak_mib()
node.process.terminate()
assert node.process.wait(60) == 0
disk = size_of(DATA)
print(f"{tip['height']} blocks, {disk / 1e6:.1f} MB on disk, {disk / len(records):.0f} bytes a record,"
      f" {disk / text_bytes:.2f} of the text; {peak:.0f} MiB resident at most")
seconds, _ = timed(lambda: jenny("verify", "--data-dir", DATA))
print(f"verified in {seconds:.1f} s")
