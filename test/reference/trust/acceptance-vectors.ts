/** The files of test/vectors/acceptance, one a defect. */
import { vectorOf } from "./acceptance/case.ts";
import { contentCases } from "./acceptance/content.ts";
import { freshnessCases } from "./acceptance/freshness.ts";
import { honestCases } from "./acceptance/honest.ts";
import { logCases } from "./acceptance/log-cases.ts";
import { overlayCases } from "./acceptance/overlays.ts";
import { placeCases } from "./acceptance/places.ts";
import { policyCases } from "./acceptance/policies.ts";
import { revisionCases } from "./acceptance/revisions.ts";
import { shapeCases } from "./acceptance/shape.ts";
import { signerCases } from "./acceptance/signers.ts";
import type { Files } from "./trust-vectors.ts";

const cases = [
  honestCases,
  shapeCases,
  signerCases,
  policyCases,
  freshnessCases,
  logCases,
  revisionCases,
  overlayCases,
  contentCases,
  placeCases,
].flatMap((group) => Object.entries(group));

export const acceptanceVectors = (): Files =>
  new Map(cases.map(([name, made]) => [`acceptance/${name}.json`, vectorOf(made)] as const));
