/**
 * The checkout as it has always been: choose, confirm on a second page, pay the list price.
 * `new-checkout: off` sends customers here.
 */
import { html } from "hono/html";
import * as v from "valibot";
import { checkFields, createContainer, customerOf, isJson, readFields, serveContainer } from "./container.ts";
import { answer, money } from "./page.ts";
import { centsOf, productIds, products } from "./products.ts";

const backend = "checkout-v1";
const listedMax = 100;

/**
 * Members that it doesn't know are ignored, not refused: when an operator moves the flag, a customer may have loaded the
 * form from the other version, and the order should go through all the same.
 */
const Order = v.object({
  product: v.picklist(productIds),
  quantity: v.pipe(v.unknown(), v.transform(Number), v.integer(), v.minValue(1), v.maxValue(99)),
});

const container = createContainer(
  backend,
  `CREATE TABLE IF NOT EXISTS orders (
     id INTEGER PRIMARY KEY, customer TEXT NOT NULL, product TEXT NOT NULL, quantity INTEGER NOT NULL,
     total_cents INTEGER NOT NULL, time INTEGER NOT NULL) STRICT`,
);
const { app, database } = container;
const insert = database.prepare(
  `INSERT INTO orders (customer, product, quantity, total_cents, time) VALUES (?, ?, ?, ?, unixepoch())
   RETURNING id, customer, product, quantity, total_cents AS totalCents, time`,
);
const newest = database.prepare(
  `SELECT id, customer, product, quantity, total_cents AS totalCents, time FROM orders ORDER BY id DESC LIMIT ${listedMax}`,
);

app.get("/checkout/", (c) =>
  answer(c, {
    backend,
    title: "Checkout, step 1 of 2",
    facts: { steps: 2, products },
    body: html`<form action="/checkout/confirm">
      <select name="product">
        ${products.map(({ id, name, cents }) => html`<option value="${id}">${name}, ${money(cents)}</option>`)}
      </select>
      <input name="quantity" type="number" min="1" max="99" value="1" />
      <button>Continue</button>
    </form>`,
  }),
);

app.get("/checkout/confirm", (c) => {
  const { product, quantity } = checkFields(c.req.query(), Order);
  const totalCents = centsOf(product) * quantity;
  return answer(c, {
    backend,
    title: "Checkout, step 2 of 2",
    facts: { product, quantity, totalCents },
    body: html`<form method="post" action="/checkout/orders">
      <p>${quantity} × ${product}: <b>${money(totalCents)}</b></p>
      <input type="hidden" name="product" value="${product}" />
      <input type="hidden" name="quantity" value="${quantity}" />
      <button>Buy</button>
    </form>`,
  });
});

app.post("/checkout/orders", async (c) => {
  const { product, quantity } = await readFields(c, Order);
  const order = insert.get(customerOf(c), product, quantity, centsOf(product) * quantity);
  return isJson(c) ? c.json({ backend, order }, 201) : c.redirect("/checkout/orders", 303);
});

/**
 * The newest orders of this container; those that the other version took are in its database. They are everybody's, so
 * that a reader sees what is stored where: a real shop shows customers their own.
 */
app.get("/checkout/orders", (c) => {
  const orders = newest.all();
  return answer(c, {
    backend,
    title: "Orders",
    facts: { orders },
    body: html`<ul>
      ${orders.map((o) => html`<li>#${o["id"]}: ${o["quantity"]} × ${o["product"]}, ${money(Number(o["totalCents"]))}</li>`)}
    </ul>`,
  });
});

serveContainer(container);
