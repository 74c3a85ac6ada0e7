/** The last runs of playbooks, in brief. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";
import { keys } from "./queries";
import type { RecentRun } from "./types";

/** Runs of each playbook. */
const RUNS = 30;
/** The API's limit on playbooks in one request; a page of the list has fewer runs. */
const MOST = 100;

/** The last runs of each of these playbooks, the oldest first: one request for a whole page of the list. */
export function recentQuery(playbooks: readonly string[]) {
  return queryOptions({
    queryKey: [...keys.recent, ...playbooks],
    queryFn: async ({ signal }): Promise<ReadonlyMap<string, readonly RecentRun[]>> => {
      const params = { query: { playbook: playbooks.slice(0, MOST), limit: RUNS } };
      const answer = await read(api.GET("/api/v1/ansible/executions/recent", { params, signal }));
      return new Map(answer.playbooks.map(({ playbook, runs }) => [playbook, [...runs].reverse()]));
    },
    enabled: playbooks.length > 0,
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  });
}

/** The playbooks of these runs, each once and in an order that does not change with that of the runs. */
export function playbooksOf(runs: readonly { readonly playbook?: string | null }[]): string[] {
  return [...new Set(runs.flatMap(({ playbook }) => (playbook ? [playbook] : [])))].sort();
}
