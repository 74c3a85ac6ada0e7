/** A run that failed opens at its first failure, unless the reader was quicker. */

import { useEffect, useRef, useState } from "react";
import type { StoreState } from "./store";
import type { Source } from "./types";
import type { Log } from "./useLog";

export function useStartPlace(
  source: Source,
  log: Log | undefined,
  store: StoreState | undefined,
  failures: readonly number[],
  wanted: boolean,
): void {
  const done = useRef(false);
  const counting = useCounting(source, wanted);
  // Chunks arrive in order, so the first known failure is the first.
  const first = counting.line ?? failures[0];
  const known = store?.ready === true && counting.isAsked && first !== undefined;
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

/** The first unhandled failure. If the source does not know it, the first printed failure is used. */
function useCounting(source: Source, wanted: boolean): { isAsked: boolean; line?: number | undefined } {
  const [answer, setAnswer] = useState<{ source: Source; line?: number | undefined }>();
  useEffect(() => {
    if (!wanted || source.firstFailure === undefined) {
      return;
    }
    const abort = new AbortController();
    source.firstFailure(abort.signal).then(
      (line) => setAnswer({ source, line }),
      () => setAnswer({ source }),
    );
    return () => abort.abort();
  }, [source, wanted]);
  if (source.firstFailure === undefined) {
    return { isAsked: true };
  }
  return { isAsked: answer?.source === source, line: answer?.line };
}
