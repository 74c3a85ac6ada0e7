/** The events of a scrolled element of lines: scrolling, the browser's search opening a fold, copying text. */

import type { ChunkList } from "./chunkList";
import { copiedText } from "./copy";
import type { HiddenRange } from "./folding";
import type { LineStore } from "./store";

export interface ScrollerOptions {
  readonly scroller: HTMLElement;
  readonly store: LineStore;
  readonly chunks: ChunkList;
  readonly hidden: () => readonly HiddenRange[];
  readonly signal: AbortSignal;
  readonly onScroll: () => void;
  /** A folded line was found. */
  readonly onFound: (number: number) => void;
  readonly onResize: () => void;
}

export function listen(options: ScrollerOptions): void {
  const { scroller, store, chunks, hidden, signal, onScroll, onFound, onResize } = options;
  scroller.addEventListener("scroll", onScroll, { passive: true, signal });
  const found = (event: Event) => {
    const heading = event.target instanceof HTMLElement ? event.target.dataset.heading : undefined;
    if (heading !== undefined) {
      onFound(Number(heading) + 1);
    }
  };
  scroller.addEventListener("beforematch", found, { signal });
  const copied = (event: ClipboardEvent) => {
    const text = copiedText(chunks.entries(), store, hidden());
    if (text !== undefined) {
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    }
  };
  scroller.addEventListener("copy", copied, { signal });
  const sizes = new ResizeObserver(onResize);
  sizes.observe(scroller);
  signal.addEventListener("abort", () => sizes.disconnect());
}
