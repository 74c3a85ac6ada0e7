/** Changes of executions. The live connection informs all pages; deletions are also announced here, at once. */
import type { QueryClient } from "@tanstack/react-query";
import { api, done, read } from "./client";
import { ApiError } from "./error";
import { keys } from "./queries";
import type { RedactRequest } from "./types";

const at = (id: string) => ({ path: { id } });
const why = (note: string | undefined) => (note === undefined ? {} : { note });

/** Deletes finished runs, one after the other. Runs that another client deleted meanwhile count as deleted, too. */
export async function deleteExecutions(
  cache: QueryClient,
  ids: readonly string[],
  note?: string,
): Promise<void> {
  try {
    for (const id of ids) {
      const params = { ...at(id), query: why(note) };
      await done(api.DELETE("/api/v1/ansible/executions/{id}", { params }).catch(unlessMissing));
    }
  } finally {
    await cache.invalidateQueries({ queryKey: keys.lists });
  }
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof ApiError && error.isMissing)) {
    throw error;
  }
}

export async function cancelExecution(id: string, note?: string): Promise<void> {
  await done(api.POST("/api/v1/ansible/executions/{id}/cancel", { params: at(id), body: why(note) }));
}

export async function pinExecution(id: string, note?: string): Promise<void> {
  await done(api.PUT("/api/v1/ansible/executions/{id}/pin", { params: at(id), body: why(note) }));
}

export async function unpinExecution(id: string, note?: string): Promise<void> {
  await done(api.DELETE("/api/v1/ansible/executions/{id}/pin", { params: { ...at(id), query: why(note) } }));
}

export async function redactExecution(id: string, body: RedactRequest) {
  return await read(api.POST("/api/v1/ansible/executions/{id}/redact", { params: at(id), body }));
}
