/** Step 2, the policies: how one follows another. */
import { limits } from "../../../../shared/limits.ts";
import type { Statement } from "../../../../shared/trust/statement.ts";
import { entriesWith } from "../documents.ts";
import { alice, ben, ci, mallory, type NamedKey } from "../keys.ts";
import { append, revise } from "../log.ts";
import { productionLog, stagingLog } from "../logs.ts";
import { production, staging, succeed, worldOf, type World } from "../world.ts";
import type { Cases } from "./case.ts";

const last = productionLog.at(-1)!;
/** Ci alone approves: who approved revision 3 too. */
const byCi = { approvers: { threshold: 1, keys: [ci.vkeyText] } };
const second = succeed(production, byCi, [alice, ben, ci]);
const third = succeed(second, { approvers: { threshold: 1, keys: [mallory.vkeyText] } }, [ci, mallory]);

const policiesOf = (...worlds: readonly World[]) => ({
  policies: Object.fromEntries(worlds.map(({ policyDigest, policyText }) => [policyDigest, policyText])),
});
/** The next release, of the revision that is in force, under another policy. */
const under = (world: World, ...stored: readonly World[]) => ({
  log: [...productionLog, append(world, last, {})],
  store: policiesOf(world, ...stored),
});
const signedBy = (...signers: readonly NamedKey[]) => under(succeed(production, byCi, signers));

const named = (policy: Statement["policy"]) => ({
  log: [...productionLog, append(production, last, { statement: { policy } })],
});

const fourth = revise(production, last.revision, entriesWith(60_000), [alice, ben, ci]);
const fifth = revise(production, fourth, entriesWith(70_000), [ci]);
const followed = append(second, last, {});
const thenRevised = append(second, append(production, last, { revision: fourth }), { revision: fifth });

/** A first policy that nobody pinned. */
const otherFirst = worldOf(production.mesh, { approvers: { threshold: 1, keys: [mallory.vkeyText] } });

/** So many policies that each follow the one before. */
const long = Array.from({ length: limits.policiesWalkedMax }).reduce<readonly World[]>(
  (worlds) => worlds.concat(succeed(worlds.at(-1)!, byCi, worlds.length === 1 ? [alice, ben, ci] : [ci])),
  [production],
);

const logKeyPolicy = succeed(staging, { overrides: [mallory.vkeyText] }, [staging.log]);
const stagingLast = stagingLog.at(-1)!;
const stagingUnder = (world: World) => ({
  world: staging,
  log: [...stagingLog, append(world, stagingLast, {})],
  store: policiesOf(world),
});

export const policyCases: Cases = {
  "policy-that-follows": {
    description: "Policy 2, signed by two of the three who approve by policy 1, and by the one who does by policy 2.",
    memory: 5,
    ...under(second),
    expect: "accepted",
  },
  "policy-that-follows-to-a-cold-router": {
    description: "The router is pinned to policy 1, and reads its way from policy 2 back to it.",
    ...under(second),
    expect: "accepted",
  },
  "policy-two-further": {
    description: "Policy 3 follows policy 2, which the router never saw.",
    memory: 5,
    ...under(third, second),
    expect: "accepted",
  },
  "policy-two-further-of-which-one-is-missing": {
    description: "The store lacks policy 2.",
    memory: 5,
    ...under(third),
    expect: "policy_missing",
  },
  "policy-unsigned": {
    description: "The control plane, taken over, writes itself a policy.",
    memory: 5,
    ...signedBy(),
    expect: "policy_unsigned",
  },
  "policy-unsigned-to-a-cold-router": {
    description: "The same to a router without memory.",
    ...signedBy(),
    expect: "policy_unsigned",
  },
  "policy-signed-by-one-of-two": {
    description: "Policy 1 asks for two approvers, whatever policy 2 asks for.",
    ...signedBy(alice),
    expect: "policy_unsigned",
  },
  "policy-signed-twice-by-one": {
    description: "One approver is one.",
    ...signedBy(ci, ci),
    expect: "policy_unsigned",
  },
  "policy-signed-by-the-log-key": {
    description: "Where approvers are asked for, the log key isn't one.",
    ...signedBy(ci, production.log),
    expect: "policy_unsigned",
  },
  "policy-not-signed-by-its-own-approvers": {
    description: "Those whom policy 2 names never showed that they have their keys.",
    ...signedBy(alice, ben),
    expect: "policy_unsigned",
  },
  "policy-signed-by-strangers": {
    description: "Whom policy 2 names isn't whom policy 1 asks.",
    ...under(succeed(production, { approvers: { threshold: 1, keys: [mallory.vkeyText] } }, [mallory])),
    expect: "policy_unsigned",
  },
  "policy-with-a-number-left-out": {
    description: "Policy 3 says that it follows policy 1.",
    ...under(succeed(production, { ...byCi, number: 3 }, [alice, ben, ci])),
    expect: "policy_invalid",
  },
  "policy-of-another-predecessor": {
    description: "Policy 2 follows a policy 1 that isn't the pinned one.",
    ...under(succeed(otherFirst, byCi, [alice, ben, ci]), otherFirst),
    expect: "policy_unpinned",
  },
  "policy-older": {
    description: "A release goes back to the policy before, whose approvers no longer decide.",
    memory: 5,
    log: [...productionLog, followed, append(production, followed, { revision: fourth })],
    store: policiesOf(second),
    expect: "policy_older",
  },
  "policies-more-than-are-read": {
    description: "Further ahead than a router reads its way back.",
    ...under(long.at(-1)!, ...long.slice(1)),
    expect: "policy_unpinned",
  },
  "policies-as-many-as-are-read": {
    description: "One fewer.",
    ...under(long.at(-2)!, ...long.slice(1, -2)),
    expect: "accepted",
  },
  "policy-under-another-number": {
    description: "The statement calls the pinned policy the second.",
    ...named({ number: 2, digest: production.policyDigest }),
    expect: "policy_invalid",
  },
  "policy-under-another-number-to-a-router-that-knows-it": {
    description: "The same to a router that holds the policy already.",
    memory: 5,
    ...named({ number: 2, digest: production.policyDigest }),
    expect: "policy_invalid",
  },
  "policy-under-the-largest-number": {
    description: "The statement calls the pinned policy number 2^53 - 1.",
    memory: 5,
    ...named({ number: Number.MAX_SAFE_INTEGER, digest: production.policyDigest }),
    expect: "policy_invalid",
  },
  "revisions-under-two-policies": {
    description: "Revision 4 was approved by policy 1, revision 5 by policy 2.",
    memory: 5,
    log: [...productionLog, append(production, last, { revision: fourth }), thenRevised],
    store: policiesOf(second),
    expect: "accepted",
  },
  "revision-approved-by-the-policy-before": {
    description: "Alice and Ben approved revision 4, and policy 2 was already in force.",
    memory: 5,
    log: [
      ...productionLog,
      append(second, last, { revision: revise(production, last.revision, entriesWith(60_000), [alice, ben]) }),
    ],
    store: policiesOf(second),
    expect: "approvals_insufficient",
  },
  "policy-signed-by-the-log-key-where-nobody-approves": {
    description: "Staging's control plane is trusted with its policies too.",
    memory: 1,
    ...stagingUnder(logKeyPolicy),
    expect: "accepted",
  },
  "policy-unsigned-where-nobody-approves": {
    description: "Even there the log key must sign.",
    memory: 1,
    ...stagingUnder(succeed(staging, { overrides: [mallory.vkeyText] }, [])),
    expect: "policy_unsigned",
  },
};
