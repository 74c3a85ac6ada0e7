/** Costs of groups and of intervals, the highest or the latest first, each beside the largest. */
import type { CostFigures, Statistics } from "../../api/types";

export interface CostOf {
  cost: CostFigures;
  /** Share of the largest in the list, from 0 to 1. Only for bars: a JavaScript number is not as exact as an amount. */
  share: number;
}

export interface GroupCost extends CostOf {
  name: string;
  /** The name with its folder, which distinguishes groups with the same name. */
  title: string;
}

export interface IntervalCost extends CostOf {
  start: string;
}

const value = ({ total }: CostFigures): number => Number(total ?? 0);

function withShares<One extends { cost: CostFigures }>(all: readonly One[]): (One & CostOf)[] {
  const largest = Math.max(...all.map(({ cost }) => value(cost)), 0);
  return all.map((one) => ({ ...one, share: largest > 0 ? value(one.cost) / largest : 0 }));
}

/** The groups, and how many more there are. */
export function costGroups({ groups, groups_total }: Statistics): { groups: GroupCost[]; left: number } {
  const all = groups ?? [];
  const costs = all.flatMap(({ name, folder, cost }) =>
    cost && cost.runs > 0 ? [{ name, title: folder ? `${folder}/${name}` : name, cost }] : [],
  );
  costs.sort((one, other) => value(other.cost) - value(one.cost) || one.title.localeCompare(other.title));
  return { groups: withShares(costs), left: Math.max(0, (groups_total ?? 0) - all.length) };
}

const STEPS: readonly [seconds: number, word: string][] = [
  [7 * 86_400, "week of"],
  [86_400, "day of"],
  [3_600, "hour of"],
];

/** The intervals in which runs ended, the latest first, and how long one is. */
export function costIntervals({ series, interval }: Statistics): { step: string; intervals: IntervalCost[] } {
  const step = STEPS.find(([seconds]) => interval >= seconds)?.[1] ?? "time of";
  const costs = series.flatMap(({ start, cost }) => (cost && cost.runs > 0 ? [{ start, cost }] : []));
  return { step, intervals: withShares(costs.reverse()) };
}
