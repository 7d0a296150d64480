#!/usr/bin/env python3
"""Checks a report of clustermaster-audit, with nothing but Python's standard library and verify.py beside it.

    report.py REPORT... --key KEY [--rotation FILE]

Exit codes as of verify.py.
"""

import argparse
import datetime
import sys
import uuid

from verify import Bad, leaf_hash, open_proof, open_with, read_json, read_keys, read_leaf, strict_base64


def micros(text):
    """A time of a report as a leaf has it."""
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - epoch) // datetime.timedelta(microseconds=1)


def check_report(data, keys):
    report = read_json(data, "report")
    if report["format"] != "clustermaster-report/1":
        raise Bad("the report is not of format clustermaster-report/1")
    note, begin, until = report["checkpoint"], micros(report["period"]["from"]), micros(report["period"]["to"])
    first, end = report["range"]["first"], report["range"]["end"]
    tenant, size = uuid.UUID(report["tenant"]).bytes, 0
    if note is not None:
        signed, size, _ = open_with(note, keys)
        if signed != tenant:
            raise Bad("the checkpoint is of another tenant")
    if not (type(first) is type(end) is int and 0 <= first <= end):
        raise Bad("the range is none")

    def prove(proof, place=None):
        fields, _ = open_proof(proof, keys)
        if proof["checkpoint"] != note or place not in (None, fields["sequence"]):
            raise Bad("a proof stands under another checkpoint, or at another place")
        return fields

    # What stands on both sides of the range was recorded on both sides of the period.
    for name, place in (("before", first - 1), ("after", end)):
        if (report[name] is not None) != (0 <= place < size):
            raise Bad(f"the event {name} the range is missing, or there is none")
        if report[name] is not None:
            time = prove(report[name], place)["time"]
            if time >= begin if name == "before" else time < until:
                raise Bad(f"the event {name} the range was recorded within the period")
    last, counted = first - 1, {"by_action": {}, "by_outcome": {}, "by_actor": {}, "by_day": {}}
    proven, others = report["entries"], report["unproven"]
    for entry, fields in [(one["entry"], prove(one["proof"])) for one in proven] + [(one, None) for one in others]:
        if fields:
            said = (entry["sequence"], uuid.UUID(entry["id"]).bytes, entry["actor"], entry["event_type"], entry["target"])
            there = tuple(fields[name] for name in ("sequence", "event", "actor", "type", "stream"))
            if said != there or micros(entry["recorded_at"]) != fields["time"]:
                raise Bad(f"entry {fields['sequence']} is not what its proof says")
        if not last < entry["sequence"] < end or (entry["sequence"] < size) != bool(fields):
            raise Bad("an entry stands twice, outside of the range, or without the proof that it could have")
        if not begin <= micros(entry["recorded_at"]) < until:
            raise Bad(f"entry {entry['sequence']} was not recorded within the period")
        last = entry["sequence"]
        values = (entry["action"], entry["outcome"], entry["actor"], entry["recorded_at"][:10])
        for tally, value in zip(counted.values(), values):
            tally[value] = tally.get(value, 0) + 1
    if report["counts"] != {"entries": len(proven) + len(others), "proven": len(proven), **counted}:
        raise Bad("the counts are not those of the entries")
    told = f"proven: {len(proven)} of {len(proven) + len(others)} entries, under a checkpoint over {size} events"
    if report["left_out"] is None:
        return told
    # Every leaf of the range is an entry's or was left out for what it is: the chain has no hole.
    chosen = {one["proof"]["sequence"]: strict_base64(one["proof"]["leaf"]) for one in proven}
    left, types = [strict_base64(one) for one in report["left_out"]], {}
    there = {read_leaf(leaf)["sequence"]: leaf for leaf in left} | chosen
    link = leaf_hash(strict_base64(report["before"]["leaf"])) if report["before"] else bytes(32)
    if sorted(there) != list(range(first, min(end, size))) or len(there) != len(left) + len(chosen):
        raise Bad("a leaf of the range is missing, or stands twice")
    behind = [strict_base64(report["after"]["leaf"])] if report["after"] else []
    for leaf in [there[sequence] for sequence in sorted(there)] + behind:
        if read_leaf(leaf)["previous"] != link:
            raise Bad("the chain through the range is broken")
        link = leaf_hash(leaf)
    for fields in map(read_leaf, left):
        types[fields["type"]] = types.get(fields["type"], 0) + 1
        user, imported = fields["stream"].startswith("user_"), fields["stream"].startswith("imported-")
        if (report["kind"] == "access" and user) or (report["kind"] == "changes" and not user and not imported):
            raise Bad(f"sequence {fields['sequence']} was left out, and is an entry")
    return f"{told}; complete, without " + (", ".join(f"{n} {name}" for name, n in sorted(types.items())) or "anything")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="+")
    parser.add_argument("--key", action="append", required=True, help="a verifier key, or a file that holds one")
    parser.add_argument("--rotation", action="append", default=[], help="a rotation of a key that is believed")
    given = parser.parse_args()
    worst = 0
    try:
        keys = read_keys(given.key, given.rotation)
    except (Bad, OSError, UnicodeDecodeError) as cause:
        print(f"error: {cause}", file=sys.stderr)
        return 2
    for path in given.file:
        try:
            with open(path, "rb") as file:
                print(f"{path}: {check_report(file.read(), keys)}")
        except (Bad, KeyError, TypeError, ValueError, AttributeError) as cause:
            print(f"{path}: DOES NOT HOLD: {cause}")
            worst = max(worst, 1)
        except OSError as cause:
            print(f"error: {cause}", file=sys.stderr)
            worst = 2
    return worst


if __name__ == "__main__":
    sys.exit(main())
