/** Lines that report failures: those in the loaded text, and in a long run those that the server finds. */

import { useEffect, useMemo, useState } from "react";
import type { StoreState } from "./store";
import type { Source } from "./types";
import type { ViewState } from "./view";

export function useFailures(
  source: Source,
  store: StoreState | undefined,
  view: ViewState | undefined,
): readonly number[] {
  const [found, setFound] = useState<readonly number[]>([]);
  const asks = store?.ready === true && !store.live && view?.all === false;
  useEffect(() => {
    setFound([]);
    if (!asks || source.failures === undefined) {
      return;
    }
    const abort = new AbortController();
    source.failures(abort.signal).then(setFound, () => undefined);
    return () => abort.abort();
  }, [asks, source]);
  const loaded = view?.outline.failures;
  return useMemo(() => (found.length > 0 ? found : (loaded ?? [])), [found, loaded]);
}
