/** Marks matches with the CSS Custom Highlight API, which leaves the elements alone. */

import { numberOf } from "./chunk";
import { effortOf, isQuick } from "./effort";
import { matches } from "./find";

const ALL = "pbc-match";
const CURRENT = "pbc-match-current";
/** Maximum number of matches that are marked in a line. */
const MOST = 200;
/** Maximum time of a frame for marking; after that, lines stay unmarked. */
const PAINT_MS = 30;

/** Marks the matches in these lines; those of the current line look different. */
export function highlight(
  lines: readonly HTMLElement[],
  expression: RegExp | undefined,
  current?: number | undefined,
): void {
  // Firefox before 140 lacks it; the current line is then only shown by its selection.
  if (typeof CSS === "undefined" || CSS.highlights === undefined) {
    return;
  }
  const all = new Highlight();
  const now = new Highlight();
  if (expression !== undefined) {
    const effort = effortOf(expression.source);
    const end = performance.now() + PAINT_MS;
    for (const line of lines) {
      const isCurrent = numberOf(line) === current;
      const ranges =
        performance.now() < end && isQuick(effort, line.textContent?.length ?? 0)
          ? rangesOf(line, expression)
          : isCurrent
            ? [wholeOf(line)]
            : [];
      for (const range of ranges) {
        (isCurrent ? now : all).add(range);
      }
    }
  }
  CSS.highlights.set(ALL, all);
  CSS.highlights.set(CURRENT, now);
}

/** If finding the matches would take too long, the whole line is marked. */
function wholeOf(line: HTMLElement): Range {
  const range = document.createRange();
  range.selectNodeContents(line);
  return range;
}

/** The positions of all matches in an element, which may extend over several text nodes. */
export function rangesOf(line: HTMLElement, expression: RegExp): Range[] {
  const nodes: { node: Text; from: number }[] = [];
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  let length = 0;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node instanceof Text) {
      nodes.push({ node, from: length });
      length += node.data.length;
    }
  }
  const text = nodes.map(({ node }) => node.data).join("");
  return matches(expression, text, MOST).map(([from, to]) => {
    const range = document.createRange();
    const start = nodes.findLast((each) => each.from <= from);
    const end = nodes.findLast((each) => each.from < to);
    if (start !== undefined && end !== undefined) {
      range.setStart(start.node, from - start.from);
      range.setEnd(end.node, to - end.from);
    }
    return range;
  });
}
