import { describe } from "vitest";
import { embedded, realRedis, upstash } from "./backend.ts";
import { storeContract } from "./contract.ts";
import { publishContract } from "./publish-contract.ts";

for (const backend of [embedded, realRedis, upstash]) {
  const { name, missing } = backend;
  describe.skipIf(missing !== undefined)(`${name}${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
    storeContract(backend);
    publishContract(backend);
  });
}
