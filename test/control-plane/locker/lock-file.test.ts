import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { encodeLockFile, parseLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import { limits } from "../../../shared/limits.ts";
import { lockVectors } from "./lock-vectors.ts";

const parsed = (text: string): Lock => {
  const lock = parseLockFile(text);
  if (!lock.ok) throw new Error(`line ${lock.error.line}: ${lock.error.message}`);
  return lock.value;
};
const text = lockVectors.find(({ name }) => name === "4-one-returned")!.lock;
const approved: Lock = {
  ...parsed(text),
  approvals: { notAfter: 1_800_000_000, signatures: ["— alice AAAAAAAA", "— bob BBBBBBBB"] },
  undo: {
    configRoot: parsed(text).parent,
    configSize: 7,
    snapshotDigest: parsed(text).snapshotDigest,
    approvals: { notAfter: 1_800_000_000, signatures: ["— alice CCCCCCCC"] },
  },
};

describe("a lock file", () => {
  test.each(lockVectors)("of $name reads back to the same bytes", ({ lock }) => {
    expect(encodeLockFile(parsed(lock))).toBe(lock);
  });

  test("with approvals and their undo reads back to the same lock", () => {
    expect(parsed(encodeLockFile(approved))).toEqual(approved);
  });

  test("of nothing reads back to the same lock", () => {
    const empty: Lock = { ...approved, files: new Map(), entries: new Map(), vacant: [], configSize: 0 };
    expect(parsed(encodeLockFile(empty))).toEqual(empty);
  });

  test("with names that need quoting reads back to the same lock", () => {
    const files: Lock["files"] = new Map(
      ["__proto__", "a: b", '"', "\\", "- x", "# x", "\u2028", "\ufeff", "😀", "null", "1", "{}", " "].map((path) => [
        path,
        approved.snapshotDigest,
      ]),
    );
    expect(parsed(encodeLockFile({ ...approved, files })).files).toEqual(files);
  });

  test.each([...lockVectors.map(({ lock }) => lock), encodeLockFile(approved)])(
    "means the same to a reader of YAML 1.2",
    (file) => {
      const document = parseDocument(file, { version: "1.2", strict: true, stringKeys: true });
      expect([...document.errors, ...document.warnings]).toEqual([]);
      const lock = parsed(file);
      expect(document.toJS()).toEqual({
        ...lock,
        files: Object.fromEntries(lock.files),
        entries: Object.fromEntries(lock.entries),
      });
    },
  );

  test("has one entry a line, in the order of keys", () => {
    const keys = encodeLockFile(approved).match(/^ {2}"[^"]+": \{ "rev"/gm);
    expect(keys).toHaveLength(approved.entries.size);
    expect(keys).toEqual(keys!.toSorted());
  });

  test("doesn't depend on the order of a lock's maps", () => {
    const reversed = {
      ...approved,
      files: new Map([...approved.files].reverse()),
      entries: new Map([...approved.entries].reverse()),
    };
    expect(encodeLockFile(reversed)).toBe(encodeLockFile(approved));
  });
});

const filledWith = (bytes: number): string => encodeLockFile({ ...approved, tool: "x".repeat(bytes) });

describe("a lock file is refused", () => {
  const lineOf = (start: string): number => text.split("\n").findIndex((line) => line.startsWith(start)) + 1;
  const [entryLine] = /^ {2}"flag:price".*$/m.exec(text)!;

  test.each<[string, string, number]>([
    ["that is empty", "", 1],
    ["that is a YAML document of another kind", "mesh: acme/production\n", 1],
    ["without its heading", text.slice(text.indexOf("\n") + 1), 1],
    ["without its last line end", text.slice(0, -1), text.split("\n").length - 1],
    ["with a blank line", text.replace("\nfiles:", "\n\nfiles:"), lineOf("files:")],
    ["with a comment", text.replace("\nfiles:", "\n# x\nfiles:"), lineOf("files:")],
    ["with a space too many", text.replace("revision: 4", "revision:  4"), lineOf("revision:")],
    ["with an unquoted text", text.replace(/^tool: .*$/m, "tool: flagmesh"), lineOf("tool:")],
    ["with an anchor", text.replace(/^tool: /m, "tool: &x "), lineOf("tool:")],
    ["with a tag", text.replace(/^revision: /m, "revision: !!int "), lineOf("revision:")],
    ["with a line missing", text.replace(/^configSize: .*\n/m, ""), 1],
    ["with a line twice", text.replace("revision: 4\n", "revision: 4\nrevision: 4\n"), lineOf("revision:") + 1],
    ["with an unknown line", text.replace("revision: 4\n", "revision: 4\nother: 1\n"), lineOf("revision:") + 1],
    ["with an entry twice", text.replace(entryLine, `${entryLine}\n${entryLine}`), lineOf(entryLine) + 1],
    ["with entries out of order", text.replace(/( {2}"flag:.*\n)( {2}"flag:.*\n)/, "$2$1"), lineOf(`  "flag:`)],
    ["with an entry of an unknown kind", text.replace(`"flag:price"`, `"experiment:price"`), lineOf("entries:")],
    ["with an entry without a slot", text.replace(/(price.*), "slot": \d+/, "$1"), lineOf("entries:")],
    ["with a negative slot", text.replace(/(price.*"slot": )0/, "$1-1"), lineOf("entries:")],
    ["with a number that JSON spells twice", text.replace(/(price.*"slot": )0/, "$10.0"), lineOf(entryLine)],
    ["with a leaf hash of another length", text.replace(/(price.*"leaf": ")..../, "$1"), lineOf("entries:")],
    ["with revision 0", text.replace("revision: 4", "revision: 0"), lineOf("revision:")],
    ["with a revision of 2^53", text.replace("revision: 4", "revision: 9007199254740992"), lineOf("revision:")],
    ["with a mesh that can't be one", text.replace("acme/production", "acme"), lineOf("mesh:")],
    [
      "with a digest in capitals",
      text.replace(/snapshotDigest: "sha256:.*"/, `snapshotDigest: "sha256:${"A".repeat(64)}"`),
      lineOf("snapshotDigest:"),
    ],
    [
      "with 33 signatures",
      encodeLockFile({
        ...approved,
        approvals: { notAfter: 0, signatures: Array.from({ length: 33 }, () => "— a AAAA") },
      }),
      lineOf("approvals:"),
    ],
    ["of a later version", text.replace("lockVersion: 1", "lockVersion: 2"), lineOf("lockVersion:")],
    ["whose line ends were changed", text.replaceAll("\n", "\r\n"), 1],
    ["with a byte order mark", `\ufeff${text}`, 1],
    ["with a bad escape in a name", text.replace(`"flag:price"`, String.raw`"flag:\q"`), lineOf(entryLine)],
  ])("%s, naming the line", (_, file, line) => {
    expect(parseLockFile(file)).toMatchObject({ ok: false, error: { code: "lock_malformed", line } });
  });

  test.each([
    ["<<<<<<< HEAD", 5],
    ["||||||| merged common ancestors", 5],
    ["=======", 5],
    [">>>>>>> main", 5],
  ])("as conflicted at the marker %s", (marker, line) => {
    const file = text
      .split("\n")
      .toSpliced(line - 1, 0, marker)
      .join("\n");
    expect(parseLockFile(file)).toMatchObject({ ok: false, error: { code: "lock_conflicted", line } });
  });

  test("at more than the limit, and read at it", () => {
    const most = limits.lockBytesMax - Buffer.byteLength(filledWith(0));
    expect(parseLockFile(filledWith(most)).ok).toBe(true);
    expect(parseLockFile(filledWith(most + 1))).toMatchObject({ ok: false, error: { code: "lock_too_large" } });
  });

  test("after a change of any of its lines' characters, or it means another lock", () => {
    const lines = text.split("\n");
    const unnoticed = lines.flatMap((line, i) =>
      Array.from(line, (_, at) =>
        lines.with(i, `${line.slice(0, at)}${line[at] === "x" ? "y" : "x"}${line.slice(at + 1)}`).join("\n"),
      )
        .map(parseLockFile)
        .filter((result) => result.ok && encodeLockFile(result.value) === text),
    );
    expect(unnoticed).toEqual([]);
  });
});
