/** The chunks in the document, in order, without gaps between them. */

import { ChunkElement } from "./chunk";
import type { Look } from "./look";
import { firstIndex } from "./sections";
import type { LineStore } from "./store";
import type { LineSpan } from "./types";

/** Maximum time of a frame for building chunks; the rest waits for the next frame. */
const BUDGET_MS = 8;

export class ChunkList {
  readonly element = document.createElement("div");
  private chunks: ChunkElement[] = [];
  private first = 0;

  constructor() {
    this.element.className = "pbc-chunks";
  }

  get(index: number): ChunkElement | undefined {
    return this.chunks[index - this.first];
  }

  get height(): number {
    return this.element.offsetHeight;
  }

  /** Puts exactly these chunks into the document. */
  keep(first: number, last: number, height: (chunk: number) => number): void {
    const next: ChunkElement[] = [];
    for (let index = first; index <= last; index += 1) {
      const chunk = this.get(index) ?? new ChunkElement();
      chunk.reserve(height(index));
      next.push(chunk);
    }
    const kept = new Set(next);
    for (const chunk of this.chunks) {
      if (!kept.has(chunk)) {
        chunk.element.remove();
      }
    }
    let before: Element | undefined;
    for (const { element } of next) {
      if (element.parentNode === null) {
        if (before === undefined) {
          this.element.prepend(element);
        } else {
          before.after(element);
        }
      }
      before = element;
    }
    this.chunks = next;
    this.first = first;
  }

  /** All may have to be built again. */
  markStale(): void {
    for (const chunk of this.chunks) {
      chunk.stale = true;
    }
  }

  select(selected: LineSpan | undefined): void {
    for (const chunk of this.chunks) {
      chunk.select(selected);
    }
  }

  /** Builds what is stale, the urgent chunks in any case; returns whether something is left. */
  build(store: LineStore, look: Look, urgent: readonly number[]): boolean {
    const update = (index: number, chunk: ChunkElement) =>
      chunk.update(store.chunk(index), store.chunk(index - 1)?.at(-1), look);
    const start = performance.now();
    for (const index of urgent) {
      const chunk = this.get(index);
      if (chunk?.stale === true) {
        update(index, chunk);
      }
    }
    for (const [at, chunk] of this.chunks.entries()) {
      if (chunk.stale) {
        if (performance.now() - start > BUDGET_MS) {
          return true;
        }
        update(this.first + at, chunk);
      }
    }
    return false;
  }

  /** Indexes of the chunks between two positions, then of their neighbours. */
  between(top: number, bottom: number): number[] {
    const start = firstIndex(this.chunks, (chunk) => chunk.top + chunk.height > top);
    const end = firstIndex(this.chunks, (chunk) => chunk.top >= bottom);
    const within = Array.from({ length: Math.max(0, end - start) }, (_, at) => start + at);
    return [...within, end, start - 1]
      .filter((at) => this.chunks[at] !== undefined)
      .map((at) => this.first + at);
  }

  /** The last chunks, the last one first. */
  end(): number[] {
    const last = this.first + this.chunks.length - 1;
    return [last, last - 1].filter((index) => this.get(index) !== undefined);
  }

  /** The chunk at a position, and how far into it that is. */
  at(position: number): { index: number; offset: number } | undefined {
    const at = firstIndex(this.chunks, (chunk) => chunk.top + chunk.height > position);
    const chunk = this.chunks[at];
    return chunk === undefined ? undefined : { index: this.first + at, offset: position - chunk.top };
  }

  /** The element of a line of this chunk, or of the one before it that is not folded away. */
  line(index: number, number: number): HTMLElement | undefined {
    for (let at = index; this.get(at)?.isBuilt === true; at -= 1) {
      const line = this.get(at)?.line(number);
      if (line !== undefined) {
        return line;
      }
    }
    return undefined;
  }

  entries(): [number, ChunkElement][] {
    return this.chunks.map((chunk, at) => [this.first + at, chunk]);
  }
}
