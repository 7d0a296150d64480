#!/usr/bin/env python3
"""Checks the ledger's test vectors by what README.md says, with nothing but the standard library."""

import hashlib
import json
import pathlib
import struct
import uuid

HERE = pathlib.Path(__file__).parent
FORMAT, LIMIT = 1, 1024


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(leaf):
    return sha256(b"\x00" + leaf)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def encode(fields):
    return b"".join([
        bytes([FORMAT]),
        uuid.UUID(fields["tenant"]).bytes,
        struct.pack(">Q", int(fields["sequence"])),
        bytes.fromhex(fields["previous"]),
        uuid.UUID(fields["event_id"]).bytes,
        uuid.UUID(fields["command_id"]).bytes,
        struct.pack(">q", int(fields["recorded_at"])),
        text(fields["stream"]),
        struct.pack(">Q", int(fields["revision"])),
        text(fields["event_type"]),
        struct.pack(">H", fields["schema_version"]),
        text(fields["actor"]),
        bytes.fromhex(fields["metadata_hash"]),
        bytes.fromhex(fields["payload_hash"]),
    ])


def decode(leaf):
    """The fields of a leaf; raises ValueError when the bytes are none."""
    at = 0

    def take(length):
        nonlocal at
        if at + length > len(leaf):
            raise ValueError("cut off")
        at += length
        return leaf[at - length:at]

    def number(form):
        return struct.unpack(form, take(struct.calcsize(form)))[0]

    if len(leaf) > LIMIT:
        raise ValueError("too long")
    if take(1)[0] != FORMAT:
        raise ValueError("another format")
    fields = {
        "tenant": str(uuid.UUID(bytes=take(16))),
        "sequence": str(number(">Q")),
        "previous": take(32).hex(),
        "event_id": str(uuid.UUID(bytes=take(16))),
        "command_id": str(uuid.UUID(bytes=take(16))),
        "recorded_at": str(number(">q")),
        "stream": take(number(">H")).decode(),
        "revision": str(number(">Q")),
        "event_type": take(number(">H")).decode(),
        "schema_version": number(">H"),
        "actor": take(number(">H")).decode(),
        "metadata_hash": take(32).hex(),
        "payload_hash": take(32).hex(),
    }
    if at != len(leaf):
        raise ValueError("bytes behind the leaf")
    return fields


def root(hashes):
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(root(hashes[:k]), root(hashes[k:]))


def climb(fn, sn, first, proof):
    """The loop that RFC 9162, sections 2.1.3.2 and 2.1.4.2, share; answers both roots, or None."""
    fr = sr = first
    for node in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            fr, sr = node_hash(node, fr), node_hash(node, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, node)
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr) if sn == 0 else None


def included(leaf, index, size, proof, expected):
    if index >= size:
        return False
    roots = climb(index, size - 1, leaf, proof)
    return roots is not None and roots[1] == expected


def consistent(old, old_root, new, new_root, proof):
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new:
        return False
    if old & (old - 1) == 0:
        proof = [old_root] + proof
    if not proof:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return climb(fn, sn, proof[0], proof[1:]) == (old_root, new_root)


def check(what, holds):
    if not holds:
        raise SystemExit(f"FAILED: {what}")
    check.count += 1


check.count = 0


def leaves(vectors):
    for vector in vectors["leaves"]:
        name, leaf = vector["name"], bytes.fromhex(vector["leaf"])
        check(f"{name}: the leaf", encode(vector) == leaf)
        check(f"{name}: its fields", decode(leaf).items() <= vector.items())
        check(f"{name}: its hash", leaf_hash(leaf).hex() == vector["leaf_hash"])
    for vector in vectors["rejected"]:
        try:
            decode(bytes.fromhex(vector["leaf"]))
        except ValueError:
            check(vector["name"], True)
        else:
            check(f"{vector['name']}: must be rejected", False)


def chain(vectors):
    previous, hashes = bytes(32), []
    for sequence, event in enumerate(vectors["events"]):
        what = f"event {sequence}"
        check(f"{what}: its place", event["sequence"] == str(sequence))
        check(f"{what}: the link", event["previous"] == previous.hex())
        check(f"{what}: its metadata", event["metadata_hash"] == sha256(event["metadata"].encode()).hex())
        check(f"{what}: its payload", event["payload_hash"] == sha256(event["payload"].encode()).hex())
        check(f"{what}: the leaf", event["leaf"] == encode(event).hex())
        previous = leaf_hash(encode(event))
        check(f"{what}: its hash", event["leaf_hash"] == previous.hex())
        hashes.append(previous)
        check(f"{what}: the root", event["root"] == root(hashes).hex())
    end = {"tenant": event["tenant"], "size": len(hashes), "last": previous.hex(), "root": root(hashes).hex()}
    check("the head", vectors["heads"] == [end])


def tree(vectors):
    hashes = []
    for leaf in vectors["leaves"]:
        hashes.append(leaf_hash(bytes.fromhex(leaf["leaf"])))
        check(f"leaf {leaf['leaf']}", hashes[-1].hex() == leaf["leaf_hash"])
    roots = [bytes.fromhex(one) for one in vectors["roots"]]
    check("roots", roots == [root(hashes[:size]) for size in range(len(hashes) + 1)])
    for vector in vectors["inclusion"]:
        index, size = vector["index"], vector["size"]
        proof = [bytes.fromhex(node) for node in vector["proof"]]
        check(f"leaf {index} of {size}", included(hashes[index], index, size, proof, roots[size]))
        check(f"leaf {index} of {size}, another root", not included(hashes[index], index, size, proof, bytes(32)))
        check(f"leaf {index} of {size}, one node more",
              not included(hashes[index], index, size, proof + [bytes(32)], roots[size]))
    for vector in vectors["consistency"]:
        old, new = vector["old"], vector["new"]
        proof = [bytes.fromhex(node) for node in vector["proof"]]
        check(f"{old} to {new}", consistent(old, roots[old], new, roots[new], proof))
        check(f"{old} to {new}, another root", not consistent(old, roots[old], new, bytes(32), proof))
        check(f"{old} to {new}, another old root", not consistent(old, bytes(32), new, roots[new], proof))


for part in (leaves, chain, tree):
    file = {"leaves": "leaf"}.get(part.__name__, part.__name__) + ".json"
    part(json.loads((HERE / file).read_text(encoding="utf-8")))
print(f"{check.count} checks hold")
