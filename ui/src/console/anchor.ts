/** The line that stays where the reader expects it while the lines above it get their height. */

import type { ChunkList } from "./chunkList";
import type { Sought } from "./chunkWindow";
import type { Reader } from "./reader";
import type { LineStore } from "./store";
import { chunkOf } from "./window";

interface HeldLine extends Sought {
  /** Frames for which the line is still held. */
  frames: number;
}

export interface AnchorOptions {
  readonly store: LineStore;
  readonly scroller: HTMLElement;
  readonly reader: Reader;
  readonly chunks: ChunkList;
}

export class Anchor {
  private held: HeldLine | undefined;

  constructor(private readonly options: AnchorOptions) {}

  get line(): Sought | undefined {
    return this.held;
  }

  /** The chunk of the line. */
  get chunk(): number | undefined {
    return this.held === undefined ? undefined : chunkOf(this.options.store.rowOf(this.held.number));
  }

  /** Holds this line from now on. */
  set(number: number, block: Sought["block"], frames: number): void {
    this.held = { number, block, frames };
  }

  /** Holds this line at the upper edge, unless another one is held. */
  keep(number: number, frames: number): void {
    this.held ??= { number, block: "start", frames };
  }

  /** The reader moves to another place. */
  release(): void {
    this.held = undefined;
  }

  /** Scrolls to the line; `isUnfinished`: heights still change. Returns whether the next frame must hold it again. */
  hold(isUnfinished: boolean): boolean {
    const { scroller, store, reader, chunks } = this.options;
    const { held, chunk } = this;
    if (held === undefined || chunk === undefined || !store.snapshot().ready) {
      return false;
    }
    const element = chunks.line(chunk, held.number);
    if (element === undefined) {
      return false;
    }
    const box = element.getBoundingClientRect();
    const frame = scroller.getBoundingClientRect();
    const room = held.block === "start" ? 0 : Math.max(0, (frame.height - box.height) / 3);
    reader.scrollTo(Math.max(0, scroller.scrollTop + box.top - frame.top - room));
    held.frames -= isUnfinished ? 0 : 1;
    if (held.frames <= 0) {
      this.held = undefined;
    }
    return true;
  }
}
