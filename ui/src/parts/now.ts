import { useSyncExternalStore } from "react";
import { collectorNow } from "../api/clock";

/**
 * One clock for everything that shows an age or a running duration: the collector's, on which these times are
 * based. It ticks once a second while it is used.
 */
const listeners = new Set<() => void>();
let now = collectorNow();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    // The clock was not used for a while.
    now = collectorNow();
  }
  timer ??= setInterval(() => {
    now = collectorNow();
    for (const one of listeners) {
      one();
    }
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The collector's time in milliseconds since the epoch, to `step` milliseconds: a component is drawn again once a step. */
export function useNow(step = 1_000): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / step) * step);
}
