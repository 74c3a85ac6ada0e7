/** Keeps rows in their positions while the user points at them. */
import { useState } from "react";
import type { ListedExecution } from "../../api/types";

export interface HeldRuns {
  runs: readonly ListedExecution[];
  /** Number of new runs that wait until the pointer leaves the table. */
  waiting: number;
  /** Shows them now. */
  take(): void;
}

/**
 * The rows to show. While `isHeld`, they do not move: records change in place, and new runs are counted. `question`
 * identifies the list: another list is shown at once. Without one, the runs are still those of the list before, which
 * must not be held as if they were the next one's.
 */
export function useHeld(
  question: string | undefined,
  latest: readonly ListedExecution[],
  isHeld: boolean,
): HeldRuns {
  const [shown, setShown] = useState({ question, runs: latest });
  const take = () => setShown({ question, runs: latest });
  // Without rows, none can move.
  if (shown.question !== question || !isHeld || shown.runs.length === 0) {
    if (shown.question !== question || shown.runs !== latest) {
      take();
    }
    return { runs: latest, waiting: 0, take };
  }
  const held = hold(shown.runs, latest);
  if (held.runs !== shown.runs) {
    // The last known record of a run stays, even if it has left the list: one that ended leaves the list of
    // running ones.
    setShown({ question, runs: held.runs });
  }
  return { ...held, take };
}

/** The displayed rows with their current records (the same list, if nothing is new), and the number of other runs. */
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
