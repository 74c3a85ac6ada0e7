/** The state of a search: its hits, and the current one. */

import { useCallback, useEffect, useState } from "react";
import { isAbort, messageOf } from "./errors";
import { compile, type FindResult, find, step } from "./find";
import type { StoreState } from "./store";
import type { Query, Source } from "./types";
import type { Log } from "./useLog";

/** Pause in typing before a search in memory, or on the server, begins. */
const PAUSE_MS = 80;
const SERVER_PAUSE_MS = 150;

export interface Finding {
  readonly found: FindResult | undefined;
  /** Index of the current hit; -1 if there is none. */
  readonly at: number;
  readonly error: string | undefined;
  readonly busy: boolean;
  go(forward: boolean): void;
}

export function useFind(
  query: Query | undefined,
  source: Source,
  log: Log | undefined,
  state: StoreState | undefined,
  filtered: boolean,
): Finding {
  const [found, setFound] = useState<FindResult>();
  const [at, setAt] = useState(-1);
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const { text = "", regex = false, caseSensitive = false } = query ?? {};
  // New lines are searched too, a page of them at a time.
  const grown = Math.floor((state?.rows ?? 0) / 500) + (state?.whole === true ? 0.5 : 0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `grown` has the lines searched again
  useEffect(() => {
    setError(undefined);
    if (log === undefined || text === "" || state?.ready !== true) {
      setFound(undefined);
      setAt(-1);
      return;
    }
    const abort = new AbortController();
    setBusy(true);
    const timer = setTimeout(
      () => {
        find({ text, regex, caseSensitive }, log.store, source, filtered, abort.signal)
          .then(setFound, (cause: unknown) => {
            if (!isAbort(cause) && !abort.signal.aborted) {
              setFound(undefined);
              setError(messageOf(cause));
            }
          })
          .finally(() => !abort.signal.aborted && setBusy(false));
      },
      state.whole ? PAUSE_MS : SERVER_PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, regex, caseSensitive, source, log, filtered, state?.ready, grown]);

  // A search begins with the first hit from the upper edge on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new search moves the reader
  useEffect(() => {
    if (found !== undefined && log !== undefined) {
      const index = step(found.hits, log.view.snapshot().top - 1, true);
      setAt((before) => (before >= 0 && before < found.hits.length ? before : index));
    }
  }, [found]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another query begins anew
  useEffect(() => {
    setFound(undefined);
    setAt(-1);
  }, [text, regex, caseSensitive]);

  const number = found?.hits[at]?.number;
  useEffect(() => {
    const expression = compile({ text, regex, caseSensitive });
    log?.view.mark(text === "" || typeof expression === "string" ? undefined : expression, number);
    if (number !== undefined) {
      log?.view.goTo(number);
    }
  }, [log, text, regex, caseSensitive, number]);

  const go = useCallback(
    (forward: boolean) => {
      const count = found?.hits.length ?? 0;
      if (count > 0) {
        setAt((before) => (before + (forward ? 1 : -1) + count) % count);
      }
    },
    [found],
  );
  return { found, at, error, busy: busy && text !== "", go };
}
