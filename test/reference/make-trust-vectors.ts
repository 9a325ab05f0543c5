/**
 * Writes test/vectors/trust and test/vectors/acceptance: `node test/reference/make-trust-vectors.ts`. Keys, times and
 * documents are fixed, so it writes the same bytes each time, and a test compares them; a difference is a changed format.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { acceptanceVectors } from "./trust/acceptance-vectors.ts";
import { trustVectors, type Files } from "./trust/trust-vectors.ts";

export const vectorFiles = (): Files => new Map([...trustVectors(), ...acceptanceVectors()]);

export const vectorText = (content: unknown): string => `${JSON.stringify(content, undefined, 2)}\n`;

if (import.meta.main) {
  const folder = new URL("../vectors/", import.meta.url);
  for (const [path, content] of vectorFiles()) {
    const file = new URL(path, folder);
    mkdirSync(dirname(file.pathname), { recursive: true });
    writeFileSync(file, vectorText(content));
  }
}
