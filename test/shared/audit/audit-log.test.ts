import { describe, expect, test } from "vitest";
import { auditLog, type AuditOptions } from "../../../shared/audit/audit-log.ts";
import type { LogSource } from "../../../shared/audit/log-source.ts";
import type { Trust } from "../../../shared/audit/trust.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import { production, staging } from "../../vectors/trust/load.ts";
import { pinsOf, policyIn, sourceOf } from "./vector-log.ts";

const { origin, releases } = production;
const honest = sourceOf(production);
const trust: Trust = { policies: [policyIn(production)] };
const options: AuditOptions = { now: releases[5]!.freshAt + 60, maxStale: 600 };

const audit = (source: LogSource, other: Partial<AuditOptions> = {}, given = trust) =>
  auditLog(source, origin, given, { ...options, ...other });

/** Code, and the record that offends. */
const offenceIn = async (...args: Parameters<typeof audit>) => {
  const audited = await audit(...args);
  return audited.ok ? "none" : [audited.error.code, audited.error.release];
};

describe("an honest log", () => {
  test("passes, with what was looked at", async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, of: number): void => void seen.push([done, of]);
    expect(await audit(honest, { onProgress })).toMatchObject({
      ok: true,
      value: {
        releases: 6,
        revisions: 3,
        unapproved: 0,
        timeWentBack: [],
        contentChecked: true,
        newest: { release: 5, revision: 3 },
        log: { checkpoint: { size: 6 }, freshAt: releases[5]!.freshAt },
      },
    });
    expect(seen).toEqual([[6, 6]]);
  });

  test("passes at every length, and with the deployment policy alone", async () => {
    for (let size = 1; size <= releases.length; size++) {
      const source = sourceOf(production, size);
      const now = releases[size - 1]!.freshAt;
      expect(await offenceIn(source, { now })).toBe("none");
      expect(await offenceIn(source, { now }, { policies: [], pins: pinsOf(production) })).toBe("none");
    }
  });

  test("passes without its contents, and says that they were not checked", async () => {
    expect(await audit({ ...honest, content: undefined })).toMatchObject({
      ok: true,
      value: { contentChecked: false },
    });
  });

  test("that asks for no approval is said to", async () => {
    const audited = await auditLog(
      sourceOf(staging),
      staging.origin,
      { policies: [policyIn(staging)] },
      {
        ...options,
        now: staging.releases[1]!.freshAt,
      },
    );
    expect(audited).toMatchObject({ ok: true, value: { releases: 2, unapproved: 2 } });
  });

  test("holds what an earlier audit saw of it", async () => {
    for (const { note } of releases) expect(await offenceIn(honest, { seen: note })).toBe("none");
  });

  test("goes on from the pinned floor", async () => {
    for (const [i, { checkpoint }] of releases.entries()) {
      const floor = { size: i + 1, root: checkpoint.split("\n")[2] ?? "" };
      const given = { ...trust, pins: { ...pinsOf(production), floor } };
      expect(await offenceIn(honest, {}, given)).toBe("none");
    }
  });
});

const altered = (release: number, from: string, to: string): LogSource => ({
  ...honest,
  statements: async (...range) =>
    (await honest.statements(...range)).map((text, i) => (i + range[0] === release ? text.replace(from, to) : text)),
});

const reordered = async (from: number, to: number): Promise<readonly string[]> => {
  const page = [...(await honest.statements(from, to))];
  [page[1], page[2]] = [page[2]!, page[1]!];
  return page;
};

const content = honest.content!;
const note = releases[5]!.note;

const attacks: readonly [what: string, offence: unknown, source: LogSource, options?: Partial<AuditOptions>][] = [
  ["an altered statement", ["statements_mismatch", 3], altered(3, '"revision":2', '"revision":9')],
  [
    "an altered statement, and leaves to match",
    ["frontier_mismatch", undefined],
    {
      ...altered(3, '"revision":2', '"revision":9'),
      leaves: async (from, to) =>
        (await altered(3, '"revision":2', '"revision":9').statements(from, to)).map((text) => leafHash(utf8(text))),
    },
  ],
  ["statements in another order", ["statements_mismatch", 1], { ...honest, statements: reordered }],
  [
    "a statement that is left out",
    ["statements_missing", 5],
    { ...honest, statements: async (from, to) => (await honest.statements(0, 6)).slice(1).slice(from, to) },
  ],
  ["no statements", ["statements_missing", 0], { ...honest, statements: async () => [] }],
  [
    "more statements than were signed",
    "none",
    { ...honest, statements: async (from, to) => [...(await honest.statements(from, to)), "more", "and more"] },
  ],
  ["no leaves to compare", ["frontier_mismatch", undefined], { ...altered(0, "1", "2"), leaves: async () => [] }],
  [
    "a checkpoint of another root",
    ["log_signature_invalid", undefined],
    { ...honest, checkpoint: async () => note.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${"A".repeat(43)}=\n`) },
  ],
  [
    "another log's checkpoint",
    ["origin_mismatch", undefined],
    { ...honest, checkpoint: async () => staging.releases[1]!.note },
  ],
  ["no checkpoint", ["checkpoint_malformed", undefined], { ...honest, checkpoint: async () => "" }],
  [
    "a log that was shortened since it was seen",
    ["older_checkpoint", undefined],
    sourceOf(production, 4),
    { seen: note, now: releases[3]!.freshAt },
  ],
  ["a seen checkpoint that nobody signed", ["checkpoint_malformed", undefined], honest, { seen: "x" }],
  [
    "another overlay",
    ["overlay_digest_mismatch", 1],
    {
      ...honest,
      content: {
        ...content,
        besides: async (from, to) =>
          (await content.besides(from, to)).map((beside) => beside && { ...beside, overlay: {} }),
      },
    },
  ],
  [
    "another message",
    ["detail_digest_mismatch", 0],
    {
      ...honest,
      content: {
        ...content,
        besides: async (from, to) =>
          (await content.besides(from, to)).map(
            (beside) => beside && { ...beside, detail: { ...beside.detail, message: "nothing happened" } },
          ),
      },
    },
  ],
  ["no overlays", ["overlay_digest_mismatch", 0], { ...honest, content: { ...content, besides: async () => [] } }],
  ["no snapshot", ["snapshot_missing", 0], { ...honest, content: { ...content, snapshot: async () => null } }],
  [
    "another revision's snapshot",
    ["snapshot_digest_mismatch", 3],
    { ...honest, content: { ...content, snapshot: async () => content.snapshot(0) } },
  ],
  ["a freshness that is too old", ["stale", undefined], honest, { now: releases[5]!.freshAt + 601 }],
  ["a freshness from the future", ["freshness_in_future", undefined], honest, { now: releases[5]!.freshAt - 61 }],
  [
    "no freshness",
    ["freshness_missing", undefined],
    {
      ...honest,
      checkpoint: async () =>
        note
          .split("\n")
          .filter((line) => !line.includes("/freshness "))
          .join("\n"),
    },
  ],
];

test.each(attacks)("a log with %s: %j", async (_, offence, source, other) => {
  expect(await offenceIn(source, other)).toEqual(offence);
});

test("a freshness is good to the second that is allowed", async () => {
  expect(await offenceIn(honest, { now: releases[5]!.freshAt + 600 })).toBe("none");
  expect(await offenceIn(honest, { now: releases[5]!.freshAt - 60 })).toBe("none");
});

describe("what the auditor brings", () => {
  test("decides: without a policy of the log nothing is believed", async () => {
    expect(await offenceIn(honest, {}, { policies: [] })).toEqual(["policy_missing", undefined]);
    expect(await offenceIn(honest, {}, { policies: [policyIn(staging)] })).toEqual([
      "log_signature_invalid",
      undefined,
    ]);
    expect(await offenceIn(honest, {}, { policies: [], pins: pinsOf(staging) })).toEqual(["policy_missing", undefined]);
  });

  test("may ask for more approvals than there are: the first release that lacks them is named", async () => {
    const policy = policyIn(production);
    const stricter = { ...policy, approvers: { ...policy.approvers, threshold: 3 } };
    expect(await offenceIn(honest, {}, { policies: [stricter] })).toEqual(["approvals_insufficient", 0]);
  });

  test("may pin hosts that the log's contents leave", async () => {
    const pins = { ...pinsOf(production), hosts: ["other.example.com"] };
    expect(await offenceIn(honest, {}, { ...trust, pins })).toEqual(["host_not_allowed", 0]);
  });

  test("may pin a floor that the log never had", async () => {
    const root = releases[0]!.checkpoint.split("\n")[2] ?? "";
    for (const floor of [
      { size: 3, root },
      { size: 7, root },
    ]) {
      const given = { ...trust, pins: { ...pinsOf(production), floor } };
      expect(await offenceIn(honest, {}, given)).toEqual(["below_floor", undefined]);
    }
  });
});
