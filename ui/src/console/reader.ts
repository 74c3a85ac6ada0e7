/** Distinguishes scrolling by the reader from scrolling by the page: by our code, or by lines that get their height. */

/** Scrolling within this time after a key, a wheel or a touch is the reader's. */
const INPUT_MS = 1000;
const SCROLL_KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", " "]);

export interface Scrolled {
  readonly top: number;
  readonly before: number;
  readonly byReader: boolean;
}

export class Reader {
  private top = 0;
  private height = 0;
  /** The position to which our code last scrolled. */
  private expected: number | undefined;
  private touched = Number.NEGATIVE_INFINITY;
  private drags = false;

  constructor(
    private readonly scroller: HTMLElement,
    signal: AbortSignal,
  ) {
    const touched = (event: Event) => {
      if (!(event instanceof KeyboardEvent) || SCROLL_KEYS.has(event.key)) {
        this.touched = performance.now();
      }
    };
    for (const kind of ["wheel", "touchmove", "keydown"]) {
      scroller.addEventListener(kind, touched, { passive: true, signal });
    }
    const pressed = (event: PointerEvent) => {
      // A scroll bar sends no more events until it is released.
      this.drags = event.target === scroller && event.offsetX > scroller.clientWidth;
    };
    const moved = (event: PointerEvent) => {
      this.drags &&= event.buttons !== 0;
    };
    scroller.addEventListener("pointerdown", pressed, { signal });
    scroller.addEventListener("pointermove", moved, { signal });
  }

  /** Scrolls without counting it as the reader's scrolling. */
  scrollTo(top: number): void {
    const { scroller } = this;
    if (Math.abs(scroller.scrollTop - top) >= 1) {
      scroller.scrollTop = top;
    }
    this.expected = scroller.scrollTop;
    this.remember();
  }

  /** To be called for each `scroll` event. */
  scrolled(): Scrolled {
    const { scrollTop: top, scrollHeight } = this.scroller;
    const before = this.top;
    const isOurs = this.expected !== undefined && Math.abs(top - this.expected) <= 1;
    const isInput = this.drags || performance.now() - this.touched < INPUT_MS;
    // The browser's own search scrolls without any input, but changes no height.
    const byReader = !isOurs && (isInput || scrollHeight === this.height);
    this.remember();
    return { top, before, byReader };
  }

  private remember(): void {
    this.top = this.scroller.scrollTop;
    this.height = this.scroller.scrollHeight;
  }
}
