#!/usr/bin/env python3
"""Submits records to a node, waits until they are in blocks, and writes a verified receipt of each.

    submit_and_prove.py TEXT...

The variables JENNY_URL, JENNY_USER and JENNY_PASSWORD name the node and a user with the role
writer. Repeating the program is safe: equal texts are one record.
"""
import base64, json, os, sys, time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from verify_receipt import verify

URL = os.environ.get("JENNY_URL", "http://127.0.0.1:3000").rstrip("/")
USER = os.environ.get("JENNY_USER", "jenny")
PASSWORD = os.environ.get("JENNY_PASSWORD", "1234")
AUTHORIZATION = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
WAIT = 50  # Seconds that the node may delay a response, at most 60.
ATTEMPTS = 10

class Refused(Exception):
    """A response that is an error, with its problem document."""
    def __init__(self, problem):
        super().__init__(f"{problem['title']}: {problem.get('detail', '')}")
        self.type = problem["type"].removeprefix("urn:jenny:problem:")

def call(method, path, body=None):
    """Returns the body of the response. Tries again when the node is away or asks for patience."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urlopen(Request(URL + path, data, headers, method=method), timeout=WAIT + 30) as response:
                return response.read()
        except HTTPError as error:
            refused = Refused(json.load(error))
            if error.code not in (429, 500, 503) or attempt == ATTEMPTS: raise refused from None
            time.sleep(int(error.headers.get("Retry-After", 1)))
        except OSError:
            if attempt == ATTEMPTS: raise
            time.sleep(1)

def submit(texts):
    """Returns the ids of the records, which are durable on the node, in the order of the texts."""
    return [record["id"] for record in json.loads(call("POST", "/v1/records", {"data": texts}))]

def prove(record_id):
    """Waits until a record is in a block. Returns its receipt, and the tip that it is for."""
    while True:
        record = json.loads(call("GET", f"/v1/records/{record_id}?wait={WAIT}"))
        if record["state"] != "included": continue
        # Whoever does not trust this node takes the hash of a block from where it was published.
        tip = json.loads(call("GET", "/v1/blocks/tip/header"))["hash"]
        try:
            return call("GET", f"/v1/records/{record_id}/receipt?tip={tip}"), tip
        except Refused as refused:
            # Another branch got more work meanwhile: the record is included again, or will be.
            if refused.type not in ("record-pending", "tip-off-chain"): raise

def main(texts):
    chain = json.loads(call("GET", "/v1/chain"))["id"]
    for text, record_id in zip(texts, submit(texts)):
        receipt, tip = prove(record_id)
        proven = verify(receipt, tip)
        if (proven["chainId"], json.loads(receipt)["record"]) != (chain, text):
            raise ValueError("the receipt is for another record or chain")
        name = f"receipt-{record_id}.json"
        with open(name, "wb") as file: file.write(receipt)
        print(f"{name} proves {text!r} to all who trust block {tip}")

if __name__ == "__main__":
    if len(sys.argv) < 2: sys.exit(__doc__)
    try: main(sys.argv[1:])
    except (Refused, OSError, ValueError, KeyError) as error: sys.exit(f"failed: {error}")
