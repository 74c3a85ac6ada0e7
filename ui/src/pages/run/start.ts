/**
 * The first requests of a run's pages, sent while their code is loaded. They are part of the first load, so
 * this stays small.
 */
import type { QueryClient } from "@tanstack/react-query";
import type { ParsedLocation } from "@tanstack/react-router";
import { startOutput } from "../../api/output";
import { executionQuery, explainQuery, playsQuery } from "../../api/queries";
import { matrixQuery, tasksQuery } from "../../api/run";
import { isTroubled } from "../../api/trouble";
import { parseHash } from "../../console/selection";
import { entryOf, recallPlace } from "../../parts/places";
import { CONSOLE_PLACE } from "./console/usePlace";

export function startRun(cache: QueryClient, id: string): void {
  void cache.prefetchQuery(executionQuery(id));
}

/** The explanation follows the record, which says whether there is anything to explain. */
export async function startSummary(cache: QueryClient, id: string): Promise<void> {
  const run = await cache.fetchQuery(executionQuery(id)).catch(() => undefined);
  if (run !== undefined && isTroubled(run)) {
    await cache.prefetchQuery(explainQuery(id));
  }
}

export function startConsole(id: string, location: ParsedLocation): void {
  const place = recallPlace(entryOf(location), CONSOLE_PLACE);
  startOutput(id, place ?? parseHash(location.hash)?.from ?? 0);
}

export function startTasks(cache: QueryClient, id: string): void {
  void cache.prefetchQuery(tasksQuery(id));
  void cache.prefetchQuery(playsQuery(id));
}

export function startMatrix(cache: QueryClient, id: string): void {
  void cache.prefetchQuery(matrixQuery(id));
  void cache.prefetchQuery(tasksQuery(id));
}
