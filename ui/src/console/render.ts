/** Builds the elements of a chunk's lines, and reuses existing ones that have not changed. */

import { type HiddenRange, hiddenBy } from "./folding";
import { dress, lineElement, make } from "./line";
import { type Look, lineKey } from "./look";
import type { Line } from "./types";

/** A line's element, and the values from which it was built. */
export interface Drawn {
  readonly element: HTMLElement;
  readonly line: Line;
  readonly key: string;
}

/** A chunk's content. */
export interface Rendered {
  /** The chunk's children: lines, and folds with the lines in them. */
  readonly content: readonly HTMLElement[];
  /** The lines that are not folded away. */
  readonly shown: readonly HTMLElement[];
  /** All lines. */
  readonly drawn: readonly Drawn[];
}

/**
 * Elements of lines, in order. Elements that were `drawn` before are reused while their texts are the same:
 * live lines get their exact times a moment later, and an element that the reader points at, has selected or
 * searched for must not be replaced because of that.
 */
export function renderLines(
  lines: readonly Line[],
  before: Line | undefined,
  look: Look,
  drawn: readonly Drawn[] = [],
): Rendered {
  let previous = before;
  const next = lines.map((line, at) => {
    const key = lineKey(line, look);
    const old = drawn[at];
    const isSame = old?.line.number === line.number && old.line.text === line.text && old.key === key;
    const element = isSame ? old.element : lineElement(line, look);
    dress(element, line, previous, look);
    previous = line;
    return { element, line, key };
  });
  return { ...folded(next, look.hidden), drawn: next };
}

/** Puts hidden lines into folds. */
function folded(drawn: readonly Drawn[], hidden: readonly HiddenRange[]) {
  const content: HTMLElement[] = [];
  const shown: HTMLElement[] = [];
  let fold: HTMLElement | undefined;
  let foldOf: HiddenRange | undefined;
  for (const { element, line } of drawn) {
    const range = hiddenBy(hidden, line.number);
    if (range === undefined) {
      content.push(element);
      shown.push(element);
    } else {
      if (range !== foldOf || fold === undefined) {
        fold = foldOfRange(range);
        content.push(fold);
      }
      fold.append(element);
    }
    foldOf = range;
  }
  return { content, shown };
}

function foldOfRange(range: HiddenRange): HTMLElement {
  const fold = make("div", "pbc-folded");
  // `until-found`: the browser's search finds folded lines too, and opens the fold.
  fold.setAttribute("hidden", "until-found");
  fold.dataset.heading = String(range.heading);
  return fold;
}

/** Makes exactly these the children of an element; existing ones do not move. */
export function replaceChildren(parent: HTMLElement, content: readonly HTMLElement[]): void {
  if (parent.firstChild === null) {
    parent.append(...content);
    return;
  }
  const kept = new Set<Node>(content);
  for (const child of [...parent.childNodes]) {
    if (!kept.has(child)) {
      child.remove();
    }
  }
  let next: Node | null = parent.firstChild;
  for (const child of content) {
    if (child === next) {
      next = next.nextSibling;
    } else {
      parent.insertBefore(child, next);
    }
  }
}
