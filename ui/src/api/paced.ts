/** Reading again what changes all the time, no more often than reading costs. */

/** A reading may take a tenth of the time. */
const REST = 10;
/** Longest rest, in milliseconds: after a reading that had to wait for a collector that was away. */
const MOST = 60_000;

export interface Paced {
  /** Something changed: reads at once, or after the rest from the last reading. The last call is never lost. */
  call(): void;
  /** Does not wait for the end of the rest: what changed is final. */
  callNow(): void;
  cancel(): void;
}

/**
 * Reads when something changed, then rests ten times as long as the reading took, and at least `least` milliseconds. `idle` is
 * called when the rest ends and nothing changed meanwhile.
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
