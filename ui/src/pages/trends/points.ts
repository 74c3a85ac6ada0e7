/** The runs behind the charts, and how they are grouped. */
import type { ExecutionFields, PlaybookTrend } from "../../api/types";

export interface Point {
  id: string;
  /** Milliseconds since the epoch. */
  start: number;
  /** Seconds. */
  duration: number;
  isGood: boolean;
  name: string;
  folder: string | undefined;
}

/** Finished runs, oldest first. Runs in check mode are left out, as in the API's trends. */
export function pointsOf(runs: readonly ExecutionFields[]): Point[] {
  return runs
    .flatMap(({ id, check, status, start_time, duration, playbook, module, cwd }) => {
      const name = playbook ?? module;
      const isOver = status === "success" || status === "failed";
      if (id === undefined || start_time === undefined || !name || !isOver || check) {
        return [];
      }
      const start = Date.parse(start_time);
      return [
        { id, start, duration: duration ?? 0, isGood: status === "success", name, folder: cwd ?? undefined },
      ];
    })
    .sort((a, b) => a.start - b.start);
}

/** The runs of one playbook. A relative name belongs to the folder in which it was run. */
export function pointsOfPlaybook(points: readonly Point[], { name, folder }: PlaybookTrend): Point[] {
  return points.filter((point) => point.name === name && (!folder || point.folder === folder));
}

export interface Bucket {
  /** Milliseconds since the epoch; the end is the next one's start. */
  start: number;
  end: number;
  good: number;
  bad: number;
}

const HOUR = 3_600_000;
/** Usual lengths of time. */
const LENGTHS = [HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 28 * 24 * HOUR];
/** More bars than this would be too thin to click. */
const MOST_BUCKETS = 60;

/**
 * Counts of runs by spans of time, including spans without runs. Days begin at midnight of a zone, even if
 * its clocks change: `offsetAt` returns how far it is ahead of UTC at a time; both are in milliseconds.
 */
export function bucketsOf(points: readonly Point[], offsetAt: (time: number) => number): Bucket[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) {
    return [];
  }
  const span = last.start - first.start;
  const length = LENGTHS.find((one) => span / one < MOST_BUCKETS - 1) ?? span / (MOST_BUCKETS - 1);
  // While clocks are set back, hours have no names of their own: otherwise one name would mean two hours.
  const offset = length > HOUR ? offsetAt : () => offsetAt(last.start);
  const numberOf = (time: number) => Math.floor((time + offset(time)) / length);
  const startOf = (number: number) => {
    const there = number * length;
    return there - offset(there - offset(there));
  };
  const begin = numberOf(first.start);
  const buckets = Array.from({ length: numberOf(last.start) - begin + 1 }, (_, at) => ({
    start: startOf(begin + at),
    end: startOf(begin + at + 1),
    good: 0,
    bad: 0,
  }));
  for (const { start, isGood } of points) {
    const bucket = buckets[numberOf(start) - begin];
    if (bucket !== undefined) {
      bucket[isGood ? "good" : "bad"] += 1;
    }
  }
  return buckets;
}

/** The median at each point: before a change of durations, the earlier one, and after it, the later one. */
export function mediansOf(points: readonly Point[], trend: PlaybookTrend): (number | null)[] {
  const { durations } = trend;
  const changes = durations?.changes ?? [];
  if (!durations) {
    return points.map(() => null);
  }
  return points.map(({ start }) => {
    const last = changes.findLast(({ run }) => Date.parse(run.start_time) <= start);
    return last?.after ?? changes[0]?.before ?? durations.median;
  });
}

/** "75 %", and never "100 %" if one failed. */
export function percent(part: number, whole: number): string {
  if (whole === 0) {
    return "–";
  }
  const share = (100 * part) / whole;
  return `${part === whole ? 100 : Math.min(99, Math.round(share))} %`;
}

/** "+47 %" of 10 → 14.7. */
export function growth(before: number, after: number): string {
  if (before <= 0) {
    return "";
  }
  const change = Math.round(100 * (after / before - 1));
  return `${change > 0 ? "+" : "−"}${Math.abs(change)} %`;
}
