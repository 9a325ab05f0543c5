/** Changes of entries as lines for people who have to judge them. */
import type { Rollout } from "../../shared/document/entry.ts";
import type { EntryChange, MemberChange } from "../../shared/document/entry-changes.ts";
import { percentText } from "../../shared/document/percent.ts";
import { canonicalJson, type Json } from "../../shared/encoding/json.ts";
import { visible } from "./visible-text.ts";

const signs = { added: "+", changed: "~", removed: "-" } as const;

/** `~ flag:new-checkout`, and below it a line for each member before and after. */
export const changeLines = ({ key, kind, members }: EntryChange): readonly string[] => [
  `${signs[kind]} ${visible(key)}`,
  ...members.flatMap((member) => memberLines(key.startsWith("flag:"), member)),
];

function memberLines(ofFlag: boolean, { path, before, after }: MemberChange): string[] {
  const name = path.length === 0 ? "" : `${path.map(visible).join(".")}: `;
  const line = (sign: string, value: Json | undefined): string[] =>
    value === undefined ? [] : [`    ${sign} ${name}${valueText(value, ofFlag && path[0] === "rollout")}`];
  return [...line("-", before), ...line("+", after)];
}

const valueText = (value: Json, isRollout: boolean): string =>
  visible(isRollout ? rolloutText(value as Rollout) : canonicalJson(value));

/** `on 12.5 %`; `on, beginning with 5 %, in steps 5, 25, 100 %`. */
export function rolloutText(rollout: Rollout): string {
  if (!("steps" in rollout)) return rollout.map(([variant, share]) => `${variant} ${percentText(share)} %`).join(", ");
  const [first = 0] = rollout.steps;
  return `${rollout.variant}, beginning with ${percentText(first)} %, in steps ${stepsText(rollout.steps)}`;
}

/** `5, 25, 100 %`. @param steps in thousandths of a percent */
export const stepsText = (steps: readonly number[]): string => `${steps.map(percentText).join(", ")} %`;
