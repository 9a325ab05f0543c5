/** Step 5: what was approved. */
import { changed, entriesWith } from "../documents.ts";
import { alice, ben, ci, mallory } from "../keys.ts";
import { append, approve, notAfter, revise, type Change, type Release, type Revision } from "../log.ts";
import { productionLog } from "../logs.ts";
import { production, staging, worldOf } from "../world.ts";
import type { Cases } from "./case.ts";

const last = productionLog.at(-1)!;
const { revision: third } = last;
const first = productionLog[0]!.revision;
const entries = entriesWith(99_000);
const fourthBy = (...approvers: Parameters<typeof revise>[3]): Revision =>
  revise(production, third, entries, approvers);
const fourth = fourthBy(alice, ben);
const fifth = revise(production, fourth, entriesWith(100_000), [ben, ci]);

const then = (log: readonly Release[], ...changes: readonly Change[]): readonly Release[] => {
  const longer = [...log];
  for (const change of changes) longer.push(append(production, longer.at(-1), change));
  return longer;
};
const after = (...changes: readonly Change[]) => ({ memory: 5, log: then(productionLog, ...changes) });
const cold = (...changes: readonly Change[]) => ({ log: then(productionLog, ...changes) });

/** The same entries as the third revision has, with two contents for one number. */
const reused: Revision = { ...fourth, lock: { ...fourth.lock, revision: 3, parent: third.lock.parent } };
const detour = Array.from({ length: 514 }, (): Change => ({}));
const byApprovers = [alice, ben];
const { lock } = fourth;
const step = { ...lock, origin: production.origin };

/** Staging has production's entries, seed and approvers: only its origin is another. */
const twin = worldOf(staging.mesh, { approvers: production.policy.approvers });
const ofTwin = { origin: twin.origin };
const falseBy = (line: string): string => line.replace(/.{8}$/, "AAAAAAA=");

export const revisionCases: Cases = {
  "revision-skipped": {
    description: "Revision 5 after revision 3, with enough approvals.",
    ...after({ revision: fifth }),
    expect: "revision_out_of_sequence",
  },
  "revision-lower": {
    description: "Revision 1 comes back, with the approvals that it had.",
    ...after({ revision: first }),
    expect: "revision_out_of_sequence",
  },
  "revision-lower-after-a-long-detour": {
    description: "Revision 1 comes back after more releases than a router reads the statements of.",
    ...after(...detour, { revision: first }),
    store: { statements: [] },
    expect: "revision_out_of_sequence",
  },
  "revision-on-another-parent": {
    description: "Revision 4 was approved to follow revision 2.",
    ...after({ revision: { ...fourth, lock: { ...fourth.lock, parent: third.lock.parent } } }),
    expect: "revision_out_of_sequence",
  },
  "revisions-more-than-releases": {
    description: "Two revisions in one release, the store's statements being missing.",
    ...after({ revision: fifth }),
    store: { statements: [] },
    expect: "revision_out_of_sequence",
  },
  "revision-reused": {
    description: "Revision 3 has another content now, approved as revision 3.",
    ...after({ revision: reused }),
    expect: "revision_reused",
  },
  "revision-reused-after-a-long-detour": {
    description: "The same after more releases than a router reads the statements of.",
    ...after(...detour, { revision: reused }),
    store: { statements: [] },
    expect: "revision_reused",
  },
  "revision-with-another-parent": {
    description: "Revision 3 says now that it followed another.",
    ...after({ statement: { parent: first.lock.configRoot } }),
    expect: "revision_reused",
  },
  "statements-missing": {
    description: "The store lacks the statements between.",
    memory: 1,
    store: { statements: [] },
    expect: "statements_missing",
  },
  "statements-altered": {
    description: "A statement between is not the leaf in the log.",
    memory: 1,
    store: { statements: productionLog.map(({ statement }) => statement).with(3, last.statement) },
    expect: "statements_mismatch",
  },
  "statement-between-of-another-mesh": {
    description: "The control plane logs a revision of staging, whose approvers are the same, and goes on from there.",
    ...after({ revision: fourth, statement: ofTwin }, { revision: fourth }),
    expect: "statements_mismatch",
  },
  "statement-between-of-another-number": {
    description: "A leaf between says that it is another release.",
    ...after({ revision: fourth, statement: { release: 1 } }, { revision: fifth, statement: { release: 7 } }),
    expect: "statements_mismatch",
  },
  "revision-between-without-approvals": {
    description: "Nobody approved revision 4, two approved revision 5 on top of it.",
    ...after({ revision: fourthBy() }, { revision: fifth }),
    expect: "approvals_insufficient",
  },
  "revision-without-approvals": {
    description: "The control plane, taken over, publishes what nobody approved.",
    ...after({ revision: fourthBy() }),
    expect: "approvals_insufficient",
  },
  "revision-without-approvals-to-a-cold-router": {
    description: "The same to a router without memory.",
    ...cold({ revision: fourthBy() }),
    expect: "approvals_insufficient",
  },
  "revision-without-approvals-after-a-long-detour": {
    description: "The same after more releases than a router reads the statements of.",
    ...after(...detour, { revision: fourthBy() }),
    store: { statements: [] },
    expect: "approvals_insufficient",
  },
  "approved-by-one-of-two": {
    description: "One approval where two are asked for.",
    ...after({ revision: fourthBy(alice) }),
    expect: "approvals_insufficient",
  },
  "approved-twice-by-one": {
    description: "One approver signs twice.",
    ...after({ revision: fourthBy(alice, alice) }),
    expect: "approvals_insufficient",
  },
  "approved-by-a-stranger": {
    description: "One approver, and one who is none.",
    ...after({ revision: fourthBy(alice, mallory) }),
    expect: "approvals_insufficient",
  },
  "approved-by-the-log-key": {
    description: "The control plane approves for itself.",
    ...after({ revision: fourthBy(alice, production.log) }),
    expect: "approvals_insufficient",
  },
  "approved-with-a-false-signature": {
    description: "The second approval doesn't hold.",
    ...after({
      revision: fourth,
      statement: {
        approvals: (({ notAfter: until, signatures: [one = "", two = ""] }) => ({
          notAfter: until,
          signatures: [one, falseBy(two)],
        }))(approve(step, byApprovers)),
      },
    }),
    expect: "approvals_insufficient",
  },
  "approved-for-another-parent": {
    description: "The approvals are for the same content after another revision.",
    ...cold({
      revision: fourth,
      statement: { approvals: approve({ ...step, parent: first.lock.configRoot }, byApprovers) },
    }),
    expect: "approvals_insufficient",
  },
  "approved-for-another-time": {
    description: "The approvals ended earlier than the statement says.",
    ...cold({
      revision: fourth,
      statement: { approvals: { ...approve(step, byApprovers), notAfter: notAfter + 1 } },
    }),
    expect: "approvals_insufficient",
  },
  "approved-for-another-mesh": {
    description: "The same people approved the same content for staging.",
    ...cold({ revision: fourth, statement: { approvals: approve({ ...step, ...ofTwin }, byApprovers) } }),
    expect: "approvals_insufficient",
  },
  "approved-before-an-edit": {
    description: "The content was edited after it was approved.",
    ...cold({
      revision: revise(production, third, changed(entries, { "segment:staff": true }), byApprovers),
      statement: { approvals: approve(step, byApprovers) },
    }),
    expect: "approvals_insufficient",
  },
  "approved-by-two-of-three": {
    description: "Two approvals, among lines of strangers.",
    ...after({ revision: fourthBy(mallory, ben, production.log, alice) }),
    expect: "accepted",
  },
  "two-revisions-later": {
    description: "Two revisions and a kill later.",
    ...after({ revision: fourth }, { overlay: { "new-checkout": { kill: true } } }, { revision: fifth }),
    expect: "accepted",
  },
  "overlays-after-a-long-detour": {
    description: "Nothing but overlays, more of them than a router reads the statements of.",
    ...after(...detour, { overlay: {} }),
    store: { statements: [] },
    expect: "accepted",
  },
};
