/** The old search: the words as typed, in a product's name, in alphabetical order. `new-search: off` sends customers here. */
import { html } from "hono/html";
import * as v from "valibot";
import { checkFields, createContainer, serveContainer } from "./container.ts";
import { answer } from "./page.ts";
import { products } from "./products.ts";

const backend = "search-v1";
const Query = v.object({ q: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100)) });

const container = createContainer(
  backend,
  "CREATE TABLE IF NOT EXISTS products (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT",
);
const { app, database } = container;
const insert = database.prepare("INSERT OR REPLACE INTO products (id, name) VALUES (?, ?)");
for (const { id, name } of products) insert.run(id, name);
const find = database.prepare("SELECT id, name FROM products WHERE instr(lower(name), lower(?)) ORDER BY name");

app.get("/search", (c) => {
  const { q } = checkFields(c.req.query(), Query);
  const hits = find.all(q);
  return answer(c, {
    backend,
    title: `Search: ${q}`,
    facts: { q, hits },
    body: html`<ul>
      ${hits.map(({ name }) => html`<li>${name}</li>`)}
    </ul>`,
  });
});

serveContainer(container);
