/** Which tasks are folded: at first by the run's outcome, then by the reader's choices. */

import { useCallback, useEffect, useState } from "react";
import { type FoldPolicy, isFolded } from "./folding";
import { sectionAt } from "./sections";
import type { StoreState } from "./store";
import type { Log } from "./useLog";

/** Up to this many lines, successful tasks are folded: all lines are read at once. */
const FOLDED_LINES = 20_000;

export interface Folding {
  readonly policy: FoldPolicy;
  setPolicy(policy: FoldPolicy): void;
  /** Folds or unfolds the section whose heading is this line. */
  toggle(line: number): void;
}

export function useFolds(log: Log | undefined, store: StoreState | undefined, failed: boolean): Folding {
  const [chosen, setChosen] = useState<FoldPolicy>();
  const known = store?.ready === true && store.rows <= FOLDED_LINES;
  const policy = chosen ?? (failed && known ? "passed" : "none");
  useEffect(() => {
    log?.view.setFolds({ policy, chosen: new Map() });
  }, [log, policy]);

  const toggle = useCallback(
    (line: number) => {
      if (log === undefined) {
        return;
      }
      const { view } = log;
      const { outline } = view.snapshot();
      const found = [sectionAt(outline.tasks, line), sectionAt(outline.plays, line)];
      const section = found.find((each) => each?.from === line);
      if (section !== undefined) {
        const { folds } = view;
        view.setFolds({ ...folds, chosen: new Map(folds.chosen).set(line, !isFolded(folds, section)) });
      }
    },
    [log],
  );
  return { policy, setPolicy: setChosen, toggle };
}
