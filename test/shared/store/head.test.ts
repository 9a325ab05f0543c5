import { describe, expect, test } from "vitest";
import { toBase64, utf8 } from "../../../shared/encoding/bytes.ts";
import { canonicalJson, type Json, type JsonObject } from "../../../shared/encoding/json.ts";
import { limits } from "../../../shared/limits.ts";
import { encodeHead, parseHead } from "../../../shared/store/head.ts";
import { logs, production } from "../../vectors/trust/load.ts";

test.each(logs)("the heads of %s read, and write back", (_, log) => {
  for (const { head, note, statement, overlay, detail } of log.releases) {
    const parsed = parseHead(head);
    if (!parsed.ok) throw new Error(parsed.error);
    expect(parsed.value).toMatchObject({ checkpoint: note, statement, overlay, detail });
    expect(encodeHead(parsed.value)).toBe(head);
    expect(head).not.toContain("\n");
  }
});

const good = JSON.parse(production.releases[4]!.head) as JsonObject;
const text = (changes: JsonObject): string => canonicalJson({ ...good, ...changes });
const hash = toBase64(new Uint8Array(32));

describe("a head is malformed", () => {
  test.each(Object.keys(good))("without %s", (key) => {
    const { [key]: _, ...rest } = good;
    expect(parseHead(canonicalJson(rest))).toEqual({ ok: false, error: "malformed" });
  });

  test.each(
    Object.keys(good).flatMap((key) => [null, true, 1, [[]], { x: 1 }].map((value) => [key, value] as [string, Json])),
  )("where %s is %j", (key, value) => {
    expect(parseHead(text({ [key]: value }))).toEqual({ ok: false, error: "malformed" });
  });

  test.each<[string, string]>([
    ["that is no JSON", "{"],
    ["that is empty", ""],
    ["that is null", "null"],
    ["that is a number", "1"],
    ["that is an array", "[]"],
    ["with another member", text({ more: 1 })],
    ["with the member constructor", text({ constructor: 1 })],
    ["with a proof of 31 bytes", text({ proof: [toBase64(new Uint8Array(31))] })],
    ["with a proof with stray bits", text({ proof: [hash.replace(/A=$/, "B=")] })],
    ["with a proof of 65 hashes", text({ proof: Array<string>(65).fill(hash) })],
    ["with more in its detail", text({ detail: { actor: "", message: "", more: "" } })],
    ["with an actor that is null", text({ detail: { actor: null, message: "" } })],
    [
      "with a message that is too long",
      text({ detail: { actor: "", message: "x".repeat(limits.messageBytesMax + 1) } }),
    ],
    [
      "with a message that is too long in bytes",
      text({ detail: { actor: "", message: "é".repeat(limits.messageBytesMax / 2 + 1) } }),
    ],
    ["with __proto__ in its overlay", text({}).replace('"overlay":{', '"overlay":{"__proto__":{"kill":true},')],
  ])("%s", (_, head) => {
    expect(parseHead(head)).toEqual({ ok: false, error: "malformed" });
  });
});

describe("a head is not canonical", () => {
  const head = text({});
  test.each([
    ["with white space", head.replace(",", ", ")],
    ["with a newline at its end", `${head}\n`],
    ["with a member twice", head.replace("{", `{"overlay":{},`)],
    ["with a flag of its overlay twice", head.replace('"overlay":{', '"overlay":{"new-search":{"stage":12.5},')],
    ["with 12.50 for 12.5", head.replace("12.5", "12.50")],
    ["with 1.25e1 for 12.5", head.replace("12.5", "1.25e1")],
    ["with an escape that isn't needed", head.replace("overlay", "\\u006fverlay")],
  ])("%s", (_, changed) => {
    expect(changed).not.toBe(head);
    expect(parseHead(changed)).toEqual({ ok: false, error: "not_canonical" });
  });
});

test("a kill of a flag named constructor is kept", () => {
  const overlay = { constructor: { kill: true }, prototype: { kill: true } } as unknown as JsonObject;
  const parsed = parseHead(text({ overlay }));
  expect(parsed.ok && encodeHead(parsed.value)).toBe(text({ overlay }));
});

test("a head of exactly the limit is read, one byte more is too large", () => {
  const room = limits.headBytesMax - utf8(text({ statement: "" })).length;
  const of = (bytes: number): string => text({ statement: "é".repeat(Math.floor(bytes / 2)) + "x".repeat(bytes % 2) });
  expect(parseHead(of(room)).ok).toBe(true);
  expect(parseHead(of(room + 1))).toEqual({ ok: false, error: "too_large" });
});
