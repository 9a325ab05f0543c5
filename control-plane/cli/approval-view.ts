/** What an approver is shown before signing: exactly the step, what it changes, whom it moves, and what it lets operators do. */
import { changesBetween, type EntryChange } from "../../shared/document/entry-changes.ts";
import { entriesOf, type Entries } from "../../shared/document/entry.ts";
import { rebucketingText } from "../../shared/flags/rebucket.ts";
import { rebucketedFlags } from "../../shared/flags/rebucketed.ts";
import type { Lock } from "../locker/lock-file.ts";
import { changeLines, stepsText } from "./change-text.ts";
import { momentText } from "./moment.ts";
import type { ParentContent } from "./parent-content.ts";
import { visible } from "./visible-text.ts";

export interface ApprovalView {
  readonly origin: string;
  readonly revision: number;
  readonly parent: string;
  readonly configRoot: string;
  readonly configSize: number;
  readonly snapshotDigest: string;
  /** Unix seconds. */
  readonly notAfter: number;
  /** Of the step that takes this one back; `null` where it is not signed. */
  readonly undoNotAfter: number | null;
  /** `null` where the parent isn't at hand, and `changes` are the whole content. */
  readonly changesFrom: string | null;
  readonly changes: readonly EntryChange[];
  /** As locked, each plan at its first step: what is staged or killed is no matter of revisions. */
  readonly rebucketed: readonly string[];
  /** Percents that may be served without another approval, in thousandths, by flag. */
  readonly plans: readonly { readonly flag: string; readonly steps: readonly number[] }[];
}

export function viewApproval(
  { origin, revision, parent, configRoot, configSize, snapshotDigest }: Lock,
  entries: Entries,
  replaced: ParentContent | undefined,
  { notAfter, undoNotAfter }: Pick<ApprovalView, "notAfter" | "undoNotAfter">,
): ApprovalView {
  const before = replaced?.entries ?? new Map();
  const moved = rebucketedFlags({ entries: before, overlay: {} }, { entries, overlay: {} });
  return {
    origin,
    revision,
    parent,
    configRoot,
    configSize,
    snapshotDigest,
    notAfter,
    undoNotAfter,
    changesFrom: replaced?.from ?? null,
    changes: changesBetween(before, entries),
    rebucketed: moved.map(({ flag, rebucketing }) => rebucketingText(flag, rebucketing)),
    plans: Array.from(entriesOf(entries, "flag")).flatMap(([flag, { rollout }]) =>
      rollout !== undefined && "steps" in rollout ? [{ flag, steps: rollout.steps }] : [],
    ),
  };
}

export function approvalViewText(view: ApprovalView): string {
  const { origin, revision, parent, configRoot, configSize, snapshotDigest, notAfter, undoNotAfter } = view;
  const sections = [
    [
      `${origin}: ${revision === 1 ? "revision 1, the first" : `revision ${revision - 1} → ${revision}`}`,
      `parent       ${parent}`,
      `config root  ${configRoot}, ${configSize} slots`,
      `snapshot     ${snapshotDigest}`,
      `publishable  until ${momentText(notAfter)}`,
      ...(undoNotAfter === null
        ? []
        : [
            `undo         revision ${revision + 1} that takes all of it back, publishable until ${momentText(undoNotAfter)}`,
          ]),
    ],
    [headingOf(view), ...(view.changes.length === 0 ? ["nothing"] : view.changes.flatMap(changeLines))],
    movedLines(view),
    [
      "What operators may do with it, without another approval:",
      "kill any flag: everyone gets its default variant",
      ...view.plans.map(({ flag, steps }) => `${visible(flag)}: any of ${stepsText(steps)} may be served`),
    ],
  ];
  return sections.map(([heading, ...lines]) => [heading, ...lines.map((line) => `  ${line}`)].join("\n")).join("\n\n");
}

function headingOf({ revision, changesFrom }: ApprovalView): string {
  if (revision === 1) return "What is in it:";
  if (changesFrom !== null) return `What changes, compared with ${changesFrom}:`;
  return `Revision ${revision - 1} is at hand neither at the control plane nor in git. This is the whole content, not the change:`;
}

function movedLines({ revision, changesFrom, rebucketed }: ApprovalView): readonly string[] {
  if (revision === 1) return ["There is no revision before it, so nobody moves."];
  if (changesFrom === null) return ["How many users move can't be said without the revision before."];
  if (rebucketed.length === 0) return ["Nobody moves to another variant of a flag that was there before."];
  return ["Who moves to another variant, as locked, each plan at its first step:", ...rebucketed.map(visible)];
}
