/** Locking where git left a merge conflict in the lock file: from a stage of git's index, where the locks are whole. */
import { parseSignatureLine } from "../../shared/trust/signed-note.ts";
import type { ApprovedStep, Approvals } from "../../shared/trust/approval.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { encodeLockFile, parseLockFile, type Lock, type LockFileFault } from "./lock-file.ts";
import { lock, type Locked, type LockInput, type LockRefusal } from "./lock.ts";

/**
 * The lock to build on. `base`, the last that both sides had, is right while neither side is published; a side that is
 * published already has to be built on, for revisions are serial.
 */
export type Onto = "base" | "ours" | "theirs";

/** A stage of git's index: 1 base, 2 ours, 3 theirs. */
export type Stage = 1 | 2 | 3;
const stageOf = { base: 1, ours: 2, theirs: 3 } as const satisfies Record<Onto, Stage>;

export interface LostApproval {
  readonly side: "ours" | "theirs";
  /** What was approved. */
  readonly revision: number;
  /** Name of the key. */
  readonly signer: string;
}

export type ConflictRefusal =
  | LockRefusal
  /** Git has no such stage: the conflict was marked as resolved, or the side has no lock. */
  | { readonly code: "stage_missing"; readonly onto: Onto }
  | { readonly code: "stage_unreadable"; readonly onto: Onto; readonly fault: LockFileFault };

/**
 * Locks the merged document on top of one of the conflict's three locks. Approvals of either side stay if that side
 * approved exactly this step; the others are named.
 * @param show the lock file at a stage (`git show :1:flagmesh.lock`), `undefined` where there is none
 */
export async function lockConflicted(
  input: Omit<LockInput, "previous">,
  show: (stage: Stage) => Promise<string | undefined>,
  onto: Onto = "base",
): Promise<Result<Locked & { readonly lost: readonly LostApproval[] }, ConflictRefusal>> {
  const text = await show(stageOf[onto]);
  if (text === undefined) return err({ code: "stage_missing", onto });
  const previous = parseLockFile(text);
  if (!previous.ok) return err({ code: "stage_unreadable", onto, fault: previous.error });
  const locked = lock({ ...input, previous: previous.value });
  if (!locked.ok) return locked;

  const sides: (readonly [LostApproval["side"], Lock])[] = [];
  for (const side of ["ours", "theirs"] as const) {
    const sideText = await show(stageOf[side]);
    const parsed = sideText === undefined ? undefined : parseLockFile(sideText);
    // A side that can't be read has no approval that could be kept or named.
    if (parsed?.ok === true) sides.push([side, parsed.value]);
  }
  const approvals = mostApproved([
    locked.value.lock.approvals,
    ...sides.filter(([, side]) => isSameStep(side, locked.value.lock)).map(([, side]) => side.approvals),
  ]);
  const merged = { ...locked.value.lock, approvals };
  const lost = sides.flatMap(([side, its]) => lostOf(side, its, merged));
  return ok({ ...locked.value, lock: merged, text: encodeLockFile(merged), lost });
}

const isSameStep = (a: ApprovedStep, b: ApprovedStep): boolean =>
  (["origin", "revision", "configRoot", "configSize", "snapshotDigest", "parent"] as const).every(
    (field) => a[field] === b[field],
  );

/** Signatures of one `notAfter` count together, for it is signed with them; the most of them win. */
function mostApproved(all: readonly Approvals[]): Approvals {
  const byNotAfter = new Map<number, Set<string>>();
  for (const { notAfter, signatures } of all) {
    byNotAfter.set(notAfter, new Set([...(byNotAfter.get(notAfter) ?? []), ...signatures]));
  }
  return [...byNotAfter]
    .map(([notAfter, signatures]) => ({ notAfter, signatures: [...signatures] }))
    .reduce((most, next) => (next.signatures.length > most.signatures.length ? next : most));
}

function lostOf(side: LostApproval["side"], its: Lock, merged: Lock): LostApproval[] {
  const kept = new Set([...merged.approvals.signatures, ...(merged.undo?.approvals.signatures ?? [])]);
  const lost = (revision: number, approvals: Approvals | undefined): LostApproval[] =>
    (approvals?.signatures ?? [])
      .filter((line) => !kept.has(line))
      .map((line) => {
        const parsed = parseSignatureLine(line);
        return { side, revision, signer: parsed.ok ? parsed.value.name : line };
      });
  return [...lost(its.revision, its.approvals), ...lost(its.revision + 1, its.undo?.approvals)];
}
