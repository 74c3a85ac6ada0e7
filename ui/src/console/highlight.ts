/** Marks matches with the CSS Custom Highlight API, which leaves the elements alone. */

import { numberOf } from "./chunk";
import { effortOf, isQuick } from "./effort";
import { matches } from "./find";

const ALL = "pbc-match";
const CURRENT = "pbc-match-current";
/** Matches that are marked in a line at most. */
const MOST = 200;
/** Marking takes so long of a frame at most; then lines stay without marks. */
const PAINT_MS = 30;

/** Marks the matches in these lines, those of the current one in another way. */
export function highlight(
  lines: readonly HTMLElement[],
  expression: RegExp | undefined,
  current?: number | undefined,
): void {
  // Firefox before 140 has none; the current line is then shown by its selection only.
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

/** Where looking for the matches would take too long, the line that was found is marked as a whole. */
function wholeOf(line: HTMLElement): Range {
  const range = document.createRange();
  range.selectNodeContents(line);
  return range;
}

/** The places of all matches in an element, which may reach over several text nodes. */
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
