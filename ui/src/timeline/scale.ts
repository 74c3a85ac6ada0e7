/** The axis of the timeline: converts times to positions, with long idle gaps shortened. */

/** A stretch of time, in milliseconds since the epoch. */
export interface Span {
  start: number;
  end: number;
}

/** A stretch in which nothing ran, and where it is on the axis. */
export interface Gap extends Span {
  /** Positions of its beginning and end, from 0 to 1. */
  from: number;
  to: number;
}

export interface Scale {
  start: number;
  end: number;
  gaps: readonly Gap[];
  /** The position of a time, from 0 to 1. */
  place(time: number): number;
}

/** Shorter gaps are not shortened, in milliseconds; nor are gaps shorter than this part of the whole. */
const IDLE_FROM = 30_000;
const IDLE_SHARE = 0.03;

/** The part of the axis that a long gap takes; all of them together take no more than `GAPS`. */
const GAP = 0.03;
const GAPS = 0.3;

/** Creates an axis for spans. `spans` need not be in order. */
export function scaleOf(spans: readonly Span[]): Scale {
  const busy = merged(spans);
  const start = busy[0]?.start ?? 0;
  const end = busy.at(-1)?.end ?? start;
  const least = Math.max(IDLE_FROM, IDLE_SHARE * (end - start));
  const idle: Span[] = [];
  busy.forEach((span, at) => {
    const next = busy[at + 1];
    if (next && next.start - span.end >= least) {
      idle.push({ start: span.end, end: next.start });
    }
  });
  const length = end - start - idle.reduce((sum, gap) => sum + gap.end - gap.start, 0);
  const gapWidth = idle.length > 0 ? Math.min(GAP, GAPS / idle.length) : 0;
  const rate = length > 0 ? (1 - gapWidth * idle.length) / length : 0;
  const gaps: Gap[] = [];
  let before = start;
  let place = 0;
  for (const gap of idle) {
    const from = place + (gap.start - before) * rate;
    place = from + gapWidth;
    before = gap.end;
    gaps.push({ ...gap, from, to: place });
  }
  return { start, end, gaps, place: (time) => placeOf(time, { start, end }, gaps, rate) };
}

function placeOf(time: number, { start, end }: Span, gaps: readonly Gap[], rate: number): number {
  const at = Math.min(end, Math.max(start, time));
  // The last gap that began before.
  let low = 0;
  let high = gaps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((gaps[middle]?.start ?? 0) <= at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const gap = gaps[low - 1];
  if (!gap) {
    return (at - start) * rate;
  }
  return at >= gap.end
    ? gap.to + (at - gap.end) * rate
    : gap.from + ((at - gap.start) / (gap.end - gap.start)) * (gap.to - gap.from);
}

/** Spans that overlap or touch become one. */
export function merged(spans: readonly Span[]): Span[] {
  const sorted = [...spans].sort((a, b) => a.start - b.start);
  const out: Span[] = [];
  for (const span of sorted) {
    const last = out.at(-1);
    if (last && span.start <= last.end) {
      last.end = Math.max(last.end, span.end);
    } else {
      out.push({ start: span.start, end: Math.max(span.start, span.end) });
    }
  }
  return out;
}

/** Round steps for marks on the axis, in milliseconds. */
const STEPS = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000,
];

/** Times for marks, counted from the start: at most `count`, none inside a gap. */
export function ticksOf(scale: Scale, count: number): number[] {
  const idle = scale.gaps.reduce((sum, gap) => sum + gap.end - gap.start, 0);
  const length = scale.end - scale.start - idle;
  const step = STEPS.find((one) => length / one <= count) ?? Math.max(length / Math.max(count, 1), 1);
  const ticks: number[] = [];
  for (let time = scale.start; time <= scale.end; ) {
    const at = time;
    const gap = scale.gaps.find((one) => at > one.start && at < one.end);
    if (gap) {
      // Continue at the first round time after the gap.
      time = scale.start + Math.ceil((gap.end - scale.start) / step) * step;
    } else {
      ticks.push(time);
      time += step;
    }
  }
  return ticks;
}
