#!/usr/bin/env python3
"""Verifies a receipt by docs/chain.md, section 12, with nothing but Python's own library.

    verify_receipt.py FILE [TIP]   TIP: the hash of the trusted tip
"""
import hashlib, json, re, sys
from decimal import Decimal

def sha(data): return hashlib.sha256(data).digest()
def leaf_hash(data): return sha(b"\0" + data)
def node_hash(left, right): return sha(b"\1" + left + right)
def check(condition, reason):
    if not condition: raise ValueError(reason)
class Number(str): """A number as it is written."""
def unique(pairs):
    result = dict(pairs)
    check(len(result) == len(pairs), "a key is repeated")
    return result
def integer(value, bits=53):
    check(isinstance(value, Number) and re.fullmatch("0|[1-9][0-9]{0,15}", value), f"{value!r} is no integer")
    check(int(value) < 2**bits, f"{value} is too large")
    return int(value)
def digits(value, count):
    check(type(value) is str and re.fullmatch(f"[0-9a-f]{{{count}}}", value), f"{value!r} is no hexadecimal text")
    return bytes.fromhex(value)
def path(value):
    check(type(value) is list and len(value) <= 64, "a path is no list of at most 64 hashes")
    return [digits(item, 64) for item in value]
def target_of(bits):
    exponent, mantissa = bits >> 24, bits & 0xffffff
    target = mantissa << 8 * (exponent - 3) if exponent >= 3 else mantissa >> 8 * (3 - exponent)
    check(mantissa < 0x800000 and 0 < target < 2**256 and compact(target) == bits, f"bits {bits:08x} is no target")
    return target
def compact(target):
    size = (target.bit_length() + 7) // 8
    mantissa = target >> 8 * (size - 3) if size >= 3 else target << 8 * (3 - size)
    if mantissa & 0x800000: mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa

def read_header(value):
    check(isinstance(value, dict), "a header is no object")
    word = lambda key, size, bits: integer(value[key], bits).to_bytes(size, "big")
    data = (word("version", 4, 32) + word("height", 8, 53) + word("timestamp", 8, 53) + digits(value["previousHash"], 64)
            + digits(value["merkleRoot"], 64) + digits(value["historyRoot"], 64) + word("recordCount", 4, 32)
            + digits(value["bits"], 8) + word("nonce", 8, 53))
    check(sha(data).hex() == value["hash"], "hash is not that of the header")
    check(value["version"] == "1", "version is not 1")
    target = target_of(int(value["bits"], 16))
    check(value["height"] == "0" or int(value["hash"], 16) <= target, "there is no proof of work")
    return int(value["height"]), sha(data), target

def easiest_of(header, target):
    """The easiest target of the chain by the difficulty of a header, None if it has none."""
    if "difficulty" not in header: return None
    text = header["difficulty"]
    check(isinstance(text, Number) and 0 < float(text) < 2**256, "difficulty is out of range")
    bits = compact(int(float(text) * target * (1 + 2**-40)))
    easiest = target_of(bits)
    ratio = float(easiest) / float(target)
    shown = format(Decimal(repr(ratio)), "f") if ratio < 1e21 else repr(ratio)
    check(easiest >= target and re.sub(r"\.0$", "", shown) == text, "difficulty does not fit bits")
    return easiest
def verify_path(leaf, index, size, path, root):
    check(index < size, "the leaf is outside the tree")
    last, result = size - 1, leaf
    for sibling in path:
        check(last > 0, "the path is too long")
        if index % 2 or index == last:
            result = node_hash(sibling, result)
            while index % 2 == 0 and index: index, last = index >> 1, last >> 1
        else: result = node_hash(result, sibling)
        index, last = index >> 1, last >> 1
    check(last == 0 and result == root, "the path does not lead to the root")

def verify(data, trusted=None):
    """Raises ValueError or KeyError unless the receipt is sound and, given a tip, for that tip."""
    check(len(data) <= 6 * 2**20 + 2**16, "the text is too large")
    value = json.loads(data.decode(), object_pairs_hook=unique, parse_int=Number, parse_float=Number,
                       parse_constant=integer)
    check(isinstance(value, dict) and value["format"] == "jenny-receipt-1", "this is another format")
    header, tip = value["header"], value["tip"]
    (height, block, target), (size, end, end_target) = read_header(header), read_header(tip)
    check(easiest_of(header, target) == easiest_of(tip, end_target), "the difficulties do not fit")
    check(type(value["record"]) is str, "record is no string")
    record, index, count = leaf_hash(value["record"].encode()), integer(value["recordIndex"]), int(header["recordCount"])
    verify_path(record, index, count, path(value["recordPath"]), bytes.fromhex(header["merkleRoot"]))
    blocks, genesis, chain = path(value["blockPath"]), path(value["genesisPath"]), digits(value["chainId"], 64)
    history = bytes.fromhex(tip["historyRoot"])
    if height == size: check(block == end and not blocks, "header and tip are not one block")
    else: verify_path(leaf_hash(block), height, size, blocks, history)
    if size == 0: check(chain == end and not genesis, "chainId is not the tip")
    else: verify_path(leaf_hash(chain), 0, size, genesis, history)
    check(trusted in (None, end.hex()), f"the tip is {end.hex()}, not the trusted one")
    return {"chainId": chain.hex(), "recordId": record.hex(), "block": block.hex(), "tip": end.hex()}

if __name__ == "__main__":
    if len(sys.argv) not in (2, 3): sys.exit(__doc__)
    try: print(json.dumps(verify(open(sys.argv[1], "rb").read(), *sys.argv[2:])))
    except (ValueError, KeyError, RecursionError) as error: sys.exit(f"not proven: {error!r}")
