/** Which plays and tasks are folded, and which lines are hidden by that. */

import { firstIndex, type Outline, type Section, sectionAt } from "./sections";

/** What is folded by default: nothing, tasks without a failure, or everything. */
export type FoldPolicy = "none" | "passed" | "all";

export interface Folds {
  readonly policy: FoldPolicy;
  /** The reader's choices, by the number of the heading's line. */
  readonly chosen: ReadonlyMap<number, boolean>;
}

export interface HiddenRange {
  /** Number of the first hidden line. */
  readonly from: number;
  /** Number of the line after the last hidden one. */
  readonly to: number;
  /** Number of the heading's line that shows them again. */
  readonly heading: number;
}

/** A heading with nothing but an empty line below it has nothing to fold. */
export function isFoldable(section: Section): boolean {
  return section.kind !== "recap" && section.kind !== "notice" && section.to > section.from + 2;
}

export function isFolded(folds: Folds, section: Section): boolean {
  if (!isFoldable(section)) {
    return false;
  }
  const chosen = folds.chosen.get(section.from);
  if (chosen !== undefined) {
    return chosen;
  }
  if (section.kind === "play" || !section.complete) {
    return false;
  }
  return folds.policy === "all" || (folds.policy === "passed" && !section.failed);
}

/** Hidden lines in order, without overlaps. */
export function hiddenRanges(outline: Outline, folds: Folds): HiddenRange[] {
  const plays = outline.plays.filter((play) => isFolded(folds, play));
  const out: HiddenRange[] = plays.map(rangeOf);
  for (const task of outline.tasks) {
    if (isFolded(folds, task) && sectionAt(plays, task.from) === undefined) {
      out.push(rangeOf(task));
    }
  }
  return out.sort((a, b) => a.from - b.from);
}

function rangeOf(section: Section): HiddenRange {
  return { from: section.from + 1, to: section.to, heading: section.from };
}

/** The range that hides a line, if any. */
export function hiddenBy(ranges: readonly HiddenRange[], line: number): HiddenRange | undefined {
  const range = ranges[firstIndex(ranges, ({ to }) => to > line)];
  return range !== undefined && range.from <= line ? range : undefined;
}

/** The ranges that hide lines from one number up to another. */
export function rangesWithin(
  ranges: readonly HiddenRange[],
  from: number,
  to: number,
): readonly HiddenRange[] {
  const first = firstIndex(ranges, (range) => range.to > from);
  return ranges.slice(
    first,
    firstIndex(ranges, (range) => range.from >= to),
  );
}

/** Unfolds a line: every folded section around it opens. */
export function revealing(outline: Outline, folds: Folds, line: number): Folds {
  const around = [sectionAt(outline.plays, line), sectionAt(outline.tasks, line)];
  const closed = around.filter(
    (section) => section !== undefined && section.from !== line && isFolded(folds, section),
  );
  if (closed.length === 0) {
    return folds;
  }
  const chosen = new Map(folds.chosen);
  for (const section of closed) {
    if (section !== undefined) {
      chosen.set(section.from, false);
    }
  }
  return { ...folds, chosen };
}
