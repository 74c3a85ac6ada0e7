/**
 * Shows the lines of a store in a scrolled element: chunks of elements that are built here, without React, once a frame at most.
 * It knows which chunks stand in the document, where the reader is, and whether the end is followed.
 */

import { ChunkList } from "./chunkList";
import { copiedText } from "./copy";
import { estimate } from "./estimate";
import { type Folds, hiddenRanges, revealing } from "./folding";
import { type Follow, newLines, nextFollow } from "./follow";
import { highlight } from "./highlight";
import { Reader } from "./reader";
import type { Look } from "./render";
import { type Outline, type Section, SectionIndex, sectionAt } from "./sections";
import type { LineStore } from "./store";
import type { LineSpan, TaskLines, TimeMode } from "./types";
import {
  ALL_LINES,
  CHUNK_LINES,
  chunkCount,
  chunkOf,
  Heights,
  mustMove,
  type Placed,
  place,
  Scale,
} from "./window";

/** The end counts as reached this close to it. */
const END_PIXELS = 8;

export interface ViewOptions {
  readonly store: LineStore;
  /** Element with a scroll bar; it must be positioned. */
  readonly scroller: HTMLElement;
  readonly follow: boolean;
  readonly tasks: readonly TaskLines[];
}

export interface ViewState {
  readonly following: boolean;
  readonly fresh: number;
  readonly outline: Outline;
  /** Number of the line at the upper edge. */
  readonly top: number;
  /** The play and the task that the upper edge is in, unless their headings are in view. */
  readonly stuck: readonly Section[];
  /** Whether all chunks are in the document, so that the browser's own search finds every loaded line. */
  readonly all: boolean;
}

interface Target {
  readonly number: number;
  readonly block: "start" | "center";
  /** Frames for which the target is held, while what is above it gets its height. */
  frames: number;
}

export class LogView {
  private readonly above = document.createElement("div");
  private readonly below = document.createElement("div");
  private readonly chunks = new ChunkList();
  private readonly heights = new Heights();
  private readonly sections = new SectionIndex();
  private readonly listeners = new Set<() => void>();
  private readonly ended = new AbortController();
  private readonly reader: Reader;
  private placed: Placed | undefined;
  private look: Look;
  private follow: Follow;
  private target: Target | undefined;
  private expression: RegExp | undefined;
  private current: number | undefined;
  private frame: number | undefined;
  private lineHeight = 20;
  private measuredRows = -1;
  private heightsChanged = false;
  /** Characters of a row while lines wrap. */
  private columns: number | undefined;
  private wasReady = false;
  private state: ViewState;

  constructor(private readonly options: ViewOptions) {
    const { scroller, follow, tasks } = options;
    this.follow = { following: follow, seen: 0 };
    this.sections.setTasks(tasks);
    const outline = this.sections.outline();
    this.look = {
      outline,
      folds: { policy: "none", chosen: new Map() },
      hidden: [],
      unclipped: new Set(),
      selected: undefined,
      times: "off",
      zone: undefined,
      start: undefined,
    };
    this.state = { following: follow, fresh: 0, outline, top: 0, stuck: [], all: true };
    scroller.append(this.above, this.chunks.element, this.below);
    this.reader = new Reader(scroller, this.ended.signal);
    this.listen();
    this.schedule();
  }

  destroy(): void {
    this.ended.abort();
    if (this.frame !== undefined) {
      cancelAnimationFrame(this.frame);
    }
    highlight([], undefined);
    this.above.remove();
    this.chunks.element.remove();
    this.below.remove();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): ViewState => this.state;

  setTimes(times: TimeMode, zone: string | undefined, start: number | undefined): void {
    this.setLook({ times, zone, start });
  }

  setFolds(folds: Folds): void {
    const top = this.state.top;
    this.setFoldsNow(folds);
    if (!this.follow.following && this.target === undefined) {
      this.target = { number: top, block: "start", frames: 2 };
    }
  }

  get folds(): Folds {
    return this.look.folds;
  }

  setTasks(tasks: readonly TaskLines[]): void {
    this.sections.setTasks(tasks);
    this.outlineChanged();
  }

  select(selected: LineSpan | undefined): void {
    this.look = { ...this.look, selected };
    this.chunks.select(selected);
  }

  /** Shows a long line in full, or cut again. */
  toggleLong(number: number): void {
    const unclipped = new Set(this.look.unclipped);
    if (!unclipped.delete(number)) {
      unclipped.add(number);
    }
    this.setLook({ unclipped });
  }

  /** Marks the matches of an expression in all lines in view. */
  mark(expression: RegExp | undefined, current: number | undefined): void {
    this.expression = expression;
    this.current = current;
    this.schedule();
  }

  /** Brings a line into view, unfolds it, and no longer follows the end. */
  goTo(number: number, block: "start" | "center" = "center"): void {
    this.follow = nextFollow(this.follow, { kind: "away" });
    this.reveal(number);
    this.target = { number, block, frames: 3 };
    this.options.store.want([chunkOf(this.options.store.rowOf(number))]);
    this.schedule();
  }

  goToEnd(): void {
    this.target = undefined;
    this.follow = nextFollow(this.follow, { kind: "end", total: this.options.store.snapshot().rows });
    this.schedule();
  }

  /** Lines wrap from now on, or no longer; the upper one stays where it is. */
  setWrap(wrap: boolean): void {
    const { scroller } = this.options;
    const columns = wrap
      ? Math.max(20, Math.floor(scroller.clientWidth / (this.lineHeight * 0.39)) - 11)
      : undefined;
    if (columns !== this.columns) {
      this.columns = columns;
      this.heightsChanged = true;
      this.target ??= { number: this.state.top, block: "start", frames: 3 };
      this.schedule();
    }
  }

  /** Opens every fold around a line. */
  reveal(number: number): void {
    const folds = revealing(this.look.outline, this.look.folds, number);
    if (folds !== this.look.folds) {
      this.setFoldsNow(folds);
    }
  }

  private get isAll(): boolean {
    return this.options.store.snapshot().rows <= ALL_LINES;
  }

  private listen(): void {
    const { scroller, store } = this.options;
    const { signal } = this.ended;
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true, signal });
    const found = (event: Event) => {
      const heading = event.target instanceof HTMLElement ? event.target.dataset.heading : undefined;
      if (heading !== undefined) {
        this.reveal(Number(heading) + 1);
      }
    };
    scroller.addEventListener("beforematch", found, { signal });
    const copied = (event: ClipboardEvent) => {
      const text = copiedText(this.chunks.entries(), store, this.look.hidden);
      if (text !== undefined) {
        event.clipboardData?.setData("text/plain", text);
        event.preventDefault();
      }
    };
    scroller.addEventListener("copy", copied, { signal });
    const sizes = new ResizeObserver(() => this.schedule());
    sizes.observe(scroller);
    const unsubscribe = store.subscribe(() => this.schedule());
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      unsubscribe();
    });
  }

  private scrolled(): void {
    const { scroller, store } = this.options;
    const scrolled = this.reader.scrolled();
    if (scrolled.byReader) {
      this.target = undefined;
    }
    const atEnd = scrolled.top + scroller.clientHeight >= scroller.scrollHeight - END_PIXELS;
    const total = store.snapshot().rows;
    this.follow = nextFollow(this.follow, { kind: "scroll", ...scrolled, atEnd, total });
    this.schedule();
  }

  private setFoldsNow(folds: Folds): void {
    this.setLook({ folds, hidden: hiddenRanges(this.look.outline, folds) });
    this.heightsChanged = true;
  }

  private setLook(part: Partial<Look>): void {
    this.look = { ...this.look, ...part };
    this.chunks.markStale();
    this.schedule();
  }

  private outlineChanged(): void {
    const outline = this.sections.outline();
    const hidden = hiddenRanges(outline, this.look.folds);
    this.heightsChanged ||= hidden.length > 0 || this.look.hidden.length > 0;
    this.setLook({ outline, hidden });
  }

  private schedule(): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.paint();
    });
  }

  private paint(): void {
    const { store } = this.options;
    this.readChanges();
    const { rows, ready } = store.snapshot();
    this.measure(rows);
    const kind = this.wasReady || !ready ? "lines" : "ready";
    this.wasReady ||= ready;
    this.follow = nextFollow(this.follow, { kind, total: rows });
    if (this.isAll) {
      this.showAll();
    } else {
      this.showWindow();
    }
    const more = this.chunks.build(store, this.look, this.visible());
    const holds = this.hold(more);
    store.want(this.visible());
    this.publish();
    if (more || holds) {
      this.schedule();
    }
  }

  private readChanges(): void {
    const { store } = this.options;
    const changed = store.takeChanged();
    const { ready, live, rows } = store.snapshot();
    if (ready && !live && this.sections.setEnd(store.lineAt(rows - 1)?.number)) {
      this.outlineChanged();
    }
    for (const index of changed) {
      const lines = store.chunk(index);
      if (lines !== undefined) {
        this.sections.setChunk(index, lines);
      }
      const element = this.chunks.get(index);
      if (element !== undefined) {
        element.stale = true;
      }
    }
    if (changed.size > 0) {
      this.outlineChanged();
    }
  }

  /** Brings the heights of all chunks up to date, and the window with them. */
  private measure(rows: number): void {
    const height = Number.parseFloat(getComputedStyle(this.options.scroller).lineHeight);
    if (height > 0 && height !== this.lineHeight) {
      this.lineHeight = height;
      this.heightsChanged = true;
    }
    if (rows !== this.measuredRows) {
      this.measuredRows = rows;
      const last = this.heights.count - 1;
      this.heights.resize(chunkCount(rows), (chunk) => this.estimate(chunk));
      this.heights.set(last, this.estimate(last));
    }
    if (this.heightsChanged) {
      this.heightsChanged = false;
      const top = this.textPosition();
      const before = this.heights.total;
      for (let chunk = 0; chunk < this.heights.count; chunk += 1) {
        this.heights.set(chunk, this.estimate(chunk));
      }
      if (this.placed !== undefined && top !== undefined && before !== this.heights.total) {
        this.target ??= { number: this.state.top, block: "start", frames: 2 };
        this.placed = undefined;
      }
    }
  }

  private estimate(chunk: number): number {
    const { lineHeight: line, columns } = this;
    return estimate(chunk, this.options.store, this.look.hidden, { line, columns });
  }

  private showAll(): void {
    this.placed = undefined;
    this.chunks.element.classList.remove("pbc-window");
    this.above.style.height = "0";
    this.below.style.height = "0";
    this.keepChunks(0, this.heights.count - 1);
  }

  private showWindow(): void {
    const { scroller, store } = this.options;
    this.chunks.element.classList.add("pbc-window");
    if (this.follow.following) {
      this.move(this.heights.total);
      return;
    }
    const { placed, target } = this;
    if (target !== undefined) {
      const row = store.rowOf(target.number);
      const chunk = chunkOf(row);
      if (placed === undefined || chunk <= placed.first || chunk >= placed.last) {
        const room = target.block === "start" ? 0 : scroller.clientHeight / 3;
        this.move(this.heights.offset(chunk) + (row % CHUNK_LINES) * this.lineHeight - room);
      }
      return;
    }
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

  /** The position in the text of the upper edge, by the chunk that is there. */
  private textPosition(): number | undefined {
    const found = this.chunks.at(this.options.scroller.scrollTop);
    return found && this.heights.offset(found.index) + found.offset;
  }

  /** Puts the window around a position in the text. */
  private move(top: number): void {
    const { scroller } = this.options;
    const placed = place(this.heights, scroller.clientHeight, top);
    this.placed = placed;
    this.above.style.height = `${placed.above}px`;
    this.below.style.height = `${placed.below}px`;
    this.keepChunks(placed.first, placed.last);
    this.reader.scrollTo(placed.scroll);
  }

  private keepChunks(first: number, last: number): void {
    this.chunks.keep(first, last, (chunk) => this.estimate(chunk));
  }

  /** The chunks that the reader sees or goes to, and their neighbours. */
  private visible(): number[] {
    const { scroller, store } = this.options;
    if (this.follow.following) {
      return this.chunks.end();
    }
    const target = this.target === undefined ? [] : [chunkOf(store.rowOf(this.target.number))];
    return [
      ...target,
      ...this.chunks.between(scroller.scrollTop, scroller.scrollTop + scroller.clientHeight),
    ];
  }

  /** Keeps the target or the end where the reader expects it. */
  private hold(more: boolean): boolean {
    const { scroller, store } = this.options;
    if (this.follow.following) {
      this.reader.scrollTo(scroller.scrollHeight - scroller.clientHeight);
      return false;
    }
    const { target } = this;
    if (target === undefined || !store.snapshot().ready) {
      return false;
    }
    const element = this.chunks.line(chunkOf(store.rowOf(target.number)), target.number);
    if (element === undefined) {
      return false;
    }
    const box = element.getBoundingClientRect();
    const frame = scroller.getBoundingClientRect();
    const room = target.block === "start" ? 0 : Math.max(0, (frame.height - box.height) / 3);
    this.reader.scrollTo(Math.max(0, scroller.scrollTop + box.top - frame.top - room));
    target.frames -= more ? 0 : 1;
    if (target.frames <= 0) {
      this.target = undefined;
    }
    return true;
  }

  private publish(): void {
    const { scroller, store } = this.options;
    const edge = scroller.getBoundingClientRect().top;
    const top = this.topLine(edge);
    const { outline } = this.look;
    const around = [sectionAt(outline.plays, top), sectionAt(outline.tasks, top)];
    const stuck = around.filter((section) => section !== undefined && section.from < top);
    const next: ViewState = {
      following: this.follow.following,
      fresh: newLines(this.follow, store.snapshot().rows),
      outline,
      top,
      stuck: stuck.filter((section) => section !== undefined),
      all: this.isAll,
    };
    highlight(this.expression === undefined ? [] : this.inView(), this.expression, this.current);
    const { state } = this;
    const isSame =
      state.following === next.following &&
      state.fresh === next.fresh &&
      state.outline === next.outline &&
      state.top === next.top &&
      state.all === next.all;
    if (!isSame) {
      this.state = next;
      for (const listener of this.listeners) {
        listener();
      }
    }
  }

  private topLine(edge: number): number {
    for (const index of this.visible().sort((one, other) => one - other)) {
      const line = this.chunks.get(index)?.lineBelow(edge);
      if (line !== undefined) {
        return line;
      }
    }
    return this.state.top;
  }

  /** The elements of all lines in view. */
  private inView(): HTMLElement[] {
    const { top, bottom } = this.options.scroller.getBoundingClientRect();
    return this.visible().flatMap((index) => this.chunks.get(index)?.between(top, bottom) ?? []);
  }
}
