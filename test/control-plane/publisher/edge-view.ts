/** What an edge makes of Redis: its own acceptance, with or without memory of an earlier release. */
import type { Redis } from "@upstash/redis";
import { accept } from "../../../shared/acceptance/accept.ts";
import type { VerifiedRelease } from "../../../shared/acceptance/verified-release.ts";
import type { Digest } from "../../../shared/encoding/digest.ts";
import { publicKeys } from "../../../shared/store/keys.ts";
import { now, type MeshUnderTest } from "./mesh-under-test.ts";

/** The release that the edge believes, or the code of its refusal. */
export async function look(
  { mesh, authority }: MeshUnderTest,
  redis: Redis,
  memory?: VerifiedRelease,
): Promise<VerifiedRelease | string> {
  const keys = publicKeys(mesh);
  const [head, fresh] = await redis.mget<[string | null, string | null]>(keys.head, keys.fresh);
  const reads = {
    leaves: (from: number, to: number) => redis.lrange(keys.leaves, from, to - 1),
    statements: (from: number, to: number) => redis.lrange(keys.statements, from, to - 1),
    policy: (digest: Digest) => redis.get<string>(keys.policy(digest)),
    snapshot: (digest: Parameters<typeof keys.snapshot>[0]) => redis.get<string>(keys.snapshot(digest)),
  };
  const accepted = await accept({ head, fresh }, memory, authority.pins, reads, now);
  return accepted.ok ? accepted.value.release : accepted.error.code;
}

export async function believed(
  subject: MeshUnderTest,
  redis: Redis,
  memory?: VerifiedRelease,
): Promise<VerifiedRelease> {
  const release = await look(subject, redis, memory);
  if (typeof release === "string") throw new Error(`the edge refuses: ${release}`);
  return release;
}
