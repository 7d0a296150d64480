"""Holds events against the published OCSF schema.

    ocsf.py extract                 what the unit tests need of the schema (ocsf.json)
    ocsf.py check EXTRACT FILE...   whether that is fresh, and whether every line of the files is an event that the schema allows

Needs `ocsf-json-schema` (the schema as schema.ocsf.io exports it, and JSON schemas made of it) and `jsonschema`.
"""

import json
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

VERSION = "1.8.0"
CLASSES = [
    "account_change", "api_activity", "application_lifecycle", "authentication", "base_event", "compliance_finding",
    "entity_management", "user_access",
]
OBJECTS = [
    "actor", "api", "compliance", "finding_info", "group", "managed_entity", "metadata", "network_endpoint", "object",
    "organization", "policy", "product", "request", "resource_details", "service", "session", "user",
]
PROFILES = {"host"}
NOTE = (
    "An extract of the Open Cybersecurity Schema Framework (https://schema.ocsf.io), written by `ocsf.py extract`. "
    "The OCSF schema is licensed under the Apache License, Version 2.0."
)


def attribute(found):
    what = {"type": found["object_type"] if found["type"] == "object_t" else found["type"]}
    if found.get("is_array"):
        what["array"] = True
    if found["requirement"] == "required":
        what["required"] = True
    if found.get("profiles"):
        what["profiles"] = sorted(found["profiles"])
    if found.get("enum"):
        what["enum"] = {value: of["caption"] for value, of in found["enum"].items()}
    return what


def members(found):
    """Attributes that no profile adds, or one that is used."""
    wanted = {
        name: attribute(of)
        for name, of in sorted(found["attributes"].items())
        if not of.get("profiles") or PROFILES & set(of["profiles"])
    }
    constraints = found.get("constraints") or {}
    return {"at_least_one": constraints.get("at_least_one", []), "attributes": wanted}


def extract():
    schema = get_ocsf_schema(version=VERSION)
    classes = {
        name: {key: schema["classes"][name][key] for key in ("uid", "category_uid", "caption")}
        | members(schema["classes"][name])
        for name in CLASSES
    }
    objects = {name: members(schema["objects"][name]) for name in OBJECTS}
    return {"note": NOTE, "version": VERSION, "classes": classes, "objects": objects}


def text(value):
    """One attribute a line."""
    lines = ["{", f' "note": {json.dumps(value["note"])},', f' "version": "{value["version"]}",']
    for kind in ("classes", "objects"):
        lines.append(f' "{kind}": {{')
        for name, of in value[kind].items():
            head = {key: of[key] for key in of if key != "attributes"}
            lines.append(f'  "{name}": {json.dumps(head)[:-1]}, "attributes": {{')
            rows = [f'   "{key}": {json.dumps(what)}' for key, what in of["attributes"].items()]
            lines.append(",\n".join(rows))
            lines.append("  }}" + ("" if name == list(value[kind])[-1] else ","))
        lines.append(" }" + ("," if kind == "classes" else ""))
    return "\n".join(lines + ["}"])


def problems(line, schemas, validators):
    event = json.loads(line)
    profiles = tuple(event["metadata"].get("profiles", []))
    key = (event["class_uid"], profiles)
    if key not in validators:
        name = schemas.lookup_class_name_from_uid(event["class_uid"])
        validators[key] = Draft202012Validator(schemas.get_class_schema(class_name=name, profiles=list(profiles)))
    for error in validators[key].iter_errors(event):
        yield f"{error.json_path}: {error.message[:300]}"
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        yield f"$.type_uid: {event['type_uid']} is not {event['class_uid']} * 100 + {event['activity_id']}"
    if event["metadata"]["version"] != VERSION:
        yield f"$.metadata.version: is not {VERSION}"


def check(committed, files):
    found = 0
    if open(committed, encoding="utf-8").read() != text(extract()) + "\n":
        print(f"{committed}: is stale: write it anew with `ocsf.py extract`")
        found += 1
    schemas, validators, events = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION)), {}, 0
    for file in files:
        for number, line in enumerate(open(file, encoding="utf-8"), 1):
            events += 1
            for problem in problems(line, schemas, validators):
                print(f"{file}:{number}: {problem}")
                found += 1
    classes = ", ".join(str(uid) for uid in sorted({uid for uid, _ in validators}))
    print(f"{events} events of the classes {classes}: {found or 'no'} problem{'' if found == 1 else 's'}")
    return 1 if found or not events else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["extract"]:
        print(text(extract()))
    elif sys.argv[1:2] == ["check"] and len(sys.argv) > 3:
        sys.exit(check(sys.argv[2], sys.argv[3:]))
    else:
        sys.exit(__doc__)
