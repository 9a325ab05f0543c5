/**
 * `flagmesh verify`: whether flagmesh.lock is what the documents say, adds up, and is approved. Writes nothing, and asks
 * nobody, but with `--locked` the control plane.
 */
import type { Command } from "./command.ts";
import { refused } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { lockFileName } from "./lock-file-on-disk.ts";
import { policyOption } from "./policy-file.ts";
import { comparePublished } from "./published-lock.ts";
import { answer, note } from "./say.ts";
import { readVerifiedLock } from "./verified-lock.ts";

export const verify: Command = {
  name: "verify",
  summary: "check flagmesh.lock against the documents, and its approvals",
  examples: [
    "flagmesh verify",
    "flagmesh verify --policy policies/acme/production/1.json",
    "flagmesh verify --locked --url https://control.example.com",
  ],
  declare(command) {
    command
      .option(...policyOption)
      .option("--locked", "also: the lock is the one that is published, or the next one after it", false)
      .option("--allow-insecure-endpoints", "allow http and loopback endpoints, for work on one machine", false);
  },
  async run(call) {
    const read = await readVerifiedLock(call, true);
    if (!read.ok) return read.error;
    const { lock, policy } = read.value;
    const { mesh, origin, revision, configRoot, snapshotDigest, approvals } = lock;
    const threshold = policy?.approvers.threshold;
    const published = call.options["locked"] === true ? await comparePublished(call, lock) : undefined;
    if (published?.ok === false) return refused(call, published.error);
    const value = { mesh, origin, revision, configRoot, snapshotDigest, approvalsNeeded: threshold ?? null };
    answer(call, value, `${lockFileName}: ${mesh} revision ${revision} is what the documents say`);
    if (threshold === undefined) {
      note(call, `approvals not checked (${approvals.signatures.length} there): pass --policy to check them`);
    } else if (threshold === 0) {
      note(call, "no approvals are needed: the policy trusts the control plane with the content");
    } else {
      note(call, `approved by ${threshold} or more of the policy's ${policy?.approvers.keys.length} approvers`);
    }
    if (published !== undefined) note(call, published.value);
    return exitCodes.fine;
  },
};
