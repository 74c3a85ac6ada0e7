/** Whether something in a run failed or was handled: only then its explanation is requested. */
import type { Execution } from "./types";

export function isTroubled(run: Execution): boolean {
  return (
    run.status === "failed" ||
    run.failed.length + run.unreachable.length > 0 ||
    Object.values(run.stats).some(({ rescued, ignored }) => (rescued ?? 0) + (ignored ?? 0) > 0)
  );
}
