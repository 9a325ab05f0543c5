import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { vectorFiles, vectorText } from "../reference/make-trust-vectors.ts";

const folder = new URL("../vectors/", import.meta.url);
const files = vectorFiles();

test.each([...files])("%s is what the formats give today, byte for byte", (path, content) => {
  expect(readFileSync(new URL(path, folder), "utf8")).toBe(vectorText(content));
});

test("there are no vectors but those", () => {
  const found = ["trust", "acceptance"].flatMap((name) =>
    readdirSync(new URL(name, folder))
      .filter((file) => file.endsWith(".json"))
      .map((file) => `${name}/${file}`),
  );
  expect(found.sort()).toEqual([...files.keys()].sort());
});
