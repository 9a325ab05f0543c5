import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { productionLog } from "../../reference/trust/logs.ts";
import { production } from "../../reference/trust/world.ts";
import { baseUrl, serveLog, token } from "../log/served-log.ts";
import { createFolder, type Folder } from "./run.ts";

const served = await serveLog(production, productionLog);
const env = { FLAGMESH_URL: baseUrl, FLAGMESH_TOKEN: token };
const mesh = "--mesh acme/production";
let folder: Folder;
beforeEach(async () => {
  folder = await createFolder({ fetch: served.fetch });
});
afterEach(async () => folder.remove());

describe("diff", () => {
  test("of two releases tells entries, operators' changes, and the exact shares that move", async () => {
    const { exit, stdout, stderr } = await folder.run(`diff 2 5 ${mesh}`, env);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toMatchInlineSnapshot(`
      "acme/production: release 2 (revision 1) → release 5 (revision 3)
        ~ flag:new-checkout
            - rollout: on 10 %
            + rollout: on 50 %
        - route:rest
            - backend: "checkout-v1"
            - match.host: "shop.example.com"
        new-checkout: killed → as locked
        new-checkout: on 0 % → 50 %: 50 % move off→on, 0 % move otherwise, of those whom targeting and prerequisites leave to the rollout; what decides before the rollout changed: others may move too
      "
    `);
  });

  test("of a release with itself says that nothing changes", async () => {
    const { stdout } = await folder.run(`diff 4 4 ${mesh}`, env);
    expect(stdout).toBe("acme/production: release 4 (revision 2) → release 4 (revision 2)\n  nothing changes\n");
  });

  test("of the newest goes to the files, under the overlay that carries over", async () => {
    await folder.write({
      "mesh.yaml":
        'mesh: acme/production\nflags:\n  new-search: { variants: { "on": true, "off": false }, defaultVariant: "off", rollout: { variant: "on", steps: [1, 12.5, 50] } }\n',
    });
    const { exit, stdout } = await folder.run(`diff ${mesh}`, env);
    expect(exit).toBe(0);
    expect(stdout).toContain("release 5 (revision 3) → the files");
    expect(stdout).toContain("- flag:new-checkout");
    expect(stdout).toContain("rollout: on, beginning with 1 %, in steps 1, 12.5, 50 %");
    expect(stdout).toContain("nobody moves");
  });

  test("as JSON has both values of each member", async () => {
    const { stdout } = await folder.run(`diff 3 5 ${mesh} --format json`, env);
    expect(JSON.parse(stdout)).toMatchObject({
      from: "release 3 (revision 2)",
      to: "release 5 (revision 3)",
      entries: [
        {
          key: "flag:new-checkout",
          kind: "changed",
          members: [{ path: ["rollout"], before: [["on", 25_000]], after: [["on", 50_000]] }],
        },
        { key: "route:rest", kind: "removed" },
      ],
    });
  });

  test.each([
    ["diff 9 5", 1, "[release_unknown]"],
    ["diff one two", 2, "[bad_point]"],
    ["diff newest lock", 1, "error: "],
    ["diff 1 2 --token fm_other", 1, "[unauthorized]"],
  ])("%s: exit %i", async (line, exit, text) => {
    const ran = await folder.run(`${line} ${mesh}`, env);
    expect(ran).toMatchObject({ exit, stderr: expect.stringContaining(text) as string });
  });
});

describe("show", () => {
  test("tells who made a release, who signed for it, and what it changed", async () => {
    const { exit, stdout } = await folder.run(`show 3 ${mesh}`, env);
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "example.com/acme/production: release 3, revision 2
        made       2027-01-15 08:05:00 UTC, by ci.example.com
        signed by  ben@example.com, ci.example.com; policy 1
        operators  new-checkout killed, new-search staged at 12.5 %
        roots      config XGuxE16Scg81O3ufAOsM4KgQGDARZ/wZ73nD7nNYOwo=, log iDQBDVlqFO59QEuLDOFnbatkyilsuicf4CxbT1XbaOo=
      Since release 2 (revision 1)
        ~ flag:new-checkout
            - rollout: on 10 %
            + rollout: on 25 %
        nobody moves to another variant of a flag that is in both
      "
    `);
  });

  test("of the first lists all that it has", async () => {
    const { stdout } = await folder.run(`show 0 ${mesh}`, env);
    expect(stdout).toContain("It is the first; it has");
    expect(stdout).toContain("+ flag:new-search");
  });

  test.each([
    ["show 6", 1, "[release_unknown]"],
    ["show x", 2, "[bad_release]"],
  ])("%s: exit %i, %s", async (line, exit, code) => {
    const ran = await folder.run(`${line} ${mesh}`, env);
    expect(ran).toMatchObject({ exit, stderr: expect.stringContaining(code) as string });
  });
});
