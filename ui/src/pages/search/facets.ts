/** The facets of a search: each is a filter that is written into the query. */
import type { SearchPage } from "../../api/types";
import { filters, withFilter, withoutField, withoutFilter } from "../../parts/query/edit";

export type SearchFacets = NonNullable<SearchPage["facets"]>;

export interface FacetValue {
  readonly value: string;
  readonly lines: number;
  readonly isChosen: boolean;
  /** The query after a click. */
  readonly query: string;
}

export interface Facet {
  readonly field: string;
  readonly title: string;
  readonly values: readonly FacetValue[];
}

const FACETS = [
  ["status", "Status of the run"],
  ["playbook", "Playbook"],
  ["host", "Host"],
  ["task", "Task"],
  ["module", "Module"],
] as const;

export function facetsOf(query: string, counts: SearchFacets | undefined): Facet[] {
  const chosen = filters(query);
  return FACETS.map(([field, title]) => {
    const counted = counts?.[field] ?? [];
    const set = chosen.get(field) ?? [];
    // A filter that matches nothing is still shown, because it must be removable.
    const missing = set.filter((value) => counted.every((one) => one.value !== value));
    const values = [...missing.map((value) => ({ value, lines: 0 })), ...counted].map((one) => {
      const isChosen = set.includes(one.value);
      const next = isChosen ? withoutFilter(query, field, one.value) : withFilter(query, field, one.value);
      return { ...one, isChosen, query: next };
    });
    return { field, title, values };
  }).filter(({ values }) => values.length > 0);
}

export interface TimeChoice {
  readonly title: string;
  readonly isChosen: boolean;
  readonly query: string;
}

const TIMES = [
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
] as const;

export function timesOf(query: string): TimeChoice[] {
  const chosen = filters(query);
  const since = chosen.get("since")?.at(-1);
  const hasTime = since !== undefined || chosen.has("until");
  const rest = withoutField(withoutField(query, "since"), "until");
  return [
    // A query that only has a time has nothing to search for without it.
    ...(rest === "" ? [] : [{ title: "Any time", isChosen: !hasTime, query: rest }]),
    ...TIMES.map(([value, title]) => ({
      title,
      isChosen: since === value && !chosen.has("until"),
      query: withFilter(rest, "since", value),
    })),
  ];
}

/** The days on which lines were found; days are in UTC, as queries read them. */
export function daysOf(query: string, counts: SearchFacets | undefined): FacetValue[] {
  const chosen = filters(query);
  const rest = withoutField(withoutField(query, "since"), "until");
  return (counts?.day ?? []).map(({ value, lines }) => {
    const isChosen = chosen.get("since")?.at(-1) === value && chosen.get("until")?.at(-1) === value;
    const narrowed = withFilter(withFilter(rest, "since", value), "until", value);
    return { value, lines, isChosen, query: isChosen ? rest : narrowed };
  });
}
