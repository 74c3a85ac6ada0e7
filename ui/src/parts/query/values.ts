/** The values of a query's fields, for completion: requested when the field is being typed. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, read } from "../../api/client";
import type { Field } from "./fields";

const MOST = 200;

/** The groups of the statistics by which names can be listed. */
const GROUPS = ["playbook", "inventory", "label", "user"] as const;

/** Values that the page already has, such as those of a search's facets, by field. */
export type KnownValues = ReadonlyMap<string, readonly string[]>;

export function useValues(
  fields: readonly Field[],
  known: KnownValues | undefined,
  name: string | undefined,
  typed: string,
): readonly string[] {
  const group = GROUPS.find((one) => one === name);
  const { data: groups } = useQuery({ ...groupsQuery(group ?? "playbook"), enabled: group !== undefined });
  const { data: hosts } = useQuery({
    ...hostNamesQuery(typed),
    enabled: name === "host",
    // While the next letter's names are requested, the last ones stay.
    placeholderData: (before) => before,
  });
  if (name === undefined) {
    return [];
  }
  const field = fields.find((one) => one.name === name);
  const values = [
    ...(known?.get(name) ?? []),
    ...(field?.values ?? field?.examples ?? []),
    ...(group === undefined ? [] : (groups ?? [])),
    ...(name === "host" ? (hosts ?? []) : []),
  ];
  return [...new Set(values)];
}

/** The playbooks, inventories, labels or users of the last 30 days. */
function groupsQuery(by: (typeof GROUPS)[number]) {
  return queryOptions({
    queryKey: ["completion", by],
    queryFn: async ({ signal }) => {
      const params = { query: { by, period: "month", limit: MOST } as const };
      const { groups } = await read(api.GET("/api/v1/ansible/executions/stats", { params, signal }));
      return (groups ?? []).map((group) => group.name);
    },
    staleTime: 5 * 60_000,
  });
}

function hostNamesQuery(typed: string) {
  const name = `*${typed.replaceAll("*", "")}*`;
  return queryOptions({
    queryKey: ["completion", "host", name],
    queryFn: async ({ signal }) => {
      const params = { query: { name, limit: 20 } };
      const { hosts } = await read(api.GET("/api/v1/ansible/hosts", { params, signal }));
      return hosts.map((host) => host.name);
    },
    staleTime: 60_000,
  });
}
