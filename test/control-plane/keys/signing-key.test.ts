import { describe, expect, test } from "vitest";
import { createSigningKey, encodePrivateKey, parsePrivateKey } from "../../../control-plane/keys/signing-key.ts";
import { fromBase64, toBase64, type Bytes } from "../../../shared/encoding/bytes.ts";
import { encodeSignedNote, isSignedBy } from "../../../shared/trust/signed-note.ts";
import { encodeVkey } from "../../../shared/trust/vkey.ts";
import goNotes from "../../vectors/go-note/notes.json" with { type: "json" };
import { keys, logs } from "../../vectors/trust/load.ts";

const keyOf = (text: string) => {
  const key = parsePrivateKey(text);
  if (!key.ok) throw new Error(key.error);
  return key.value;
};

test.each(keys.map((key) => [key.name, key] as const))(
  "the private key of %s gives its vkey, and writes back",
  (_, vector) => {
    const key = keyOf(vector.privateKey);
    expect(encodeVkey(key.vkey)).toBe(vector.vkey);
    const material = fromBase64(vector.privateKey.split("+").slice(4).join("+"));
    if (!material.ok) throw new Error(material.error);
    expect(encodePrivateKey(key, material.value.slice(1))).toBe(vector.privateKey);
    expect(keyOf(`${vector.privateKey}\n`).vkey).toEqual(key.vkey);
  },
);

test.each(Object.entries(goNotes))(
  "with Go's private keys it signs Go's bytes: %s",
  (_, { privateKeys, vkeys, text, note }) => {
    const signers = privateKeys.map(keyOf);
    expect(signers.map(({ vkey }) => encodeVkey(vkey))).toEqual(vkeys);
    expect(encodeSignedNote({ text, signatures: signers.map((key) => key.signNote(text)) })).toBe(note);
  },
);

test.each(logs)("with the keys of %s it signs the notes' bytes", async (_, log) => {
  const [signing, cosigning] = [log.origin, `${log.origin}/freshness`].map((name) =>
    keyOf(keys.find((key) => key.name === name)!.privateKey),
  );
  for (const { checkpoint, note, freshAt } of log.releases) {
    const signed = {
      text: checkpoint,
      signatures: [signing!.signNote(checkpoint), cosigning!.cosign(checkpoint, freshAt)],
    };
    expect(encodeSignedNote(signed)).toBe(note);
    expect(await isSignedBy(signing!.vkey, signed)).toBe(true);
  }
});

describe("a private key", () => {
  const { privateKey: good } = keys[0]!;
  const [name = "", id = "", material = ""] = [2, 3]
    .map((i) => good.split("+")[i])
    .concat(good.split("+").slice(4).join("+"));
  const bytes = fromBase64(material);
  if (!bytes.ok) throw new Error(bytes.error);
  const withMaterial = (changed: Bytes): string => `PRIVATE+KEY+${name}+${id}+${toBase64(changed)}`;

  test.each([
    ["that is empty", ""],
    ["that is a vkey", keys[0]!.vkey],
    ["in lower case", good.toLowerCase()],
    ["without a name", `PRIVATE+KEY++${id}+${material}`],
    ["with white space in its name", `PRIVATE+KEY+a b+${id}+${material}`],
    ["with a short ID", `PRIVATE+KEY+${name}+${id.slice(1)}+${material}`],
    ["with a seed of 31 bytes", withMaterial(bytes.value.slice(0, 32))],
    ["with a seed of 33 bytes", withMaterial(new Uint8Array([...bytes.value, 0]))],
    ["of an unknown type", withMaterial(bytes.value.with(0, 2))],
    ["on two lines", `${good}\n${good}`],
  ])("%s is malformed", (_, text) => {
    expect(parsePrivateKey(text)).toEqual({ ok: false, error: "private_key_malformed" });
  });

  test.each([
    ["name", `PRIVATE+KEY+${name}x+${id}+${material}`],
    ["seed", withMaterial(bytes.value.with(7, bytes.value[7]! ^ 1))],
    ["type", withMaterial(bytes.value.with(0, 4))],
  ])("whose %s was exchanged has another ID", (_, text) => {
    expect(parsePrivateKey(text)).toEqual({ ok: false, error: "private_key_id_mismatch" });
  });

  test.each([0, 31, 33, 64])("can't be made of a seed of %i bytes", (length) => {
    expect(() => createSigningKey("x", 1, new Uint8Array(length))).toThrow(RangeError);
  });
});

describe("a signing key", () => {
  const seed = new Uint8Array(32);

  test("of one type doesn't sign like the other", () => {
    expect(() => createSigningKey("x", 4, seed).signNote("a\n")).toThrow(TypeError);
    expect(() => createSigningKey("x", 1, seed).cosign("a\n", 1)).toThrow(TypeError);
  });

  test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])("doesn't cosign at %d s", (time) => {
    expect(() => createSigningKey("x", 4, seed).cosign("a\n", time)).toThrow(RangeError);
  });
});
