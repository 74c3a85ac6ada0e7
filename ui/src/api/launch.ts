/** What the launcher can run. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, read } from "./client";
import type { NamedFile } from "./types";

const playbooksQuery = queryOptions({
  queryKey: ["launch", "playbooks"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/playbooks", { signal }))).playbooks,
});

/** The names of the secrets that a schedule can use; needs the scope `run`. */
export const secretsQuery = queryOptions({
  queryKey: ["launch", "secrets"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/launch-secrets", { signal }))).secrets,
});

const inventoriesQuery = queryOptions({
  queryKey: ["launch", "inventories"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/inventories", { signal }))).inventories,
});

/** The files that a request can name. */
export interface Files {
  playbooks: readonly NamedFile[];
  inventories: readonly NamedFile[];
}

interface ReadFiles {
  /** Present once both lists were read; they stay when they cannot be read again. */
  files: Files | undefined;
  /** Why one of them could not be read; its code is `disabled` if the collector launches nothing. */
  error: Error | null;
  /** Reads again what could not be read. */
  retry(): void;
}

export function useFiles(): ReadFiles {
  const playbooks = useQuery(playbooksQuery);
  const inventories = useQuery(inventoriesQuery);
  return {
    files:
      playbooks.data === undefined || inventories.data === undefined
        ? undefined
        : { playbooks: playbooks.data, inventories: inventories.data },
    error: playbooks.error ?? inventories.error,
    retry: () => {
      for (const list of [playbooks, inventories]) {
        if (list.error !== null) {
          void list.refetch();
        }
      }
    },
  };
}
