/**
 * The end of a running execution. The stream brings texts at once, but neither where they were printed nor their exact time: what
 * came is shown, and asked for again by range shortly after.
 */

import type { Line, Page, Source } from "./types";

/** Lines are settled so long after they came. */
const SETTLE_MS = 700;
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
  /** First line that is not settled, and the line after the last that came. */
  private unsettled: number;
  private reached: number;
  private ended = false;

  constructor(
    private readonly source: Source,
    since: number,
    private readonly events: TailEvents,
  ) {
    this.unsettled = since;
    this.reached = since;
    const close = source.live?.(since, {
      lines: (first, lines) => this.came(first, lines),
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

  private came(first: number, texts: readonly { text: string; time: number }[]): void {
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
    try {
      let more = true;
      while (more && (this.unsettled < this.reached || this.ended)) {
        const page = await this.source.page(this.unsettled, PAGE_LINES, undefined, this.abort.signal);
        this.unsettled += page.lines.length;
        this.events.settled(page);
        more = page.next !== undefined && page.lines.length > 0;
      }
    } catch {
      // What came by the stream is shown already; the next lines settle these too.
    }
    this.timer = undefined;
    if (this.abort.signal.aborted) {
      return;
    }
    if (this.ended) {
      this.events.end();
    } else if (this.unsettled < this.reached) {
      this.later(SETTLE_MS);
    }
  }
}
