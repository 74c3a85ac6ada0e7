/** Hosts of a run, counted by how they ended. */
import type { HostStats } from "../api/types";

export type HostOutcome = "failed" | "unreachable" | "changed" | "ok" | "skipped";

/** The worst first: the order of bars and of words. */
export const HOST_OUTCOMES: readonly HostOutcome[] = ["failed", "unreachable", "changed", "ok", "skipped"];

/** A host counts once, by the worst that happened to it. Failures that were rescued or ignored do not count. */
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
  return (stats.ok ?? 0) > 0 || (stats.skipped ?? 0) === 0 ? "ok" : "skipped";
}

export type HostCount = { readonly [outcome in HostOutcome]: number };

export function countHosts(stats: Readonly<Record<string, HostStats>>): HostCount {
  const counts = { failed: 0, unreachable: 0, changed: 0, ok: 0, skipped: 0 };
  for (const host of Object.values(stats)) {
    counts[hostOutcome(host)] += 1;
  }
  return counts;
}

/** "1 failed, 3 ok of 4 hosts", or "no hosts". */
export function describeHosts(counts: HostCount): string {
  const total = totalHosts(counts);
  if (total === 0) {
    return "no hosts";
  }
  const parts = HOST_OUTCOMES.filter((outcome) => counts[outcome] > 0).map(
    (outcome) => `${counts[outcome]} ${outcome}`,
  );
  return `${parts.join(", ")} of ${total} ${total === 1 ? "host" : "hosts"}`;
}

export function totalHosts(counts: HostCount): number {
  return HOST_OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}
