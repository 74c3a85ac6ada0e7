/**
 * The end of a running execution. The stream delivers texts at once, but neither their stream nor their exact
 * time: lines are shown, and requested again by range shortly afterwards.
 */

import { NoLines } from "./errors";
import type { Line, Page, Source } from "./types";

/** Lines are final this long after they arrived. */
const SETTLE_MS = 700;
/** Lines that could not be requested are requested again this long after the run's end. */
const RETRY_MS = 2000;
const PAGE_LINES = 1000;

export interface TailEvents {
  /** New lines with provisional streams and times. */
  lines(first: number, lines: readonly Line[]): void;
  /** Lines as they are stored. */
  settled(page: Page): void;
  end(): void;
}

export class LiveTail {
  private readonly abort = new AbortController();
  private readonly close: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** First line that is not final, and the line after the last one that arrived. */
  private unsettled: number;
  private reached: number;
  private ended = false;
  /** Whether to request lines although none arrived. */
  private looks = false;

  constructor(
    private readonly source: Source,
    since: number,
    private readonly events: TailEvents,
  ) {
    this.unsettled = since;
    this.reached = since;
    const close = source.live?.(since, {
      lines: (first, lines) => this.came(first, lines),
      look: () => {
        this.looks = true;
        this.later(0);
      },
      end: () => {
        this.ended = true;
        this.later(0);
      },
    });
    this.close = close ?? (() => undefined);
  }

  stop(): void {
    this.abort.abort();
    clearTimeout(this.timer);
    this.close();
  }

  private came(from: number, all: readonly { text: string; time: number }[]): void {
    // A stream that was lost for a while delivers lines that were requested meanwhile: the requested ones are
    // better.
    const first = Math.max(from, this.unsettled);
    const texts = all.slice(first - from);
    if (texts.length === 0) {
      return;
    }
    this.reached = Math.max(this.reached, first + texts.length);
    const lines = texts.map(({ text, time }, index) => ({
      number: first + index,
      text,
      time,
      stream: "stdout" as const,
    }));
    this.events.lines(first, lines);
    this.later(SETTLE_MS);
  }

  private later(delay: number): void {
    if (this.timer === undefined && !this.abort.signal.aborted) {
      this.timer = setTimeout(() => void this.settle(), delay);
    }
  }

  private async settle(): Promise<void> {
    let isRead = false;
    try {
      let more = true;
      while (more && (this.unsettled < this.reached || this.ended || this.looks)) {
        const page = await this.source.page(this.unsettled, PAGE_LINES, undefined, this.abort.signal);
        this.unsettled += page.lines.length;
        this.events.settled(page);
        more = page.next !== undefined && page.lines.length > 0;
      }
      this.looks = false;
      isRead = true;
    } catch (error) {
      // Lines from the stream are shown already; the next lines make these final, too. Only at the end nothing
      // follows.
      isRead = error instanceof NoLines;
    }
    this.timer = undefined;
    if (this.abort.signal.aborted) {
      return;
    }
    if (this.ended && isRead) {
      this.events.end();
    } else if (this.ended) {
      this.later(RETRY_MS);
    } else if (this.unsettled < this.reached) {
      this.later(SETTLE_MS);
    }
  }
}
