/**
 * The lines in memory: fetched by range, page by page, and then live. Rows count the lines of this view from
 * 0; without a filter, a line's row is its number. A component that shows lines names the chunks that it
 * needs; the rest follows in the background while all lines fit into the document.
 */

import { isAbort, messageOf, NoLines } from "./errors";
import { LiveTail } from "./live";
import { PAGE_LINES, pageOf } from "./pages";
import type { Line, Page, Source, StreamName } from "./types";
import { ALL_LINES, CHUNK_LINES, chunkCount, chunkOf } from "./window";

const AT_ONCE = 2;
/** Number of chunks that stay in memory when there are more lines than fit into the document. */
const KEPT_CHUNKS = 120;
const RETRY_MS = 2000;

export interface StoreState {
  /** Rows so far. */
  readonly rows: number;
  /** Whether the first page has arrived. */
  readonly ready: boolean;
  /** Whether more lines may come. */
  readonly live: boolean;
  /** Why lines are missing. */
  readonly error: string | undefined;
  /** Whether it is certain that no lines will come. */
  readonly gone: boolean;
  /** Whether all rows are loaded. */
  readonly whole: boolean;
  /** Whether a filter found more lines than are shown. */
  readonly capped: boolean;
  /** Incremented by every change of a line. */
  readonly version: number;
}

export interface StoreOptions {
  readonly source: Source;
  /** Only lines of this stream. */
  readonly only?: StreamName | undefined;
  /** Whether the run is still running. */
  readonly live: boolean;
}

export class LineStore {
  private readonly chunks = new Map<number, readonly Line[]>();
  private readonly listeners = new Set<() => void>();
  private readonly abort = new AbortController();
  private readonly inFlight = new Set<number>();
  private readonly failed = new Set<number>();
  private changed = new Set<number>();
  private wanted: readonly number[] = [];
  /** Where the next page of a filtered view begins: its rows are not known in advance. */
  private next: number | undefined = 0;
  private tail: LiveTail | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private state: StoreState;

  constructor(private readonly options: StoreOptions) {
    this.state = {
      rows: 0,
      ready: false,
      live: options.live,
      error: undefined,
      gone: false,
      whole: false,
      capped: false,
      version: 0,
    };
  }

  /** Begins to load. */
  start(): void {
    this.pump();
  }

  stop(): void {
    this.abort.abort();
    this.tail?.stop();
    clearTimeout(this.retry);
    this.listeners.clear();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): StoreState => this.state;

  chunk(index: number): readonly Line[] | undefined {
    return this.chunks.get(index);
  }

  /** Chunks that changed since this was last called. */
  takeChanged(): Set<number> {
    const changed = this.changed;
    this.changed = new Set();
    return changed;
  }

  /** Whether all rows of a chunk are in memory. */
  has(index: number): boolean {
    const expected = Math.min(CHUNK_LINES, this.state.rows - index * CHUNK_LINES);
    return (this.chunks.get(index)?.length ?? 0) >= Math.max(0, expected);
  }

  /** Names the chunks to show, the most urgent first. */
  want(chunks: readonly number[]): void {
    this.wanted = chunks;
    this.pump();
  }

  /** The row of the line with this number, or of the next one. */
  rowOf(number: number): number {
    if (this.options.only === undefined) {
      return this.state.ready ? Math.min(number, this.state.rows - 1) : number;
    }
    let low = 0;
    let high = this.state.rows;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.lineAt(middle)?.number ?? Number.POSITIVE_INFINITY) < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Math.min(low, this.state.rows - 1);
  }

  lineAt(row: number): Line | undefined {
    return this.chunks.get(chunkOf(row))?.[row % CHUNK_LINES];
  }

  /** All loaded lines, in order. */
  *loaded(): Generator<readonly Line[]> {
    for (const index of [...this.chunks.keys()].sort((a, b) => a - b)) {
      yield this.chunks.get(index) ?? [];
    }
  }

  private set(part: Partial<StoreState>): void {
    const { rows } = { ...this.state, ...part };
    let loaded = 0;
    for (const lines of this.chunks.values()) {
      loaded += lines.length;
    }
    const ended = this.options.only === undefined || this.next === undefined;
    this.state = { ...this.state, ...part, whole: loaded >= rows && ended, version: this.state.version + 1 };
    for (const listener of this.listeners) {
      listener();
    }
  }

  private pump(): void {
    while (!this.abort.signal.aborted && this.inFlight.size < AT_ONCE) {
      const from = this.nextPage();
      if (from === undefined) {
        return;
      }
      void this.fetch(from);
    }
  }

  /** Where the next page to fetch begins. */
  private nextPage(): number | undefined {
    if (!this.state.ready) {
      // A link to a line far into the output need not wait for the first page.
      const first = this.options.only === undefined ? pageOf((this.wanted[0] ?? 0) * CHUNK_LINES) : 0;
      return this.inFlight.size === 0 && !this.failed.has(first) ? first : undefined;
    }
    if (this.options.only !== undefined) {
      return this.inFlight.size === 0 && !this.state.capped ? this.next : undefined;
    }
    const misses = (chunk: number) => {
      const page = pageOf(chunk * CHUNK_LINES);
      return !this.has(chunk) && !this.inFlight.has(page) && !this.failed.has(page) ? page : undefined;
    };
    const count = chunkCount(this.state.rows);
    for (const chunk of this.wanted) {
      const page = chunk < count ? misses(chunk) : undefined;
      if (page !== undefined) {
        return page;
      }
    }
    if (this.state.rows > ALL_LINES) {
      // Readers often go to the end next.
      return this.state.live ? undefined : misses(count - 1);
    }
    for (let chunk = 0; chunk < count; chunk += 1) {
      const page = misses(chunk);
      if (page !== undefined) {
        return page;
      }
    }
    return undefined;
  }

  private async fetch(from: number): Promise<void> {
    this.inFlight.add(from);
    try {
      const { source, only } = this.options;
      const page = await source.page(from, PAGE_LINES, only, this.abort.signal);
      this.inFlight.delete(from);
      this.take(from, page);
      this.pump();
    } catch (error) {
      this.inFlight.delete(from);
      if (!isAbort(error) && !this.abort.signal.aborted) {
        this.failed.add(from);
        const gone = error instanceof NoLines;
        this.set({ error: messageOf(error), gone });
        if (gone) {
          return;
        }
        // The collector may be unavailable for a moment.
        clearTimeout(this.retry);
        this.retry = setTimeout(() => {
          this.failed.clear();
          this.pump();
        }, RETRY_MS);
      }
    }
  }

  private take(from: number, page: Page): void {
    if (this.options.only === undefined) {
      this.put(from, page.lines);
      const rows = Math.max(this.state.rows, page.total, from + page.lines.length);
      this.evict(rows);
      this.set({ rows, ready: true, error: undefined });
    } else {
      this.put(this.state.rows, page.lines);
      this.next = page.next;
      const rows = this.state.rows + page.lines.length;
      this.set({ rows, ready: true, error: undefined, capped: rows >= ALL_LINES && this.next !== undefined });
    }
    this.listen(page);
  }

  /** Follows the run from the end of the first page's total on. */
  private listen(page: Page): void {
    const { source, live, only } = this.options;
    if (!live || this.tail !== undefined || source.live === undefined) {
      return;
    }
    let counted = page.total;
    this.tail = new LiveTail(source, page.total, {
      lines: (first, lines) => {
        if (only !== undefined) {
          return;
        }
        this.add(first, lines, first + lines.length);
      },
      settled: (settled) => {
        if (only === undefined) {
          this.add(settled.lines[0]?.number ?? 0, settled.lines, settled.total);
        } else {
          this.next ??= counted;
          this.pump();
        }
        counted = settled.total;
      },
      end: () => this.set({ live: false }),
    });
  }

  /** Live lines of a run that has this many lines by now. */
  private add(from: number, lines: readonly Line[], total: number): void {
    const rows = Math.max(this.state.rows, total);
    this.put(from, lines);
    this.evict(rows);
    this.set({ rows });
  }

  /** Adds lines to their chunks, if no line before them is missing there. */
  private put(from: number, lines: readonly Line[]): void {
    for (let at = 0; at < lines.length; ) {
      const index = chunkOf(from + at);
      const within = (from + at) % CHUNK_LINES;
      const part = lines.slice(at, at + CHUNK_LINES - within);
      at += part.length;
      const old = this.chunks.get(index) ?? [];
      if (old.length >= within) {
        this.chunks.set(index, [...old.slice(0, within), ...part, ...old.slice(within + part.length)]);
        this.changed.add(index);
      }
    }
  }

  /** Drops chunks far from the displayed ones, once there are more rows than fit into the document. */
  private evict(rows: number): void {
    if (rows <= ALL_LINES || this.chunks.size <= KEPT_CHUNKS) {
      return;
    }
    const middle = this.wanted[Math.floor(this.wanted.length / 2)] ?? 0;
    const last = chunkCount(rows) - 1;
    const far = [...this.chunks.keys()]
      .filter((index) => index !== last)
      .sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const index of far.slice(0, this.chunks.size - KEPT_CHUNKS)) {
      this.chunks.delete(index);
    }
  }
}
