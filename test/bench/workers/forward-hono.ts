/** The same proxy as a Hono application. */
import { Hono } from "hono";
import { proxyHeaders } from "./header-rules.ts";
import { pathAndQueryOf } from "./url.ts";

const app = new Hono<{ Bindings: { BACKEND: string } }>();

app.all("*", (c) => {
  const { method, body, url } = c.req.raw;
  return fetch(c.env.BACKEND + pathAndQueryOf(url), {
    method,
    body,
    headers: proxyHeaders(c.req.raw),
    redirect: "manual",
  });
});

export default app;
