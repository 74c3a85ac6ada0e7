/** The appearance of lines, besides their text, and when it changed. */

import { type Folds, type HiddenRange, isFoldable, isFolded, rangesWithin } from "./folding";
import { headingsWithin, type Outline, type Section, sectionAt } from "./sections";
import type { Line, LineSpan, TimeMode } from "./types";

/** Everything besides its text that affects the appearance of a line. */
export interface Look {
  readonly outline: Outline;
  readonly folds: Folds;
  readonly hidden: readonly HiddenRange[];
  /** Numbers of the long lines that are shown in full. */
  readonly unclipped: ReadonlySet<number>;
  readonly selected: LineSpan | undefined;
  readonly times: TimeMode;
  readonly zone: string | undefined;
  readonly start: number | undefined;
}

/** A text for a chunk's appearance: if it is the same, the chunk need not be built again. */
export function lookKey(lines: readonly Line[], look: Look): string {
  const from = lines[0]?.number ?? 0;
  const to = (lines.at(-1)?.number ?? 0) + 1;
  const parts = [look.times, look.zone ?? "", String(look.start ?? "")];
  for (const range of rangesWithin(look.hidden, from, to)) {
    parts.push(`${range.from}-${Math.min(range.to, to)}`);
  }
  for (const sections of [look.outline.plays, look.outline.tasks]) {
    for (const section of headingsWithin(sections, from, to)) {
      parts.push(headingKey(section, look.folds));
    }
  }
  for (const number of look.unclipped) {
    if (number >= from && number < to) {
      parts.push(`u${number}`);
    }
  }
  return parts.join(" ");
}

function headingKey(section: Section, folds: Folds): string {
  const folded = isFolded(folds, section);
  return `h${section.from}${section.failed}${section.unreachable}${isFoldable(section)}${folded ? section.to : ""}`;
}

/**
 * A text for everything besides a line's text that affects its element; times, streams and the selection are
 * added later.
 */
export function lineKey(line: Line, look: Look): string {
  const section = headingSection(line.number, look.outline);
  const heading = section === undefined ? "" : headingKey(section, look.folds);
  return look.unclipped.has(line.number) ? `${heading}u` : heading;
}

/** The play or task whose heading this line is. */
export function headingSection(number: number, outline: Outline): Section | undefined {
  const task = sectionAt(outline.tasks, number);
  if (task?.from === number) {
    return task;
  }
  const play = sectionAt(outline.plays, number);
  return play?.from === number ? play : undefined;
}
