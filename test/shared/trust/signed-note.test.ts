import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toBase64 } from "../../../shared/encoding/bytes.ts";
import { limits } from "../../../shared/limits.ts";
import {
  encodeSignatureLine,
  encodeSignedNote,
  isSignedBy,
  parseSignatureLine,
  parseSignedNote,
  type NoteSignature,
  type SignedNote,
} from "../../../shared/trust/signed-note.ts";
import { parseVkey, type Vkey } from "../../../shared/trust/vkey.ts";
import goNotes from "../../vectors/go-note/notes.json" with { type: "json" };
import goRefused from "../../vectors/go-note/refused.json" with { type: "json" };
import { keyNamed, logs } from "../../vectors/trust/load.ts";

const vkey = (text: string): Vkey => {
  const key = parseVkey(text);
  if (!key.ok) throw new Error(key.error);
  return key.value;
};
const note = (text: string): SignedNote => {
  const parsed = parseSignedNote(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

describe.each(logs)("the notes of %s", (_, log) => {
  test("read, write back, and are signed by the log's key and no other", async () => {
    for (const release of log.releases) {
      const parsed = note(release.note);
      expect(parsed.text).toBe(release.checkpoint);
      expect(encodeSignedNote(parsed)).toBe(release.note);
      expect(await isSignedBy(vkey(keyNamed(log.origin).vkey), parsed)).toBe(true);
      expect(await isSignedBy(vkey(keyNamed("mallory@example.com").vkey), parsed)).toBe(false);
    }
  });
});

describe("a note that Go signed", () => {
  test.each(Object.entries(goNotes))("opens: %s", async (_, { note: signed, text, vkeys }) => {
    const parsed = note(signed);
    expect(parsed.text).toBe(text);
    expect(encodeSignedNote(parsed)).toBe(signed);
    for (const key of vkeys) expect(await isSignedBy(vkey(key), parsed)).toBe(true);
  });

  test.each(Object.entries(goRefused))("and that Go refuses is refused: %s", async (_, { note: text, vkey: key }) => {
    const parsed = parseSignedNote(text);
    expect(parsed.ok && (await isSignedBy(vkey(key), parsed.value))).toBe(false);
  });
});

const signature = toBase64(new Uint8Array(68));
const line = `— example.com ${signature}`;

describe("a note", () => {
  test("is split at its last blank line", () => {
    expect(note(`a\n\n— x AAAAAAA=\n\n${line}\n`).text).toBe("a\n\n— x AAAAAAA=\n");
  });

  test.each([
    ["that is empty", ""],
    ["of one line", "a\n"],
    ["without a text", `\n${line}\n`],
    ["that begins with its blank line", `\n\n${line}\n`],
    ["without signatures", "a\n\n"],
    ["with a blank line at its end", `a\n\n${line}\n\n`],
    ["without a newline at its end", `a\n\n${line}`],
    ["with CRLF", `a\r\n\r\n${line}\r\n`],
    ["with CR at the end of its signature", `a\n\n${line}\r\n`],
    ["with a tab in its text", `a\tb\n\n${line}\n`],
    ["with NUL in its text", `a\0b\n\n${line}\n`],
    ["with an escape in its text", `a\u001bb\n\n${line}\n`],
    ["with half a surrogate pair", `a\ud800\n\n${line}\n`],
    ["with a text among its signatures", `a\n\n${line}\nb\n`],
  ])("%s is malformed", (_, text) => {
    expect(parseSignedNote(text)).toEqual({ ok: false, error: "note_malformed" });
  });

  test("has a bound in bytes", () => {
    const rest = `\n\n${line}\n`;
    const room = limits.noteBytesMax - new TextEncoder().encode(rest).length;
    expect(parseSignedNote("x".repeat(room) + rest).ok).toBe(true);
    expect(parseSignedNote("x".repeat(room + 1) + rest)).toEqual({ ok: false, error: "note_too_large" });
    expect(parseSignedNote("é".repeat(Math.ceil(room / 2) + 1) + rest)).toEqual({ ok: false, error: "note_too_large" });
  });

  test("has a bound on its signatures", () => {
    const full = `a\n\n${`${line}\n`.repeat(limits.noteSignaturesMax)}`;
    expect(note(full).signatures).toHaveLength(limits.noteSignaturesMax);
    expect(parseSignedNote(`${full}${line}\n`)).toEqual({ ok: false, error: "note_too_large" });
  });
});

describe("a signature line", () => {
  test.each([
    ["without the dash", `example.com ${signature}`],
    ["with a hyphen", `- example.com ${signature}`],
    ["with an en dash", `– example.com ${signature}`],
    ["with two spaces before the name", `—  example.com ${signature}`],
    ["with two spaces after the name", `— example.com  ${signature}`],
    ["with a space at its end", `${line} `],
    ["with a no-break space in the name", `— a\u00a0b ${signature}`],
    ["with a plus in the name", `— a+b ${signature}`],
    ["without a name", `—  ${signature}`],
    ["without a signature", "— example.com "],
    ["with a key ID and nothing else", `— example.com ${toBase64(new Uint8Array(4))}`],
    ["in base64url", `— example.com ${"-_".repeat(34)}`],
    ["in base64 without padding", `— example.com ${signature.replace("=", "")}`],
    ["in base64 with stray bits", `— example.com ${signature.replace(/A=$/, "B=")}`],
    ["with a line break in its base64", `— example.com ${signature.slice(0, 8)}\n${signature.slice(8)}`],
    ["with a line break at its end", `${line}\n`],
  ])("%s is malformed", (_, text) => {
    expect(parseSignatureLine(text)).toEqual({ ok: false, error: "note_malformed" });
  });

  test("reads back what it wrote, whatever name and bytes", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[\s+\p{Cc}]/u.test(text));
    const id = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(name, id, fc.uint8Array({ minLength: 1, maxLength: 100 }), (name, keyId, rest) => {
        const made = { name, keyId, signature: rest } as NoteSignature;
        const parsed = parseSignatureLine(encodeSignatureLine(made));
        expect(parsed).toEqual({ ok: true, value: made });
      }),
    );
  });
});

describe("a signature counts", () => {
  const [good] = logs[0][1].releases.map(({ note: text }) => note(text));
  const log = vkey(keyNamed(logs[0][1].origin).vkey);
  const freshness = vkey(keyNamed(`${logs[0][1].origin}/freshness`).vkey);
  const with_ = (signatures: readonly NoteSignature[]): SignedNote => ({ text: good!.text, signatures });
  const own = good!.signatures[0]!;
  const stranger = { ...own, name: "stranger" };

  test.each([
    ["beside those of strangers", [stranger, own, stranger], true],
    ["where it stands twice", [own, own], true],
    ["not under another name", [stranger], false],
    ["not under another key ID", [{ ...own, keyId: own.keyId.with(0, own.keyId[0]! ^ 1) }], false],
    // As in Go: a known key's signature that doesn't hold spoils the note.
    ["not after a false one of the same key", [{ ...own, signature: own.signature.with(0, 0) }, own], false],
    ["not where it is cut", [{ ...own, signature: own.signature.slice(0, 63) }], false],
  ] as const)("%s", async (_, signatures, wanted) => {
    expect(await isSignedBy(log, with_(signatures))).toBe(wanted);
  });

  test("not as a plain one where the key only cosigns", async () => {
    const cosigned = { ...own, name: freshness.name, keyId: freshness.keyId };
    expect(await isSignedBy(freshness, with_([cosigned]))).toBe(false);
  });
});

test("whatever text is read, it is written back the same", () => {
  const piece = fc.constantFrom("a", "\n", "\n\n", "— ", "x", " ", "AAAAAAA=", line, "\t", "\r", "é", "+");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
      ),
      (text) => {
        const parsed = parseSignedNote(text);
        expect(parsed.ok ? encodeSignedNote(parsed.value) : text).toBe(text);
      },
    ),
    { numRuns: 2_000 },
  );
});
