"""Makes a chain of many records in many blocks: chain.py BINARY DIRECTORY [RECORDS [RECORDS PER BLOCK]].

The records are the same in every run. Most are sentences; among them are the empty record, equal
ones, JSON, quotes, line breaks, characters of many scripts, and some of 60 kB. Every thousandth block is
as full as the chain allows.
"""

import base64
import concurrent.futures
import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

WORDS = "sensor door the reading valve opened closed at shift pressure of batch tank temperature by north pump approved".split()
# Requests that wait for their blocks at the same time: a group of them shares one flush.
CLIENTS = 8
FULL_BLOCK_EVERY = 1_000
FULL_BLOCK_RECORDS = 4_096

KINDS = {
    0: lambda number: "",
    1: lambda number: f"{number} 🙂👩‍🚀 émigré Ωμέγα 数据 بيانات",
    2: lambda number: f"{number} \"quoted\", 'single', back\\slash, `tick`, a;b,c\t%s",
    3: lambda number: f"{number}\nsecond line\r\n\n last",
    4: lambda number: json.dumps({"sensor": number, "value": 12345678901234567890, "at": [None, True, 0.1]}),
    5: lambda number: "the same record, again and again",
    6: lambda number: f"{number}\0nul \x1b[31m <script>alert(1)</script>\u202e",
}
LARGE = 60_000


def record(number):
    """The text of this record."""
    if number % 50_000 == 7:
        return f"{number} " + "x" * LARGE
    kind = KINDS.get(number % 1_000)
    if kind:
        return kind(number)
    digest = hashlib.sha256(str(number).encode()).digest()
    return f"{number}: " + " ".join(WORDS[byte % len(WORDS)] for byte in digest[: 4 + digest[0] % 20])


def blocks(first, records, per_block):
    """Lists of the records from `first` on."""
    end, made = first + records, 0
    while first < end:
        made += 1
        size = FULL_BLOCK_RECORDS if made % FULL_BLOCK_EVERY == 0 else per_block
        yield [record(number) for number in range(first, min(first + size, end))]
        first += size


class Node:
    """A running node on a directory; it dials nobody that it is not told to, and `dialled` peers at most."""

    def __init__(self, binary, data, *flags, user="jenny:1234", dialled=0):
        command = [binary, "run", "--data-dir", data, "--api-listen", "127.0.0.1:0", "--p2p-listen", "127.0.0.1:0"]
        environment = {"JENNY_STORE_MIN_FREE": "0", "JENNY_P2P_MAX_DIALLED": str(dialled), **os.environ}
        self.process = subprocess.Popen(
            [*command, *flags], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        ready = re.search(r"api=(\S+) p2p=(\S+)", self.process.stdout.readline())
        if not ready:
            sys.exit(f"FAILED: the node on {data} did not start")
        self.url, self.peer = ready.groups()
        self.authorization = "Basic " + base64.b64encode(user.encode()).decode()

    def connect(self):
        return http.client.HTTPConnection(urllib.parse.urlparse(self.url).netloc, timeout=120)

    def call(self, path, body=None, connection=None):
        """The JSON of a response that must be a success."""
        connection = connection or self.connect()
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": self.authorization, "Content-Type": "application/json"}
        connection.request("GET" if data is None else "POST", path, data, headers)
        response = connection.getresponse()
        text = response.read()
        if not 200 <= response.status < 300:
            sys.exit(f"FAILED: {path}: {response.status} {text.decode()}")
        return json.loads(text)

    def mine(self, lists):
        """Mines a block for each of these lists, several at a time."""
        lists, lock = iter(lists), threading.Lock()

        def work():
            connection = self.connect()
            while True:
                with lock:
                    data = next(lists, None)
                if data is None:
                    return
                self.call("/mineBlock", {"data": data}, connection)

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(work) for _ in range(CLIENTS)]:
                done.result()

    def settle(self):
        """Waits until everything is indexed. Returns the status."""
        while True:
            status = self.call("/v1/status")
            if status["pool"]["records"] == 0 and status["index"]["lag"] == 0:
                return status
            time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(120) != 0:
            sys.exit("FAILED: the node did not stop in order")


def make(binary, data, records, per_block):
    """Makes the chain, and returns the status of the node at its end."""
    node = Node(binary, data, "--chain", "dev")
    node.mine(blocks(0, records, per_block))
    status = node.settle()
    node.stop()
    return status


def main():
    binary, data, *numbers = sys.argv[1:]
    records, per_block = (*map(int, numbers), *(1_000_000, 40)[len(numbers) :])
    tip = make(binary, data, records, per_block)["tip"]
    print(f"{records} records in {tip['height']} blocks, {data}")


if __name__ == "__main__":
    main()
