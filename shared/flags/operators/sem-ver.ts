/** `sem_ver`: compares versions by Semantic Versioning 2.0.0, section 11; what is no version gives null. */
import type { Json } from "../../encoding/json.ts";
import { compileList, isList, isLiteral, type Compiler, type Operator, type Rule, type Value } from "../rule.ts";
import { textOf } from "../text.ts";

export const semVerOperators: readonly (readonly [string, Operator])[] = [["sem_ver", compileSemVer]];

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Empty for a release, which comes after its pre-releases. */
  readonly preRelease: readonly (number | string)[];
}

type Relation = (a: Version, b: Version) => boolean;

const versionRelations: ReadonlyMap<string, Relation> = new Map<string, Relation>([
  ["=", (a, b) => compareVersions(a, b) === 0],
  ["!=", (a, b) => compareVersions(a, b) !== 0],
  ["<", (a, b) => compareVersions(a, b) < 0],
  ["<=", (a, b) => compareVersions(a, b) <= 0],
  [">=", (a, b) => compareVersions(a, b) >= 0],
  [">", (a, b) => compareVersions(a, b) > 0],
  ["^", (a, b) => a.major === b.major],
  ["~", (a, b) => a.major === b.major && a.minor === b.minor],
]);

export const isVersionRelation = (relation: Value): boolean =>
  typeof relation === "string" && versionRelations.has(relation);

/** `[version, relation, version]`. */
function compileSemVer(args: Json, compiler: Compiler): Rule {
  if (isList(args) && args.length === 3 && isLiteral(args.slice(1))) {
    const version = compiler.compile(args[0]!);
    const relation = versionRelations.get(textOf(args[1]));
    const than = versionOf(args[2]);
    return (data, run, above) => related(versionOf(version(data, run, above)), relation, than);
  }
  const argumentsOf = compileList(args, compiler);
  return (data, run, above) => {
    const values = argumentsOf(data, run, above);
    if (values.length !== 3) return null;
    return related(versionOf(values[0]), versionRelations.get(textOf(values[1])), versionOf(values[2]));
  };
}

const related = (a: Version | undefined, relation: Relation | undefined, b: Version | undefined): boolean | null =>
  a === undefined || b === undefined || relation === undefined ? null : relation(a, b);

const versionCharsMax = 256;
const number = "(0|[1-9]\\d{0,15})";
const identifier = "(?:\\d*[a-zA-Z-][0-9a-zA-Z-]*|0|[1-9]\\d*)";
const build = "[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*";
const versionPattern = new RegExp(
  `^v?${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+${build})?$`,
);
/** A minor version of more than 16 digits, as numbers with fractions have, is left out. */
const shortPattern = new RegExp(`^${number}(?:\\.(?:${number}|\\d{17,}))?$`);

/** Also reads `v1.2.3`, `1`, `1.2` and numbers, as flagd does. */
export function versionOf(value: Value): Version | undefined {
  const text = textOf(value).replace(/^[vV]/, "");
  if (text.length > versionCharsMax) return undefined;
  const match = versionPattern.exec(text.trim()) ?? shortPattern.exec(text);
  if (match === null) return undefined;
  const [, major, minor = "0", patch = "0", preRelease] = match;
  const parts = [Number(major), Number(minor), Number(patch)] as const;
  if (!parts.every(Number.isSafeInteger)) return undefined;
  const identifiers = preRelease === undefined ? [] : preRelease.split(".").map(identifierOf);
  return { major: parts[0], minor: parts[1], patch: parts[2], preRelease: identifiers };
}

function identifierOf(text: string): number | string {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value < Number.MAX_SAFE_INTEGER ? value : text;
}

/** Below, at or above 0. Build metadata doesn't count. */
function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch || comparePreReleases(a.preRelease, b.preRelease);
}

function comparePreReleases(a: Version["preRelease"], b: Version["preRelease"]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i], b[i]];
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    if (left === right) continue;
    return compareIdentifiers(left, right);
  }
  return 0;
}

/** Numbers come before texts. */
function compareIdentifiers(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : 1;
}
