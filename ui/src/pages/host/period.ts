/** The period of which changes are shown. */
import type { Period } from "./search";

export const PERIOD_LABELS: { readonly [period in Period]: string } = {
  all: "All time",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};

/** The end of a sentence: " in the last 7 days". Empty for all time. */
export function inPeriod(period: Period): string {
  return period === "all" ? "" : ` in the ${PERIOD_LABELS[period].toLowerCase()}`;
}

/** The parameters of the API for a page of a period's changes. */
export function pageOf(period: Period, cursor: string | undefined) {
  return { ...(period !== "all" && { since: period }), ...(cursor !== undefined && { cursor }) };
}
