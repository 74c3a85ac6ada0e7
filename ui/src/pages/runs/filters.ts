/** The meaning of the list's address: as a request to the API, and in words. */
import type { ListQuery } from "../../api/queries";
import type { Zone } from "../../app/preferences";
import { duration } from "../../parts/format";
import { isAboutLines } from "../../parts/query/about";
import type { RunsSearch } from "./search";

/** Rows of a page. */
export const PAGE = 50;

/** The filters of the list; the rest of the address is about order and page. */
export type FilterName = Exclude<keyof RunsSearch, "sort" | "order" | "cost" | "cursor" | "q">;

/** Every filter, with the first word of its chip. */
export const FILTERS: readonly (readonly [FilterName, string])[] = [
  ["status", "status"],
  ["type", "type"],
  ["playbook", "playbook"],
  ["inventory", "inventory"],
  ["host", "host"],
  ["user", "user"],
  ["controller", "controller"],
  ["label", "label"],
  ["reason", "reason"],
  ["changed", "changed"],
  ["pinned", "pinned"],
  ["since", "started"],
  ["start_date", "from"],
  ["end_date", "until"],
  ["min_duration", "took at least"],
];

/** The filters that are typed as text. */
export const TEXT_FILTERS = ["playbook", "inventory", "host", "user", "controller", "label"] as const;

/** Relative times, as they follow "started". */
export const SINCE_WORDS = {
  today: "today",
  "24h": "in the last 24 hours",
  "7d": "in the last 7 days",
  "30d": "in the last 30 days",
} as const;
const HOURS = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24 } as const;

export interface Chip {
  name: FilterName;
  label: string;
  value: string;
}

export function chips(search: RunsSearch): Chip[] {
  return FILTERS.flatMap(([name, label]) => {
    const value = search[name];
    return value === undefined ? [] : [{ name, label, value: words(name, value) }];
  });
}

function words(name: FilterName, value: string | number | boolean): string {
  if (typeof value === "boolean") {
    return value ? "yes" : "no";
  }
  if (typeof value === "number") {
    return duration(value);
  }
  if (name === "since") {
    return Object.entries(SINCE_WORDS).find(([word]) => word === value)?.[1] ?? value;
  }
  // Only these are our own words: a host may be called web_01.
  return name === "reason" ? value.replaceAll("_", " ") : value;
}

/** The filters alone, as the API's list, export and statistics take them. */
export function apiFilters(
  search: RunsSearch,
  now: Date,
  zone: Zone,
): Omit<ListQuery, "limit" | "cursor" | "costs"> {
  const { since, sort: _sort, order: _order, cost: _cost, cursor: _cursor, ...filters } = search;
  return since === undefined ? filters : { ...filters, start_date: startOf(since, now, zone).toISOString() };
}

export function listQuery(search: RunsSearch, now: Date, zone: Zone): ListQuery {
  const { sort, order, cost, cursor } = search;
  const isOrdered = hasOrders(search);
  return {
    ...apiFilters(search, now, zone),
    ...(isOrdered && sort !== undefined && { sort }),
    ...(isOrdered && order !== undefined && { order }),
    ...(cursor !== undefined && { cursor }),
    ...(cost === true && { costs: true as const }),
    limit: PAGE,
  };
}

/** The beginning of a relative time. Rounded to ten minutes, so that Back finds the same query in the cache. */
function startOf(since: NonNullable<RunsSearch["since"]>, now: Date, zone: Zone): Date {
  if (since === "today") {
    const start = new Date(now);
    if (zone === "utc") {
      start.setUTCHours(0, 0, 0, 0);
    } else {
      start.setHours(0, 0, 0, 0);
    }
    return start;
  }
  const step = 600_000;
  return new Date(Math.floor(now.getTime() / step) * step - HOURS[since] * 3_600_000);
}

/** Whether the list has other orders than the newest first: runs that are found by their lines have none. */
export function hasOrders({ q }: RunsSearch): boolean {
  return q === undefined || !isAboutLines(q);
}

export function isFiltered(search: RunsSearch): boolean {
  return search.q !== undefined || chips(search).length > 0;
}
