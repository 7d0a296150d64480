#!/usr/bin/env python3
"""Checks a ClusterMaster ledger export or the proof of an entry, with nothing but Python's standard library.

Written from replay-tools/FORMAT.md alone, apart from the program that writes these files.

    verify.py ledger EXPORT... --key KEY [--rotation FILE] [--checkpoint FILE]
    verify.py proof PROOF... --key KEY [--rotation FILE]

KEY is a verifier key (NAME+ID+BASE64) or a file that holds one; it must come from elsewhere than the file itself.
Exit codes: 0 all is well, 1 something does not hold, 2 the work could not be done.
"""

import argparse
import base64
import contextlib
import copy
import functools
import hashlib
import json
import os
import re
import struct
import sys
import unicodedata
import uuid


class Bad(Exception):
    """Something does not hold."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(leaf):
    return sha256(b"\0", leaf)


def node_hash(left, right):
    return sha256(b"\1", left, right)


# --- Ed25519 (RFC 8032, section 5.1), verification only. Nothing here is secret, so nothing need take equal time. ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)
IDENTITY = (0, 1, 1, 0)


@functools.lru_cache(maxsize=1024)
def is_signed(public, message, signature):
    """Strict: neither the key nor the signature's point may be of small order."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, point = decompress(public), decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or point is None or scalar >= ORDER:
        return False
    if same(multiply(8, key), IDENTITY) or same(multiply(8, point), IDENTITY):
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return same(multiply(scalar, BASE), add(point, multiply(challenge, key)))


# --- Keys, signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) ---

NOTE_LIMIT = 16 * 1024


def strict_base64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise Bad("a text is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Bad("a text is not base64 as it is written")
    return data


def check_name(name):
    wrong = any(c == "+" or c.isspace() or unicodedata.category(c) == "Cc" for c in name)
    if wrong or not 1 <= len(name.encode()) <= 255:
        raise Bad("a key's name has 1 to 255 bytes, and neither spaces nor +")


class Key:
    """A verifier key of a log: NAME+ID+BASE64 of 0x01 and 32 bytes."""

    def __init__(self, text):
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise Bad("a verifier key reads NAME+ID+BASE64")
        self.name, stated, data = parts[0], parts[1], strict_base64(parts[2])
        check_name(self.name)
        if len(data) != 33 or data[0] != 1:
            raise Bad("the key is not an Ed25519 key of a log")
        self.public = data[1:]
        if self.id(self.name).hex() != stated:
            raise Bad("the key's id does not fit its name and bytes")

    def id(self, name):
        return sha256(name.encode(), b"\n\x01", self.public)[:4]


def read_note(note):
    if len(note.encode()) > NOTE_LIMIT:
        raise Bad("the note is too long")
    if not note.endswith("\n") or any((ord(c) < 32 or ord(c) == 127) and c != "\n" for c in note):
        raise Bad("the note's text is not made of lines of printable characters")
    cut = note.rfind("\n\n")
    if cut < 0:
        raise Bad("no empty line stands between the note's text and its signatures")
    text, lines = note[: cut + 1], note[cut + 2 :].split("\n")[:-1]
    if text == "\n" or not 1 <= len(lines) <= 64:
        raise Bad("the note has no text, or no signature, or too many of them")
    signatures = []
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Bad("a line of the note is no signature")
        check_name(parts[1])
        data = strict_base64(parts[2])
        if len(data) < 5:
            raise Bad("a line of the note is no signature")
        signatures.append((parts[1], data[:4], data[4:]))
    return text, signatures


def read_checkpoint(text):
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise Bad("the checkpoint does not have its lines")
    origin, size, root = lines[:3]
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", size) or int(size) >= 1 << 64:
        raise Bad("the checkpoint's size cannot be read")
    root = strict_base64(root)
    if len(root) != 32:
        raise Bad("the checkpoint's root cannot be read")
    return origin, int(size), root


def tenant_of(origin):
    head, slash, tail = origin.rpartition("/")
    try:
        tenant = uuid.UUID(tail)
    except ValueError:
        return None
    return tenant.bytes if slash and str(tenant) == tail else None


def said_by(text):
    """Which tenant's, of which size, with which root. Whether anybody has signed it is another question."""
    origin, size, root = read_checkpoint(text)
    tenant = tenant_of(origin)
    if tenant is None:
        raise Bad("the checkpoint names no tenant's ledger")
    return tenant, size, root


def check_signature(text, signatures, key, name):
    own = [data for signer, number, data in signatures if (signer, number) == (name, key.id(name))]
    if len(own) != 1:
        raise Bad("the key has not signed the note once")
    if not is_signed(key.public, text.encode(), own[0]):
        raise Bad("the signature does not fit the note")


def learn(note, keys):
    """Believes the key that takes the place of a believed one, by a rotation that both have signed. Whether one is believed."""
    text, signatures = read_note(note)
    lines = text.split("\n")
    if len(lines) != 4 or lines[0] != "clustermaster signing key rotation/1":
        raise Bad("this is no rotation of a key")
    old, new = Key(lines[1]), Key(lines[2])
    if old.name != new.name or old.public == new.public:
        raise Bad("a rotation is one of two keys of one name")
    check_signature(text, signatures, old, old.name)
    check_signature(text, signatures, new, new.name)
    names = {key.name for key in keys if key.public == old.public}
    names = {name for name in names if name == old.name or name.startswith(old.name + "/")}
    # Once: two keys may give way to each other for ever.
    for name in sorted(names - {key.name for key in keys if key.public == new.public}):
        successor = copy.copy(new)
        successor.name = name
        keys.append(successor)
    return bool(names)


@functools.lru_cache(maxsize=8)
def open_checkpoint(note, key):
    """Which tenant's, of which size, with which root: once the key has signed it."""
    text, signatures = read_note(note)
    tenant, size, root = said_by(text)
    origin = text.split("\n", 1)[0]
    if origin != key.name and origin != f"{key.name}/{uuid.UUID(bytes=tenant)}":
        raise Bad("the checkpoint is of another log than the key")
    check_signature(text, signatures, key, origin)
    return tenant, size, root


# --- Leaves ---

def read_leaf(leaf):
    if len(leaf) > 1024:
        raise Bad("the leaf is too long")
    at = 0

    def take(count):
        nonlocal at
        if at + count > len(leaf):
            raise Bad("the leaf ends too early")
        at += count
        return leaf[at - count : at]

    def text():
        try:
            return take(struct.unpack(">H", take(2))[0]).decode()
        except UnicodeDecodeError:
            raise Bad("a text of the leaf is not UTF-8") from None

    if take(1) != b"\1":
        raise Bad("the leaf has another format")
    found = {"tenant": take(16), "sequence": struct.unpack(">Q", take(8))[0], "previous": take(32)}
    found["event"], found["command"], found["time"] = take(16), take(16), struct.unpack(">q", take(8))[0]
    found["stream"], found["revision"] = text(), struct.unpack(">Q", take(8))[0]
    found["type"], found["version"], found["actor"] = text(), struct.unpack(">H", take(2))[0], text()
    found["metadata"], found["payload"] = take(32), take(32)
    if at != len(leaf):
        raise Bad("bytes follow the leaf")
    return found


# --- The tree (RFC 9162, section 2.1) ---

class Tree:
    """The roots of perfect subtrees along the right edge."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, leaf):
        self.peaks.append(leaf)
        size = self.size
        while size & 1:
            right = self.peaks.pop()
            self.peaks.append(node_hash(self.peaks.pop(), right))
            size >>= 1
        self.size += 1

    def root(self):
        if not self.peaks:
            return sha256()
        root = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            root = node_hash(left, root)
        return root


def check_inclusion(leaf, index, size, proof, root):
    if index >= size:
        raise Bad("the leaf is not in a tree of this size")
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Bad("the proof holds more nodes than it needs")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        node >>= 1
        last >>= 1
    if last:
        raise Bad("the proof ends too early")
    if found != root:
        raise Bad("the proof does not lead to the root")


# --- The three kinds of file ---

def whole_number(text):
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", text):
        raise Bad("a number is none that counts")
    return int(text)


def no_twice(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Bad("a member stands twice")
    return found


def read_json(data, what):
    try:
        return json.loads(data.decode(), object_pairs_hook=no_twice, parse_int=whole_number)
    except (ValueError, RecursionError):
        raise Bad(f"the {what} is not JSON") from None


def open_proof(proof, keys):
    """The leaf's fields, and the checkpoint's size: once the proof holds."""
    members = {"format", "sequence", "leaf", "metadata", "payload", "hashes", "checkpoint", "verifier_key"}
    if not isinstance(proof, dict) or set(proof) != members or proof["format"] != "clustermaster-proof/1":
        raise Bad("the proof is not of format clustermaster-proof/1")
    texts, hashes, sequence = members - {"sequence", "hashes"}, proof["hashes"], proof["sequence"]
    if not all(isinstance(proof[name], str) for name in texts) or not isinstance(hashes, list):
        raise Bad("a member of the proof is of another kind")
    if any(0xD800 <= ord(c) < 0xE000 for name in texts for c in proof[name]):
        raise Bad("half a character stands in a text")
    if type(sequence) is not int or not 0 <= sequence < 1 << 64:
        raise Bad("the sequence is no number")
    if not all(isinstance(one, str) and re.fullmatch(r"[0-9a-f]{64}", one) for one in hashes):
        raise Bad("a hash is not 64 lowercase hex digits")
    leaf = strict_base64(proof["leaf"])
    fields = read_leaf(leaf)
    tenant, size, root = open_with(proof["checkpoint"], keys)
    if fields["sequence"] != sequence or fields["tenant"] != tenant:
        raise Bad("the leaf is of another place or another tenant")
    for name in ("metadata", "payload"):
        if sha256(strict_base64(proof[name])) != fields[name]:
            raise Bad(f"the {name} is not the one that the leaf names")
    check_inclusion(leaf_hash(leaf), sequence, size, [bytes.fromhex(one) for one in hashes], root)
    return fields, size


def check_proof(data, keys):
    fields, size = open_proof(read_json(data, "proof"), keys)
    return f"proven: {fields['type']} of {fields['stream']}, entry {fields['sequence']} of {size}"


class Ledger:
    """One tenant's chain and tree."""

    def __init__(self):
        self.last, self.tree, self.streams, self.wanted = bytes(32), Tree(), {}, []

    def demand(self, size, root):
        self.wanted.append((size, root))
        self.reach()

    def reach(self):
        for size, root in [one for one in self.wanted if one[0] <= self.tree.size]:
            if size != self.tree.size and size:
                raise Bad("a checkpoint lies before the place where it was demanded")
            if root != (self.tree.root() if size else sha256()):
                raise Bad(f"the first {size} events are not those of a checkpoint")
            self.wanted.remove((size, root))


def check_ledger(stream, keys, brought):
    def take(count):
        data = stream.read(count)
        if len(data) != count:
            raise Bad("the file was cut off")
        return data

    if stream.read(8) != b"CMLEDG02":
        raise Bad("this is not a ledger export of format 2")
    ledgers, stated, vouched, notes, keys = {}, {}, set(), [], list(keys)
    for tenant, size, root in brought:
        ledgers.setdefault(tenant, Ledger()).demand(size, root)
        vouched.add(tenant)
    events = first = position = 0
    while True:
        kind, length = take(1), struct.unpack(">I", take(4))[0]
        if length > (2 << 20) + 4096:
            raise Bad("a record is too long")
        body, at = take(length), 0

        def part(count):
            nonlocal at
            if at + count > len(body):
                raise Bad("a record ends too early")
            at += count
            return body[at - count : at]

        if kind == b"C":
            if events:
                raise Bad("a checkpoint stands behind an event")
            if len(body) > NOTE_LIMIT:
                raise Bad("a checkpoint is too long")
            try:
                note = part(len(body)).decode()
            except UnicodeDecodeError:
                raise Bad("a checkpoint is not UTF-8") from None
            # Who has signed it is judged at the end: the ledger may tell of another key.
            notes.append(note)
            tenant, size, root = said_by(read_note(note)[0])
            ledgers.setdefault(tenant, Ledger()).demand(size, root)
            vouched.add(tenant)
        elif kind == b"E":
            here, hashed = struct.unpack(">Q", part(8))[0], part(32)
            leaf = part(struct.unpack(">H", part(2))[0])
            metadata = part(struct.unpack(">I", part(4))[0])
            payload = part(struct.unpack(">I", part(4))[0])
            fields = read_leaf(leaf)
            position += 1
            # An export begins with the first event of the log.
            if here != position:
                raise Bad(f"position {here} stands where {position} belongs")
            if not events:
                first = here
            events += 1
            ledger = ledgers.setdefault(fields["tenant"], Ledger())
            where = f"position {here}"
            if leaf_hash(leaf) != hashed:
                raise Bad(f"{where}: the leaf does not have its hash")
            if sha256(metadata) != fields["metadata"] or sha256(payload) != fields["payload"]:
                raise Bad(f"{where}: the metadata or the payload was altered")
            if fields["sequence"] != ledger.tree.size or fields["previous"] != ledger.last:
                raise Bad(f"{where}: the chain is broken")
            if fields["revision"] != ledger.streams.get(fields["stream"], 0):
                raise Bad(f"{where}: a revision is missing or stands twice")
            ledger.streams[fields["stream"]] = fields["revision"] + 1
            if fields["type"] == "tenant.signing_key_rotated.v1":
                with contextlib.suppress(Bad, ValueError, TypeError, LookupError, RecursionError):
                    learn(json.loads(payload.decode())["statement"], keys)
            ledger.last = hashed
            ledger.tree.push(hashed)
            ledger.reach()
        elif kind == b"H":
            tenant = part(16)
            if tenant in stated:
                raise Bad("a tenant has two heads")
            stated[tenant] = (struct.unpack(">Q", part(8))[0], part(32), part(32))
        elif kind == b"Z":
            if (struct.unpack(">Q", part(8))[0], struct.unpack(">Q", part(8))[0]) != (events, first):
                raise Bad("the end record counts other events")
            if stream.read(1):
                raise Bad("bytes follow the end record")
        else:
            raise Bad("a record is of an unknown kind")
        if at != len(body):
            raise Bad("a record holds more than its fields")
        if kind == b"Z":
            break
    for note in notes:
        open_with(note, keys)
    there = {tenant: ledger for tenant, ledger in ledgers.items() if ledger.tree.size}
    for tenant, ledger in ledgers.items():
        if ledger.wanted:
            raise Bad(f"tenant {uuid.UUID(bytes=tenant)}: the tail is cut")
    for tenant, ledger in there.items():
        if stated.get(tenant) != (ledger.tree.size, ledger.last, ledger.tree.root()):
            raise Bad(f"tenant {uuid.UUID(bytes=tenant)}: the head record does not fit the events")
        # Whoever cuts a file's end would also leave its checkpoints out.
        needed = [key for key in keys if tenant_of(key.name) in (None, tenant)]
        if needed and tenant not in vouched:
            raise Bad(f"tenant {uuid.UUID(bytes=tenant)}: no checkpoint vouches for it")
    if len(stated) != len(there):
        raise Bad("heads are stated for tenants without events")
    return f"intact: {events} events of {len(there)} tenants, {len(vouched)} of them under a signed checkpoint"


def open_with(note, keys):
    causes = []
    for key in keys:
        try:
            return open_checkpoint(note, key)
        except Bad as cause:
            causes.append(str(cause))
    raise Bad("no given key has signed a checkpoint: " + "; ".join(causes))


def read_key(text):
    if text.count("+") < 2 or os.path.exists(text):
        with open(text, encoding="utf-8") as file:
            text = file.read().strip()
    return Key(text)


def read_keys(given, rotations):
    """The keys that were given, and those that took the place of one of them."""
    keys = [read_key(text) for text in given]
    for path in rotations:
        with open(path, encoding="utf-8") as file:
            if not learn(file.read(), keys):
                raise Bad(f"{path}: the key that gives way is none of those given")
    return keys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["ledger", "proof"])
    parser.add_argument("file", nargs="+")
    parser.add_argument("--key", action="append", required=True, help="a verifier key, or a file that holds one")
    parser.add_argument("--rotation", action="append", default=[], help="a rotation of a key that is believed")
    parser.add_argument("--checkpoint", action="append", default=[], help="a signed checkpoint that was kept elsewhere")
    given = parser.parse_args()
    try:
        keys = read_keys(given.key, given.rotation)
        if given.kind == "proof" and len(given.key) != 1:
            raise Bad("a proof is checked with one key")
        brought = []
        for path in given.checkpoint:
            with open(path, encoding="utf-8") as file:
                brought.append(open_with(file.read(), keys))
    except (Bad, OSError, UnicodeDecodeError) as cause:
        print(f"error: {cause}", file=sys.stderr)
        return 2
    worst = 0
    for path in given.file:
        try:
            with open(path, "rb") as file:
                if given.kind == "ledger":
                    told = check_ledger(file, keys, brought)
                else:
                    told = check_proof(file.read(4 << 20), keys)
            print(f"{path}: {told}")
        except Bad as cause:
            print(f"{path}: DOES NOT HOLD: {cause}")
            worst = max(worst, 1)
        except OSError as cause:
            print(f"error: {cause}", file=sys.stderr)
            worst = 2
    return worst


if __name__ == "__main__":
    sys.exit(main())
