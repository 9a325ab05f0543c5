/** The shop's HTML: one frame for all containers, so that only what a feature changes looks different. */
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { html } from "hono/html";
import { customerOf } from "./container.ts";

/** What `html` gives: text that is escaped already. */
export type Markup = ReturnType<typeof html>;

/** A browser gets the page, a program the same facts as JSON, with who answered and for whom. */
export async function answer(
  c: Context,
  { backend, title, facts, body }: { backend: string; title: string; facts: object; body: Markup },
): Promise<Response> {
  c.header("vary", "accept");
  const customer = customerOf(c);
  const type = accepts(c, {
    header: "Accept",
    supports: ["application/json", "text/html"],
    default: "application/json",
  });
  if (type === "application/json") return c.json({ backend, customer, ...facts });
  return c.html(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width" />
          <title>${title}</title>
          <style>
            body {
              font: 1rem/1.5 system-ui;
              max-width: 42rem;
              margin: 2rem auto;
              padding: 0 1rem;
            }
            footer {
              margin-top: 3rem;
              color: #666;
            }
          </style>
        </head>
        <body>
          <nav><a href="/">Shop</a> · <a href="/checkout/">Checkout</a> · <a href="/search?q=tea">Search</a></nav>
          <h1>${title}</h1>
          ${body}
          <footer>Answered by <b>${backend}</b>. You are <b>${customer}</b>.</footer>
        </body>
      </html>`,
  );
}

export const money = (cents: number): string => `$${(cents / 100).toFixed(2)}`;
