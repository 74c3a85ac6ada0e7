/** Downloads of the listed or selected runs: addresses of the API's export. */
import { apiAddress } from "../../api/base";
import type { MenuAction } from "../../parts/MenuButton";

const KINDS = [
  { name: "Runs as CSV", what: "executions", format: "csv" },
  { name: "Runs as JSON lines", what: "executions", format: "ndjson" },
  { name: "Hosts of runs as CSV", what: "hosts", format: "csv" },
  { name: "Results as CSV", what: "results", format: "csv" },
  { name: "Results as Parquet", what: "results", format: "parquet" },
  { name: "Printed lines as JSON lines", what: "output", format: "ndjson" },
] as const;

/** Exports of the runs that match these filters. */
export function exportsOf(
  filters: Readonly<Record<string, string | number | boolean | undefined>>,
): MenuAction[] {
  const query = Object.fromEntries(
    Object.entries(filters).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  return KINDS.map(({ name, what, format }) => ({
    name,
    download: apiAddress("/export", { ...query, what, format }),
  }));
}

/** The filter that matches these runs. */
export function filterOf(ids: readonly string[]): { q: string } {
  return { q: `id:${ids.join(",")}` };
}
