/** `npm run bench [PART …]`: runs the parts that are named, or all, and prints a table each. */
import { cpus, loadavg } from "node:os";
import { benchEvaluation } from "./evaluation.ts";
import { shopDocument, startBenchMesh } from "./mesh.ts";
import { benchPropagation } from "./propagation.ts";
import { benchLoad, benchLock, benchVerification } from "./revisions.ts";
import { formatTable, type Table } from "./table.ts";
import { baselines, benchThroughput, throughputTable, type Contender } from "./throughput.ts";

interface Part {
  readonly name: string;
  /** What it measures, in one line. */
  readonly title: string;
  readonly run: () => Promise<Table>;
}

/** No part may take so long that nobody runs them all. */
const totalMsMax = 180_000;

const router: Contender = {
  name: "Flag Mesh router",
  start: ({ backendUrl, core }) => startBenchMesh(shopDocument(backendUrl, 50), { core, pollMs: 1_000 }),
};

const parts: readonly Part[] = [
  {
    name: "evaluation",
    title: "One evaluation of a flag, in this process",
    async run() {
      const measured = await benchEvaluation();
      return { columns: ["flag", "ns"], rows: measured.map((m) => [m.name, m.nanoseconds.toFixed(0)]) };
    },
  },
  {
    name: "throughput",
    title: "One request through a proxy, workerd serve on a core of its own",
    run: async () => throughputTable(await benchThroughput([...baselines, router])),
  },
  { name: "lock", title: "Reading and locking a document, in this process", run: async () => benchLock() },
  { name: "load", title: "A cold isolate makes a mesh ready, workerd serve", run: benchLoad },
  { name: "verification", title: "Three ways to verify a snapshot, workerd serve", run: benchVerification },
  { name: "propagation", title: "From the acknowledged push to the first changed answer", run: benchPropagation },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(", ")}. There are: ${parts.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
setTimeout(() => {
  console.error(`ended: the parts took more than ${totalMsMax / 1_000} s`);
  process.exit(1);
}, totalMsMax).unref();

const [processor] = cpus();
const load = loadavg()[0]?.toFixed(1);
console.log(`Node ${process.version}, ${cpus().length} × ${processor?.model.trim()}, load ${load} at the start\n`);
for (const { name, title, run } of parts) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`${name}: ${title}\n\n${formatTable(await run())}\n`);
}
