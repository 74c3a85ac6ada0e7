/** Downloads of the trail: addresses of the API's export, with the filters of the page. */
import { apiAddress } from "../../api/base";
import type { MenuAction } from "../../parts/MenuButton";
import type { AuditSearch } from "./search";

const FORMATS = [
  ["CSV", "csv"],
  ["JSON lines", "ndjson"],
  ["JSON", "json"],
  ["Parquet", "parquet"],
] as const;

/** Every entry that matches the filters, whatever page is shown. */
export function exportsOf({ cursor: _, ...filters }: AuditSearch): MenuAction[] {
  const query = Object.fromEntries(
    Object.entries(filters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return FORMATS.map(([name, format]) => ({
    name: `Entries as ${name}`,
    download: apiAddress("/audit/export", { ...query, format }),
  }));
}
