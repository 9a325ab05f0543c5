/** Documents as files, for tests of what reads them. */
import { loadDocument, type Loaded, type LoadOptions } from "../../../control-plane/locker/load.ts";
import { utf8 } from "../../../shared/encoding/bytes.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

export const filesOf = (files: Files): ReadonlyMap<string, Uint8Array> =>
  new Map(
    Object.entries(files).map(([name, content]) => [name, typeof content === "string" ? utf8(content) : content]),
  );

export const load = (files: Files, options: LoadOptions = {}): Loaded => loadDocument(filesOf(files), options);

/** `code file:line:column`, and ` → file:line:column` where another place is named. */
export const told = ({ diagnostics }: Loaded): readonly string[] =>
  diagnostics.map(({ code, file, line, column, related }) => {
    const other = related === undefined ? "" : ` → ${related.file}:${related.line}:${related.column}`;
    return `${code} ${file}:${line}:${column}${other}`;
  });

/** The document of the specification, valid, with comments, anchors and every kind of entry. */
export const validDocument = `mesh: acme/production
settings:
  identity: [ { header: x-user-id }, { cookie: flagmesh_id } ]
$evaluators:
  staff: { ends_with: [ { var: email }, "@acme.com" ] }
flags:
  new-checkout:
    state: ENABLED
    variants: { "on": true, "off": false }
    defaultVariant: "off"
    targeting: { if: [ { $ref: staff }, "on", null ] }   # null: go on with the rollout
    rollout: { "on": 12.5 }
    metadata: { owner: team-checkout, expires: "2027-01-31" }
  new-search:
    variants: { on: true, off: false }
    defaultVariant: off
    rollout: { variant: on, steps: [1, 5, 25, 50, 100] }
    prerequisites: [ { flag: new-checkout, variants: [on] } ]
backends:
  checkout-v1: { endpoints: [ { url: "https://checkout-v1.internal" } ], health: &health { path: /healthz } }
  checkout-v2:
    endpoints: [ { url: "https://a.internal", weight: 2 }, { url: "https://b.internal" } ]
    health: *health
    maxConcurrent: 200
    fallback: checkout-v1
routes:
  checkout:
    match: { host: shop.example.com, path: /checkout/* }
    flag: new-checkout
    to: { on: checkout-v2, off: checkout-v1 }
  rest: { match: { host: shop.example.com }, backend: checkout-v1 }
`;
