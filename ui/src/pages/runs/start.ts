/** The first requests of the list of runs, sent while its code is loaded. */
import type { QueryClient } from "@tanstack/react-query";
import { collectorNow } from "../../api/clock";
import { runsQuery } from "../../api/queries";
import { currentPreferences } from "../../app/preferences";
import { listQuery } from "./filters";
import type { RunsSearch } from "./search";

export function startRuns(cache: QueryClient, search: RunsSearch): void {
  void cache.prefetchQuery(runsQuery(listQuery(search, new Date(collectorNow()), currentPreferences().zone)));
}
