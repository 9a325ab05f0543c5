import { describe, expect, test } from "vitest";
import { toBase64, utf8 } from "../../../shared/encoding/bytes.ts";
import { canonicalJson, type Json } from "../../../shared/encoding/json.ts";
import { limits } from "../../../shared/limits.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { encodeStatement, parseStatement } from "../../../shared/trust/statement.ts";
import { logs, production } from "../../vectors/trust/load.ts";

describe.each(logs)("the statements of %s", (_, log) => {
  test("read, write back, and hash to their leaves", () => {
    for (const { statement, leaf } of log.releases) {
      const parsed = parseStatement(statement);
      if (!parsed.ok) throw new Error(parsed.error);
      expect(encodeStatement(parsed.value)).toBe(statement);
      expect(toBase64(leafHash(utf8(statement)))).toBe(leaf);
    }
  });
});

const good = JSON.parse(production.releases[3]!.statement) as Record<string, Json>;
const text = (changes: Record<string, Json>): string => canonicalJson({ ...good, ...changes });
const hash = toBase64(new Uint8Array(32));

describe("a statement is malformed", () => {
  const { notAfter, signatures } = good["approvals"] as { notAfter: number; signatures: string[] };
  const policy = good["policy"] as { number: number; digest: string };

  test.each(Object.keys(good))("without %s", (key) => {
    const { [key]: _, ...rest } = good;
    expect(parseStatement(canonicalJson(rest))).toEqual({ ok: false, error: "malformed" });
  });

  test.each(
    Object.keys(good).flatMap((key) =>
      [null, true, -1, "", [], {}, [good[key]!]].map((value) => [key, value] as const),
    ),
  )("where %s is %j", (key, value) => {
    const parsed = parseStatement(text({ [key]: value }));
    // An origin may be any text here: acceptance compares it with the pinned one.
    expect(parsed.ok).toBe(key === "origin" && value === "");
  });

  test.each<[string, Record<string, Json>]>([
    ["of another type", { type: "flagmesh/release/v2" }],
    ["with another member", { extra: 1 }],
    ["with the member toString", { toString: 1 }],
    ["with the member constructor", { constructor: 1 }],
    ["of release 0.5", { release: 0.5 }],
    ["of revision 0", { revision: 0 }],
    ["with a hash of 31 bytes", { configRoot: toBase64(new Uint8Array(31)) }],
    ["with a hash without padding", { parent: hash.slice(0, -1) }],
    ["with a hash with stray bits", { parent: hash.replace(/A=$/, "B=") }],
    ["with a digest without its kind", { lockDigest: "0".repeat(64) }],
    ["with a digest in upper case", { lockDigest: `sha256:${"A".repeat(64)}` }],
    ["with a digest of 63 digits", { lockDigest: `sha256:${"a".repeat(63)}` }],
    ["of policy 0", { policy: { ...policy, number: 0 } }],
    ["with more in its policy", { policy: { ...policy, more: 1 } }],
    ["with more in its approvals", { approvals: { notAfter, signatures, more: 1 } }],
    ["with approvals that are numbers", { approvals: { notAfter, signatures: [1] } }],
    ["with too many approvals", { approvals: { notAfter, signatures: Array(limits.noteSignaturesMax + 1).fill("x") } }],
  ])("%s", (_, changes) => {
    expect(parseStatement(text(changes))).toEqual({ ok: false, error: "malformed" });
  });
});

describe("a statement is not canonical", () => {
  const canonical = production.releases[3]!.statement;

  test.each([
    ["with white space", canonical.replace(",", ", ")],
    ["with a newline at its end", `${canonical}\n`],
    ["with a member twice", canonical.replace("{", `{"release":3,`)],
    ["with its first member last", canonical.replace(/^\{("approvals":\{.*?\}),(.*)\}$/, "{$2,$1}")],
    ["with an escape that isn't needed", canonical.replace("acme", "\\u0061cme")],
    ["with an escaped slash", canonical.replace("/acme", "\\/acme")],
    ["with 3.0 for 3", canonical.replace('"release":3', '"release":3.0')],
    ["with 3e0 for 3", canonical.replace('"release":3', '"release":3e0')],
    ["with -0 for 0", text({ release: 0 }).replace('"release":0', '"release":-0')],
  ])("%s", (_, changed) => {
    expect(changed).not.toBe(canonical);
    expect(parseStatement(changed)).toEqual({ ok: false, error: "not_canonical" });
  });

  test("with a byte order mark, or a number beyond 2^53, it isn't even read", () => {
    expect(parseStatement(`\ufeff${canonical}`).ok).toBe(false);
    expect(parseStatement(canonical.replace('"release":3', '"release":9007199254740993')).ok).toBe(false);
  });
});

test("a statement of exactly the limit is read, one byte more is too large", () => {
  const room = limits.statementBytesMax - utf8(text({ origin: "" })).length;
  const of = (bytes: number): string => text({ origin: "é".repeat(Math.floor(bytes / 2)) + "x".repeat(bytes % 2) });
  expect(parseStatement(of(room)).ok).toBe(true);
  expect(parseStatement(of(room + 1))).toEqual({ ok: false, error: "too_large" });
});
