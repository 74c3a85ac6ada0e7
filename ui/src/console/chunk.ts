/** The element of a chunk: 500 lines, which the browser lays out only near the view (`content-visibility: auto`). */

import { type Look, lookKey } from "./look";
import { type Drawn, renderLines, replaceChildren } from "./render";
import { firstIndex } from "./sections";
import type { Line, LineSpan } from "./types";

export class ChunkElement {
  readonly element = document.createElement("div");
  /** Whether it may have to be built again. */
  stale = true;
  private built: { lines: readonly Line[]; key: string; before: number | undefined } | undefined;
  private shown: readonly HTMLElement[] = [];
  private drawn: readonly Drawn[] = [];
  private reserved = -1;

  constructor() {
    this.element.className = "pbc-chunk";
  }

  get isBuilt(): boolean {
    return this.built !== undefined;
  }

  get top(): number {
    return this.element.offsetTop;
  }

  get height(): number {
    return this.element.offsetHeight;
  }

  /** The height that it takes before it was laid out, and while its lines are missing. */
  reserve(height: number): void {
    if (height !== this.reserved) {
      this.reserved = height;
      // Not `auto`, the size that it had when it was last laid out: folding changes that.
      this.element.style.setProperty("contain-intrinsic-size", `none ${height}px`);
      if (this.built === undefined) {
        this.element.style.height = `${height}px`;
      }
    }
  }

  update(lines: readonly Line[] | undefined, before: Line | undefined, look: Look): void {
    this.stale = false;
    if (lines === undefined) {
      return;
    }
    const key = lookKey(lines, look);
    const time = look.times === "delta" ? before?.time : undefined;
    if (this.built?.lines === lines && this.built.key === key && this.built.before === time) {
      return;
    }
    const { content, shown, drawn } = renderLines(lines, before, look, this.drawn);
    replaceChildren(this.element, content);
    this.element.style.height = "";
    this.shown = shown;
    this.drawn = drawn;
    this.built = { lines, key, before: time };
  }

  select(selected: LineSpan | undefined): void {
    for (const line of this.element.querySelectorAll(".pbc-selected")) {
      line.classList.remove("pbc-selected");
    }
    if (selected !== undefined) {
      for (const line of this.shown) {
        const number = numberOf(line);
        line.classList.toggle("pbc-selected", number >= selected.from && number <= selected.to);
      }
    }
  }

  /** The element of a line; of the one before it if it is folded away. */
  line(number: number): HTMLElement | undefined {
    const at = firstIndex(this.shown, (line) => numberOf(line) > number);
    return this.shown[at - 1] ?? this.shown[0];
  }

  /** Number of the first line that reaches below an edge of the screen. */
  lineBelow(edge: number): number | undefined {
    const line = this.shown[firstIndex(this.shown, (each) => each.getBoundingClientRect().bottom > edge + 1)];
    return line === undefined ? undefined : numberOf(line);
  }

  between(top: number, bottom: number): readonly HTMLElement[] {
    const first = firstIndex(this.shown, (line) => line.getBoundingClientRect().bottom > top);
    const end = firstIndex(this.shown, (line) => line.getBoundingClientRect().top >= bottom);
    return this.shown.slice(first, end);
  }
}

export function numberOf(line: HTMLElement): number {
  return Number(line.dataset.n) - 1;
}
