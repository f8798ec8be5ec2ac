"""Runs examples/verify_receipt.py on the vectors. `--first FILE` writes the first receipt to FILE
and prints its tip."""
import json
import sys

sys.path.insert(0, "examples")
sys.dont_write_bytecode = True
from verify_receipt import verify  # noqa: E402

vectors = json.load(open("tests/vectors/receipts.json", encoding="utf-8"))


def refuses(data, tip=None):
    try:
        verify(data, tip)
    except (ValueError, KeyError, RecursionError):
        return True
    return False


def same(data, value):
    try:
        return json.loads(data.decode()) == value
    except ValueError:
        return False


if sys.argv[1:2] == ["--first"]:
    first = vectors["sound"][0]
    open(sys.argv[2], "w", encoding="utf-8").write(first["text"])
    sys.exit(print(first["tip"]))

changes = 0
for vector in vectors["sound"]:
    name, data = vector["name"], vector["text"].encode()
    told = verify(data, vector["tip"])
    assert (told["recordId"], told["tip"]) == (vector["recordId"], vector["tip"]), name
    assert verify(data) == told, name
    assert refuses(data, "0" * 64), name
    value = json.loads(data)
    for at in range(len(data)):
        for change in (1, 32):
            changed = data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]
            assert refuses(changed) or same(changed, value), f"{name}: byte {at}: {changed!r}"
            changes += 1
for vector in vectors["broken"]:
    assert refuses(vector["text"].encode("utf-8", "surrogatepass")), vector["name"]
print(f"verify_receipt.py: {len(vectors['sound'])} sound receipts taken,",
      f"{len(vectors['broken'])} broken ones and {changes} changes refused")
