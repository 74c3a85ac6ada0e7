/** Tasks to go to: those in the loaded text, and in a long run those that the server knows, once they are needed. */

import { useCallback, useEffect, useMemo, useState } from "react";
import type { Section } from "./sections";
import type { Source, TaskPlace } from "./types";
import type { ViewState } from "./view";

export interface Tasks {
  readonly tasks: readonly TaskPlace[];
  /** Whether there are more tasks that are not loaded yet. */
  readonly hasMore: boolean;
  /** Requests tasks that are not in the loaded text: for these, the server reads the whole log. */
  want(): void;
}

const NONE: readonly TaskPlace[] = [];

export function useTasks(source: Source, view: ViewState | undefined): Tasks {
  const [isWanted, setWanted] = useState(false);
  const [found, setFound] = useState<readonly TaskPlace[]>();
  const isPartial = view?.all === false;
  const asks = isWanted && isPartial;
  useEffect(() => {
    setFound(undefined);
    if (!asks || source.tasks === undefined) {
      return;
    }
    const abort = new AbortController();
    source.tasks(abort.signal).then(setFound, () => undefined);
    return () => abort.abort();
  }, [asks, source]);
  const sections = view?.outline.tasks;
  const inText = useMemo(() => sections?.map(placeOf) ?? NONE, [sections]);
  return {
    tasks: found ?? inText,
    hasMore: isPartial && found === undefined && source.tasks !== undefined,
    want: useCallback(() => setWanted(true), []),
  };
}

/** `TASK [web : Install nginx]` without the part that all headings share. */
function placeOf({ kind, title, from, failed }: Section): TaskPlace {
  const name = /\[(.*)\]$/.exec(title)?.[1] ?? title;
  return { title: kind === "handler" ? `handler: ${name}` : name, from, failed };
}
