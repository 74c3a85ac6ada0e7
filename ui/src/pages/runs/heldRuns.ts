/** Keeps rows where they are while somebody points at them. */
import { useState } from "react";
import type { ListedExecution } from "../../api/types";

export interface HeldRuns {
  runs: readonly ListedExecution[];
  /** How many new runs wait until nobody points at the table. */
  waiting: number;
  /** Shows them now. */
  take(): void;
}

/**
 * The rows to show. While `isHeld`, none moves: records change in place, and new runs are counted. `question` tells one
 * list from another: its rows are never held over.
 */
export function useHeld(question: string, latest: readonly ListedExecution[], isHeld: boolean): HeldRuns {
  const [shown, setShown] = useState({ question, runs: latest });
  const take = () => setShown({ question, runs: latest });
  // Where there are no rows, none can move.
  if (shown.question !== question || !isHeld || shown.runs.length === 0) {
    if (shown.question !== question || shown.runs !== latest) {
      take();
    }
    return { runs: latest, waiting: 0, take };
  }
  const held = hold(shown.runs, latest);
  if (held.runs !== shown.runs) {
    // What was known last of a run stays, also once the list no longer has it: one that ended leaves the list of those that run.
    setShown({ question, runs: held.runs });
  }
  return { ...held, take };
}

/** The rows shown, with what is known of them by now (the same list, if that is nothing new), and the number of other runs. */
export function hold(
  shown: readonly ListedExecution[],
  latest: readonly ListedExecution[],
): { runs: readonly ListedExecution[]; waiting: number } {
  const known = new Map(latest.map((run) => [run.id, run]));
  const renewed = shown.map((run) => known.get(run.id) ?? run);
  const runs = renewed.some((run, at) => run !== shown[at]) ? renewed : shown;
  const old = new Set(shown.map(({ id }) => id));
  return { runs, waiting: latest.filter(({ id }) => !old.has(id)).length };
}
