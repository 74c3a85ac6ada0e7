/** Heights of chunks before the browser lays them out. */

import { type HiddenRange, hiddenBy, rangesWithin } from "./folding";
import { CLIP } from "./line";
import type { LineStore } from "./store";
import type { Line } from "./types";
import { CHUNK_LINES } from "./window";

export interface Metrics {
  /** Height of a line in pixels. */
  readonly line: number;
  /** Characters of a row while lines wrap. */
  readonly columns: number | undefined;
}

/** The height of a chunk: exact as long as lines do not wrap. */
export function estimate(
  chunk: number,
  store: LineStore,
  hidden: readonly HiddenRange[],
  metrics: Metrics,
): number {
  const rows = Math.min(CHUNK_LINES, store.snapshot().rows - chunk * CHUNK_LINES);
  const lines = store.chunk(chunk);
  const from = lines?.[0]?.number ?? chunk * CHUNK_LINES;
  const to = (lines?.at(-1)?.number ?? from + rows - 1) + 1;
  let shown = rows;
  for (const range of rangesWithin(hidden, from, to)) {
    shown -= Math.min(range.to, to) - Math.max(range.from, from);
  }
  const more =
    metrics.columns === undefined || lines === undefined ? 0 : wrapped(lines, hidden, metrics.columns);
  return (Math.max(0, shown) + more) * metrics.line;
}

/** Rows that wrapping adds. Control sequences count, so it is a guess. */
function wrapped(lines: readonly Line[], hidden: readonly HiddenRange[], columns: number): number {
  let more = 0;
  for (const { number, text } of lines) {
    if (text.length > columns && hiddenBy(hidden, number) === undefined) {
      more += Math.ceil(Math.min(text.length, CLIP) / columns) - 1;
    }
  }
  return more;
}
