/** One backend of a document to its entry: where it is, how its health is checked, what it must prove. */
import { isDigest } from "../encoding/digest.ts";
import { limits } from "../limits.ts";
import { parseVkey } from "../trust/vkey.ts";
import { millisecondsOf } from "./duration.ts";
import type { BackendEntry, Endpoint, HealthCheck } from "./entry.ts";
import type { Path } from "./finding.ts";
import { walkGraph } from "./graph.ts";
import { checkReference } from "./reference.ts";
import type { Report } from "./report.ts";
import { checkPath } from "./route-match.ts";
import type { BackendShape } from "./schema.ts";
import { checkEndpointUrl, type UrlPolicy } from "./url-policy.ts";

const bindingPattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export function normaliseBackend(
  name: string,
  backend: BackendShape,
  known: ReadonlyMap<string, unknown>,
  urls: UrlPolicy,
  report: Report,
): BackendEntry | undefined {
  const path = ["backends", name];
  const { endpoints, service, container, attest, fallback, maxConcurrent } = backend;
  const health =
    backend.health === undefined ? undefined : normaliseHealth(backend.health, [...path, "health"], report);
  if (attest !== undefined) checkAttest(attest, [...path, "attest"], report);
  if (fallback !== undefined) checkReference("backend", fallback, known, [...path, "fallback"], report);
  const common = {
    ...(health === undefined ? {} : { health }),
    ...(attest === undefined ? {} : { attest }),
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
    ...(fallback === undefined ? {} : { fallback }),
  };
  const places = [endpoints, service, container].filter((place) => place !== undefined).length;
  if (places !== 1) {
    report.error(
      "backend_kind",
      path,
      `a backend has exactly one of endpoints, service and container; found ${places}`,
      {
        atKey: true,
      },
    );
    return undefined;
  }
  if (service !== undefined) return { ...common, service: checkBinding(service, [...path, "service"], report) };
  if (container !== undefined) return { ...common, container: checkBinding(container, [...path, "container"], report) };
  return { ...common, endpoints: normaliseEndpoints(endpoints ?? [], [...path, "endpoints"], urls, report) };
}

function normaliseEndpoints(
  endpoints: NonNullable<BackendShape["endpoints"]>,
  path: Path,
  urls: UrlPolicy,
  report: Report,
): readonly Endpoint[] {
  const places = new Map<string, number>();
  return endpoints.map(({ url, weight = 1 }, i) => {
    const at = [...path, i, "url"];
    const fault = checkEndpointUrl(url, urls);
    if (fault !== undefined) {
      report.error(fault.code, at, `${url}: ${fault.message}`);
      return { url, weight };
    }
    const { origin } = new URL(url);
    const first = places.get(origin);
    if (first !== undefined) {
      report.error("duplicate_endpoint", at, `${origin} is listed twice`, {
        hint: "give it a larger weight instead",
        related: [...path, first, "url"],
      });
    }
    places.set(origin, first ?? i);
    return { url: origin, weight };
  });
}

const healthDefaults = { interval: "10s", timeout: "2s", unhealthy: 3, healthy: 2 };

function normaliseHealth(health: NonNullable<BackendShape["health"]>, path: Path, report: Report): HealthCheck {
  const { interval, timeout, unhealthy, healthy } = { ...healthDefaults, ...health };
  checkPath(health.path, [...path, "path"], report);
  const { healthIntervalMsMin, healthIntervalMsMax, healthTimeoutMsMin } = limits;
  const intervalMs = checkDuration(interval, healthIntervalMsMin, healthIntervalMsMax, [...path, "interval"], report);
  const timeoutMs = checkDuration(timeout, healthTimeoutMsMin, healthIntervalMsMax, [...path, "timeout"], report);
  if (intervalMs !== undefined && timeoutMs !== undefined && timeoutMs > intervalMs) {
    const at = [...path, health.timeout === undefined ? "interval" : "timeout"];
    report.error("health_timeout", at, `the timeout ${timeout} is longer than the interval ${interval}`);
  }
  return { path: health.path, intervalMs: intervalMs ?? 0, timeoutMs: timeoutMs ?? 0, unhealthy, healthy };
}

function checkDuration(text: string, min: number, max: number, path: Path, report: Report): number | undefined {
  const ms = millisecondsOf(text);
  if (ms === undefined) {
    report.error("bad_duration", path, `expected a whole number with ms, s, m or h, such as 10s; found "${text}"`);
  } else if (ms < min || ms > max) {
    report.error("bad_duration", path, `expected a duration from ${min} ms to ${max} ms; found ${text}`);
    return undefined;
  }
  return ms;
}

function checkAttest(attest: { readonly image: string; readonly key: string }, path: Path, report: Report): void {
  if (!isDigest(attest.image)) {
    report.error("bad_digest", [...path, "image"], "expected sha256: and 64 lowercase hex digits");
  }
  const key = parseVkey(attest.key);
  if (!key.ok) {
    report.error("bad_vkey", [...path, "key"], "expected a verifier key, name+hex key ID+base64", {
      hint: "the container prints its own, and `flagmesh keygen` makes one",
    });
  }
}

function checkBinding(binding: string, path: Path, report: Report): string {
  if (!bindingPattern.test(binding)) {
    report.error(
      "bad_binding",
      path,
      "a binding has letters, digits and underscores, at most 64, and begins with no digit",
    );
  }
  return binding;
}

/** A backend's fallback has a fallback of its own, and so on; the way must end. */
export function checkFallbacks(backends: ReadonlyMap<string, BackendShape>, report: Report): void {
  const graph = new Map([...backends].map(([name, { fallback }]) => [name, fallback === undefined ? [] : [fallback]]));
  for (const cycle of walkGraph(graph).cycles) {
    const [first = ""] = cycle;
    report.error(
      "fallback_cycle",
      ["backends", first, "fallback"],
      `backends fall back to each other: ${cycle.join(" → ")}`,
    );
  }
}
