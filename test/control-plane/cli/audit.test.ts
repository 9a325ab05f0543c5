import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Release } from "../../reference/trust/log.ts";
import { append, timeOf } from "../../reference/trust/log.ts";
import { alice, mallory } from "../../reference/trust/keys.ts";
import { productionLog, stagingLog } from "../../reference/trust/logs.ts";
import { deployment, production, staging, type World } from "../../reference/trust/world.ts";
import { baseUrl, serveLog, token, type ServedLog } from "../log/served-log.ts";
import { createFolder, type Folder } from "./run.ts";

let served: ServedLog;
let now = timeOf(5) + 30;
let folder: Folder;
beforeEach(async () => {
  now = timeOf(5) + 30;
  await serve(production, productionLog);
  folder = await createFolder({ clock: () => now, fetch: (...args) => served.fetch(...args) });
  await folder.write({
    "1.json": production.policyText,
    "staging.json": staging.policyText,
    "deployment.json": JSON.stringify(deployment),
  });
});
afterEach(async () => folder.remove());

async function serve(world: World, log: readonly Release[]): Promise<void> {
  served = await serveLog(world, log, () => now);
}

const env = { FLAGMESH_URL: baseUrl, FLAGMESH_TOKEN: token };
const run = (line: string, other: Record<string, string> = env) => folder.run(line, other);

describe("prove and audit", () => {
  test("together convince who has nothing but the policy, without the control plane", async () => {
    const proven = await run("prove flag:new-checkout --mesh acme/production --out checkout.proof.json");
    expect(proven).toMatchObject({ exit: 0, stdout: "" });
    expect(proven.stderr).toContain(
      "checkout.proof.json: flag:new-checkout in release 5 of example.com/acme/production",
    );
    const { exit, stdout, stderr } = await run("audit checkout.proof.json --policy 1.json", {});
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toMatchInlineSnapshot(`
      "flag:new-checkout in release 5 of example.com/acme/production: proven
        was          {"defaultVariant":"off","rollout":[["on",50000]],"state":"ENABLED","targeting":{"if":[{"$ref":"staff"},"on",null]},"variants":{"off":false,"on":true}}
        revision     3, released on 2027-01-15 08:08:20 UTC
        approved by  alice@example.com, ben@example.com, ci.example.com (2 needed)
        log          6 releases on 2027-01-15 08:08:20 UTC, root ZsFmZ0CAcHI4oTmEp6+sXWS1P54stjg2zuACbTKNvTQ=

      It proves that
        - release 5 had exactly this flag:new-checkout, and no other
        - the log records that release, and enough approvers signed its whole content
        - it was the newest release on 2027-01-15 08:08:20 UTC
      It doesn't tell
        - whether operators had killed a flag or moved it to another stage: a proof leaves the overlay out
        - anything of any other entry
        - what holds since then
      "
    `);
  });

  test("of an older release say that later ones may have changed it", async () => {
    await run("prove flag:new-checkout --release 3 --mesh acme/production --out p.json");
    const { stdout } = await run("audit p.json --deployment deployment.json", {});
    expect(stdout).toContain("in release 3 of");
    expect(stdout).toContain('"rollout":[["on",25000]]');
    expect(stdout).toContain("what the 2 later releases changed");
    expect(stdout).not.toContain("it was the newest release");
  });

  test("of a mesh that needs no approval say who is trusted instead", async () => {
    await serve(staging, stagingLog);
    await run("prove flag:new-search --mesh acme/staging --out p.json");
    const { stdout } = await run("audit p.json --policy staging.json", {});
    expect(stdout).toContain("trusts its control plane with the content");
    expect(stdout).not.toContain("enough approvers signed");
  });

  test("print a proof where no file is named, and the verdict as JSON", async () => {
    const { stdout } = await run("prove flag:new-checkout --mesh acme/production");
    await folder.write({ "p.json": stdout });
    const audited = await run("audit p.json --policy 1.json --format json", {});
    expect(JSON.parse(audited.stdout)).toMatchObject({
      origin: production.origin,
      key: "flag:new-checkout",
      value: { rollout: [["on", 50_000]] },
      release: 5,
      approvals: { needed: 2, by: ["alice@example.com", "ben@example.com", "ci.example.com"] },
      log: { size: 6, freshAt: timeOf(5) },
    });
  });

  test("never call an inclusion proof zero-knowledge, nor anything tamper-proof", async () => {
    const texts = await Promise.all(
      ["prove --help", "audit --help", "--help"].map(async (line) => (await run(line)).stdout),
    );
    for (const text of texts) expect(text).not.toMatch(/zero.?knowledge|tamper.?proof/i);
  });
});

const prove = async (): Promise<string> => (await run("prove flag:new-checkout --mesh acme/production")).stdout;

describe("audit FILE", () => {
  test.each([
    ["an edited value", 5, "entry_not_included", (text: string) => text.replace('"off": false', '"off": true')],
    ["an edited statement", 5, "inclusion_invalid", (text: string) => text.replace('\\"time\\":18', '\\"time\\":19')],
    ["another layout", 5, "proof_malformed", (text: string) => JSON.stringify(JSON.parse(text))],
  ] as const)("refuses %s: exit %i, %s", async (_, exit, code, edit) => {
    await folder.write({ "p.json": edit(await prove()) });
    const refused = await run("audit p.json --policy 1.json --format json", {});
    expect(refused.exit).toBe(exit);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code } });
    expect(refused.stderr).toContain(`[${code}]`);
  });

  test("refuses another mesh's policy, and asks for one where there is none", async () => {
    await folder.write({ "p.json": await prove() });
    expect(await run("audit p.json --policy staging.json", {})).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining("[policy_unpinned]") as string,
    });
    expect(await run("audit p.json", {})).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("[policy_missing]") as string,
    });
  });

  test("trusts what a local control plane trusts, and says so", async () => {
    await folder.write({ "p.json": await prove(), ".flagmesh/deployment.json": JSON.stringify(deployment) });
    const { exit, stderr } = await run("audit p.json", {});
    expect(exit).toBe(0);
    expect(stderr).toContain("this machine's own: an auditor brings --policy or --deployment");
  });

  test.each([
    ["audit none.json --policy 1.json", "[unreadable]"],
    ["audit 1.json --policy none.json", "[policy_missing]"],
    ["audit 1.json --policy deployment.json", "[policy_malformed]"],
    ["audit 1.json --deployment none.json", "[deployment_missing]"],
    ["audit 1.json --deployment 1.json", "[deployment_invalid]"],
  ])("says what is wrong with its files: %s %s", async (line, code) => {
    expect(await run(line, {})).toMatchObject({ exit: 2, stderr: expect.stringContaining(code) as string });
  });
});

describe("prove", () => {
  test.each([
    ["prove new-checkout --mesh acme/production", 2, "[bad_entry]"],
    ["prove flag:none --mesh acme/production", 1, "[entry_unknown]"],
    ["prove flag:new-checkout --release 6 --mesh acme/production", 1, "[release_unknown]"],
    ["prove flag:new-checkout --release x --mesh acme/production", 1, "[bad_request]"],
    ["prove flag:new-checkout --mesh acme/production --out none/p.json", 1, "[unwritable]"],
    ["prove flag:new-checkout --mesh acme/production --token fm_other", 1, "[unauthorized]"],
  ])("%s: exit %i, %s", async (line, exit, code) => {
    expect(await run(line)).toMatchObject({ exit, stderr: expect.stringContaining(code) as string });
  });
});

describe("audit of a log", () => {
  test("finds nothing in an honest one", async () => {
    const { exit, stdout, stderr } = await run("audit --policy 1.json");
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "example.com/acme/production: 6 releases, 3 revisions; nothing to object to
        log        its statements give the signed root ZsFmZ0CAcHI4oTmEp6+sXWS1P54stjg2zuACbTKNvTQ=
        approvals  every revision was approved in time, now by 2 of 3
        contents   every snapshot gives its root; every overlay stays within its revision's plan
        freshness  called the newest 30 s ago
        newest     release 5, revision 3, 2027-01-15 08:08:20 UTC
      "
    `);
    expect(stderr).toContain("no witnesses");
  });

  test("says what it could not look at without a token", async () => {
    const { exit, stdout } = await run("audit --policy 1.json", { FLAGMESH_URL: baseUrl });
    expect(exit).toBe(0);
    expect(stdout).toContain("contents   NOT checked");
  });

  test("sends no token that is meant for this machine to another", async () => {
    await folder.write({
      ".flagmesh/admin.token": "fm_local",
      ".flagmesh/deployment.json": JSON.stringify(deployment),
    });
    const { stdout } = await run("audit --mesh acme/production", { FLAGMESH_URL: baseUrl });
    expect(stdout).toContain("contents   NOT checked");
  });

  test("asks which mesh is meant where there is trust for several, and for trust where there is none", async () => {
    const audited = await run("audit --deployment deployment.json");
    expect(audited).toMatchObject({ exit: 2, stderr: expect.stringContaining("[no_mesh]") as string });
    expect((await run("audit --deployment deployment.json --mesh acme/production")).exit).toBe(0);
    const strange = await run("audit --deployment deployment.json --mesh acme/other");
    expect(strange).toMatchObject({ exit: 2, stderr: expect.stringContaining("[policy_missing]") as string });
  });

  test("keeps the checkpoint that it saw, and notices a log that doesn't go on from it", async () => {
    await serve(production, productionLog.slice(0, 4));
    now = timeOf(3);
    expect((await run("audit --policy 1.json --seen seen.note")).exit).toBe(0);
    const first = await folder.read("seen.note");
    expect(first.split("\n")[1]).toBe("4");

    await served.append(productionLog.slice(4));
    now = timeOf(5);
    const grown = await run("audit --policy 1.json --seen seen.note");
    expect(grown).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining("goes on from the checkpoint seen before") as string,
    });
    expect((await folder.read("seen.note")).split("\n")[1]).toBe("6");

    await serve(production, productionLog.slice(0, 5));
    const shorter = await run("audit --policy 1.json --seen seen.note");
    expect(shorter).toMatchObject({ exit: 5, stderr: expect.stringContaining("[older_checkpoint]") as string });

    const other = append(production, productionLog[4], { overlay: {}, detail: { actor: "eve", message: "" } });
    await serve(production, [...productionLog.slice(0, 5), other]);
    const forked = await run("audit --policy 1.json --seen seen.note --format json");
    expect(forked.exit).toBe(5);
    expect(JSON.parse(forked.stdout)).toMatchObject({
      error: { code: "fork", evidence: [expect.any(String), expect.any(String)] },
    });
    expect((await folder.read("seen.note")).split("\n")[2]).toBe(productionLog[5]?.root);
  });

  test("calls a log stale that nobody vouches for any more, after the time that is allowed", async () => {
    now = timeOf(5) + 601;
    expect(await run("audit --policy 1.json")).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("[stale]") as string,
    });
    expect((await run("audit --policy 1.json --max-stale 601")).exit).toBe(0);
    await served.engine.renewFreshness(production.mesh);
    expect((await run("audit --policy 1.json")).exit).toBe(0);
  });

  test.each([
    ["nobody answers", 8, "[log_unreadable]", () => Promise.reject(new TypeError("fetch failed"))],
    ["something else answers", 8, "[log_unreadable]", async () => new Response("no", { status: 500 })],
    ["nothing is there", 5, "[checkpoint_malformed]", async () => new Response("no", { status: 404 })],
    ["no end comes", 8, "[log_unreadable]", async () => new Response(new Uint8Array(100_000))],
  ])("where %s: exit %i, %s", async (_, exit, code, fetch) => {
    served = { ...served, fetch };
    expect(await run("audit --policy 1.json")).toMatchObject({ exit, stderr: expect.stringContaining(code) as string });
  });

  test("with a token that isn't good says so", async () => {
    const { exit, stderr } = await run("audit --policy 1.json --token fm_other");
    expect([exit, stderr.includes("[unauthorized]")]).toEqual([1, true]);
  });

  test.each(["0", "-1", "1.5", "soon"])("takes seconds for --max-stale, and not %s", async (text) => {
    expect((await run(`audit --policy 1.json --max-stale ${text}`)).exit).toBe(2);
  });
});

const [first, , , second, fifth] = productionLog;
const r = (release: Release | undefined) => release!.revision;

/** The honest log up to there, then a release that no honest control plane makes, and an innocent one. */
function after(length: number, change: Parameters<typeof append>[2]): readonly Release[] {
  const log = productionLog.slice(0, length);
  log.push(append(production, log.at(-1), change));
  log.push(append(production, log.at(-1), { overlay: {} }));
  return log;
}

describe("audit of what a dishonest control plane signed", () => {
  test.each<[what: string, exit: number, code: string, release: number, log: () => readonly Release[]]>([
    [
      "a revision that is left out",
      5,
      "revision_out_of_sequence",
      3,
      () => after(3, { revision: r(productionLog[5]) }),
    ],
    ["a revision twice, with two contents", 5, "revision_reused", 4, () => after(4, { statement: { configSize: 9 } })],
    ["a revision that goes back", 5, "revision_out_of_sequence", 4, () => after(4, { revision: r(first) })],
    [
      "another parent",
      5,
      "revision_out_of_sequence",
      3,
      () => after(3, { revision: r(second), statement: { parent: r(second).lock.configRoot } }),
    ],
    [
      "a first revision that follows another",
      5,
      "revision_out_of_sequence",
      0,
      () => after(0, { revision: r(first), statement: { parent: r(second).lock.configRoot } }),
    ],
    [
      "approvals by strangers",
      6,
      "approvals_insufficient",
      3,
      () => after(3, { revision: { ...r(second), approvers: [alice, mallory] } }),
    ],
    [
      "one approver twice",
      6,
      "approvals_insufficient",
      3,
      () => after(3, { revision: { ...r(second), approvers: [alice, alice] } }),
    ],
    ["no approvals", 6, "approvals_insufficient", 3, () => after(3, { revision: { ...r(second), approvers: [] } })],
    [
      "approvals that vanish later",
      6,
      "approvals_insufficient",
      4,
      () => after(4, { revision: { ...r(second), approvers: [] } }),
    ],
    [
      "approvals of another content",
      6,
      "approvals_insufficient",
      3,
      () => after(3, { revision: r(second), statement: { approvals: first!.content.approvals } }),
    ],
    [
      "a revision logged after its approvals had ended",
      6,
      "approvals_expired",
      3,
      () => after(3, { revision: r(second), statement: { time: 1_900_000_000 } }),
    ],
    ["a number that is skipped", 5, "release_mismatch", 4, () => after(4, { statement: { release: 7 } })],
    ["another mesh's statement", 5, "origin_mismatch", 4, () => after(4, { statement: { origin: staging.origin } })],
    [
      "a policy that nobody knows",
      5,
      "policy_unpinned",
      4,
      () => after(4, { statement: { policy: { number: 2, digest: staging.policyDigest } } }),
    ],
    [
      "a stage outside of the plan",
      5,
      "overlay_dangling",
      4,
      () => after(4, { overlay: { "new-search": { stage: 50 } } }),
    ],
    [
      "a stage of a flag without plan",
      5,
      "overlay_dangling",
      4,
      () => after(4, { overlay: { "new-checkout": { stage: 100 } } }),
    ],
    ["an overlay of no flag", 5, "overlay_dangling", 4, () => after(4, { overlay: { nothing: { kill: true } } })],
    [
      "an overlay other than its digest",
      5,
      "overlay_digest_mismatch",
      4,
      () => after(4, { statement: { overlayDigest: fifth!.content.detailDigest } }),
    ],
    [
      "a detail other than its digest",
      5,
      "detail_digest_mismatch",
      4,
      () => after(4, { statement: { detailDigest: fifth!.content.overlayDigest } }),
    ],
    [
      "a root that its snapshot doesn't give",
      5,
      "config_root_mismatch",
      3,
      () => after(3, { revision: r(second), statement: { configRoot: r(first).lock.configRoot } }),
    ],
  ])("%s: exit %i, %s in release %i", async (_, exit, code, release, log) => {
    now = 1_900_000_000;
    await serve(production, log());
    const audited = await run("audit --policy 1.json --format json");
    expect(JSON.parse(audited.stdout)).toMatchObject({ error: { code, release } });
    expect(audited.exit).toBe(exit);
    expect(audited.stderr).toContain(`release ${release}: `);
  });

  test("times that go back are no offence, and are told", async () => {
    await serve(production, after(4, { overlay: {}, statement: { time: timeOf(0) } }));
    const { exit, stderr } = await run("audit --policy 1.json");
    expect([exit, stderr]).toEqual([0, expect.stringContaining("release 4 is dated before the one before it")]);
  });

  test("a log signed by another key is none of this mesh's", async () => {
    await serve(production, [append(production, undefined, { revision: r(first), keys: { log: alice } })]);
    const { exit, stderr } = await run("audit --policy 1.json");
    expect([exit, stderr]).toEqual([5, expect.stringContaining("[log_signature_invalid]")]);
  });
});
