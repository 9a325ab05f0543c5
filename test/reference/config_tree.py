#!/usr/bin/env python3
"""The config tree from its definition, in another language and with other libraries than the product's.

Its output is test/vectors/config-tree/*.json, which the product's tests read:

    python3 test/reference/config_tree.py test/vectors/config-tree
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys


def b64(data):
    return base64.b64encode(data).decode()


def sha256(data):
    return hashlib.sha256(data).digest()


def mac(seed, *parts):
    return hmac.new(seed, b"".join(parts), hashlib.sha256).digest()


def sort_members(value):
    """RFC 8785, 3.2.3: members by the UTF-16 code units of their names."""
    if isinstance(value, dict):
        return {k: sort_members(value[k]) for k in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    if isinstance(value, list):
        return [sort_members(item) for item in value]
    return value


def jcs(value):
    """RFC 8785 for the numbers used here, which Python and ECMAScript write alike."""
    return json.dumps(sort_members(value), ensure_ascii=False, separators=(",", ":")).encode()


def leaf_data(key, salt, value):
    name, text = key.encode(), jcs(value)
    return (
        b"flagmesh/v1/leaf\0" + salt + len(name).to_bytes(2, "big") + name + len(text).to_bytes(4, "big") + text
    )


def entry_salt(seed, rev, key):
    return mac(seed, b"flagmesh/v1/salt\0", rev.to_bytes(8, "big"), key.encode())


def vacant_salt(seed, rev, slot):
    return mac(seed, b"flagmesh/v1/vacant\0", rev.to_bytes(8, "big"), slot.to_bytes(8, "big"))


def first_order(seed, keys):
    return sorted(keys, key=lambda key: mac(seed, b"flagmesh/v1/order\0", key.encode()))


def root(hashes):
    """RFC 9162, 2.1.1, over leaf hashes."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\1" + root(hashes[:k]) + root(hashes[k:]))


def vector(origin, seed, slots):
    """slots: (key, rev, value), "" for a vacancy, in slot order."""
    rows, leaves = [], []
    for slot, (key, rev, value) in enumerate(slots):
        salt = vacant_salt(seed, rev, slot) if key == "" else entry_salt(seed, rev, key)
        data = leaf_data(key, salt, value)
        leaf = sha256(b"\0" + data)
        leaves.append(leaf)
        rows.append({"key": key, "rev": rev, "value": value, "salt": b64(salt), "data": data.hex(), "leaf": b64(leaf)})
    snapshot = jcs({"origin": origin, "slots": [[r["key"], r["rev"], r["salt"], r["leaf"], r["value"]] for r in rows]})
    return {
        "origin": origin,
        "seed": b64(seed),
        "slots": rows,
        "size": len(leaves),
        "root": b64(root(leaves)),
        "snapshot": snapshot.decode(),
        "snapshotDigest": "sha256:" + sha256(snapshot).hex(),
    }


SEED = bytes(range(32))
ORIGIN = "mesh.example.com/acme/production"
ENTRIES = {
    "settings": {"identity": [{"header": "x-user-id"}, {"ip": True}]},
    "flag:new-checkout": {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        "rollout": [["on", 12500]],
    },
    "flag:price": {"state": "ENABLED", "variants": {"low": 9.5, "high": -12, "none": None}},
    "segment:staff": {"ends_with": [{"var": "email"}, "@acme.com"]},
    "backend:checkout-v1": {"endpoints": [{"url": "https://checkout-v1.internal", "weight": 1}]},
    "route:rest": {"match": {"host": "shop.example.com"}, "backend": "checkout-v1"},
    # Names that sort otherwise by code point than by UTF-16 unit, escapes, and text beyond ASCII.
    "flag:größe-€-😀": {"state": "DISABLED", "variants": {"\ufb01": 1, "😀": 2, "\n\"\\\u007f": "\u0001\u2028é"}},
}


def main(folder):
    first = first_order(SEED, ENTRIES)
    vectors = {
        "first-lock": vector(ORIGIN, SEED, [(key, 1, ENTRIES[key]) for key in first]),
        "no-entries": vector(ORIGIN, SEED, []),
        # Revision 2 changed slot 1; revision 3 removed slots 0 and 4: two vacancies of one revision.
        "two-vacancies": vector(
            ORIGIN,
            SEED,
            [
                ("", 3, None) if slot in (0, 4) else (key, 2 if slot == 1 else 1, ENTRIES[key])
                for slot, key in enumerate(first)
            ],
        ),
        "last-revision": vector(ORIGIN, bytes(32), [("settings", 2**53 - 1, ENTRIES["settings"])]),
    }
    for name, content in vectors.items():
        path = pathlib.Path(folder, name + ".json")
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
