/**
 * Records that did not change stay the same objects, so that their rows are not drawn again whenever the list
 * is read again.
 */
import { useRef } from "react";
import type { ListedExecution } from "../../api/types";

export function useSame(latest: readonly ListedExecution[]): readonly ListedExecution[] {
  const last = useRef<readonly ListedExecution[]>([]);
  const read = useRef<readonly ListedExecution[]>([]);
  if (read.current !== latest) {
    read.current = latest;
    last.current = sameRecords(last.current, latest);
  }
  return last.current;
}

/** The records of `after`, each as the object from `before` if both have the same content. */
export function sameRecords(
  before: readonly ListedExecution[],
  after: readonly ListedExecution[],
): readonly ListedExecution[] {
  const known = new Map(before.map((run) => [run.id, run]));
  const runs = after.map((run) => {
    const old = known.get(run.id);
    return old !== undefined && (old === run || JSON.stringify(old) === JSON.stringify(run)) ? old : run;
  });
  const isSame = runs.length === before.length && runs.every((run, at) => run === before[at]);
  return isSame ? before : runs;
}
