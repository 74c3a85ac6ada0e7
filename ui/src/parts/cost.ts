/**
 * What runs cost, in words. Amounts are exact decimal numbers as text; users see two digits, or as many as
 * are significant.
 */
import type { CostFigures, RunCost } from "../api/types";

/** Digits after the point of an amount that is not small, and those that the collector sends. */
const DIGITS = 2;
const MOST_DIGITS = 9;

/** "12.50", or "0.0012" instead of "0.00". */
export function amount(text: string): string {
  const [whole = "0", fraction = ""] = text.split(".");
  const first = fraction.search(/[1-9]/);
  // A JavaScript number has 15 digits, and a cost may have more.
  const isSmall = /^0*$/.test(whole) && first > 0;
  const digits = isSmall ? Math.min(first + DIGITS, MOST_DIGITS) : DIGITS;
  return rounded(whole, fraction, digits);
}

/** A decimal number with this many digits after the point, rounded half up; thousands are separated. */
function rounded(whole: string, fraction: string, digits: number): string {
  const padded = fraction.padEnd(digits + 1, "0");
  const scaled = BigInt(whole + padded.slice(0, digits)) + (padded.charAt(digits) >= "5" ? 1n : 0n);
  const text = scaled.toString().padStart(digits + 1, "0");
  const integer = BigInt(text.slice(0, -digits)).toLocaleString("en");
  return `${integer}.${text.slice(-digits)}`;
}

/** What a run cost: "0.50 EUR", or "unknown" if a part of it is not known. */
export function runCost({ total, currency }: RunCost): string {
  return total ? `${amount(total)} ${currency}` : "unknown";
}

const UNKNOWN: Readonly<Record<string, string>> = {
  usage: "its processor time was not recorded",
  duration: "its duration was not recorded",
  prices: "there was no price yet",
};

/** The parts of a run's cost, and the unknown ones: "controller 0.50, hosts 0.02". */
export function runCostParts(cost: RunCost): string {
  const known = parts([
    ["processor", cost.cpu],
    ["controller", cost.controller],
    ["hosts", cost.hosts],
  ]);
  const unknown = (cost.unknown ?? []).map((what) => UNKNOWN[what] ?? `${what} is not known`);
  return [...known, ...unknown].join(", ");
}

/** What several runs cost: "12.50 EUR", "at least 12.50 EUR", or "unknown". */
export function runsCost({ total, currency, unknown_runs }: CostFigures): string {
  if (!total) {
    return "unknown";
  }
  return `${unknown_runs > 0 ? "at least " : ""}${amount(total)} ${currency}`;
}

export function runsCostParts({ cpu, controller, hosts }: CostFigures): string {
  return parts([
    ["processor", cpu],
    ["controllers", controller],
    ["hosts", hosts],
  ]).join(", ");
}

function parts(all: readonly (readonly [string, string | null | undefined])[]): string[] {
  return all.flatMap(([name, part]) => (part ? [`${name} ${amount(part)}`] : []));
}
