/** Pushes through the API: what makes a release, what doesn't, and who wins a race. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeLockFile } from "../../../control-plane/locker/lock-file.ts";
import { originOf, type MeshId } from "../../../shared/document/mesh-id.ts";
import { actor, bundleOf, mesh, startApi, type Answer, type LiveApi } from "../api/live-api.ts";
import { documentText, lockOf, type DocumentParts } from "./test-document.ts";

let api: LiveApi;

beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const lockIn = ({ body }: Answer): string => body["lock"] as string;
const codeOf = ({ status, body }: Answer): readonly [number, unknown] => [status, body["code"]];
const logSize = async (): Promise<number> =>
  ((await api.call("GET", "/releases")).body["releases"] as unknown[]).length;

const ascending = (a: number, b: number): number => a - b;

/** A bundle on a lock. */
function bundle(parts: DocumentParts, previousLock?: string) {
  const text = documentText(parts);
  return bundleOf(text, lockOf(mesh, text, previousLock).text);
}

describe("a push makes a release", () => {
  test("of files with their lock", async () => {
    const text = documentText();
    const locked = lockOf(mesh, text);
    const first = await api.push(bundleOf(text, locked.text), { "x-flagmesh-message": "caf%C3%A9%20opens" });
    expect(first.status).toBe(201);
    expect(first.headers.get("etag")).toBe('"0"');
    expect(first.body).toMatchObject({
      created: true,
      release: 0,
      revision: 1,
      configRoot: locked.lock.configRoot,
      actor,
      message: "café opens",
      published: true,
    });
    const second = await api.push(bundle({ share: 20 }, lockIn(first)));
    expect(second.body).toMatchObject({ created: true, release: 1, revision: 2, parent: locked.lock.configRoot });
  });

  test("of a bare YAML document, locked here on the newest revision", async () => {
    const first = await api.push(documentText());
    expect(first.body).toMatchObject({ created: true, release: 0, revision: 1 });
    const second = await api.push(documentText({ share: 11 }));
    expect(second.body).toMatchObject({ created: true, release: 1, revision: 2, parent: first.body["configRoot"] });
    const lock = await api.call("GET", "/lock");
    expect(lock.text).toBe(lockIn(second));
  });

  test("of a bare JSON document", async () => {
    const document = { flags: { a: { variants: { on: true, off: false }, defaultVariant: "off", state: "ENABLED" } } };
    const pushed = await api.push(JSON.stringify(document), { "content-type": "application/json; charset=utf-8" });
    expect(pushed.body).toMatchObject({ created: true, release: 0 });
    const listed = await api.call("GET", "/flags");
    expect(listed.body).toMatchObject({ flags: [{ key: "a", status: "enabled", shares: { off: 100 } }] });
  });
});

describe("a push makes no release", () => {
  test("where its lock is the one in force", async () => {
    const pushed = bundle({});
    expect((await api.push(pushed)).status).toBe(201);
    const again = await api.push(pushed);
    expect([again.status, again.body["created"], again.body["release"]]).toEqual([200, false, 0]);
    expect(await logSize()).toBe(1);
  });

  test("where only comments changed", async () => {
    const first = await api.push(bundle({}));
    const text = `# why\n${documentText()}`;
    const relocked = lockOf(mesh, text, lockIn(first));
    expect([relocked.changed, relocked.text === lockIn(first)]).toEqual([false, false]);
    const again = await api.push(bundleOf(text, relocked.text));
    expect([again.status, again.body["created"], lockIn(again)]).toEqual([200, false, lockIn(first)]);
    expect((await api.push(`# bare\n${documentText()}`)).status).toBe(200);
  });

  test.each([
    ["the empty mesh's", 0],
    ["an older release's", 1],
  ])("where its lock is built on %s: 409 names the winner", async (_, base) => {
    const locks = [undefined, lockIn(await api.push(bundle({})))];
    const newest = await api.push(bundle({ share: 20 }, locks[1]));
    const stale = await api.push(bundle({ share: 30 }, locks[base]));
    expect(codeOf(stale)).toEqual([409, "stale_parent"]);
    expect(stale.body["winner"]).toMatchObject({
      release: 1,
      revision: 2,
      actor,
      configRoot: newest.body["configRoot"],
    });
    expect(await logSize()).toBe(2);
  });

  test("where its lock is of another mesh, or of another deployment", async () => {
    const text = documentText();
    const other = "acme/staging" as MeshId;
    const wrong = [lockOf(other, text).text, lockOf(mesh, text, undefined, originOf("elsewhere", mesh)).text];
    for (const lock of wrong) expect(codeOf(await api.push(bundleOf(text, lock)))).toEqual([422, "mesh_mismatch"]);
    const named = await api.push(documentText({ mesh: other }));
    expect(codeOf(named)).toEqual([422, "document_invalid"]);
    expect(named.body["diagnostics"]).toMatchObject([{ code: "mesh_mismatch", file: "body.yaml", line: 2, column: 7 }]);
  });

  test("where the lock doesn't fit its files, or itself", async () => {
    const text = documentText();
    const { lock, text: lockText } = lockOf(mesh, text);
    const key = "flag:checkout" as const;
    const entry = lock.entries.get(key)!;
    const cases: readonly (readonly [string, string, string])[] = [
      [documentText({ share: 99 }), lockText, "lock_drifted"],
      [text, lockText.replace("revision: 1", "revision: 01"), "lock_malformed"],
      [text, "nonsense", "lock_malformed"],
      [text, "", "lock_malformed"],
      [text, `<<<<<<< ours\n${lockText}`, "lock_conflicted"],
      [text, encodeLockFile({ ...lock, configRoot: entry.leaf }), "lock_tampered"],
      [text, encodeLockFile({ ...lock, parent: entry.leaf }), "lock_tampered"],
      [text, encodeLockFile({ ...lock, configSize: lock.configSize + 1 }), "lock_tampered"],
      [
        text,
        encodeLockFile({ ...lock, entries: new Map([...lock.entries, [key, { ...entry, rev: 2 }]]) }),
        "lock_tampered",
      ],
      [
        text,
        encodeLockFile({ ...lock, snapshotDigest: `sha256:${"0".repeat(64)}` as typeof lock.snapshotDigest }),
        "lock_tampered",
      ],
    ];
    for (const [document, wrong, code] of cases) {
      const refused = await api.push(bundleOf(document, wrong));
      expect([code, ...codeOf(refused)]).toEqual([code, 422, code]);
    }
    expect(codeOf(await api.call("GET", "/flags"))).toEqual([404, "nothing_published"]);
  });

  test.each([
    ["a host that isn't deployed", { host: "other.example.org" }, "host_not_allowed"],
    ["an endpoint that isn't deployed", { endpoint: "https://evil.example.org" }, "endpoint_not_allowed"],
  ])("where it routes to %s", async (_, parts, refusal) => {
    const refused = await api.push(documentText(parts));
    expect([...codeOf(refused), refused.body["refusal"]]).toEqual([422, "placement_refused", refusal]);
  });

  test("where it names a binding that isn't deployed", async () => {
    const text = documentText().replace(/v1: .*/, "v1: { service: OTHER }");
    const refused = await api.push(text);
    expect([...codeOf(refused), refused.body["refusal"]]).toEqual([422, "placement_refused", "binding_not_allowed"]);
    expect((await api.push(text.replace("OTHER", "SEARCH"))).status).toBe(201);
  });

  test("where its approvals are too long for edges to read", async () => {
    const text = documentText();
    const { lock } = lockOf(mesh, text);
    const line = `— ${"n".repeat(70_000)} AAAAAAAA`;
    const long = encodeLockFile({ ...lock, approvals: { notAfter: 4_000_000_000, signatures: [line] } });
    expect(codeOf(await api.push(bundleOf(text, long)))).toEqual([413, "release_too_large"]);
    const half = encodeLockFile({ ...lock, approvals: { notAfter: 4_000_000_000, signatures: ["\ud800"] } });
    expect(codeOf(await api.push(bundleOf(text, half)))).toEqual([422, "lock_malformed"]);
    expect((await api.push(bundleOf(text, lockOf(mesh, text).text))).status).toBe(201);
  });
});

describe("ten pushes at once", () => {
  test("of locks on one base: one is made, nine are told who won", async () => {
    const base = lockIn(await api.push(documentText()));
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => api.push(bundle({ share: 20 + i }, base))));
    expect(answers.map(({ status }) => status).sort(ascending)).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    const won = answers.find(({ status }) => status === 201)!;
    for (const { status, body } of answers) {
      if (status === 201) continue;
      expect(body["winner"]).toMatchObject({ release: 1, actor, configRoot: won.body["configRoot"] });
    }
    expect(await logSize()).toBe(2);
  });

  test("of documents on one release: one is made, nine are told who won", async () => {
    await api.push(documentText());
    const pushes = Array.from({ length: 10 }, (_, i) =>
      api.push(documentText({ share: 20 + i }), { "if-match": '"0"' }),
    );
    const answers = await Promise.all(pushes);
    const won = answers.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    const lost = answers.filter(({ status }) => status === 409 || status === 412);
    expect(lost).toHaveLength(9);
    for (const { body } of lost) {
      expect(body["winner"]).toMatchObject({ release: 1, actor, configRoot: won[0]?.body["configRoot"] });
    }
    expect(await logSize()).toBe(2);
  });

  test("of documents on whatever is newest: each makes a release or is told who was first", async () => {
    await api.push(documentText());
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => api.push(documentText({ share: 20 + i }))));
    const made = answers.filter(({ status }) => status === 201);
    expect(answers.filter((answer) => answer.status === 409 && answer.body["winner"] !== undefined)).toHaveLength(
      10 - made.length,
    );
    expect(made.length).toBeGreaterThan(0);
    expect(await logSize()).toBe(1 + made.length);
  });

  test("of one and the same lock: one is made, nine find it in force", async () => {
    const pushed = bundle({ share: 20 }, lockIn(await api.push(documentText())));
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.push(pushed)));
    expect(answers.map(({ status }) => status).sort(ascending)).toEqual([...Array.from({ length: 9 }, () => 200), 201]);
    expect(new Set(answers.map(({ body }) => body["release"]))).toEqual(new Set([1]));
    expect(await logSize()).toBe(2);
  });

  test("of first locks of one mesh: one is made", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => api.push(bundle({ share: 20 + i }))));
    expect(answers.map(({ status }) => status).sort(ascending)).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    expect(await logSize()).toBe(1);
  });
});

describe("If-Match", () => {
  test.each([
    ["nothing published, a number", [], '"0"', [412, "precondition_failed"]],
    ["nothing published, any", [], "*", [412, "precondition_failed"]],
    ["the newest release", [1], '"0"', [201, undefined]],
    ["the newest release, without quotes", [1], "0", [201, undefined]],
    ["any release", [1], "*", [201, undefined]],
    ["an older release", [1, 2], '"0"', [412, "precondition_failed"]],
    ["a release to come", [1], '"1"', [412, "precondition_failed"]],
    ["a weak tag", [1], 'W/"0"', [400, "if_match_malformed"]],
    ["a list", [1], '"0", "1"', [400, "if_match_malformed"]],
    ["a word", [1], '"newest"', [400, "if_match_malformed"]],
    ["a negative number", [1], "-1", [400, "if_match_malformed"]],
    ["nothing", [1], "", [400, "if_match_malformed"]],
    ["a number without end", [1], "9".repeat(400), [400, "if_match_malformed"]],
  ] as const)("%s", async (_, before, tag, expected) => {
    for (const share of before) await api.push(documentText({ share }));
    const pushed = await api.push(documentText({ share: 50 }), { "if-match": tag });
    expect(codeOf(pushed)).toEqual(expected);
    const winner = pushed.body["winner"] as { readonly release: number } | undefined;
    const named = pushed.status === 412 && before.length > 0;
    expect(winner?.release).toBe(named ? before.length - 1 : undefined);
  });
});
