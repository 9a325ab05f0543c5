#!/usr/bin/env python3
"""Who falls into which bucket, from the definition, in another language than the product's.

Its output is test/vectors/evaluation/buckets.json, which the product's tests read:

    python3 test/reference/bucketing.py test/vectors/evaluation/buckets.json
"""

import itertools
import json
import pathlib
import random
import sys

MASK = 0xFFFFFFFF
C1, C2 = 0xCC9E2D51, 0x1B873593
TOTAL = 100_000


def rotate(x, by):
    return ((x << by) | (x >> (32 - by))) & MASK


def murmur3(data, seed=0):
    """MurmurHash3_x86_32, Austin Appleby."""
    h = seed
    body = len(data) // 4 * 4
    for i in range(0, body, 4):
        k = int.from_bytes(data[i : i + 4], "little")
        k = rotate(k * C1 & MASK, 15) * C2 & MASK
        h = (rotate(h ^ k, 13) * 5 + 0xE6546B64) & MASK
    if len(data) > body:
        k = int.from_bytes(data[body:], "little")
        h ^= rotate(k * C1 & MASK, 15) * C2 & MASK
    h ^= len(data)
    h = (h ^ (h >> 16)) * 0x85EBCA6B & MASK
    h = (h ^ (h >> 13)) * 0xC2B2AE35 & MASK
    return h ^ (h >> 16)


def unfinished(h, length):
    """What the hash was before the last mixing, which can be undone."""
    h ^= h >> 16
    h = h * pow(0xC2B2AE35, -1, 1 << 32) & MASK
    h ^= (h >> 13) ^ (h >> 26)
    h = h * pow(0x85EBCA6B, -1, 1 << 32) & MASK
    h ^= h >> 16
    return h ^ length


def key_with_hash(flag, wanted):
    """A targeting key of printable ASCII that hashes to `wanted` behind the flag key."""
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    printable = set(alphabet.encode())
    prefix = flag.encode()
    filler = -len(prefix) % 4
    for head in itertools.product(alphabet, repeat=filler + 4):
        data = prefix + "".join(head).encode()
        h = 0
        for i in range(0, len(data), 4):
            k = int.from_bytes(data[i : i + 4], "little")
            h = (rotate(h ^ (rotate(k * C1 & MASK, 15) * C2 & MASK), 13) * 5 + 0xE6546B64) & MASK
        before = (unfinished(wanted, len(data) + 4) - 0xE6546B64) * pow(5, -1, 1 << 32) & MASK
        k = rotate(before, 19) ^ h
        k = rotate(k * pow(C2, -1, 1 << 32) & MASK, 17) * pow(C1, -1, 1 << 32) & MASK
        last = k.to_bytes(4, "little")
        if set(last) <= printable:
            return (data[len(prefix) :] + last).decode()
    raise ValueError(f"no key has the hash {wanted}")


def row(flag, key):
    hashed = murmur3((flag + key).encode("utf-8"))
    return {"flagKey": flag, "targetingKey": key, "hash": hashed, "bucket": hashed * TOTAL >> 32}


def rows():
    for flag, length in itertools.product(["f", "on", "new", "flag", "flags", "new-checkout"], range(1, 12)):
        yield row(flag, "abcdefghijklmnop"[:length])
    for flag in ["new-checkout", "x", "größe", "旗"]:
        for key in ["é", "aé", "abé", "abcé", "Ω≈ç√", "日本語の利用者", "🚩", "a🚩b", "\u0000", "a b\tc", "ß" * 40]:
            yield row(flag, key)
    # Both sides of the hashes and of the buckets at which implementations differ, if they do.
    edges = {0, 1, (1 << 31) - 1, 1 << 31, (1 << 32) - 2, (1 << 32) - 1}
    for share in [1, 125, 1_000, 10_000, 12_500, 25_000, 33_333, 50_000, 66_667, 99_999]:
        first = -(-(share << 32) // TOTAL)
        edges |= {first - 1, first}
    for wanted in sorted(edges):
        yield row("edge", key_with_hash("edge", wanted))
    chance = random.Random(1)
    for i in range(300):
        uuid = "-".join("%0*x" % (width, chance.getrandbits(4 * width)) for width in (8, 4, 4, 4, 12))
        yield row(f"flag-{i % 7}", uuid)


if __name__ == "__main__":
    assert murmur3(b"") == 0 and murmur3(b"hello") == 0x248BFA47, "not MurmurHash3"
    lines = ",\n".join("  " + json.dumps(each, ensure_ascii=True) for each in rows())
    pathlib.Path(sys.argv[1]).write_text(f"[\n{lines}\n]\n")
