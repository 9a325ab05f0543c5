/** A process that writes to the store named on its command line until it is killed. */
import { openEmbeddedStore } from "../../../control-plane/bridge/embedded-store.ts";

const opened = await openEmbeddedStore({ path: process.argv[2] ?? "", now: Date.now, scripts: [], saveDelayMs: 1 });
if (!opened.ok) throw new Error(opened.error.message);
const store = opened.value;
console.log("writing");
for (;;) {
  const count = await store.command(["INCR", "count"]);
  await store.command(["RPUSH", "items", String(Number(count))]);
  await new Promise(setImmediate);
}
