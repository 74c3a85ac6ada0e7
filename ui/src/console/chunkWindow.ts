/**
 * The chunks of a scrolled element: all of them, or a window of them that moves with the reader, with empty
 * space above and below for the rest. It handles heights and positions, but not the appearance of lines.
 */

import { ChunkList } from "./chunkList";
import { estimate } from "./estimate";
import type { HiddenRange } from "./folding";
import type { Reader } from "./reader";
import type { LineStore } from "./store";
import { CHUNK_LINES, chunkCount, chunkOf, Heights, mustMove, type Placed, place, Scale } from "./window";

/** A line to bring into view. */
export interface Sought {
  readonly number: number;
  readonly block: "start" | "center";
}

export interface WindowOptions {
  readonly store: LineStore;
  readonly scroller: HTMLElement;
  readonly reader: Reader;
  /** Lines that are folded by now. */
  readonly hidden: () => readonly HiddenRange[];
}

export class ChunkWindow {
  readonly chunks = new ChunkList();
  private readonly above = document.createElement("div");
  private readonly below = document.createElement("div");
  private readonly heights = new Heights();
  private placed: Placed | undefined;
  private lineHeight = 20;
  private rows = -1;
  private isStale = false;
  /** Characters of a row while lines wrap. */
  private columns: number | undefined;

  constructor(private readonly options: WindowOptions) {
    options.scroller.append(this.above, this.chunks.element, this.below);
  }

  destroy(): void {
    this.above.remove();
    this.chunks.element.remove();
    this.below.remove();
  }

  /** All heights must be computed again: something was folded. */
  markStale(): void {
    this.isStale = true;
  }

  /** Turns wrapping on or off; returns whether that is a change. */
  setWrap(wrap: boolean): boolean {
    const { clientWidth } = this.options.scroller;
    const columns = wrap ? Math.max(20, Math.floor(clientWidth / (this.lineHeight * 0.39)) - 11) : undefined;
    if (columns === this.columns) {
      return false;
    }
    this.columns = columns;
    this.isStale = true;
    return true;
  }

  /** Updates the heights of all chunks; returns whether the window must be put around the same line again. */
  measure(rows: number): boolean {
    const height = Number.parseFloat(getComputedStyle(this.options.scroller).lineHeight);
    if (height > 0 && height !== this.lineHeight) {
      this.lineHeight = height;
      this.isStale = true;
    }
    if (rows !== this.rows) {
      this.rows = rows;
      const last = this.heights.count - 1;
      this.heights.resize(chunkCount(rows), (chunk) => this.estimate(chunk));
      this.heights.set(last, this.estimate(last));
    }
    if (!this.isStale) {
      return false;
    }
    this.isStale = false;
    const top = this.textPosition();
    const before = this.heights.total;
    for (let chunk = 0; chunk < this.heights.count; chunk += 1) {
      this.heights.set(chunk, this.estimate(chunk));
    }
    const isMoved = this.placed !== undefined && top !== undefined && before !== this.heights.total;
    if (isMoved) {
      this.placed = undefined;
    }
    return isMoved;
  }

  /** Puts all chunks into the document. */
  showAll(): void {
    this.placed = undefined;
    this.chunks.element.classList.remove("pbc-window");
    this.above.style.height = "0";
    this.below.style.height = "0";
    this.keepChunks(0, this.heights.count - 1);
  }

  /** Puts a window of chunks into the document: around the end, a line, or the reader's position. */
  show(sought: Sought | "end" | undefined): void {
    const { scroller } = this.options;
    this.chunks.element.classList.add("pbc-window");
    if (sought === "end") {
      this.move(this.heights.total);
      return;
    }
    if (sought !== undefined) {
      this.showLine(sought);
      return;
    }
    const { placed } = this;
    if (placed === undefined) {
      this.move(this.textPosition() ?? 0);
      return;
    }
    const top = scroller.scrollTop - placed.above;
    const isOutside = top < -scroller.clientHeight || top > this.chunks.height;
    if (isOutside) {
      this.move(new Scale(this.heights.total, scroller.clientHeight).toText(scroller.scrollTop));
    } else if (mustMove(placed, this.chunks.height, this.heights.count, scroller)) {
      this.move(this.textPosition() ?? 0);
    }
  }

  private showLine({ number, block }: Sought): void {
    const { scroller, store } = this.options;
    const { placed } = this;
    const row = store.rowOf(number);
    const chunk = chunkOf(row);
    if (placed === undefined || chunk <= placed.first || chunk >= placed.last) {
      const room = block === "start" ? 0 : scroller.clientHeight / 3;
      this.move(this.heights.offset(chunk) + (row % CHUNK_LINES) * this.lineHeight - room);
    }
  }

  /** The position in the text of the upper edge, by the chunk that is there. */
  private textPosition(): number | undefined {
    const found = this.chunks.at(this.options.scroller.scrollTop);
    return found && this.heights.offset(found.index) + found.offset;
  }

  /** Puts the window around a position in the text. */
  private move(top: number): void {
    const { scroller, reader } = this.options;
    const placed = place(this.heights, scroller.clientHeight, top);
    this.placed = placed;
    this.above.style.height = `${placed.above}px`;
    this.below.style.height = `${placed.below}px`;
    this.keepChunks(placed.first, placed.last);
    reader.scrollTo(placed.scroll);
  }

  private keepChunks(first: number, last: number): void {
    this.chunks.keep(first, last, (chunk) => this.estimate(chunk));
  }

  private estimate(chunk: number): number {
    const { store, hidden } = this.options;
    return estimate(chunk, store, hidden(), { line: this.lineHeight, columns: this.columns });
  }
}
