/** What no flag decides: the shop's front page. The route without a flag sends everything else here. */
import { html } from "hono/html";
import { createContainer, serveContainer } from "./container.ts";
import { answer, money } from "./page.ts";
import { products } from "./products.ts";

const backend = "storefront";

const container = createContainer(
  backend,
  "CREATE TABLE IF NOT EXISTS visits (time INTEGER NOT NULL) STRICT; CREATE INDEX IF NOT EXISTS by_time ON visits (time)",
);
const { app, database } = container;
const visit = database.prepare("INSERT INTO visits (time) VALUES (unixepoch())");
const countVisits = database.prepare("SELECT count(*) AS visits FROM visits");

app.get("/", (c) => {
  visit.run();
  return answer(c, {
    backend,
    title: "Tea and coffee",
    facts: { products, visits: countVisits.get()?.["visits"] },
    body: html`<form action="/search">
        <input name="q" placeholder="tea" maxlength="100" required /> <button>Search</button>
      </form>
      <ul>
        ${products.map(({ name, cents }) => html`<li>${name}, ${money(cents)}</li>`)}
      </ul>
      <p><a href="/checkout/">To the checkout</a></p>`,
  });
});

serveContainer(container);
