/** What the launcher can run. */
import { queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";

/** The playbooks that a request may name; an error with the code `disabled` where the collector launches nothing. */
export const playbooksQuery = queryOptions({
  queryKey: ["launch", "playbooks"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/playbooks", { signal }))).playbooks,
});

/** The names of the secrets that a schedule may name; needs the scope `run`. */
export const secretsQuery = queryOptions({
  queryKey: ["launch", "secrets"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/launch-secrets", { signal }))).secrets,
});

export const inventoriesQuery = queryOptions({
  queryKey: ["launch", "inventories"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/inventories", { signal }))).inventories,
});
