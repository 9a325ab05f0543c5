import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeCheckpoint, parseCheckpoint } from "../../../shared/trust/checkpoint.ts";
import { verifyConsistency, verifyInclusion } from "../../../shared/merkle/proof.ts";
import { base64Bytes, toBase64, utf8, type Bytes } from "../../../shared/encoding/bytes.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import goProduction from "../../vectors/go-note/tlog-production.json" with { type: "json" };
import goStaging from "../../vectors/go-note/tlog-staging.json" with { type: "json" };
import { logs } from "../../vectors/trust/load.ts";

const root = toBase64(Uint8Array.from({ length: 32 }, (_, i) => i));

describe.each(logs)("the checkpoints of %s", (name, log) => {
  const go = name === "production" ? goProduction : goStaging;

  test("read, write back, and have the sizes and roots that Go's tlog computes", () => {
    expect(go).toHaveLength(log.releases.length);
    for (const [i, { checkpoint }] of log.releases.entries()) {
      const parsed = parseCheckpoint(checkpoint);
      if (!parsed.ok) throw new Error(parsed.error);
      expect(encodeCheckpoint(parsed.value)).toBe(checkpoint);
      expect([parsed.value.size, toBase64(parsed.value.root)]).toEqual([go[i]?.size, go[i]?.root]);
      expect(parsed.value.origin).toBe(log.origin);
    }
  });

  test("are proved by Go's inclusion and consistency proofs", () => {
    for (const [i, { size, root, record, consistency }] of go.entries()) {
      const leaf = leafHash(utf8(log.releases[i]!.statement));
      const newRoot = base64Bytes(root);
      expect(verifyInclusion({ leaf, index: size - 1, size, proof: record.map(base64Bytes), root: newRoot }).ok).toBe(
        true,
      );
      for (const [before, proof] of consistency.entries()) {
        const oldRoot = base64Bytes(go[before]!.root);
        const claim = { oldSize: before + 1, oldRoot, newSize: size, newRoot, proof: proof.map(base64Bytes) };
        expect(verifyConsistency(claim).ok).toBe(true);
      }
    }
  });
});

describe("a checkpoint", () => {
  test.each([
    ["that is empty", ""],
    ["without its root", "example.com\n1\n"],
    ["without an origin", `\n1\n${root}\n`],
    ["of an empty log", `example.com\n0\n${root}\n`],
    ["of a negative size", `example.com\n-1\n${root}\n`],
    ["of a size with a sign", `example.com\n+1\n${root}\n`],
    ["of a size with a leading zero", `example.com\n01\n${root}\n`],
    ["of a size with white space", `example.com\n 1\n${root}\n`],
    ["of a size in hex", `example.com\n0x1\n${root}\n`],
    ["of a size with an exponent", `example.com\n1e3\n${root}\n`],
    ["of a size with a fraction", `example.com\n1.0\n${root}\n`],
    ["of half a leaf", `example.com\n1.5\n${root}\n`],
    ["of size 2^53", `example.com\n9007199254740992\n${root}\n`],
    ["of size 2^64", `example.com\n18446744073709551616\n${root}\n`],
    ["of no number", `example.com\nNaN\n${root}\n`],
    ["of infinite size", `example.com\nInfinity\n${root}\n`],
    ["of Arabic digits", `example.com\n١\n${root}\n`],
    ["with a root of 31 bytes", `example.com\n1\n${toBase64(new Uint8Array(31))}\n`],
    ["with a root of 33 bytes", `example.com\n1\n${toBase64(new Uint8Array(33))}\n`],
    ["with a root in hex", `example.com\n1\n${"00".repeat(32)}\n`],
    ["with a root without padding", `example.com\n1\n${root.replace("=", "")}\n`],
    ["with a root with stray bits", `example.com\n1\n${toBase64(new Uint8Array(32)).replace(/A=$/, "B=")}\n`],
    ["with a root with white space", `example.com\n1\n${root} \n`],
    ["without a newline at its end", `example.com\n1\n${root}`],
    ["with a blank line at its end", `example.com\n1\n${root}\n\n`],
    ["with an extension line", `example.com\n1\n${root}\nextension\n`],
    ["with CRLF", `example.com\r\n1\r\n${root}\r\n`],
    ["with a blank line before it", `\nexample.com\n1\n${root}\n`],
  ])("%s is malformed", (_, text) => {
    expect(parseCheckpoint(text)).toEqual({ ok: false, error: "checkpoint_malformed" });
  });

  test("of 2^53 - 1 leaves reads", () => {
    expect(parseCheckpoint(`example.com\n9007199254740991\n${root}\n`).ok).toBe(true);
  });

  test("reads back what it wrote, and whatever else it reads it writes back the same", () => {
    const origin = fc.string({ minLength: 1 }).filter((text) => !text.includes("\n"));
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }) as fc.Arbitrary<Bytes>;
    fc.assert(
      fc.property(origin, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), hash, (origin, size, root) => {
        const parsed = parseCheckpoint(encodeCheckpoint({ origin, size, root }));
        expect(parsed).toEqual({ ok: true, value: { origin, size, root } });
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => {
        const text = `${a}\n${b}\n${c}\n`;
        const parsed = parseCheckpoint(text);
        expect(parsed.ok ? encodeCheckpoint(parsed.value) : text).toBe(text);
      }),
    );
  });
});
