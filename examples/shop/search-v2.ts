/** The new search: any of the words, in names and descriptions, the best match first (SQLite's FTS5). `new-search: on`. */
import { html } from "hono/html";
import * as v from "valibot";
import { checkFields, createContainer, serveContainer } from "./container.ts";
import { answer } from "./page.ts";
import { products } from "./products.ts";

const backend = "search-v2";
const Query = v.object({ q: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100)) });

const container = createContainer(
  backend,
  // The index is derived data, so it is built anew at every start.
  `DROP TABLE IF EXISTS products;
   CREATE VIRTUAL TABLE products USING fts5 (id UNINDEXED, name, description, tokenize = 'porter unicode61')`,
);
const { app, database } = container;
const insert = database.prepare("INSERT INTO products (id, name, description) VALUES (?, ?, ?)");
for (const { id, name, description } of products) insert.run(id, name, description);
const find = database.prepare(
  "SELECT id, name, description FROM products WHERE products MATCH ? ORDER BY bm25(products, 0, 4, 1), name",
);

/** FTS5 has a query language; each word becomes a quoted prefix, so that what a customer types is never read as one. */
const asMatch = (words: readonly string[]): string => words.map((word) => `"${word}"*`).join(" OR ");

app.get("/search", (c) => {
  const { q } = checkFields(c.req.query(), Query);
  const words = q.match(/[\p{L}\p{N}]+/gu);
  const hits = words === null ? [] : find.all(asMatch(words));
  return answer(c, {
    backend,
    title: `${hits.length} results for “${q}”`,
    facts: { q, hits },
    body: html`<dl>
      ${hits.map(
        ({ name, description }) =>
          html`<dt><b>${name}</b></dt>
            <dd>${description}</dd>`,
      )}
    </dl>`,
  });
});

serveContainer(container);
