/** Hosts of a run, counted by outcome. */
import type { HostStats, HostsByOutcome } from "../api/types";

export type HostOutcome = keyof HostsByOutcome;

/** The worst first: the order of bars and of words. */
export const HOST_OUTCOMES: readonly HostOutcome[] = [
  "failed",
  "unreachable",
  "changed",
  "idle",
  "ok",
  "skipped",
];

/** A host counts once, by its worst outcome. Failures that were rescued or ignored do not count. */
export function hostOutcome(stats: HostStats): HostOutcome {
  if ((stats.unreachable ?? 0) > 0) {
    return "unreachable";
  }
  if ((stats.failed ?? 0) > 0) {
    return "failed";
  }
  if ((stats.changed ?? 0) > 0) {
    return "changed";
  }
  if (Object.values(stats).every((count) => count === 0)) {
    return "idle";
  }
  return (stats.ok ?? 0) > 0 || (stats.skipped ?? 0) === 0 ? "ok" : "skipped";
}

/** "1 failed, 3 ok of 4 hosts", or "no hosts". */
export function describeHosts(counts: HostsByOutcome): string {
  const total = totalHosts(counts);
  if (total === 0) {
    return "no hosts";
  }
  return `${countWords(counts)} of ${total} ${total === 1 ? "host" : "hosts"}`;
}

/** "1 failed, 3 ok". A host that no task ran on is "not run", as in the matrix and the recap. */
export function countWords(counts: HostsByOutcome): string {
  return HOST_OUTCOMES.filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${counts[outcome]} ${outcome === "idle" ? "not run" : outcome}`)
    .join(", ");
}

export function totalHosts(counts: HostsByOutcome): number {
  return HOST_OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}
