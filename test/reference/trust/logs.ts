/** The two honest logs of the vectors. */
import { changed, entriesWith } from "./documents.ts";
import { alice, ben, ci } from "./keys.ts";
import { append, revise, type Change, type Release } from "./log.ts";
import { production, staging, type World } from "./world.ts";

const first = revise(production, undefined, entriesWith(10_000), [alice, ben]);
const second = revise(production, first, entriesWith(25_000), [ben, ci]);
/** Removes an entry, so its slot stays vacant. */
const third = revise(production, second, changed(entriesWith(50_000), { "route:rest": undefined }), [alice, ben, ci]);

/** Appends one release a change. */
function logOf(world: World, changes: readonly Change[]): readonly Release[] {
  const log: Release[] = [];
  for (const change of changes) log.push(append(world, log.at(-1), change));
  return log;
}

export const productionLog = logOf(production, [
  { revision: first, detail: { actor: "ci.example.com", message: "first release" } },
  { overlay: { "new-checkout": { kill: true } }, detail: { actor: "alice@example.com", message: "errors: 5 % ↑" } },
  { overlay: { "new-checkout": { kill: true }, "new-search": { stage: 12.5 } } },
  { revision: second, detail: { actor: "ci.example.com", message: "" } },
  { overlay: { "new-search": { stage: 12.5 } } },
  { revision: third, detail: { actor: "ben@example.com", message: "half of them" } },
]);

export const stagingLog = logOf(staging, [
  { revision: revise(staging, undefined, entriesWith(10_000, "shop.staging.example.com"), []) },
  { overlay: { "new-search": { stage: 5 } } },
]);
