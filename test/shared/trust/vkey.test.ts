import { describe, expect, test } from "vitest";
import { fromBase64, toBase64, toHex, type Bytes } from "../../../shared/encoding/bytes.ts";
import { limits } from "../../../shared/limits.ts";
import { createVkey, encodeVkey, isKeyName, keyIdOf, parseVkey } from "../../../shared/trust/vkey.ts";
import { keys } from "../../vectors/trust/load.ts";

const publicKey = Uint8Array.from({ length: 32 }, (_, i) => i);

describe("a vkey", () => {
  test.each(keys.map((key) => [key.vkey, key] as const))("%s reads and writes back", (text, key) => {
    const parsed = parseVkey(text);
    if (!parsed.ok) throw new Error(parsed.error);
    expect(parsed.value).toMatchObject({ name: key.name, type: key.type });
    expect(toHex(parsed.value.keyId)).toBe(key.keyId);
    expect(toHex(parsed.value.publicKey)).toBe(key.publicKey);
    expect(encodeVkey(parsed.value)).toBe(text);
  });

  test("of C2SP signed-note's own example reads", () => {
    expect(parseVkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").ok).toBe(true);
    expect(parseVkey("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop").ok).toBe(true);
  });

  const good = keys[0]!.vkey;
  const [name = "", id = "", material = ""] = good.split("+", 2).concat(good.split("+").slice(2).join("+"));
  const bytes = fromBase64(material);
  if (!bytes.ok) throw new Error("the vector's key is base64");
  const withMaterial = (changed: Bytes): string => `${name}+${id}+${toBase64(changed)}`;

  test.each([
    ["empty", ""],
    ["without its key", `${name}+${id}`],
    ["without its ID", `${name}+${material}`],
    ["without a name", `+${id}+${material}`],
    ["with white space in its name", `a b+${id}+${material}`],
    ["with a line break in its name", `a\nb+${id}+${material}`],
    ["with U+0085 in its name, white space to Go", `a\u0085b+${id}+${material}`],
    ["with half a surrogate pair in its name", `a\ud800+${id}+${material}`],
    ["with an ID of seven digits", `${name}+${id.slice(1)}+${material}`],
    ["with an ID of nine digits", `${name}+0${id}+${material}`],
    ["with an ID in upper case", `${name}+ABCDEF00+${material}`],
    ["with an ID that is no hex", `${name}+0000000g+${material}`],
    ["with a line break at its end", `${good}\n`],
    ["with white space before it", ` ${good}`],
    ["in base64 without padding", `${name}+${id}+${toBase64(bytes.value.slice(0, 32)).replace("=", "")}`],
    ["with a public key of 31 bytes", withMaterial(bytes.value.slice(0, 32))],
    ["with a public key of 33 bytes", withMaterial(new Uint8Array([...bytes.value, 0]))],
    ["with nothing for a key", `${name}+${id}+`],
  ])("%s is malformed", (_, text) => {
    expect(parseVkey(text)).toEqual({ ok: false, error: "vkey_malformed" });
  });

  test.each([0x00, 0x02, 0x03, 0x05, 0x06, 0xff])("of type %i is of an unknown type", (type) => {
    expect(parseVkey(withMaterial(bytes.value.with(0, type)))).toEqual({ ok: false, error: "vkey_type_unknown" });
  });

  test.each([
    ["name", `${name}x+${id}+${material}`],
    ["type", withMaterial(bytes.value.with(0, bytes.value[0] === 1 ? 4 : 1))],
    ["public key", withMaterial(bytes.value.with(5, bytes.value[5]! ^ 1))],
    ["ID", `${name}+${id.startsWith("0") ? "1" : "0"}${id.slice(1)}+${material}`],
  ])("whose %s was exchanged has another ID", (_, text) => {
    expect(parseVkey(text)).toEqual({ ok: false, error: "vkey_id_mismatch" });
  });

  test("of a public key that anyone can sign for is refused", () => {
    const neutral = new Uint8Array(32).with(0, 1);
    expect(parseVkey(encodeVkey(createVkey("weak", 1, neutral)))).toEqual({ ok: false, error: "vkey_weak" });
  });

  test("has one ID for each type and name", () => {
    const ids = [keyIdOf("a", 1, publicKey), keyIdOf("a", 4, publicKey), keyIdOf("b", 1, publicKey)].map(toHex);
    expect(new Set(ids).size).toBe(3);
  });
});

describe("a key's name", () => {
  test.each(["a", "example.com/acme/production", "alice@example.com", "schlüssel/日本/𝔘", "—"])("can be %s", (name) => {
    expect(isKeyName(name)).toBe(true);
    const key = createVkey(name, 1, publicKey);
    expect(parseVkey(encodeVkey(key))).toEqual({ ok: true, value: key });
  });

  test.each([
    "",
    " ",
    "a b",
    "a+b",
    "a\tb",
    "a\u00a0b",
    "a\u2003b",
    "a\u2028b",
    "a\u3000b",
    "a\u0085b",
    "a\u007f",
    "\0",
  ])("can't be %j", (name) => {
    expect(isKeyName(name)).toBe(false);
    expect(() => createVkey(name, 1, publicKey)).toThrow(TypeError);
  });

  test("has a bound, so that a renewal has one", () => {
    expect(isKeyName("n".repeat(limits.keyNameCharsMax))).toBe(true);
    expect(isKeyName("n".repeat(limits.keyNameCharsMax + 1))).toBe(false);
  });
});
