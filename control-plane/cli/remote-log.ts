/** A mesh's release log at a control plane, as an auditor reads it: the log without a token, what stands beside it with one. */
import * as v from "valibot";
import { fromUtf8 } from "../../shared/encoding/bytes.ts";
import { isObject } from "../../shared/encoding/json.ts";
import type { Beside, ContentSource, LogSource } from "../../shared/audit/log-source.ts";
import { limits } from "../../shared/limits.ts";
import { hashBytes } from "../../shared/merkle/hash.ts";
import { detailSchema } from "../../shared/trust/detail.ts";
import { overlaySchema } from "../../shared/trust/overlay.ts";
import { entryBytesMax, parseEntryBundle, tilePath, tileWidthMax } from "../log/tiles.ts";
import type { Context } from "./context.ts";

/** The log couldn't be read: nothing is known about it. */
export class LogUnreadable extends Error {
  /** `undefined` where nobody answered. */
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

const timeoutMs = 30_000;
const bundleBytesMax = tileWidthMax * (2 + entryBytesMax);
/** A hundred releases, each with its approvals and its overlay. */
const pageBytesMax = 100 * (limits.statementBytesMax + limits.overlayBytesMax);

/**
 * @param url of the mesh: `https://control.example.com/v1/meshes/acme/production`
 * @param token absent: overlays and contents are not read
 */
export function remoteLog(
  { fetch, signal }: Pick<Context, "fetch" | "signal">,
  url: string,
  token?: string,
): LogSource {
  async function get(path: string, bytesMax: number, withToken = false): Promise<Uint8Array | undefined> {
    const headers = withToken ? { authorization: `Bearer ${token ?? ""}` } : {};
    let response: Response;
    try {
      response = await fetch(url + path, {
        headers,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      if (response.ok) return await readBytes(response, bytesMax);
    } catch (error) {
      if (error instanceof LogUnreadable) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new LogUnreadable(`${url}${path} can't be reached: ${cause}`);
    }
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw new LogUnreadable(`${url}${path} answered ${response.status}`, response.status);
  }
  const getText = async (path: string, bytesMax: number, withToken = false): Promise<string | undefined> => {
    const bytes = await get(path, bytesMax, withToken);
    return bytes === undefined ? undefined : fromUtf8(bytes);
  };
  const tile = (level: number | "entries", from: number, to: number, bytesMax: number) =>
    get(`/log/tile/${tilePath({ level, index: from / tileWidthMax, width: to - from })}`, bytesMax);

  const content: ContentSource = {
    async besides(from, to) {
      const text = await getText(`/releases?before=${to}`, pageBytesMax, true);
      return besidesIn(text ?? "", from, to);
    },
    snapshot: async (release) =>
      (await getText(`/releases/${release}/snapshot`, limits.snapshotBytesMax, true)) ?? null,
  };
  return {
    checkpoint: async () => (await getText("/log/checkpoint", limits.noteBytesMax)) ?? "",
    async statements(from, to) {
      const bundle = parseEntryBundle((await tile("entries", from, to, bundleBytesMax)) ?? new Uint8Array(0));
      return bundle.ok ? bundle.value : [];
    },
    async leaves(from, to) {
      const bytes = (await tile(0, from, to, tileWidthMax * hashBytes)) ?? new Uint8Array(0);
      return Array.from({ length: Math.floor(bytes.length / hashBytes) }, (_, i) =>
        Uint8Array.from(bytes.subarray(i * hashBytes, (i + 1) * hashBytes)),
      );
    },
    policy: async (number) => (await getText(`/log/policies/${number}`, limits.policyBytesMax)) ?? null,
    ...(token === undefined ? {} : { content }),
  };
}

/** Stops reading where it gets longer than anything that could be meant. */
async function readBytes(response: Response, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    length += (chunk as Uint8Array).length;
    if (length > bytesMax) throw new LogUnreadable(`${response.url} sends more than ${bytesMax} bytes`);
  }
  return Buffer.concat(chunks, length);
}

/** Overlay and detail of each release from `from` up to but not including `to`; `undefined` where there is none to be read. */
function besidesIn(text: string, from: number, to: number): readonly (Beside | undefined)[] {
  const besides = Array.from({ length: to - from }, (): Beside | undefined => undefined);
  let page: unknown;
  try {
    page = JSON.parse(text);
  } catch {
    return besides;
  }
  const releases = isObject(page) && Array.isArray(page["releases"]) ? (page["releases"] as readonly unknown[]) : [];
  for (const release of releases) {
    if (!isObject(release) || typeof release["release"] !== "number") continue;
    const { actor, message } = release;
    const [overlay, detail] = [
      v.safeParse(overlaySchema, release["overlay"]),
      v.safeParse(detailSchema, { actor, message }),
    ];
    const at = release["release"] - from;
    if (overlay.success && detail.success && at in besides) {
      besides[at] = { overlay: overlay.output, detail: detail.output };
    }
  }
  return besides;
}
