import { describe, expect, test } from "vitest";
import { bigEndian, concat } from "../../../shared/encoding/bytes.ts";
import { canonicalJson } from "../../../shared/encoding/json.ts";
import { limits } from "../../../shared/limits.ts";
import { cosignedTime, encodeRenewal, parseRenewal } from "../../../shared/trust/freshness.ts";
import { parseSignedNote, type NoteSignature } from "../../../shared/trust/signed-note.ts";
import { parseVkey, type Vkey } from "../../../shared/trust/vkey.ts";
import go from "../../vectors/go-note/cosignature.json" with { type: "json" };
import { keyNamed, logs, production } from "../../vectors/trust/load.ts";

const vkey = (text: string): Vkey => {
  const key = parseVkey(text);
  if (!key.ok) throw new Error(key.error);
  return key.value;
};
const signaturesOf = (text: string): readonly NoteSignature[] => {
  const note = parseSignedNote(text);
  if (!note.ok) throw new Error(note.error);
  return note.value.signatures;
};
const freshnessKey = vkey(keyNamed(`${production.origin}/freshness`).vkey);

test("a cosignature by torchwood, the Go library, gives its time", async () => {
  const key = vkey(go.cosignerVkey);
  expect(await cosignedTime(key, go.text, signaturesOf(go.note))).toBe(go.time);
  expect(await cosignedTime(key, go.text.replace("7", "8"), signaturesOf(go.note))).toBeUndefined();
});

describe.each(logs)("the freshness of %s", (_, log) => {
  const key = vkey(keyNamed(`${log.origin}/freshness`).vkey);

  test("stands in each note, and in each renewal", async () => {
    for (const { note, checkpoint, fresh, freshAt, renewedAt } of log.releases) {
      expect(await cosignedTime(key, checkpoint, signaturesOf(note))).toBe(freshAt);
      const renewal = parseRenewal(fresh);
      if (!renewal.ok) throw new Error(renewal.error);
      expect(encodeRenewal(renewal.value)).toBe(fresh);
      expect(await cosignedTime(key, checkpoint, [renewal.value.signature])).toBe(renewedAt);
    }
  });
});

describe("a cosignature", () => {
  const { checkpoint, note } = production.releases[2]!;
  const own = signaturesOf(note)[1]!;
  const time = own.signature.slice(0, 8);
  const rest = own.signature.slice(8);
  const signed = (signature: Uint8Array): NoteSignature => ({
    ...own,
    signature: signature as NoteSignature["signature"],
  });

  test.each([
    ["of another checkpoint", production.releases[1]!.checkpoint, freshnessKey, own],
    ["by a key of another name", checkpoint, vkey(keyNamed("witness-1.example.org").vkey), own],
    ["by a key that doesn't cosign", checkpoint, vkey(keyNamed(production.origin).vkey), signaturesOf(note)[0]!],
    ["of one second later", checkpoint, freshnessKey, signed(concat(time.with(7, time[7]! + 1), rest))],
    ["whose time doesn't fit a number", checkpoint, freshnessKey, signed(concat(time.with(0, 1), rest))],
    ["without its time", checkpoint, freshnessKey, signed(rest)],
    ["of 71 bytes", checkpoint, freshnessKey, signed(own.signature.slice(0, 71))],
    ["of 73 bytes", checkpoint, freshnessKey, signed(concat(own.signature, Uint8Array.of(0)))],
    ["with one bit changed", checkpoint, freshnessKey, signed(concat(time, rest.with(5, rest[5]! ^ 1)))],
    [
      "that is a plain signature",
      checkpoint,
      freshnessKey,
      { ...signaturesOf(note)[0]!, keyId: own.keyId, name: own.name },
    ],
  ] as const)("%s gives no time", async (_, text, key, signature) => {
    expect(await cosignedTime(key, text, [signature])).toBeUndefined();
  });

  test("of the year 2^53 - 1 seconds fits, one later doesn't", () => {
    expect(bigEndian(Number.MAX_SAFE_INTEGER, 8)).toEqual(Uint8Array.of(0, 0x1f, 255, 255, 255, 255, 255, 255));
  });
});

describe("a renewal", () => {
  const { fresh } = production.releases[0]!;
  const { checkpoint, signature } = JSON.parse(fresh) as { checkpoint: string; signature: string };

  test.each([
    ["that is no JSON", "{"],
    ["that is null", "null"],
    ["that is an array", "[]"],
    ["that is text", canonicalJson("x")],
    ["with white space", fresh.replace(",", ", ")],
    ["whose members are in another order", `{"signature":${JSON.stringify(signature)},"checkpoint":"${checkpoint}"}`],
    ["with a member twice", fresh.replace("{", `{"checkpoint":"${checkpoint}",`)],
    ["with another member", canonicalJson({ checkpoint, signature, z: 1 })],
    ["with __proto__", fresh.replace("{", `{"__proto__":{},`)],
    ["without a signature", canonicalJson({ checkpoint })],
    ["without a checkpoint", canonicalJson({ signature })],
    ["whose digest is in upper case", canonicalJson({ checkpoint: checkpoint.toUpperCase(), signature })],
    ["whose digest is of another kind", canonicalJson({ checkpoint: checkpoint.replace("256", "512"), signature })],
    ["whose signature is null", canonicalJson({ checkpoint, signature: null })],
    ["whose signature is two lines", canonicalJson({ checkpoint, signature: `${signature}\n${signature}` })],
    ["whose signature is no line", canonicalJson({ checkpoint, signature: signature.slice(2) })],
    ["beyond its bound", fresh + " ".repeat(limits.renewalBytesMax)],
  ])("%s is malformed", (_, text) => {
    expect(parseRenewal(text)).toEqual({ ok: false, error: "freshness_malformed" });
  });

  test("by a key of the longest name fits its bound", () => {
    const line = `— ${"é".repeat(limits.keyNameCharsMax)} ${signature.split(" ").at(-1)!}`;
    expect(parseRenewal(canonicalJson({ checkpoint, signature: line })).ok).toBe(true);
  });
});
