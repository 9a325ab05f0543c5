/**
 * The new checkout: one page, and a discount code. `new-checkout: on` sends customers here.
 * It has a database, and a table, of its own: going back to version 1 needs no migration.
 */
import { html } from "hono/html";
import * as v from "valibot";
import { createContainer, customerOf, isJson, readFields, serveContainer } from "./container.ts";
import { answer, money } from "./page.ts";
import { centsOf, productIds, products } from "./products.ts";

const backend = "checkout-v2";
const listedMax = 100;
const percentOff: ReadonlyMap<string, number> = new Map([["WELCOME10", 10]]);

const Order = v.object({
  product: v.picklist(productIds),
  quantity: v.pipe(v.unknown(), v.transform(Number), v.integer(), v.minValue(1), v.maxValue(99)),
  code: v.optional(
    v.pipe(
      v.string(),
      v.check((code) => code === "" || percentOff.has(code), "no such discount code"),
    ),
    "",
  ),
});

const container = createContainer(
  backend,
  `CREATE TABLE IF NOT EXISTS orders (
     id INTEGER PRIMARY KEY, customer TEXT NOT NULL, product TEXT NOT NULL, quantity INTEGER NOT NULL,
     discount_cents INTEGER NOT NULL, total_cents INTEGER NOT NULL, time INTEGER NOT NULL) STRICT`,
);
const { app, database } = container;
const columns = "id, customer, product, quantity, discount_cents AS discountCents, total_cents AS totalCents, time";
const insert = database.prepare(
  `INSERT INTO orders (customer, product, quantity, discount_cents, total_cents, time)
   VALUES (?, ?, ?, ?, ?, unixepoch()) RETURNING ${columns}`,
);
const newest = database.prepare(`SELECT ${columns} FROM orders ORDER BY id DESC LIMIT ${listedMax}`);

app.get("/checkout/", (c) => {
  const orders = newest.all();
  return answer(c, {
    backend,
    title: "One-page checkout",
    facts: { steps: 1, products, discountCodes: [...percentOff.keys()] },
    body: html`<form method="post" action="/checkout/orders">
        ${products.map(
          ({ id, name, description, cents }) =>
            html`<p>
              <label><input type="radio" name="product" value="${id}" required /> <b>${name}</b>, ${money(cents)}</label
              ><br />${description}
            </p>`,
        )}
        <input name="quantity" type="number" min="1" max="99" value="1" />
        <input name="code" placeholder="Discount code: WELCOME10" />
        <button>Buy now</button>
      </form>
      <h2>Orders</h2>
      <ul>
        ${orders.map((o) => html`<li>#${o["id"]}: ${o["quantity"]} × ${o["product"]}, ${money(Number(o["totalCents"]))}</li>`)}
      </ul>`,
  });
});

/** Version 1 has a second page. Whoever was on their way to it when the flag moved starts here. */
app.get("/checkout/confirm", (c) => c.redirect("/checkout/", 303));

app.post("/checkout/orders", async (c) => {
  const { product, quantity, code } = await readFields(c, Order);
  const listCents = centsOf(product) * quantity;
  const discountCents = Math.floor((listCents * (percentOff.get(code) ?? 0)) / 100);
  const order = insert.get(customerOf(c), product, quantity, discountCents, listCents - discountCents);
  return isJson(c) ? c.json({ backend, order }, 201) : c.redirect("/checkout/", 303);
});

/** The newest orders of this container: those that the other version took are in the other version's database. */
app.get("/checkout/orders", (c) => c.json({ backend, customer: customerOf(c), orders: newest.all() }));

serveContainer(container);
