/**
 * The lock file, `flagmesh.lock`: what exactly was locked, and who approved it. It is YAML 1.2 for people and for other
 * tools, and one text only for each lock: blocks of `key: JSON` and `- JSON`, two spaces a level, one entry a line.
 * So it is read by a reader of that subset, and whatever it would not itself write again is refused.
 */
import * as v from "valibot";
import { isEntryKey, type EntryKey } from "../../shared/document/entry.ts";
import { isMeshId, type MeshId } from "../../shared/document/mesh-id.ts";
import { exceedsBytes } from "../../shared/encoding/bytes.ts";
import { count, digestText, hashText } from "../../shared/encoding/shape.ts";
import { limits } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { approvalsSchema } from "../../shared/trust/approval.ts";

const revision = v.pipe(count, v.minValue(1));

const lockSchema = v.strictObject({
  lockVersion: v.literal(1),
  mesh: v.custom<MeshId>(isMeshId),
  /** `<deployment>/<tenant>/<environment>`. */
  origin: v.string(),
  /** Counts changes of the entries: 1, 2, 3 … */
  revision,
  /** Config root of the revision before; the empty tree's for revision 1. */
  parent: hashText,
  /** 32 random bytes, made once: salts and the order of slots derive from it. */
  seed: hashText,
  /** Digest of each source file's bytes, by its path from the lock's folder, with `/`. */
  files: v.map(v.string(), digestText),
  entries: v.map(
    v.custom<EntryKey>((key) => typeof key === "string" && isEntryKey(key)),
    v.strictObject({ /** The revision that last changed it. */ rev: revision, slot: count, leaf: hashText }),
  ),
  /** Slots whose entry was removed, by the revision that removed it. */
  vacant: v.array(v.strictObject({ slot: count, rev: revision })),
  configSize: count,
  configRoot: hashText,
  snapshotDigest: digestText,
  approvals: approvalsSchema,
  /** Approvals of the next revision, if it has this content: the one that restores what this revision replaced. */
  undo: v.nullable(
    v.strictObject({
      configRoot: hashText,
      configSize: count,
      snapshotDigest: digestText,
      approvals: approvalsSchema,
    }),
  ),
  /** The version that wrote it. */
  tool: v.string(),
});
export type Lock = v.InferOutput<typeof lockSchema>;
export type LockedEntry = Lock["entries"] extends Map<EntryKey, infer E> ? E : never;

export interface LockFileFault {
  readonly code: "lock_conflicted" | "lock_malformed" | "lock_too_large";
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

const heading = "# Written by `flagmesh lock`. Not to be edited: relock instead.";

export function encodeLockFile(lock: Lock): string {
  const { approvals, undo } = lock;
  const lines = [
    heading,
    `lockVersion: ${lock.lockVersion}`,
    `mesh: ${text(lock.mesh)}`,
    `origin: ${text(lock.origin)}`,
    `revision: ${lock.revision}`,
    `parent: ${text(lock.parent)}`,
    `seed: ${text(lock.seed)}`,
    ...block(
      "files",
      "{}",
      sorted(lock.files, (digest) => text(digest)),
    ),
    ...block(
      "entries",
      "{}",
      sorted(lock.entries, ({ rev, slot, leaf }) => `{ "rev": ${rev}, "slot": ${slot}, "leaf": ${text(leaf)} }`),
    ),
    ...block(
      "vacant",
      "[]",
      [...lock.vacant].sort((a, b) => a.slot - b.slot).map(({ slot, rev }) => `- { "slot": ${slot}, "rev": ${rev} }`),
    ),
    `configSize: ${lock.configSize}`,
    `configRoot: ${text(lock.configRoot)}`,
    `snapshotDigest: ${text(lock.snapshotDigest)}`,
    ...approvalLines(approvals),
    ...(undo === null
      ? ["undo: null"]
      : block("undo", "{}", [
          `configRoot: ${text(undo.configRoot)}`,
          `configSize: ${undo.configSize}`,
          `snapshotDigest: ${text(undo.snapshotDigest)}`,
          ...approvalLines(undo.approvals),
        ])),
    `tool: ${text(lock.tool)}`,
  ];
  return `${lines.join("\n")}\n`;
}

const text = (value: string): string => JSON.stringify(value);

const approvalLines = ({ notAfter, signatures }: Lock["approvals"]): string[] =>
  block("approvals", "{}", [
    `notAfter: ${notAfter}`,
    ...block(
      "signatures",
      "[]",
      signatures.map((line) => `- ${text(line)}`),
    ),
  ]);

const sorted = <V>(map: ReadonlyMap<string, V>, encode: (value: V) => string): string[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${text(key)}: ${encode(value)}`);

const block = (name: string, empty: "{}" | "[]", lines: readonly string[]): string[] =>
  lines.length === 0 ? [`${name}: ${empty}`] : [`${name}:`, ...lines.map((line) => `  ${line}`)];

/** Reads a lock file, and believes nothing of it: that its hashes add up is for `sumLock`. */
export function parseLockFile(file: string): Result<Lock, LockFileFault> {
  const fault = (code: LockFileFault["code"], line: number, message: string): Result<Lock, LockFileFault> =>
    err({ code, line, message });
  if (exceedsBytes(file, limits.lockBytesMax)) {
    return fault("lock_too_large", 1, `it has more than ${limits.lockBytesMax} bytes`);
  }
  const lines = file.split("\n");
  const marker = lines.findIndex((line) => conflictMarker.test(line));
  if (marker !== -1)
    return fault("lock_conflicted", marker + 1, `it has the merge conflict marker ${lines[marker]!.slice(0, 7)}`);
  if (file.includes("\r")) {
    return fault(
      "lock_malformed",
      1,
      "its line ends were changed to CRLF; .gitattributes needs: flagmesh.lock text eol=lf",
    );
  }
  if (lines[0] !== heading) return fault("lock_malformed", 1, `it doesn't begin with "${heading}"`);
  if (lines.at(-1) !== "") return fault("lock_malformed", lines.length, "its last line is cut off");
  const { value, next } = readBlock(lines, 1, "");
  if (next !== lines.length - 1) {
    return fault("lock_malformed", next + 1, `flagmesh doesn't write ${text(lines[next]?.slice(0, 80) ?? "")} here`);
  }
  const parsed = v.safeParse(lockSchema, value, { abortEarly: true });
  if (!parsed.success) {
    const path = v.getDotPath(parsed.issues[0]) ?? "";
    const line = lines.findIndex((line) => line.startsWith(`${path.split(".")[0]}:`));
    return fault("lock_malformed", Math.max(line + 1, 1), `${path}: ${parsed.issues[0].message}`);
  }
  const again = encodeLockFile(parsed.output).split("\n");
  const differs = again.findIndex((line, i) => line !== lines[i]);
  return differs === -1 && again.length === lines.length
    ? ok(parsed.output)
    : fault("lock_malformed", differs + 1, `flagmesh would write ${text(again[differs] ?? "")} here`);
}

const conflictMarker = /^(?:<{7}|\|{7}|={7}|>{7})(?: |$)/;
const itemLine = /^- (.+)$/;
const namedLine = /^([a-zA-Z]+|"(?:[^"\\]|\\.)*"):(?: (.+))?$/;

interface Read {
  readonly value: unknown;
  /** The first line that was not read. */
  readonly next: number;
}

/** A block from line `at` on, indented so far: an array, an object of bare names, or a map of quoted ones. */
function readBlock(lines: readonly string[], at: number, indent: string): Read {
  const items: unknown[] = [];
  const members = new Map<string, unknown>();
  let bare = false;
  let next = at;
  while (lines[next]?.startsWith(indent) === true) {
    const content = lines[next]!.slice(indent.length);
    const item = readJson(itemLine.exec(content)?.[1]);
    const [, name, inline] = namedLine.exec(content) ?? [];
    const key = name?.startsWith('"') ? readJson(name) : name;
    const value = inline === undefined ? undefined : readJson(inline);
    if (item !== undefined) {
      items.push(item);
      next++;
    } else if (typeof key === "string" && (inline === undefined || value !== undefined)) {
      const inner = inline === undefined ? readBlock(lines, next + 1, `${indent}  `) : { value, next: next + 1 };
      bare ||= key === name;
      members.set(key, inner.value);
      next = inner.next;
    } else {
      break;
    }
  }
  return { value: items.length > 0 ? items : bare ? Object.fromEntries(members) : members, next };
}

/** `undefined` where there is no text, or it is no JSON. */
function readJson(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  if (json === "{}") return new Map();
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
