/** Percentages: decimal text of at most three decimals, held as whole thousandths so that no sum is ever rounded. */
import { err, ok, type Result } from "../result.ts";
import { everybody, type Millipercent } from "./entry.ts";

const decimalPattern = /^(\d+)(?:\.(\d{1,3}))?$/;

/**
 * 12.5 → 12 500, read from the shortest decimal text of the number: a multiplication would make 32 783.999… of 32.784.
 * `percent_range`: below 0, above 100, or no number at all; `percent_precision`: more than three decimals.
 */
export function millipercentOf(percent: number): Result<Millipercent, "percent_range" | "percent_precision"> {
  if (!(percent >= 0 && percent <= 100)) return err("percent_range");
  const decimal = decimalPattern.exec(String(percent));
  if (decimal === null) return err("percent_precision");
  const thousandths = Number(`${decimal[1]}${(decimal[2] ?? "").padEnd(3, "0")}`);
  return thousandths <= everybody ? ok(thousandths) : err("percent_range");
}

/** 12 500 → `12.5`, without a percent sign. */
export function percentText(share: Millipercent): string {
  const decimals = String(share % 1000)
    .padStart(3, "0")
    .replace(/0+$/, "");
  const whole = String(Math.floor(share / 1000));
  return decimals === "" ? whole : `${whole}.${decimals}`;
}
