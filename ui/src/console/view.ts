/**
 * Shows the lines of a store in a scrolled element: chunks of elements that are built here, without React, at
 * most once a frame. It combines which chunks are in the document (chunkWindow.ts), which line keeps its
 * position (anchor.ts), whether the end is followed (follow.ts), what the reader sees (sight.ts), and the
 * appearance of lines (render.ts).
 */

import { Anchor } from "./anchor";
import { ChunkWindow } from "./chunkWindow";
import { listen } from "./events";
import { type Folds, hiddenRanges, revealing } from "./folding";
import { type Follow, newLines, nextFollow } from "./follow";
import { highlight } from "./highlight";
import type { Look } from "./look";
import { Reader } from "./reader";
import { type Outline, type Section, SectionIndex, sectionAt } from "./sections";
import { Sight } from "./sight";
import type { LineStore } from "./store";
import type { LineSpan, TimeMode } from "./types";
import { ALL_LINES, chunkOf } from "./window";

/** The end counts as reached this close to it. */
const END_PIXELS = 8;

export interface ViewOptions {
  readonly store: LineStore;
  /** Element with a scroll bar; it must be positioned. */
  readonly scroller: HTMLElement;
  readonly follow: boolean;
}

export interface ViewState {
  readonly following: boolean;
  readonly fresh: number;
  readonly outline: Outline;
  /** Number of the line at the upper edge. */
  readonly top: number;
  /** The play and the task at the upper edge, unless their headings are in view. */
  readonly stuck: readonly Section[];
  /** Whether all chunks are in the document, so that the browser's own search finds every loaded line. */
  readonly all: boolean;
}

export class LogView {
  private readonly window: ChunkWindow;
  private readonly anchor: Anchor;
  private readonly sight: Sight;
  private readonly sections = new SectionIndex();
  private readonly listeners = new Set<() => void>();
  private readonly ended = new AbortController();
  private readonly reader: Reader;
  private look: Look;
  private follow: Follow;
  private expression: RegExp | undefined;
  private current: number | undefined;
  private frame: number | undefined;
  private wasReady = false;
  private state: ViewState;

  constructor(private readonly options: ViewOptions) {
    const { scroller, store, follow } = options;
    const { signal } = this.ended;
    this.follow = { following: follow, seen: 0 };
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
    const hidden = () => this.look.hidden;
    this.reader = new Reader(scroller, signal);
    this.window = new ChunkWindow({ store, scroller, reader: this.reader, hidden });
    const { chunks } = this.window;
    this.anchor = new Anchor({ store, scroller, reader: this.reader, chunks });
    this.sight = new Sight(scroller, chunks, this.anchor);
    listen({
      ...{ scroller, store, chunks, hidden, signal },
      onScroll: () => this.scrolled(),
      onFound: (number) => this.reveal(number),
      onResize: () => this.schedule(),
    });
    signal.addEventListener(
      "abort",
      store.subscribe(() => this.schedule()),
    );
    this.schedule();
  }

  destroy(): void {
    this.ended.abort();
    if (this.frame !== undefined) {
      cancelAnimationFrame(this.frame);
    }
    highlight([], undefined);
    this.window.destroy();
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
    if (!this.follow.following) {
      this.anchor.keep(top, 2);
    }
  }

  get folds(): Folds {
    return this.look.folds;
  }

  select(selected: LineSpan | undefined): void {
    this.look = { ...this.look, selected };
    this.window.chunks.select(selected);
  }

  /** Shows a long line in full, or cuts it again. */
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
    this.anchor.set(number, block, 3);
    this.options.store.want([chunkOf(this.options.store.rowOf(number))]);
    this.schedule();
  }

  goToEnd(): void {
    this.anchor.release();
    this.follow = nextFollow(this.follow, { kind: "end", total: this.options.store.snapshot().rows });
    this.schedule();
  }

  /** Turns wrapping on or off; the upper line keeps its position. */
  setWrap(wrap: boolean): void {
    if (this.window.setWrap(wrap)) {
      this.anchor.keep(this.state.top, 3);
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

  private scrolled(): void {
    const { scroller, store } = this.options;
    const scrolled = this.reader.scrolled();
    if (scrolled.byReader) {
      this.anchor.release();
    }
    const atEnd = scrolled.top + scroller.clientHeight >= scroller.scrollHeight - END_PIXELS;
    const total = store.snapshot().rows;
    this.follow = nextFollow(this.follow, { kind: "scroll", ...scrolled, atEnd, total });
    this.schedule();
  }

  private setFoldsNow(folds: Folds): void {
    this.setLook({ folds, hidden: hiddenRanges(this.look.outline, folds) });
    this.window.markStale();
  }

  private setLook(part: Partial<Look>): void {
    this.look = { ...this.look, ...part };
    this.window.chunks.markStale();
    this.schedule();
  }

  private outlineChanged(): void {
    const outline = this.sections.outline();
    const hidden = hiddenRanges(outline, this.look.folds);
    if (hidden.length > 0 || this.look.hidden.length > 0) {
      this.window.markStale();
    }
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
    if (this.window.measure(rows)) {
      this.anchor.keep(this.state.top, 2);
    }
    const kind = this.wasReady || !ready ? "lines" : "ready";
    this.wasReady ||= ready;
    this.follow = nextFollow(this.follow, { kind, total: rows });
    if (this.isAll) {
      this.window.showAll();
    } else {
      this.window.show(this.follow.following ? "end" : this.anchor.line);
    }
    const { following } = this.follow;
    const more = this.window.chunks.build(store, this.look, this.sight.visible(following));
    const holds = this.hold(more);
    const visible = this.sight.visible(following);
    store.want(visible);
    this.publish(visible);
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
      const element = this.window.chunks.get(index);
      if (element !== undefined) {
        element.stale = true;
      }
    }
    if (changed.size > 0) {
      this.outlineChanged();
    }
  }

  /** Keeps the end, or the line that is held, in its position. */
  private hold(isUnfinished: boolean): boolean {
    const { scroller } = this.options;
    if (this.follow.following) {
      this.reader.scrollTo(scroller.scrollHeight - scroller.clientHeight);
      return false;
    }
    return this.anchor.hold(isUnfinished);
  }

  private publish(visible: readonly number[]): void {
    const { store } = this.options;
    const top = this.sight.top(visible) ?? this.state.top;
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
    const lines = this.expression === undefined ? [] : this.sight.lines(visible);
    highlight(lines, this.expression, this.current);
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
}
