/** Lines that report failures: those in the loaded text, and in a long run those that the server finds. */

import { useEffect, useMemo, useState } from "react";
import type { StoreState } from "./store";
import type { Source } from "./types";
import type { ViewState } from "./view";

/** The server searches the whole run, which must not delay the lines of a run without failures. */
const PATIENCE_MS = 2000;

/** `isUrgent`: the run failed, so the console opens at the first of them. */
export function useFailures(
  source: Source,
  store: StoreState | undefined,
  view: ViewState | undefined,
  isUrgent: boolean,
): readonly number[] {
  const [found, setFound] = useState<readonly number[]>([]);
  const asks = store?.ready === true && !store.live && view?.all === false;
  useEffect(() => {
    setFound([]);
    if (!asks || source.failures === undefined) {
      return;
    }
    const abort = new AbortController();
    const ask = () => source.failures?.(abort.signal).then(setFound, () => undefined);
    const timer = setTimeout(ask, isUrgent ? 0 : PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asks, source, isUrgent]);
  const loaded = view?.outline.failures;
  return useMemo(() => (found.length > 0 ? found : (loaded ?? [])), [found, loaded]);
}
