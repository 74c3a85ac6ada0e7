/** Ties a store and a view to the life of a component. */

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { LineStore, type StoreState } from "./store";
import type { LineSpan, Source, StreamName } from "./types";
import { LogView, type ViewState } from "./view";

export interface Log {
  readonly store: LineStore;
  readonly view: LogView;
}

export interface LogOptions {
  readonly source: Source;
  readonly only: StreamName | undefined;
  readonly live: boolean;
  /** Lines to begin with. */
  readonly selected: LineSpan | undefined;
  /** The line at the upper edge when the reader left; it takes precedence over `selected`. */
  readonly place: number | undefined;
}

/** The log in an element, created again for another source or stream. */
export function useLog(options: LogOptions): {
  log: Log | undefined;
  scroller: (element: HTMLElement | null) => void;
} {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [log, setLog] = useState<Log>();
  const latest = useRef(options);
  latest.current = options;
  const { source, only } = options;
  useEffect(() => {
    if (element === null) {
      return;
    }
    const { live, selected, place } = latest.current;
    const store = new LineStore({ source, only, live });
    const follow = live && selected === undefined && place === undefined;
    const view = new LogView({ store, scroller: element, follow });
    view.select(selected);
    if (place !== undefined) {
      view.goTo(place, "start");
    } else if (selected !== undefined) {
      view.goTo(selected.from);
    }
    store.start();
    setLog({ store, view });
    return () => {
      view.destroy();
      store.stop();
      setLog(undefined);
    };
  }, [element, source, only]);
  return { log, scroller: setElement };
}

const nothing = () => () => undefined;

export function useStoreState(log: Log | undefined): StoreState | undefined {
  const read = useCallback(() => log?.store.snapshot(), [log]);
  return useSyncExternalStore(log?.store.subscribe ?? nothing, read);
}

export function useViewState(log: Log | undefined): ViewState | undefined {
  const read = useCallback(() => log?.view.snapshot(), [log]);
  return useSyncExternalStore(log?.view.subscribe ?? nothing, read);
}
