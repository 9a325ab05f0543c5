/** Step 3: how old it is. */
import { encodeRenewal, renewalOf } from "../../../../shared/trust/freshness.ts";
import { mallory, keyOf } from "../keys.ts";
import { append } from "../log.ts";
import { productionLog } from "../logs.ts";
import { checkpointOf, renewal } from "../trust-vectors.ts";
import { production } from "../world.ts";
import { withSignatures, type Cases } from "./case.ts";

const last = productionLog.at(-1)!;
const before = productionLog.at(-2)!;
const { time } = last.content;
/** The head without the cosignature that it was published with. */
const bare = { head: withSignatures(last, (lines) => lines.slice(0, 1)) };
const forged = renewal({ freshness: keyOf(production.freshness.vkey.name, 4, "forged") }, last, time + 60);
const { text } = checkpointOf(last);
const byStranger = encodeRenewal(
  renewalOf(text, {
    ...mallory.signNote(text),
    name: production.freshness.vkey.name,
    keyId: production.freshness.vkey.keyId,
  }),
);
const laterRelease = append(production, last, { statement: { time: time + 1_000 } });

export const freshnessCases: Cases = {
  "freshness-missing": {
    description: "Neither the note nor the store says when the checkpoint was fresh.",
    ...bare,
    fresh: null,
    expect: "freshness_missing",
  },
  "freshness-of-another-checkpoint": {
    description: "The renewal is of the checkpoint before: true, and of no help here.",
    ...bare,
    fresh: renewal(production, before, time),
    expect: "freshness_missing",
  },
  "freshness-of-another-checkpoint-beside-its-own": {
    description: "The head was replaced between two renewals: the note's own cosignature stands.",
    fresh: renewal(production, before, time),
    expect: "accepted",
  },
  "freshness-malformed": { description: "The renewal is no JSON.", ...bare, fresh: "x", expect: "freshness_malformed" },
  "freshness-malformed-beside-its-own": {
    description: "The renewal is no JSON, and the note has a cosignature of its own.",
    fresh: "x",
    expect: "accepted",
    fault: "freshness_malformed",
  },
  "freshness-too-large": {
    description: "The renewal is megabytes.",
    fresh: { repeat: "x", times: 4_000_000 },
    expect: "accepted",
    fault: "freshness_malformed",
  },
  "freshness-forged": {
    description: "The renewal is by another key of the freshness key's name.",
    ...bare,
    fresh: forged,
    expect: "freshness_signature_invalid",
  },
  "freshness-forged-beside-its-own": {
    description: "A forged renewal doesn't take away what the note says.",
    fresh: forged,
    expect: "accepted",
    fault: "freshness_signature_invalid",
  },
  "freshness-by-a-plain-signature": {
    description: "The renewal is a signature without a time, under the freshness key's name.",
    ...bare,
    fresh: byStranger,
    expect: "freshness_signature_invalid",
  },
  "freshness-61-seconds-ahead": {
    description: "More than a minute in the future is refused.",
    ...bare,
    fresh: renewal(production, last, time + 61),
    now: time,
    expect: "freshness_in_future",
  },
  "freshness-61-seconds-ahead-beside-its-own": {
    description: "A time in the future is never remembered: it would hide a later freeze.",
    fresh: renewal(production, last, time + 61),
    now: time,
    expect: "accepted",
    fault: "freshness_in_future",
  },
  "freshness-60-seconds-ahead": {
    description: "Clocks may differ by a minute.",
    ...bare,
    fresh: renewal(production, last, time + 60),
    now: time,
    expect: "accepted",
  },
  "published-in-the-future": {
    description: "The release itself was cosigned for a time in a quarter of an hour.",
    log: [...productionLog, laterRelease],
    fresh: null,
    now: time + 100,
    expect: "freshness_in_future",
  },
  "stale-to-a-cold-router": {
    description: "Fresh 601 s ago, and the router has nothing older that was fresh.",
    now: time + 661,
    expect: "stale",
  },
  "stale-by-no-second": { description: "Fresh exactly 600 s ago.", now: time + 660, expect: "accepted" },
  "stale-to-a-cold-router-that-may-serve-it": {
    description: "The deployment allows it.",
    pins: { coldStale: "serve" },
    now: time + 1_000_000,
    expect: "accepted",
  },
  "stale-to-a-warm-router": {
    description: "A warm router takes the newer release; that it is stale shows in its health.",
    memory: 4,
    now: time + 1_000_000,
    expect: "accepted",
  },
};
