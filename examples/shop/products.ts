/** What the shop sells. Prices are whole cents. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly cents: number;
}

export const products: readonly Product[] = [
  { id: "green-tea", name: "Green tea", description: "Loose leaf, steamed, from Uji.", cents: 900 },
  { id: "black-tea", name: "Black tea", description: "Malty leaf from Assam, good with milk.", cents: 700 },
  { id: "teapot", name: "Cast iron teapot", description: "Keeps a litre warm for an hour.", cents: 4500 },
  { id: "kettle", name: "Kettle", description: "Stops at 80 °C for green tea, at 100 °C for black.", cents: 6200 },
  { id: "mug", name: "Stoneware mug", description: "For coffee or tea, 300 ml.", cents: 1400 },
  { id: "coffee", name: "Coffee beans", description: "Medium roast from Huila.", cents: 1150 },
  { id: "grinder", name: "Hand grinder", description: "Steel burrs, for coffee of any coarseness.", cents: 7900 },
];

export const productIds = products.map(({ id }) => id);

/** The price of one, in cents. Throws for a product that isn't sold: input is checked against `productIds` first. */
export function centsOf(id: string): number {
  const product = products.find((candidate) => candidate.id === id);
  if (product === undefined) throw new Error(`${id} is not sold`);
  return product.cents;
}
