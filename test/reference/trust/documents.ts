/** The entries of the vectors' revisions. */
import type { Entries, Entry, EntryKey } from "../../../shared/document/entry.ts";

/** @param share of `new-checkout` that is on, in thousandths of a percent. @param host of its routes */
export const entriesWith = (share: number, host = "shop.example.com"): Entries =>
  new Map<EntryKey, Entry>([
    ["settings", { identity: [{ header: "x-user-id" }, { cookie: "flagmesh_id" }] }],
    ["segment:staff", { ends_with: [{ var: "email" }, "@example.com"] }],
    [
      "flag:new-checkout",
      {
        state: "ENABLED",
        variants: { on: true, off: false },
        defaultVariant: "off",
        targeting: { if: [{ $ref: "staff" }, "on", null] },
        rollout: [["on", share]],
      },
    ],
    [
      "flag:new-search",
      {
        state: "ENABLED",
        variants: { on: true, off: false },
        defaultVariant: "off",
        rollout: { variant: "on", steps: [1_000, 5_000, 12_500, 100_000] },
      },
    ],
    ["backend:checkout-v1", { endpoints: [{ url: "https://checkout-v1.example.net", weight: 1 }] }],
    ["backend:checkout-v2", { service: "CHECKOUT_V2" }],
    [
      "route:checkout",
      {
        match: { host, path: "/checkout/*" },
        flag: "new-checkout",
        to: { on: "checkout-v2", off: "checkout-v1" },
      },
    ],
    ["route:rest", { match: { host }, backend: "checkout-v1" }],
  ]);

/** The same with some entries replaced, added, or (`undefined`) removed. */
export function changed(entries: Entries, changes: Readonly<Partial<Record<EntryKey, Entry | undefined>>>): Entries {
  const next = new Map(entries);
  for (const [key, value] of Object.entries(changes) as [EntryKey, Entry | undefined][]) {
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  return next;
}
