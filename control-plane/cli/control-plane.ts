/** How commands reach the control plane: where it is, with which token, about which mesh, and what its refusals mean. */
import { isMeshId, type MeshId } from "../../shared/document/mesh-id.ts";
import { isObject } from "../../shared/encoding/json.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { RebucketingAnswer } from "../engine/rebucketing-answer.ts";
import type { Call } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { refuse, type Trouble } from "./say.ts";
import { findStateFolder } from "./state-folder.ts";
import { visible } from "./visible-text.ts";

export interface Refused extends Trouble {
  readonly exit: ExitCode;
  /** The problem's other members, e.g. `diagnostics` or `winner`. */
  readonly problem?: Readonly<Record<string, unknown>>;
}

export interface Request {
  readonly method: "GET" | "POST";
  /** Behind `/v1/meshes/{tenant}/{environment}`. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Remote {
  readonly mesh: MeshId;
  readonly url: string;
  /** The answer's JSON, or its text where it is none. */
  readonly send: (request: Request) => Promise<Result<unknown, Refused>>;
}

const localPort = 8788;
const timeoutMs = 30_000;

/** The token of a call, or the local mesh's, which goes to nobody but this machine; `undefined` where there is neither. */
export function tokenAtHand({ context, global }: Call): string | undefined {
  if (global.token !== undefined) return global.token;
  if (global.url !== undefined && !isLoopback(global.url)) return undefined;
  const local = findStateFolder(global.dir) ?? findStateFolder(context.cwd);
  return local?.read(local.files.adminToken)?.trim();
}

const isLoopback = (url: string): boolean =>
  URL.canParse(url) && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);

/** Without a slash at its end. */
export function controlPlaneUrl({ context, global }: Call): Result<string, Refused> {
  const base = global.url ?? `http://127.0.0.1:${context.env["FLAGMESH_CONTROL_PORT"] ?? localPort}`;
  return URL.canParse(base) ? ok(base.replace(/\/+$/, "")) : usage("bad_url", `${base} is no URL`);
}

/** @param lockMesh the mesh of the lock at hand, where there is one */
export function reach(call: Call, lockMesh?: MeshId): Result<Remote, Refused> {
  const { context, global } = call;
  const token = tokenAtHand(call);
  if (token === undefined) {
    return usage(
      "no_token",
      "no token: pass --token or set FLAGMESH_TOKEN",
      "a local mesh (`flagmesh dev`) keeps one in .flagmesh/",
    );
  }
  const local = findStateFolder(global.dir) ?? findStateFolder(context.cwd);
  const mesh = global.mesh ?? lockMesh ?? onlyMesh(local?.read(local.files.deployment));
  if (mesh === undefined) return usage("no_mesh", "which mesh? Pass --mesh tenant/environment");
  const url = controlPlaneUrl(call);
  if (!url.ok) return url;
  return ok({ mesh, url: url.value, send: (request) => send(call, url.value, `/v1/meshes/${mesh}`, token, request) });
}

const usage = (code: string, message: string, hint?: string): Result<never, Refused> =>
  err({ exit: exitCodes.usage, code, message, ...(hint === undefined ? {} : { hint }) });

function onlyMesh(deploymentText: string | undefined): MeshId | undefined {
  if (deploymentText === undefined) return undefined;
  try {
    const { meshes } = JSON.parse(deploymentText) as { meshes?: object };
    const ids = Object.keys(meshes ?? {}).filter(isMeshId);
    return ids.length === 1 ? ids[0] : undefined;
  } catch {
    return undefined;
  }
}

async function send(
  { context }: Call,
  url: string,
  prefix: string,
  token: string,
  { method, path, body, headers }: Request,
): Promise<Result<unknown, Refused>> {
  let response: Response;
  let text: string;
  try {
    response = await context.fetch(url + prefix + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]),
    });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return err({
      exit: exitCodes.unreachable,
      code: "control_plane_unreachable",
      message: `${url} can't be reached: ${cause}`,
      hint: "is it running? `npm start` starts a local one; --url or FLAGMESH_URL names another",
    });
  }
  const json = parse(text);
  if (response.ok) return ok(json ?? text);
  const problem = isObject(json) ? json : {};
  const code = typeof problem["code"] === "string" ? problem["code"] : `http_${response.status}`;
  const message = typeof problem["detail"] === "string" ? problem["detail"] : `${url} answered ${response.status}`;
  return err({ exit: exitOf(code, response.status), code, message, problem });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The one place where a control plane's refusal becomes an exit code. */
function exitOf(code: string, status: number): ExitCode {
  switch (code) {
    case "lock_missing":
      return exitCodes.lockMissing;
    case "lock_drifted":
      return exitCodes.lockDrifted;
    case "lock_tampered":
    case "lock_malformed":
      return exitCodes.tampered;
    case "approvals_insufficient":
    case "approvals_expired":
    case "lock_required":
      return exitCodes.notApproved;
    case "stale_parent":
    case "conflict":
    case "precondition_failed":
      return exitCodes.conflict;
    default:
      return status >= 500 ? exitCodes.unreachable : exitCodes.refused;
  }
}

export const refused = (call: Call, { exit, ...trouble }: Refused): ExitCode => refuse(call, exit, trouble);

/** Why a release is made, for the log. HTTP headers hold ASCII only. */
export const messageHeader = (message: unknown): Readonly<Record<string, string>> =>
  typeof message === "string" && message !== "" ? { "x-flagmesh-message": encodeURIComponent(message) } : {};

export interface ReleaseAnswer {
  readonly created: boolean;
  readonly release: number;
  readonly revision: number;
  readonly configRoot: string;
  readonly overlay: Readonly<Record<string, { readonly kill?: true; readonly stage?: number }>>;
  readonly rebucketed?: readonly RebucketingAnswer[];
}

/** A line for each flag whose users moved, indented. */
export const rebucketedLines = ({ rebucketed = [] }: ReleaseAnswer): readonly string[] =>
  rebucketed.map(({ text }) => `  ${visible(text)}`);

export const describeRelease = ({ created, release, revision }: ReleaseAnswer): string =>
  created
    ? `release ${release} (revision ${revision}) is published`
    : `nothing to do: release ${release} already has it`;
