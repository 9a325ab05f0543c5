/** The example shop's feature containers as real processes: what they answer, store, refuse, and keep over a restart. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProcess, type LocalProcess } from "../../control-plane/local/child-process.ts";
import { freePort } from "../free-port.ts";

const names = ["checkout-v1", "checkout-v2", "search-v1", "search-v2", "storefront"] as const;
type Name = (typeof names)[number];

const directory = mkdtempSync(join(tmpdir(), "flagmesh-shop-"));
const running = new Map<Name, { url: string; process: LocalProcess }>();

async function start(name: Name): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    name,
    file: new URL(`../../examples/shop/${name}.ts`, import.meta.url).pathname,
    env: { PORT: String(port), DATABASE: join(directory, `${name}.sqlite`) },
    ready: `${url}/healthz`,
    log: () => {},
  });
  if (!started.ok) throw new Error(started.error.message);
  running.set(name, { url, process: started.value });
}

const ask = (name: Name, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${running.get(name)?.url}${path}`, { redirect: "manual", ...init });

const post = (name: Name, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  ask(name, "/checkout/orders", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

const search = (name: Name, q: string): Promise<Response> => ask(name, `/search?q=${encodeURIComponent(q)}`);

async function hits(name: Name, q: string): Promise<string[]> {
  const body = (await (await search(name, q)).json()) as { hits: { id: string }[] };
  return body.hits.map(({ id }) => id);
}

async function visits(): Promise<number> {
  const body = (await (await ask("storefront", "/")).json()) as { visits: number };
  return body.visits;
}

beforeAll(async () => {
  await Promise.all(names.map(start));
});

afterAll(async () => {
  await Promise.all([...running.values()].map(({ process }) => process.close()));
  rmSync(directory, { recursive: true });
});

describe("every container", () => {
  test.for(names)("%s is healthy and says who it is", async (name) => {
    const response = await ask(name, "/healthz");
    expect(response.status).toBe(200);
    expect(response.headers.get("x-shop-backend")).toBe(name);
  });

  test.for(names)("%s answers an unknown path with a problem detail, and still says who it is", async (name) => {
    const response = await ask(name, "/nowhere");
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("x-shop-backend")).toBe(name);
    expect(await response.json()).toMatchObject({ status: 404, code: "not_found" });
  });
});

describe.each(["checkout-v1", "checkout-v2"] as const)("%s", (name) => {
  test("keeps an order, and knows it after a restart", async () => {
    const posted = await post(name, { product: "mug", quantity: 2 }, { "x-user-id": "ada" });
    expect(posted.status).toBe(201);
    const { order } = (await posted.json()) as { order: { id: number } };
    expect(order).toMatchObject({ customer: "ada", product: "mug", quantity: 2, totalCents: 2800 });

    await running.get(name)?.process.close();
    await start(name);
    const listed = (await (await ask(name, "/checkout/orders")).json()) as { orders: unknown[] };
    expect(listed.orders).toContainEqual(order);
  });

  test("takes a browser's form, and sends the browser on", async () => {
    const url = running.get(name)?.url ?? "";
    const form = { method: "POST", body: new URLSearchParams({ product: "teapot", quantity: "1" }) };
    const taken = await ask(name, "/checkout/orders", { ...form, headers: { origin: url } });
    expect(taken.status).toBe(303);
    expect(taken.headers.get("location")).toMatch(/^\/checkout\//);

    const foreign = await ask(name, "/checkout/orders", { ...form, headers: { origin: "https://evil.example" } });
    expect(foreign.status).toBe(403);
  });

  test.for([
    ["not JSON", "{", 400, "invalid_json"],
    ["not an object", "[]", 422, "invalid_fields"],
    ["a product that isn't sold", { product: "yacht", quantity: 1 }, 422, "invalid_fields"],
    ["no quantity", { product: "mug" }, 422, "invalid_fields"],
    ["a quantity of none", { product: "mug", quantity: 0 }, 422, "invalid_fields"],
    ["half a mug", { product: "mug", quantity: 1.5 }, 422, "invalid_fields"],
    ["more than 99", { product: "mug", quantity: 100 }, 422, "invalid_fields"],
    ["a body over 16 KiB", { product: "mug", quantity: 1, code: "x".repeat(16 * 1024) }, 413, "body_too_large"],
  ] as const)("refuses %s", async ([, body, status, code]) => {
    const response = await post(name, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status, code });
  });

  test("gives a browser a page, in which what a customer sent is text", async () => {
    const response = await ask(name, "/checkout/", { headers: { accept: "text/html", "x-user-id": "<script>" } });
    expect(response.headers.get("content-type")).toContain("text/html");
    const page = await response.text();
    expect(page).toContain(`Answered by <b>${name}</b>`);
    expect(page).toContain("&lt;script&gt;");
    expect(page).not.toContain("<script>");
  });

  test("knows a visitor by the router's cookie", async () => {
    const response = await ask(name, "/checkout/", { headers: { cookie: "flagmesh_id=visitor-7" } });
    expect(await response.json()).toMatchObject({ backend: name, customer: "visitor-7" });
  });
});

describe("the two checkouts", () => {
  test("differ in steps, and only the new one takes a discount code", async () => {
    expect(await (await ask("checkout-v1", "/checkout/")).json()).toMatchObject({ steps: 2 });
    expect(await (await ask("checkout-v2", "/checkout/")).json()).toMatchObject({ steps: 1 });
    const order = { product: "green-tea", quantity: 3, code: "WELCOME10" };
    const old = await (await post("checkout-v1", order)).json();
    expect(old).toMatchObject({ order: { totalCents: 2700 } });
    const discounted = await (await post("checkout-v2", order)).json();
    expect(discounted).toMatchObject({ order: { discountCents: 270, totalCents: 2430 } });
    expect((await post("checkout-v2", { ...order, code: "FREE" })).status).toBe(422);
  });

  test("have a database each", async () => {
    const { order } = (await (await post("checkout-v2", { product: "kettle", quantity: 1 })).json()) as {
      order: object;
    };
    const listed = (await (await ask("checkout-v1", "/checkout/orders")).json()) as { orders: object[] };
    expect(listed.orders.filter((o) => "product" in o && o.product === "kettle")).toEqual([]);
    expect(order).toMatchObject({ product: "kettle" });
  });
});

describe("the two searches", () => {
  test("differ in where they look, and in order", async () => {
    expect(await hits("search-v1", "coffee")).toEqual(["coffee"]);
    expect(await hits("search-v2", "coffee")).toEqual(["coffee", "mug", "grinder"]);
  });

  test.for(["search-v1", "search-v2"] as const)(
    "%s reads what is typed as words, not as a query language",
    async (name) => {
      for (const q of ['"', "a OR b", "name:", "%", "_", "*", "'; DROP TABLE products;--", "NEAR(", "\0"]) {
        expect([q, (await search(name, q)).status]).toEqual([q, 200]);
      }
      expect(await hits(name, "%")).toEqual([]);
      expect((await hits(name, "tea")).length).toBeGreaterThan(0);
    },
  );

  test.for(["search-v1", "search-v2"] as const)("%s refuses no words, and more than 100 characters", async (name) => {
    expect((await ask(name, "/search")).status).toBe(422);
    expect((await ask(name, "/search?q=%20")).status).toBe(422);
    expect((await ask(name, `/search?q=${"x".repeat(101)}`)).status).toBe(422);
    expect((await ask(name, `/search?q=${"x".repeat(100)}`)).status).toBe(200);
  });
});

test("the storefront counts its visits in its own database", async () => {
  const first = await visits();
  expect(await visits()).toBe(first + 1);
});
