"""Fills a database over REST, exports it, imports it into a fresh directory, and prints sizes and times."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

BINARY, WORK, RECORDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
# Records of a request, and bytes of a record.
REQUEST, RECORD = 500, 1_500
MIB = 1 << 20
AUTHORIZATION = "Basic " + base64.b64encode(b"jenny:1234").decode()
ENVIRONMENT = {**os.environ, "JENNY_STORE_MIN_FREE": "0", "JENNY_P2P_LISTEN": "127.0.0.1:0"}


def call(url, body=None):
    headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as response:
        return json.load(response)


def size(path):
    """Bytes on disk, as `du` counts them."""
    return 1024 * int(subprocess.check_output(["du", "-sk", path]).split()[0])


def run(*words):
    """Seconds that a command takes."""
    started = time.monotonic()
    subprocess.run([BINARY, *words], check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def start(data, *flags):
    """A node on this directory, and its address."""
    command = [BINARY, "run", "--chain", "dev", "--data-dir", data, "--api-listen", "127.0.0.1:0", *flags]
    with open(os.path.join(WORK, "log"), "a") as log:
        node = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=log, text=True)
    return node, node.stdout.readline().split()[1].removeprefix("api=")


def stop(node):
    node.send_signal(signal.SIGTERM)
    if node.wait() != 0:
        sys.exit("FAILED: the node did not stop in order")


def settle(node, url):
    """Waits until everything is mined and indexed, and stops the node. Returns the tip's height."""
    while True:
        status = call(url + "/v1/status")
        if status["pool"]["records"] == 0 and status["index"]["lag"] == 0:
            break
        time.sleep(0.2)
    stop(node)
    return status["tip"]["height"]


def record(number):
    """Digits that hardly compress."""
    text = ""
    while len(text) < RECORD:
        text += hashlib.sha256(f"{number} {len(text)}".encode()).hexdigest()
    return text[:RECORD]


def fill(data):
    """Records wait in the pool, all of them, before the first is mined: the pool at its largest."""
    node, url = start(data, "--no-mine")
    for first in range(0, RECORDS, REQUEST):
        texts = [record(number) for number in range(first, min(first + REQUEST, RECORDS))]
        call(url + "/v1/records", json.dumps({"data": texts}).encode())
    stop(node)
    return settle(*start(data))


def main():
    old, new, file = (os.path.join(WORK, name) for name in ("old", "new", "ledger.chain"))
    height = fill(old)
    before = size(old)
    exported = run("export", "--data-dir", old, "--output", file)
    imported = run("import", file, "--data-dir", new)
    # Its index, which the old one has too.
    settle(*start(new))
    after = size(new)
    dump = ["dump", "--tip", "--headers", "--format", "jsonl", "--data-dir"]
    tips = [subprocess.check_output([BINARY, *dump, data], env=ENVIRONMENT) for data in (old, new)]
    if tips[0] != tips[1]:
        sys.exit("FAILED: the imported chain ends elsewhere")
    print(f"records          {RECORDS:>8,}, {RECORDS * RECORD / MIB:.1f} MiB")
    print(f"blocks           {height:>8,}")
    print(f"database         {before / MIB:>8.1f} MiB")
    print(f"chain file       {os.path.getsize(file) / MIB:>8.1f} MiB, written in {exported:.1f} s")
    print(f"fresh database   {after / MIB:>8.1f} MiB, written in {imported:.1f} s")
    print(f"given back       {100 * (before - after) / before:>8.0f} %")


main()
