import { count, oneOf, type RawSearch, text } from "../../app/search";

/** How far back runs are examined. */
export const PERIODS = ["7d", "30d", "90d", "365d"] as const;
/** How many of the newest runs are examined. */
export const AMOUNTS = [200, 500, 1000] as const;

/** The groups for which the costs of runs are added up. */
export const COST_BY = ["playbook", "label", "user", "host", "period"] as const;
export type CostBy = (typeof COST_BY)[number];

/** A value may be undefined, which removes it from the address. */
export interface TrendsSearch {
  playbook?: string | undefined;
  host?: string | undefined;
  q?: string | undefined;
  since?: (typeof PERIODS)[number] | undefined;
  runs?: (typeof AMOUNTS)[number] | undefined;
  cost_by?: CostBy | undefined;
}

export function search(raw: RawSearch): TrendsSearch {
  const { runs } = count(raw, "runs");
  const amount = AMOUNTS.find((one) => one === runs);
  return {
    ...text(raw, "playbook"),
    ...text(raw, "host"),
    ...text(raw, "q"),
    ...oneOf(raw, "since", PERIODS),
    ...(amount !== undefined && { runs: amount }),
    ...oneOf(raw, "cost_by", COST_BY),
  };
}
