"""What is seen of a node whose disk fails while it writes; `run` prepares the disk."""

import atexit
import base64
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

BINARY, DISK, ROOM, LOOP = sys.argv[1:]
DATA = os.path.join(DISK, "data")
FILLER = os.path.join(ROOM, "filler")
PATIENCE = 60
AUTHORIZATION = "Basic " + base64.b64encode(b"jenny:1234").decode()


class Node:
    """A running node; `url` is None when it ended before it was ready."""

    def __init__(self):
        arguments = ["--data-dir", DATA, "--chain", "dev"]
        arguments += ["--api-listen", "127.0.0.1:0", "--p2p-listen", "127.0.0.1:0"]
        environment = dict(os.environ, JENNY_STORE_MIN_FREE="0")
        self.process = subprocess.Popen(
            [BINARY, "run", *arguments],
            env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        atexit.register(self.process.kill)
        ready = re.search(r"api=(\S+)", self.process.stdout.readline())
        self.url = ready and ready.group(1)

    def ask(self, path, body=None):
        """Status, headers and JSON of an answer; status 0 when there was none."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, json.load(answer)
        except OSError as error:
            return 0, {}, {"detail": str(error)}

    def mine(self, number):
        # Nothing in it can be left out by a file system that looks for zeros.
        record = f"{number} " + os.urandom(30_000).hex()
        return self.ask("/mineBlock", {"data": [record] * 4})

    def end(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        return self.wait()

    def wait(self):
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


def fill():
    """Takes all room that is left, to the last page."""
    with open(FILLER, "wb", buffering=0) as filler:
        for size in (1 << 20, 4096):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError:
                pass


def check(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")
    print(f"ok: {what}", flush=True)


def check_held(node, acknowledged):
    for height, block_hash in acknowledged.items():
        status, _, block = node.ask(f"/v1/blocks/{height}")
        if status != 200 or block["hash"] != block_hash:
            sys.exit(f"FAILED: block {height} {block_hash} was acknowledged and is lost: {status}")
    print(f"ok: {len(acknowledged)} acknowledged blocks are there", flush=True)


def start():
    """A node that is ready. A first start may still be told of the failure, and refuse."""
    for _ in range(2):
        node = Node()
        if node.url:
            return node
        code, errors = node.wait()
        print(f"    refused with code {code}: {errors.strip().splitlines()[-3:]}")
        check(code == 1 and "start again" in errors, "a refused start says what to do")
    sys.exit("FAILED: the node does not start on a disk that works again")


def mine_until_refused(node, count, acknowledged):
    """Mines so many blocks, and returns the first answer that is none, if any."""
    for _ in range(count):
        status, headers, answer = node.mine(len(acknowledged))
        if status != 200:
            return status, headers, answer
        acknowledged[answer["height"]] = answer["hash"]
    return 200, {}, {}


def fail_once(acknowledged):
    """The disk fails while a node writes, and works again for the next one."""
    node = start()
    check_held(node, acknowledged)
    check(mine_until_refused(node, 20, acknowledged)[0] == 200, "20 blocks are acknowledged")
    fill()
    status, headers, answer = mine_until_refused(node, 400, acknowledged)
    print(f"    the disk has failed: {status} {answer}")
    check(status == 500 and answer["type"] == "urn:jenny:problem:storage",
          "a block whose write failed is answered 500 `storage`")
    check("may have been stored" in answer["detail"] and "Retry-After" not in headers,
          "the answer says that it may have been stored, and asks for no second try")
    code, errors = node.wait()
    check(code == 1 and "hint:" in errors, "the node has ended, and says what to do")

    os.remove(FILLER)
    node = start()
    check_held(node, acknowledged)
    check(mine_until_refused(node, 10, acknowledged)[0] == 200,
          "10 more blocks are acknowledged once the disk works again")
    node.end()

    # Unmounting takes the page cache away: what is read from here on was on the disk.
    subprocess.run(["umount", DISK], check=True)
    subprocess.run(["mount", LOOP, DISK], check=True)


def main():
    acknowledged = {}
    # What exactly is lost differs from one failure to the next.
    for _ in range(3):
        fail_once(acknowledged)
    node = start()
    check_held(node, acknowledged)
    code, _ = node.end(signal.SIGTERM)
    check(code == 0, "the node stops in order")


main()
