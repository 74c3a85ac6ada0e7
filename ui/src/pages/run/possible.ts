/** The actions for a run, by its state and by the token's permissions. */
import type { Execution, Scope } from "../../api/types";

type Can = (scope: Scope) => boolean;

export interface Possible {
  cancel: boolean;
  replay: boolean;
  replayFailed: boolean;
  compare: boolean;
  pin: boolean;
  unpin: boolean;
  redact: boolean;
  remove: boolean;
}

export function possible(run: Execution, can: Can): Possible {
  const isOver = run.status !== "running";
  // Only a run that the collector launched can be canceled. For others, the collector has no request, but a
  // record for a new one.
  const isOurs = run.queued_time !== undefined && run.queued_time !== null;
  const replay = isOver && can("run") && Boolean(run.playbook || run.module);
  const isPinned = run.pinned !== undefined && run.pinned !== null;
  return {
    cancel: !isOver && isOurs && can("run"),
    replay,
    replayFailed: replay && run.failed.length + run.unreachable.length > 0,
    compare: isOver,
    pin: !isPinned && can("run"),
    unpin: isPinned && can("run"),
    redact: isOver && can("admin"),
    // A pinned run is unpinned first.
    remove: isOver && !isPinned && can("admin"),
  };
}

export interface Report {
  name: string;
  path: string;
  query: Record<string, string>;
}

/** The run as a document or as data. */
export function reports({ id, output_lines, payload_removed }: Execution, can: Can): Report[] {
  const report = (name: string, format: string) => ({
    name,
    path: `/executions/${id}/report`,
    query: { format },
  });
  const hasOutput = output_lines > 0 && !payload_removed;
  return [
    report("HTML report", "html"),
    report("Markdown summary", "markdown"),
    report("JUnit XML", "junit"),
    ...(hasOutput
      ? [{ name: "Output as text", path: `/executions/${id}/output`, query: { format: "text" } }]
      : []),
    { name: "Results as CSV", path: "/export", query: { execution: id, what: "results", format: "csv" } },
    ...(can("admin")
      ? [{ name: "Bundle for another collector", path: "/export/bundle", query: { execution: id } }]
      : []),
  ];
}
