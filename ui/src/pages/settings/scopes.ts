import type { Scope } from "../../api/types";

/** What each scope allows, in the order in which they are shown. */
export const SCOPES: readonly (readonly [scope: Scope, words: string])[] = [
  ["ingest", "send events of runs"],
  ["read", "read the history and watch"],
  ["run", "launch, repeat, cancel and pin runs"],
  ["admin", "everything, deletion included"],
];
