#!/usr/bin/env python3
"""A mesh's locks and snapshots through several revisions, from their definitions, beside the product.

    python3 test/reference/lock.py test/vectors/lock

writes a folder for each revision: entries.json, files.json, flagmesh.lock, snapshot.json.
"""

import hashlib
import json
import pathlib
import sys

from config_tree import ENTRIES, ORIGIN, SEED, b64, entry_salt, first_order, jcs, leaf_data, root, sha256, vacant_salt

TOOL = "flagmesh 0.1.0"


def quoted(text):
    """JSON as ECMAScript writes it."""
    return json.dumps(text, ensure_ascii=False)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def block(name, empty, lines):
    return [f"{name}: {empty}"] if not lines else [f"{name}:"] + ["  " + line for line in lines]


def utf16(text):
    return text.encode("utf-16-be")


def next_slots(slots, revision, entries):
    """slots: (key, rev, value) by slot number, "" for a vacancy."""
    placed = []
    for key, rev, value in slots:
        if key == "":
            placed.append((key, rev, value))
        elif key not in entries:
            placed.append(("", revision, None))
        elif jcs(entries[key]) == jcs(value):
            placed.append((key, rev, value))
        else:
            placed.append((key, revision, entries[key]))
    known = {key for key, _, _ in slots}
    for key in first_order(SEED, [key for key in entries if key not in known]):
        vacancies = [slot for slot, (taken, _, _) in enumerate(placed) if taken == ""]
        if vacancies:
            placed[vacancies[0]] = (key, revision, entries[key])
        else:
            placed.append((key, revision, entries[key]))
    return placed


def hashed(slots):
    rows = []
    for slot, (key, rev, value) in enumerate(slots):
        salt = vacant_salt(SEED, rev, slot) if key == "" else entry_salt(SEED, rev, key)
        rows.append((key, rev, b64(salt), sha256(b"\0" + leaf_data(key, salt, value)), value))
    return rows


def lock_file(revision, parent, files, rows, config_root, snapshot):
    entries = sorted(((key, rev, slot, leaf) for slot, (key, rev, _, leaf, _) in enumerate(rows) if key), key=lambda e: utf16(e[0]))
    vacant = [(slot, rev) for slot, (key, rev, _, _, _) in enumerate(rows) if not key]
    lines = [
        "# Written by `flagmesh lock`. Not to be edited: relock instead.",
        "lockVersion: 1",
        f"mesh: {quoted(ORIGIN.split('/', 1)[1])}",
        f"origin: {quoted(ORIGIN)}",
        f"revision: {revision}",
        f"parent: {quoted(b64(parent))}",
        f"seed: {quoted(b64(SEED))}",
        *block("files", "{}", [f"{quoted(path)}: {quoted(files[path])}" for path in sorted(files, key=utf16)]),
        *block(
            "entries",
            "{}",
            [f'{quoted(k)}: {{ "rev": {rev}, "slot": {slot}, "leaf": {quoted(b64(leaf))} }}' for k, rev, slot, leaf in entries],
        ),
        *block("vacant", "[]", [f'- {{ "slot": {slot}, "rev": {rev} }}' for slot, rev in vacant]),
        f"configSize: {len(rows)}",
        f"configRoot: {quoted(b64(config_root))}",
        f"snapshotDigest: {quoted(digest(snapshot))}",
        "approvals:",
        "  notAfter: 0",
        "  signatures: []",
        "undo: null",
        f"tool: {quoted(TOOL)}",
    ]
    return "\n".join(lines) + "\n"


def history():
    first = dict(ENTRIES)
    changed = {**first, "flag:price": {**first["flag:price"], "state": "DISABLED"}}
    without = {key: value for key, value in changed.items() if key not in ("segment:staff", "flag:new-checkout", "settings")}
    # One entry returns and one is new: two of three vacancies are taken.
    returned = {**without, "settings": first["settings"], "backend:checkout-v2": {"service": "CHECKOUT_V2"}}
    swapped = {"flag:only": {"state": "ENABLED", "variants": {"on": True}}}
    grown = {**swapped, **{f"segment:{n}": {"==": [{"var": "n"}, n]} for n in range(8)}}
    yield from [
        ("1-first", first),
        ("2-one-changed", changed),
        ("3-three-removed", without),
        ("4-one-returned", returned),
        ("5-all-replaced", swapped),
        ("6-past-the-end", grown),
    ]


def main(folder):
    slots, parent = [], root([])
    for revision, (name, entries) in enumerate(history(), start=1):
        files = {"mesh.yaml": digest(jcs(entries)), "flags/größe.yaml": digest(name.encode())}
        slots = next_slots(slots, revision, entries)
        rows = hashed(slots)
        config_root = root([leaf for _, _, _, leaf, _ in rows])
        snapshot = jcs({"origin": ORIGIN, "slots": [[key, rev, salt, b64(leaf), value] for key, rev, salt, leaf, value in rows]})
        at = pathlib.Path(folder, name)
        at.mkdir(parents=True, exist_ok=True)
        at.joinpath("entries.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="ascii")
        at.joinpath("files.json").write_text(json.dumps(files, indent=2) + "\n", encoding="ascii")
        at.joinpath("flagmesh.lock").write_text(lock_file(revision, parent, files, rows, config_root, snapshot), encoding="utf-8")
        at.joinpath("snapshot.json").write_bytes(snapshot)
        parent = config_root


if __name__ == "__main__":
    main(sys.argv[1])
