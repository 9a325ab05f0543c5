/** Collects findings while a document is read, so that all of them are told at once. */
import type { Finding, Path } from "./finding.ts";

type More = Pick<Finding, "hint" | "related" | "atKey">;

export interface Report {
  readonly findings: readonly Finding[];
  error(code: string, path: Path, message: string, more?: More): void;
  warning(code: string, path: Path, message: string, more?: More): void;
  /** Whether an error lies at a section, at an entry, or at or below a member of an entry. */
  hasErrorAt(path: Path): boolean;
  /** Whether an error lies anywhere in a section, or in an entry. */
  hasErrorIn(path: Path): boolean;
}

const memberDepth = 3;

export function createReport(): Report {
  const findings: Finding[] = [];
  const at = new Set<string>();
  const within = new Set<string>();
  const told = new Set<string>();
  /** Two rules may find the same: it is told once. */
  const add = (finding: Finding): void => {
    const key = JSON.stringify([finding.code, finding.path]);
    if (!told.has(key)) findings.push(finding);
    told.add(key);
  };
  return {
    findings,
    error(code, path, message, more) {
      add({ code, severity: "error", path, message, ...more });
      at.add(JSON.stringify(path.slice(0, memberDepth)));
      within.add(JSON.stringify(path.slice(0, 1)));
      within.add(JSON.stringify(path.slice(0, 2)));
    },
    warning(code, path, message, more) {
      add({ code, severity: "warning", path, message, ...more });
    },
    hasErrorAt: (path) => at.has(JSON.stringify(path)),
    hasErrorIn: (path) => within.has(JSON.stringify(path)),
  };
}

export const hasError = (findings: readonly Finding[]): boolean =>
  findings.some(({ severity }) => severity === "error");
