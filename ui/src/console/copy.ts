/**
 * The text of a selection. Browsers leave out text that is not laid out (`content-visibility`), so a
 * selection over several chunks is built from the lines themselves.
 */

import { plainText } from "./ansi";
import { type ChunkElement, numberOf } from "./chunk";
import { type HiddenRange, hiddenBy } from "./folding";
import type { LineStore } from "./store";

/** Nothing if the selection is within one chunk, where the browser's own copying is right. */
export function copiedText(
  chunks: readonly (readonly [number, ChunkElement])[],
  store: LineStore,
  hidden: readonly HiddenRange[],
): string | undefined {
  const selection = document.getSelection();
  if (selection === null || selection.rangeCount === 0) {
    return undefined;
  }
  const range = selection.getRangeAt(0);
  const selected = chunks.filter(([, chunk]) => range.intersectsNode(chunk.element));
  const first = lineOf(range.startContainer);
  const last = lineOf(range.endContainer);
  if (selected.length < 2 || first === undefined || last === undefined) {
    return undefined;
  }
  const texts = [partOf(range, first, "start")];
  for (const [index] of selected) {
    for (const { number, text } of store.chunk(index) ?? []) {
      if (number > numberOf(first) && number < numberOf(last) && hiddenBy(hidden, number) === undefined) {
        texts.push(plainText(text));
      }
    }
  }
  texts.push(partOf(range, last, "end"));
  return texts.join("\n");
}

function lineOf(node: Node): HTMLElement | undefined {
  const element = node instanceof Element ? node : node.parentElement;
  return element?.closest<HTMLElement>(".pbc-line") ?? undefined;
}

/** The selected part of the first or last line. */
function partOf(range: Range, line: HTMLElement, end: "start" | "end"): string {
  const part = document.createRange();
  part.selectNodeContents(line);
  if (end === "start") {
    part.setStart(range.startContainer, range.startOffset);
  } else {
    part.setEnd(range.endContainer, range.endOffset);
  }
  return part.toString();
}
