/**
 * The chunks in the document, and their positions.
 *
 * Up to `ALL_LINES`, all are. Beyond that, a window of them: browsers limit the height of an element (Firefox
 * to 17.9 million pixels), so the height that the scroll bar shows is limited, and its middle represents more
 * lines than fit into it. Near both ends, a pixel is a pixel.
 */

/** Lines of a chunk. */
export const CHUNK_LINES = 500;
/** Number of lines up to which all stay in the document, so that the browser's own search finds them. */
export const ALL_LINES = 100_000;
/** Maximum height of the scrolled area. */
export const MOST_PIXELS = 10_000_000;
/** Within this distance from both ends, the scroll position is the position in the text. */
const EXACT_PIXELS = 1_000_000;
/** Chunks before and after those in view. */
const AROUND = 2;

export function chunkCount(lines: number): number {
  return Math.ceil(lines / CHUNK_LINES);
}

export function chunkOf(line: number): number {
  return Math.floor(line / CHUNK_LINES);
}

/** Heights of chunks and their sums. */
export class Heights {
  private heights: number[] = [];
  private sums: number[] = [0];
  private valid = 0;

  get count(): number {
    return this.heights.length;
  }

  get total(): number {
    return this.offset(this.heights.length);
  }

  resize(count: number, height: (chunk: number) => number): void {
    for (let chunk = this.heights.length; chunk < count; chunk += 1) {
      this.heights.push(height(chunk));
    }
    this.heights.length = count;
    this.valid = Math.min(this.valid, count);
  }

  set(chunk: number, height: number): void {
    if (chunk < this.heights.length && this.heights[chunk] !== height) {
      this.heights[chunk] = height;
      this.valid = Math.min(this.valid, chunk);
    }
  }

  /** Where a chunk begins. */
  offset(chunk: number): number {
    for (; this.valid < chunk; this.valid += 1) {
      this.sums[this.valid + 1] = (this.sums[this.valid] ?? 0) + (this.heights[this.valid] ?? 0);
    }
    return this.sums[chunk] ?? 0;
  }

  /** The chunk at a position. */
  at(position: number): number {
    this.offset(this.heights.length);
    let low = 0;
    let high = this.heights.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.sums[middle] ?? 0) <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return Math.max(0, low);
  }
}

/** Converts between the position in the text and that of the scroll bar. */
export class Scale {
  /** Height of the scrolled area. */
  readonly height: number;
  private readonly most: { text: number; scroll: number };

  constructor(text: number, viewport: number) {
    this.height = Math.min(text, MOST_PIXELS);
    this.most = { text: Math.max(0, text - viewport), scroll: Math.max(0, this.height - viewport) };
  }

  toText(scroll: number): number {
    return this.translate(scroll, this.most.scroll, this.most.text);
  }

  toScroll(text: number): number {
    return this.translate(text, this.most.text, this.most.scroll);
  }

  private translate(position: number, from: number, to: number): number {
    const at = Math.max(0, Math.min(from, position));
    if (from === to || at <= EXACT_PIXELS) {
      return at;
    }
    if (at >= from - EXACT_PIXELS) {
      return to - (from - at);
    }
    const share = (at - EXACT_PIXELS) / (from - 2 * EXACT_PIXELS);
    return EXACT_PIXELS + share * (to - 2 * EXACT_PIXELS);
  }
}

export interface Placed {
  readonly first: number;
  readonly last: number;
  /** Empty space above and below the window. */
  readonly above: number;
  readonly below: number;
  /** Scroll position at which `top` is at the upper edge. */
  readonly scroll: number;
}

/** The window that shows the text from position `top` on. */
export function place(heights: Heights, viewport: number, top: number): Placed {
  const scale = new Scale(heights.total, viewport);
  const at = Math.max(0, Math.min(top, heights.total - viewport));
  const first = Math.max(0, heights.at(at) - AROUND);
  const last = Math.min(heights.count - 1, heights.at(at + viewport) + AROUND);
  const start = heights.offset(first);
  const end = heights.offset(last + 1);
  const scroll = scale.toScroll(at);
  const above = first === 0 ? 0 : Math.max(0, scroll - (at - start));
  const below = last === heights.count - 1 ? 0 : Math.max(0, scale.height - above - (end - start));
  return { first, last, above, below, scroll };
}

/** Whether the view has come so close to an edge of the window, which is `length` pixels long, that the window must move. */
export function mustMove(
  placed: Placed,
  length: number,
  count: number,
  view: { readonly scrollTop: number; readonly clientHeight: number },
): boolean {
  const top = view.scrollTop - placed.above;
  const near = view.clientHeight / 2;
  return (
    (placed.first > 0 && top < near) || (placed.last < count - 1 && top + view.clientHeight > length - near)
  );
}
