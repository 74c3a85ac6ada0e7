/** The recap's rows. */
import type { HostStats } from "../../../api/types";
import { HOST_OUTCOMES, type HostOutcome, hostOutcome } from "../../../parts/hosts";

/** In the order in which Ansible prints them. */
const COLUMNS = ["ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored"] as const;

export type RecapColumn = (typeof COLUMNS)[number];

export interface RecapRow {
  host: string;
  outcome: HostOutcome;
  stats: HostStats;
}

/** The worst first, then by name, numbers by their value: web-2 before web-10. */
export function recap(stats: Readonly<Record<string, HostStats>>): RecapRow[] {
  const rows = Object.entries(stats).map(([host, counts]) => ({
    host,
    outcome: hostOutcome(counts),
    stats: counts,
  }));
  const names = new Intl.Collator("en", { numeric: true });
  const rank = (row: RecapRow) => HOST_OUTCOMES.indexOf(row.outcome);
  return rows.sort((a, b) => rank(a) - rank(b) || names.compare(a.host, b.host));
}

/** The counts that any host has: columns full of zeros would only take space from names. */
export function columnsOf(rows: readonly RecapRow[]): RecapColumn[] {
  return COLUMNS.filter((column) => column === "ok" || rows.some(({ stats }) => (stats[column] ?? 0) > 0));
}
