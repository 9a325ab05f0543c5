/** Whom a release moves, told to whoever made it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectStore } from "../../../control-plane/publisher/store-client.ts";
import { embedded, type Endpoint } from "../bridge/backend.ts";
import { createMeshUnderTest, type MeshUnderTest } from "../publisher/mesh-under-test.ts";
import { bare } from "./test-document.ts";

const intent = { actor: "ada", message: "" };
let endpoint: Endpoint;
let subject: MeshUnderTest;
beforeAll(async () => {
  endpoint = await embedded.open();
  subject = createMeshUnderTest(connectStore(endpoint));
});
afterAll(() => endpoint.close());

test("exact shares come with every release, by push or by operators, and with none that changes nothing", async () => {
  const { mesh } = subject;
  const engine = subject.start();
  const push = (share: number) => engine.push(mesh, bare({ share }), intent);
  expect(await push(10)).toMatchObject({ ok: true, value: { created: true, rebucketed: [] } });
  expect(await push(12.5)).toMatchObject({
    value: {
      rebucketed: [
        {
          flag: "checkout",
          text: "checkout: on 10 % → 12.5 %: 2.5 % move off→on, 0 % move otherwise",
          moves: [{ from: "off", to: "on", percent: 2.5 }],
          of: "everybody",
          othersMayMove: false,
        },
      ],
    },
  });
  expect(await push(12.5)).toMatchObject({ value: { created: false, rebucketed: [] } });
  expect(await engine.operate(mesh, "search", { stage: 50 }, intent)).toMatchObject({
    value: { rebucketed: [{ flag: "search", moves: [{ from: "off", to: "on", percent: 45 }] }] },
  });
  expect(await engine.operate(mesh, "checkout", { kill: true }, intent)).toMatchObject({
    value: { rebucketed: [{ flag: "checkout", moves: [{ from: "on", to: "off", percent: 12.5 }] }] },
  });
  // Killed is killed: what is pushed beneath moves nobody.
  expect(await push(50)).toMatchObject({ value: { created: true, rebucketed: [] } });
});
