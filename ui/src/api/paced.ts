/** Reads data that changes constantly again, at a rate that depends on the cost of reading. */

/** Reading may take a tenth of the time. */
const REST = 10;
/** Longest pause, in milliseconds: after a read that had to wait for an unavailable collector. */
const MOST = 60_000;

export interface Paced {
  /** Something changed: reads at once, or after the pause since the last read. The last call is never lost. */
  call(): void;
  /** Does not wait for the end of the pause: the change is final. */
  callNow(): void;
  cancel(): void;
}

/**
 * Reads when something changed, then pauses ten times as long as the read took, and at least `least`
 * milliseconds. `idle` is called if the pause ends without another change.
 */
export function paced(least: number, read: () => Promise<unknown>, idle: () => void): Paced {
  let state: "idle" | "reading" | "resting" = "idle";
  let wanted: "no" | "yes" | "now" = "no";
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function run(): void {
    clearTimeout(timer);
    state = "reading";
    wanted = "no";
    const began = performance.now();
    const rest = () => {
      if (isOver) {
        return;
      }
      if (wanted === "now") {
        run();
        return;
      }
      state = "resting";
      const took = performance.now() - began;
      timer = setTimeout(wake, Math.min(Math.max(least, REST * took), MOST));
    };
    read().then(rest, rest);
  }

  function wake(): void {
    state = "idle";
    if (wanted === "no") {
      idle();
    } else {
      run();
    }
  }

  return {
    call: () => {
      if (state === "idle") {
        run();
      } else if (wanted === "no") {
        wanted = "yes";
      }
    },
    callNow: () => {
      if (state === "reading") {
        wanted = "now";
      } else {
        run();
      }
    },
    cancel: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
