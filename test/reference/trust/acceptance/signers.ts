/** Step 2: who says so. */
import { alice, mallory, witnesses } from "../keys.ts";
import { append, timeOf, type Change, type Release } from "../log.ts";
import { productionLog, stagingLog } from "../logs.ts";
import { production, staging, worldOf, type World } from "../world.ts";
import { headOf, withHead, withSignatures, type Cases } from "./case.ts";
import { sealed } from "./sealed.ts";

const last = productionLog.at(-1)!;
const first = productionLog[0]!;
const under = (change: Change) => ({ log: [...productionLog, append(production, last, change)] });

const resealed = (checkpoint: (text: string) => string, origin = staging.origin) => {
  const release = sealed(production, last, append(production, last, { statement: { origin } }), { checkpoint });
  return { log: [...productionLog, release], fresh: null };
};

/** The same mesh under another policy, which the deployment pins. */
const otherWorld = (change: Parameters<typeof worldOf>[1]): World =>
  worldOf(production.mesh, { ...production.policy, ...change });
const only = (world: World) => {
  const log = [append(world, undefined, { revision: first.revision })];
  return { world, log, pins: { policy: world.policyDigest } };
};

const byMallory = (release: Release): string =>
  withSignatures(release, ([, freshness], text) => [mallory.signNote(text), freshness!]);

const witnessed = otherWorld({ witnesses: { quorum: 2, keys: witnesses.map(({ vkeyText }) => vkeyText) } });
const cosigned = (count: number, repeat = 1) => {
  const { log, ...pinned } = only(witnessed);
  const head = withSignatures(log[0]!, (own, text) => [
    ...own,
    ...Array.from({ length: repeat }, () => witnesses.slice(0, count).map((key) => key.cosign(text, timeOf(0)))).flat(),
  ]);
  return { ...pinned, log, head };
};

const twoRoles = otherWorld({ approvers: { threshold: 1, keys: [alice.vkeyText, production.log.vkeyText] } });
const impossible = otherWorld({ approvers: { threshold: 2, keys: [alice.vkeyText] } });
const attackers = otherWorld({ log: mallory.vkeyText, approvers: { threshold: 0, keys: [] } });

export const signerCases: Cases = {
  "checkpoint-of-another-mesh": {
    description: "Staging's head is served as production's.",
    head: stagingLog[0]!.head,
    expect: "origin_mismatch",
  },
  "statement-of-another-mesh": {
    description: "Production's log key signed a statement of staging into production's log.",
    ...resealed((text) => text),
    expect: "origin_mismatch",
  },
  "checkpoint-of-another-origin": {
    description: "Production's log key signed a checkpoint of staging's log over its own statement.",
    ...resealed((text) => text.replace(production.origin, staging.origin), production.origin),
    expect: "origin_mismatch",
  },
  "policy-missing": {
    description: "The store has no policy.",
    store: { policies: { [production.policyDigest]: null } },
    expect: "policy_missing",
  },
  "policy-altered": {
    description: "The stored policy asks for one approval fewer.",
    store: { policies: { [production.policyDigest]: production.policyText.replace('"threshold":2', '"threshold":1') } },
    expect: "policy_unpinned",
  },
  "policy-of-an-attacker": {
    description: "The statement names a policy of the attacker's, with the attacker's log key, and the store has it.",
    log: [append(attackers, undefined, { revision: first.revision, keys: { log: mallory } })],
    store: { policies: { [attackers.policyDigest]: attackers.policyText } },
    expect: "policy_unpinned",
  },
  "policy-of-another-mesh": {
    description: "The pinned policy is staging's.",
    pins: { policy: staging.policyDigest },
    ...under({ statement: { policy: { number: 1, digest: staging.policyDigest } } }),
    store: { policies: { [staging.policyDigest]: staging.policyText } },
    expect: "policy_invalid",
  },
  "policy-with-a-key-in-two-roles": {
    description: "The log key is an approver too, so the control plane would approve by itself.",
    ...only(twoRoles),
    expect: "policy_invalid",
  },
  "policy-with-an-impossible-threshold": {
    description: "Two of one must approve.",
    ...only(impossible),
    expect: "policy_invalid",
  },
  "checkpoint-signed-by-a-stranger": {
    description: "A newer release, signed by a key that isn't the log's.",
    log: [...productionLog, append(production, last, {})],
    head: byMallory(append(production, last, {})),
    expect: "log_signature_invalid",
  },
  "checkpoint-signed-under-the-logs-name": {
    description: "The stranger's signature under the log's name and key ID.",
    head: withSignatures(last, ([log, freshness], text) => [
      { ...log!, signature: mallory.signNote(text).signature },
      freshness!,
    ]),
    expect: "log_signature_invalid",
  },
  "checkpoint-signed-by-the-freshness-key-alone": {
    description: "A stolen freshness key doesn't make a log.",
    head: withSignatures(last, (lines) => lines.slice(1)),
    expect: "log_signature_invalid",
  },
  "checkpoint-of-another-size": {
    description: "The size in the signed text was changed.",
    head: withHead(last, { checkpoint: headOf(last).checkpoint.replace("\n6\n", "\n7\n") }),
    expect: "log_signature_invalid",
  },
  "checkpoint-with-another-root": {
    description: "The root in the signed text was changed.",
    head: withHead(last, { checkpoint: headOf(last).checkpoint.replace(last.root, first.root) }),
    expect: "log_signature_invalid",
  },
  "checkpoint-with-a-false-signature-first": {
    description: "A false signature of the log's stands before the right one: a known key's must hold, as in Go.",
    head: withSignatures(last, ([log, freshness]) => [
      { ...log!, signature: log!.signature.toReversed() },
      log!,
      freshness!,
    ]),
    expect: "log_signature_invalid",
  },
  "checkpoint-cosigned-by-one-witness-of-two": {
    description: "The policy asks for two witnesses.",
    ...cosigned(1),
    expect: "witnesses_insufficient",
  },
  "checkpoint-cosigned-twice-by-one-witness": {
    description: "One witness is one, however often it cosigns.",
    ...cosigned(1, 3),
    expect: "witnesses_insufficient",
  },
  "checkpoint-cosigned-by-two-witnesses": {
    description: "Two of three witnesses cosigned.",
    ...cosigned(2),
    expect: "accepted",
  },
  "checkpoint-with-signatures-of-strangers": {
    description: "Lines of keys that the policy doesn't name are passed over, as C2SP asks.",
    head: withSignatures(last, (own, text) => [mallory.signNote(text), ...own, witnesses[0]!.cosign(text, timeOf(5))]),
    expect: "accepted",
  },
};
