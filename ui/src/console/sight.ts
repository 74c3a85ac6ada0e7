/** The part of the chunks in the document that the reader sees. */

import type { Anchor } from "./anchor";
import type { ChunkList } from "./chunkList";

export class Sight {
  constructor(
    private readonly scroller: HTMLElement,
    private readonly chunks: ChunkList,
    private readonly anchor: Anchor,
  ) {}

  /** The chunks that the reader sees or jumps to, and their neighbours. */
  visible(isFollowing: boolean): number[] {
    if (isFollowing) {
      return this.chunks.end();
    }
    const { scrollTop, clientHeight } = this.scroller;
    const inView = this.chunks.between(scrollTop, scrollTop + clientHeight);
    return this.anchor.chunk === undefined ? inView : [this.anchor.chunk, ...inView];
  }

  /** Number of the line at the upper edge; none while no line of these chunks is there. */
  top(visible: readonly number[]): number | undefined {
    const edge = this.scroller.getBoundingClientRect().top;
    for (const index of [...visible].sort((one, other) => one - other)) {
      const line = this.chunks.get(index)?.lineBelow(edge);
      if (line !== undefined) {
        return line;
      }
    }
    return undefined;
  }

  /** The elements of all lines in view. */
  lines(visible: readonly number[]): HTMLElement[] {
    const { top, bottom } = this.scroller.getBoundingClientRect();
    return visible.flatMap((index) => this.chunks.get(index)?.between(top, bottom) ?? []);
  }
}
