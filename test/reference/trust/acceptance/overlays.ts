/** Step 6: what operators did. */
import { digestOf } from "../../../../shared/encoding/digest.ts";
import type { Overlay } from "../../../../shared/trust/overlay.ts";
import { changed, entriesWith } from "../documents.ts";
import { append, revise } from "../log.ts";
import { productionLog, stagingLog } from "../logs.ts";
import { production, staging } from "../world.ts";
import { withHead, type Cases } from "./case.ts";

const last = productionLog.at(-1)!;
const kill = { kill: true } as const;
const operated = (overlay: Overlay) => ({ memory: 5, log: [...productionLog, append(production, last, { overlay })] });

const stagingLast = stagingLog.at(-1)!;
const named = {
  "flag:constructor": entriesWith(1).get("flag:new-search")!,
  "flag:toString": entriesWith(1).get("flag:new-search")!,
};
const odd = revise(staging, stagingLast.revision, changed(entriesWith(10_000, "shop.staging.example.com"), named), []);
const oddOverlay = { constructor: kill, toString: { stage: 12.5 } } as unknown as Overlay;

export const overlayCases: Cases = {
  "overlay-altered": {
    description: "The head moves a flag to another approved percent than the statement's overlay.",
    head: withHead(last, { overlay: { "new-search": { stage: 100 } } }),
    expect: "overlay_digest_mismatch",
  },
  "overlay-dropped": {
    description: "The head leaves the overlay out, so that a killed flag would come back.",
    release: productionLog[1]!,
    head: withHead(productionLog[1]!, { overlay: {} }),
    expect: "overlay_digest_mismatch",
  },
  "overlay-with-a-flag-named-constructor": {
    description: "The head kills a flag whose name some readers of JSON drop.",
    head: withHead(last, { overlay: { ...last.overlay, constructor: kill } }),
    expect: "overlay_digest_mismatch",
  },
  "overlay-of-the-release-before": {
    description: "The head has the overlay that was in force before.",
    release: productionLog[2]!,
    head: withHead(productionLog[2]!, { overlay: productionLog[1]!.overlay }),
    expect: "overlay_digest_mismatch",
  },
  "detail-altered": {
    description: "The head says that somebody else made the release.",
    head: withHead(last, { detail: { ...last.detail, actor: "alice@example.com" } }),
    expect: "detail_digest_mismatch",
  },
  "detail-of-another-release": {
    description: "The statement has the digest of another detail.",
    memory: 5,
    log: [...productionLog, append(production, last, { statement: { detailDigest: digestOf("{}") } })],
    expect: "detail_digest_mismatch",
  },
  "overlay-of-an-unknown-flag": {
    description: "The control plane signed a kill of a flag that the revision doesn't have.",
    ...operated({ "new-checkuot": kill }),
    expect: "overlay_dangling",
  },
  "overlay-of-a-percent-outside-the-plan": {
    description: "The control plane, taken over, signed a move to a percent that nobody approved.",
    ...operated({ "new-search": { stage: 50 } }),
    expect: "overlay_dangling",
  },
  "overlay-of-a-percent-without-a-plan": {
    description: "The flag has shares, and no plan to move along.",
    ...operated({ "new-checkout": { stage: 100 } }),
    expect: "overlay_dangling",
  },
  "overlay-left-over": {
    description: "A new revision lacks the flag that the overlay names.",
    memory: 5,
    log: [
      ...productionLog,
      append(production, last, {
        revision: revise(
          production,
          last.revision,
          changed(entriesWith(50_000), { "flag:new-search": undefined }),
          last.revision.approvers,
        ),
      }),
    ],
    expect: "overlay_dangling",
  },
  "overlay-of-flags-named-like-members-of-objects": {
    description: "Flags may be named constructor and toString, and be killed.",
    world: staging,
    memory: 1,
    log: [...stagingLog, append(staging, stagingLast, { revision: odd, overlay: oddOverlay })],
    expect: "accepted",
  },
};
