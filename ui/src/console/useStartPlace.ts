/** A run that failed opens at its first failure, unless the reader was quicker. */

import { useEffect, useRef } from "react";
import type { StoreState } from "./store";
import type { Log } from "./useLog";

export function useStartPlace(
  log: Log | undefined,
  store: StoreState | undefined,
  failures: readonly number[],
  wanted: boolean,
): void {
  const done = useRef(false);
  const first = failures[0];
  // Chunks come from the first on, so the first known failure is the first.
  const known = store?.ready === true && first !== undefined;
  useEffect(() => {
    if (done.current || log === undefined) {
      return;
    }
    if (!wanted || log.view.snapshot().top > 0) {
      done.current = true;
    } else if (known && first !== undefined) {
      done.current = true;
      log.view.goTo(first);
    }
  }, [log, wanted, known, first]);
}
