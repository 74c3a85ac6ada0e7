/** The figures of a period compared with those of the one before, in words. */
import type { Report, ReportRuns } from "../../api/types";
import { runsCost } from "../../parts/cost";
import { duration, integer } from "../../parts/format";

export interface Figure {
  name: string;
  now: string;
  before: string;
  /** The difference; empty if it is not significant. */
  change: string;
}

const COUNTS: readonly (readonly [string, (runs: ReportRuns) => number])[] = [
  ["Runs", ({ total }) => total],
  ["Succeeded", ({ success }) => success],
  ["Failed", ({ failed }) => failed],
  ["Not over yet", ({ running }) => running],
  ["Changed something", ({ changed }) => changed],
  ["Hosts", ({ hosts }) => hosts],
];

const isOver = ({ success, failed }: ReportRuns): boolean => success + failed > 0;

const TEXTS: readonly (readonly [string, (runs: ReportRuns) => string])[] = [
  ["Success rate", (runs) => (isOver(runs) ? `${runs.success_rate.toFixed(1)} %` : "–")],
  ["Median duration", (runs) => (isOver(runs) ? duration(runs.p50_duration) : "–")],
  ["95th percentile", (runs) => (isOver(runs) ? duration(runs.p95_duration) : "–")],
];

export function figures({ runs, runs_before: before }: Report): Figure[] {
  const counts = COUNTS.map(([name, count]) => ({
    name,
    now: integer(count(runs)),
    before: integer(count(before)),
    change: difference(count(runs) - count(before)),
  }));
  const texts = TEXTS.map(([name, text]) => ({ name, now: text(runs), before: text(before), change: "" }));
  const costs =
    runs.cost && before.cost
      ? [{ name: "Cost", now: runsCost(runs.cost), before: runsCost(before.cost), change: "" }]
      : [];
  return [
    ...counts.filter(({ name, now, before: was }) => name !== "Not over yet" || now !== was),
    ...texts,
    ...costs,
  ];
}

function difference(more: number): string {
  if (more === 0) {
    return "=";
  }
  return more > 0 ? `+${integer(more)}` : `−${integer(-more)}`;
}
